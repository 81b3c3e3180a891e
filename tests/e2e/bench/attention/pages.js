// What runs in the two pages: ours, and the one with onnxruntime-web.

/** Runs in both pages before anything else. Each then puts its own `run` into `bench`. */
export function prepare() {
  /** Standard normal numbers, the same on both sides: mulberry32, then Box and Muller. */
  const normals = (length, seed) => {
    const uniform = () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return Float32Array.from({ length }, normal);
  };

  globalThis.bench = {
    inputs(shape) {
      const length = shape.reduce((a, b) => a * b);
      return { q: normals(length, 1), k: normals(length, 2), v: normals(length, 3) };
    },
    /** Milliseconds for one of so many calls, each made when the one before has given both arrays. */
    async time(calls) {
      const begun = performance.now();
      for (let call = 0; call < calls; call++) await bench.run();
      return (performance.now() - begun) / calls;
    },
    /** Thrice, and for a second: by then V8 has compiled what is called often for the second time, and well. */
    async warmUp() {
      const begun = performance.now();
      for (let calls = 0; calls < 3 || performance.now() - begun < 1000; calls++) await bench.run();
    },
    async keep() {
      bench.kept = await bench.run();
    },
    /** One head of what is kept: everything at once would be too much for the wire. */
    head(name, head, heads) {
      const length = bench.kept[name].length / heads;
      return bench.kept[name].slice(head * length, (head + 1) * length);
    },
  };
}

/** Runs in our page. */
export function openOurs({ engine, shape, causal }) {
  const { q, k, v } = bench.inputs(shape);
  const tensor = (data) => ({ shape, data });
  const request = { q: tensor(q), k: tensor(k), v: tensor(v), causal, outputs: ["output", "weights"], engine };
  bench.run = async () => {
    const reply = await headlight.attend(request);
    if (reply.engine !== engine) throw new Error(`Headlight ran on ${reply.engine}, not on ${engine}.`);
    return { output: reply.output.data, weights: reply.weights.data };
  };
}

/** Runs in the other page. Closes the session before. */
export async function openTheirs({ engine, shape, causal, form, worker }) {
  const { attentionModel } = await import("/model.js");
  const ort = await import(engine === "cpu" ? "/ort/ort.wasm.bundle.min.mjs" : "/ort/ort.webgpu.bundle.min.mjs");
  // One thread, with SIMD, which it always uses. Without a worker the thread is the page's own: it then stands still,
  // but no messages take time.
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = worker;
  ort.env.logLevel = "error";
  await bench.session?.release();
  bench.session = await ort.InferenceSession.create(attentionModel({ size: shape[2], causal, ...form }), {
    executionProviders: [{ cpu: "wasm", webgpu: "webgpu" }[engine]],
    graphOptimizationLevel: "all",
    // What the GPU cannot do would otherwise be done by the CPU, unnoticed.
    ...(engine === "webgpu" && { extra: { session: { disable_cpu_ep_fallback: "1" } } }),
  });
  const { q, k, v } = bench.inputs(shape);
  const tensor = (data) => new ort.Tensor("float32", data, shape);
  // Its worker takes the inputs away, so it needs new ones each time.
  const feeds = worker
    ? () => ({ q: tensor(q.slice()), k: tensor(k.slice()), v: tensor(v.slice()) })
    : () => ({ q: tensor(q), k: tensor(k), v: tensor(v) });
  bench.run = async () => {
    const { output, weights } = await bench.session.run(feeds());
    // Both are on the CPU by now: that is the default.
    return { output: output.data, weights: weights.data };
  };
}
