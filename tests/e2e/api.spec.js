// window.headlight: documented as it is, teaching where it refuses, and never in the page's way.
import { expect, test } from "./fixture.js";
import { readFileSync } from "node:fs";

const DOCUMENT = readFileSync(new URL("../../docs/javascript.md", import.meta.url), "utf8");
const EXAMPLES = [...DOCUMENT.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code);

test("every example in the documentation runs, and prints what it says", async ({ page, headlight }) => {
  const printed = [];
  page.on("console", (message) => message.type() === "log" && printed.push(message.text()));
  await headlight.open();
  expect(EXAMPLES.length).toBeGreaterThan(4);
  for (const code of EXAMPLES) {
    await page.evaluate(`(async () => {
      console.assert = (holds) => { if (!holds) throw new Error("an assertion does not hold"); };
      ${code}
    })()`);
    // What an example logs stands in the comment after it.
    const said = [...code.matchAll(/console\.log\(.*\n((?:\/\/.*\n)+)/g)].map(([, comment]) =>
      comment.replaceAll(/^\/\/ /gm, "").trim().replaceAll("\n", " "),
    );
    await expect.poll(() => printed.splice(0)).toEqual(said);
  }
});

test("a call made before anything has loaded waits for the engine that it asks for", async ({ page, headlight }) => {
  const engine = headlight.engineName.toLowerCase();
  // The first moment at which there is a window.headlight.
  const content = `{
    let api;
    Object.defineProperty(globalThis, "headlight", {
      get: () => api,
      set(value) {
        api = value;
        globalThis.early = (${attendToOnes})("${engine}");
      },
    });
  }`;
  await page.addInitScript({ content });
  await headlight.open();
  const { ms, ...result } = await page.evaluate(() => early);
  expect(result).toEqual({ engine, output: [1, 1] });
  expect(ms).toBeGreaterThanOrEqual(0);
});

test("without WebGPU a call that wants it is answered by the CPU, which says why", async ({ page, headlight }) => {
  await page.goto("");
  const asked = await page.evaluate(attendToOnes, "webgpu");
  const reason = await page.evaluate(async () => {
    const one = { shape: [1, 1, 1, 1], data: Float32Array.of(1) };
    return (await headlight.attend({ q: one, k: one, v: one, engine: "webgpu" })).reason;
  });
  if (headlight.engineName === "WebGPU") {
    expect([asked.engine, reason]).toEqual(["webgpu", undefined]);
  } else {
    expect([asked.engine, reason]).toEqual(["cpu", expect.stringMatching(/^No GPU can be used here/)]);
  }
});

/** Options that are wrong, and a part of what is said. `T(shape)` is a good tensor. */
const REFUSED = {
  "{}": "needs q: { shape: [B, H, Sq, D], data: Float32Array }",
  "undefined": "takes one object, { q, k, v, … }; undefined came",
  "{ ...good, k: null }": "needs k",
  "{ ...good, kv: 1 }": "has no option kv. There are q, k, v, mask, causal",
  "{ ...good, q: [1, 2] }": "takes q as { shape: [B, H, Sq, D], data: Float32Array }; Array came",
  "{ ...good, q: { data: new Float32Array(4) } }": "takes q as { shape: [B, H, Sq, D], data: Float32Array }; there is no shape",
  "{ ...good, k: { shape: [1, 1, 2, 2] } }": "takes k as { shape: [B, Hk, Sk, D], data: Float32Array }; there is no data",
  "{ ...good, q: { shape: '1,1', data: new Float32Array(1) } }": 'takes q.shape as an array; "1,1" came',
  "{ ...good, q: { shape: [1, 1, 2, 2], data: new DataView(new ArrayBuffer(16)) } }": "takes q.data as a Float32Array; DataView came.",
  "{ ...good, q: { shape: [1, 1, 2, 2], data: new Float64Array(4) } }": "takes q.data as a Float32Array; Float64Array came",
  "{ ...good, q: { shape: [1, 1, 2, 2], data: new Float32Array(3) } }": "has 3 numbers in q.data, but its shape [1, 1, 2, 2] holds 4",
  "{ ...good, q: { shape: [2, 2], data: new Float32Array(4) } }": "takes a q with four axes",
  "{ ...good, q: { shape: [1, 1, 2, -2], data: new Float32Array(4) } }": "takes q.shape[3] as a whole number from 0; -2 came",
  "{ ...good, q: { shape: [1, 1, 2, '2'], data: new Float32Array(4) } }": 'takes q.shape[3] as a whole number from 0; "2" came',
  "{ ...good, q: { shape: [1, 1, 2, 1.5], data: new Float32Array(3) } }": "takes q.shape[3] as a whole number from 0; 1.5 came",
  "{ ...good, q: T([1, 1, 0, 2]) }": "queries (q) has shape [1, 1, 0, 2], which holds no numbers",
  "{ ...good, k: T([1, 1, 2, 3]) }": "they disagree on axis 3 (head width), 2 against 3",
  "{ ...good, v: T([1, 1, 3, 2]) }": "they disagree on axis 2 (number of tokens), 2 against 3. Give both the same number of tokens",
  "{ ...good, q: T([1, 3, 2, 2]), k: T([1, 2, 2, 2]), v: T([1, 2, 2, 2]) }": "3 is not a multiple of 2",
  "{ ...good, mask: T([3, 2]) }": "mask has shape [3, 2], which does not broadcast to the scores' [1, 1, 2, 2]",
  "{ ...good, mask: { shape: [2], data: [true, false] } }": "takes mask.data as a Float32Array or Uint8Array; Array came. Try Uint8Array.from(data)",
  "{ ...good, mask: { shape: [2], data: Float32Array.of(0, NaN) } }": "mask holds NaN at [1]",
  "{ ...good, causal: 1 }": "takes causal as true or false; 1 came",
  "{ ...good, window: 3 }": "takes window: { left, right }; 3 came",
  "{ ...good, window: [1, 2] }": "takes window: { left, right }; Array came",
  "{ ...good, window: { lft: 1 } }": 'has no window "lft". There are left, right',
  "{ ...good, window: { left: -1 } }": "takes window.left as a whole number from 0; -1 came",
  "{ ...good, scale: NaN }": "takes scale as a number that float32 can hold; NaN came",
  "{ ...good, scale: '1' }": 'takes scale as a number that float32 can hold; "1" came',
  "{ ...good, scale: 1e39 }": "takes scale as a number that float32 can hold; 1e+39 came",
  "{ ...good, softcap: 1e-50 }": "takes softcap as a number that float32 can hold; 1e-50 came",
  "{ ...good, softcap: -1 }": "softcap is not usable: it must be a finite number above 0",
  "{ ...good, temperature: 0 }": "temperature is not usable",
  "{ ...good, rotary: -1 }": "rotary is not usable: it must be a finite number above 0",
  "{ ...good, pastKey: T([1, 1, 1, 2]) }": "has a pastKey without a pastValue",
  "{ ...good, pastKey: T([1, 1, 1, 2]), pastValue: T([1, 1, 2, 2]) }": "they disagree on axis 2 (number of tokens), 1 against 2",
  "{ ...good, pastKey: T([1, 1, 1, 2]), pastValue: T([1, 1, 1, 2]), keyLengths: [2] }": "has both a past (pastKey, pastValue) and keyLengths",
  "{ ...good, keyLengths: [3] }": "key lengths (keyLengths) are [3]",
  "{ ...good, keyLengths: 2 }": "takes keyLengths as an array; 2 came",
  "{ ...good, engine: 'gpu' }": 'has no engine "gpu". There are auto, webgpu, cpu',
  "{ ...good, outputs: ['attention'] }": 'has no outputs[0] "attention". There are scores, scaled, masked, weights',
  "{ ...good, q: { shape: [1, 1, 2, 2], data: Float32Array.of(1, 2, Infinity, 4) } }": "queries (q) holds Infinity at [0, 0, 1, 0]",
  "{ q: T([1, 1, 200000, 1]), k: T([1, 1, 200000, 1]), v: T([1, 1, 200000, 1]) }": /would take \d+ MiB, and this engine holds 2048 MiB. .* about \d+ queries/,
};

test("what makes no sense is refused with what would, and the page is unharmed", async ({ page, headlight }) => {
  await headlight.open();
  for (const [options, message] of Object.entries(REFUSED)) {
    const error = await page.evaluate(`(async () => {
      const T = (shape) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
      const good = { q: T([1, 1, 2, 2]), k: T([1, 1, 2, 2]), v: T([1, 1, 2, 2]) };
      return headlight.attend(${options}).then(() => "answered", (error) => \`\${error.name}: \${error.message}\`);
    })()`);
    if (message instanceof RegExp) expect(error, options).toMatch(message);
    else expect(error, options).toContain(message);
    expect(error, options).toMatch(/^(Type)?Error: headlight\.attend/);
  }
  expect((await page.evaluate(attendToOnes, "auto")).output, "and the next call is answered").toEqual([1, 1]);
  await headlight.sentence.fill("all is well");
  await expect(headlight.tokens).toHaveText(["all", "is", "well"]);
});

test("inputs are left as they are, or handed over where that is asked for", async ({ page }) => {
  await page.goto("");
  const lengths = await page.evaluate(async () => {
    const whole = new Float32Array(12).fill(1);
    // A part of a larger buffer, and one tensor three times.
    const part = { shape: [1, 1, 2, 2], data: whole.subarray(4, 8) };
    const { output } = await headlight.attend({ q: part, k: part, v: part });
    const kept = whole.length;
    const given = { shape: [1, 1, 2, 2], data: new Float32Array(4) };
    await headlight.attend({ q: given, k: given, v: given, transfer: true });
    const again = await headlight.attend({ q: given, k: given, v: given }).catch((error) => error.message);
    return { output: [...output.data], kept, given: given.data.length, again };
  });
  expect(lengths).toMatchObject({ output: [1, 1, 1, 1], kept: 12, given: 0 });
  expect(lengths.again).toContain("has 0 numbers in q.data, because it was handed over");
});

test("what is quick is calculated in the page, what is not in a worker, and both are the same numbers", async ({ page, headlight }) => {
  await headlight.open();
  const workers = page.workers().length;
  const quick = await page.evaluate(attendToNoise, { queries: 8 });
  expect(page.workers().length).toBe(workers);
  const long = await page.evaluate(attendToNoise, { queries: 1024 });
  expect(page.workers().length).toBe(workers + 1);
  expect(long.count).toBe(1024 * 1024);
  expect(long.first).toEqual(quick.first);
});

test("where the page's own program does not start, a worker answers quick calls, too", async ({ page, trouble }) => {
  trouble.expect(/app-\w+\.js could not be loaded/);
  trouble.expect(/not in the page/);
  await page.route("**/app-*.js", async (route) => {
    const response = await route.fetch();
    const refusal = 'if (globalThis.document) throw new Error("not in the page");';
    await route.fulfill({ response, body: `${refusal}\n${await response.text()}` });
  });
  await page.goto("");
  expect(await page.evaluate(attendToOnes, "cpu")).toMatchObject({ engine: "cpu", output: [1, 1] });
  expect(await page.evaluate(attendToOnes, "cpu"), "and the next").toMatchObject({ output: [1, 1] });
});

test("masks, pasts, lengths, positions and transfer mean in a worker what they mean in the page", async ({ page, headlight }) => {
  await headlight.open();
  const engine = headlight.engineName.toLowerCase();
  const compared = await page.evaluate(async (engine) => {
    const noise = (...shape) => {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * i + shape[2]));
      return { shape, data };
    };
    const first = ({ shape: [b, h, , d], data }, rows) => ({ shape: [b, h, rows, d], data: data.slice(0, rows * d) });
    const [rows, len, past] = [8, 1024, 24];
    const all = len + past;
    const mask = { shape: [all], data: Uint8Array.from({ length: all }, (_, key) => key % 3) };
    const added = { shape: [all - 5], data: Float32Array.from({ length: all - 5 }, (_, key) => (key % 7 ? key % 3 : -Infinity)) };
    const pasts = () => ({ pastKey: noise(1, 1, past, 32), pastValue: noise(1, 1, past, 16) });
    const answers = [];
    for (const options of [
      () => ({ mask, causal: true, softcap: 2, ...pasts() }),
      () => ({ mask: added, alibi: true, window: { left: 40 }, ...pasts() }),
      () => ({ keyLengths: [700], temperature: 0.5 }),
      () => ({ rotary: 10000, causal: true, ...pasts() }),
    ]) {
      const [q, k, v] = [noise(1, 1, len, 32), noise(1, 1, len, 32), noise(1, 1, len, 16)];
      const here = await headlight.attend({ q: first(q, rows), k, v, engine: "cpu", ...options() });
      const given = { q, k, v, ...options() };
      // The masks are used again.
      if (given.mask) given.mask = { ...given.mask, data: given.mask.data.slice() };
      const there = await headlight.attend({ ...given, engine, transfer: true });
      const apart = ["scores", "masked", "weights", "output", "presentKey", "presentValue"].map((name) => {
        const [some, more] = [here[name].data, there[name].data];
        return some.reduce((most, number, i) => {
          const difference = number === more[i] ? 0 : Math.abs(number - more[i]) / (1 + Math.abs(number));
          return Math.max(most, Number.isNaN(difference) ? Infinity : difference);
        }, 0);
      });
      const isGone = ["q", "k", "v", "mask", "pastKey"].every((name) => !given[name] || given[name].data.length === 0);
      answers.push({ engine: there.engine, apart: Math.max(...apart), isGone, rows: there.weights.shape[2] });
    }
    return answers;
  }, engine);
  for (const answer of compared) {
    expect(answer).toEqual({ engine, apart: expect.any(Number), isGone: true, rows: 1024 });
    expect(answer.apart).toBeLessThan(1e-5);
  }
});

test("keys alone can be asked back, on either engine", async ({ page, headlight }) => {
  await headlight.open();
  const engine = headlight.engineName.toLowerCase();
  const answer = await page.evaluate(async (engine) => {
    const ones = { shape: [1, 1, 2, 1], data: Float32Array.of(1, 1) };
    const { ms, presentKey, ...rest } = await headlight.attend({ q: ones, k: ones, v: ones, engine, outputs: ["presentKey"] });
    return { ...rest, presentKey: [...presentKey.data] };
  }, engine);
  expect(answer).toEqual({ engine, presentKey: [1, 1] });
});

test("a call is answered for its inputs as they were, whatever becomes of them", async ({ page }) => {
  await page.goto("");
  const outputs = await page.evaluate(async () => {
    const outputs = [];
    // The first waits for the page's program, the second is calculated at once, the third goes to a worker.
    for (const tokens of [2, 2, 2048]) {
      const ones = { shape: [1, 1, tokens, 8], data: new Float32Array(8 * tokens).fill(1) };
      const answer = headlight.attend({ q: ones, k: ones, v: ones, engine: "cpu", outputs: ["output"] });
      ones.data.fill(7);
      outputs.push([...new Set((await answer).output.data)]);
    }
    return outputs;
  });
  for (const output of outputs) for (const number of output) expect(number).toBeCloseTo(1, 5);
});

test("numbers of another frame are numbers", async ({ page }) => {
  await page.goto("");
  const weights = await page.evaluate(async () => {
    const frame = document.body.appendChild(document.createElement("iframe")).contentWindow;
    const ones = { shape: [1, 1, 2, 1], data: frame.Float32Array.of(1, 1) };
    // An added 0 hides nothing, as a byte of 0 would.
    const mask = { shape: [2], data: frame.Float32Array.of(0, -Infinity) };
    const { weights } = await headlight.attend({ q: ones, k: ones, v: ones, mask, engine: "cpu" });
    return [...weights.data];
  });
  expect(weights).toEqual([1, 0, 1, 0]);
});

test("however many quick calls are made, the page gets its turn", async ({ page, headlight }) => {
  await headlight.open();
  const { turns, answers } = await page.evaluate(async () => {
    const tensor = { shape: [1, 12, 32, 64], data: new Float32Array(12 * 32 * 64).fill(0.5) };
    const attend = () => headlight.attend({ q: tensor, k: tensor, v: tensor, engine: "cpu", outputs: ["output"] });
    let turns = 0;
    const turn = () => setTimeout(() => ++turns && turn());
    turn();
    let answers = 0;
    for (let call = 0; call < 300; call++) answers += (await attend()).output.data.length > 0;
    answers += (await Promise.all(Array.from({ length: 300 }, attend))).length;
    return { turns, answers };
  });
  expect(answers).toBe(600);
  expect(turns).toBeGreaterThan(5);
});

test("a call whose engine dies is told so, and the next is answered", async ({ page, headlight }) => {
  await headlight.open();
  await page.evaluate(attendToNoise, { queries: 1024 });
  // The page's own engine is the older worker.
  await page.workers().at(-1).evaluate(() => (self.onmessage = () => self.postMessage("panicked")));
  const answer = await page.evaluate(attendToNoise, { queries: 1024 }).catch((error) => error.message);
  expect(answer).toContain("the engine stopped (panicked). Call again");
  expect((await page.evaluate(attendToNoise, { queries: 1024 })).count).toBe(1024 * 1024);
});

test("the declarations name the options and outputs that there are", async ({ page }) => {
  const declarations = readFileSync(new URL("../../www/headlight.d.ts", import.meta.url), "utf8");
  const members = (name) => {
    const [, body] = declarations.match(new RegExp(`interface ${name} \\{\\n(.*?)\\n  \\}`, "s"));
    return [...body.matchAll(/^    (\w+)\??:/gm)].map(([, member]) => member).toSorted();
  };
  await page.goto("");
  const there = await page.evaluate(async () => {
    const listed = (error) => error.message.match(/There are (.*)\./)[1].split(", ");
    const options = await headlight.attend({ none: 1 }).catch(listed);
    const one = { shape: [1, 1, 1, 1], data: Float32Array.of(1) };
    const good = { q: one, k: one, v: one };
    const outputs = await headlight.attend({ ...good, outputs: ["none"] }).catch(listed);
    return { options, outputs, result: Object.keys(await headlight.attend({ ...good, engine: "cpu" })) };
  });
  expect(there.options.toSorted()).toEqual(members("Options"));
  expect(there.result.toSorted()).toEqual(members("Result").filter((member) => member !== "reason"));
  const outputs = declarations.match(/type Output =(.*);/)[1].match(/\w+/g);
  expect(there.outputs.toSorted()).toEqual(outputs.toSorted());
});

/** Runs in the page. */
async function attendToOnes(engine) {
  const ones = { shape: [1, 1, 2, 1], data: Float32Array.of(1, 1) };
  const { output, ...rest } = await headlight.attend({ q: ones, k: ones, v: ones, engine, outputs: ["output"] });
  return { ...rest, output: [...output.data] };
}

/** Runs in the page: so many queries over 1024 keys; how many weights there are, and the first of them. */
async function attendToNoise({ queries }) {
  const noise = (length) => Float32Array.from({ length }, (_, i) => Math.sin(i * i));
  const q = { shape: [1, 1, queries, 32], data: noise(1024 * 32).subarray(0, queries * 32) };
  const k = { shape: [1, 1, 1024, 32], data: noise(1024 * 32) };
  const { weights } = await headlight.attend({ q, k, v: k, engine: "cpu", outputs: ["weights"] });
  return { count: weights.data.length, first: [...weights.data.slice(0, 8 * 1024)] };
}
