/**
 * The engine of the page, for a console, a notebook or a script: `window.headlight`.
 *
 * It is there from the page's first moment; a call made before the engine has loaded waits for it.
 */
declare const headlight: {
  /**
   * Attention of queries over keys, with every intermediate: `softmax(q · kᵀ × scale + mask) · v`. Masks, windows, softcap,
   * past and key lengths mean what they mean in the ONNX operator Attention (onnx 1.23), `rotary` what RotaryEmbedding with
   * `interleaved = 1` does, `alibi` what Press, Smith and Lewis (2022) do, in both directions.
   *
   * @throws The promise is rejected: with a TypeError where an option is unknown or of the wrong kind, a shape does not fit
   * its data, or a past is half there or comes with key lengths; with an Error where tensors do not agree, a number cannot be
   * used, NaN or an infinity may be seen, more than 2,048 MiB would be made, or the engine stopped (call again: it starts
   * afresh). The message says what is wrong and what would do. Nothing else on the page is harmed.
   */
  readonly attend: (options: headlight.Options) => Promise<headlight.Result>;
};

declare namespace headlight {
  /**
   * Numbers in row-major order: the last axis runs fastest. Axes: `B` batch, `H` query heads, `Hk` key and value heads,
   * `Sq` queries, `Sk` keys, `P` keys of the past, `D` head width, `Dv` value width.
   */
  interface Tensor<Data = Float32Array> {
    /** The length of each axis. */
    shape: number[];
    /** As many numbers as the shape holds. */
    data: Data;
  }

  interface Options {
    /** Queries, `[B, H, Sq, D]`. */
    q: Tensor;
    /** Keys, `[B, Hk, Sk, D]`. `H` is a multiple of `Hk`; query head `h` attends with key head `⌊h · Hk / H⌋`. */
    k: Tensor;
    /** Values, `[B, Hk, Sk, Dv]`. */
    v: Tensor;
    /**
     * Broadcasts from the right to `[B, H, Sq, P + Sk]`, but for the keys: those that it lacks may not be seen, so that one
     * key alone is the first, and not all. Floats are added to the scaled scores, and -Infinity hides the key; of bytes, 0
     * hides the key and any other shows it.
     */
    mask?: Tensor<Float32Array | Uint8Array> | null;
    /** Query `i` sees key `j` only if `j ≤ i + offset`; offset is 0, or what a past or key lengths make it. With a window, too. */
    causal?: boolean | null;
    /** Query `i` sees the keys from `i + offset - left` to `i + offset + right`; null is no limit. */
    window?: { left?: number | null; right?: number | null } | null;
    /** What the scores are multiplied with, any number that float32 can hold: `1 / √D` unless given. */
    scale?: number | null;
    /** `softcap · tanh(scaled / softcap)`, before the mask; above 0, or 0 for none. */
    softcap?: number | null;
    /** What the scale is divided by, above 0; 1 unless given. */
    temperature?: number | null;
    /**
     * The base of rotary positions, above 0 (RoPE; 10000 as first published): queries and keys are turned by their places, pairs of
     * columns `2c` and `2c + 1`, before anything else; of an odd width the last column stays. Query `i` stands at
     * `i + offset`, key `j` at `j`. Keys of a past have been turned already, as `presentKey` gives them.
     */
    rotary?: number | null;
    /**
     * Whether scores lose by the distance between query and key, times the slope of the head: `2^(-8(h + 1) / H)` where `H` is
     * a power of two, else those of the power of two below and every other one of that above (ALiBi).
     */
    alibi?: boolean | null;
    /** Keys before `k`, `[B, Hk, P, D]`; the offset is `P`. With `rotary` they are turned already, as `presentKey` is. */
    pastKey?: Tensor | null;
    /** Values before `v`, `[B, Hk, P, Dv]`. */
    pastValue?: Tensor | null;
    /** For each batch, how many of its keys are no padding; the offset is that `- Sq`. Not together with a past. */
    keyLengths?: readonly (number | bigint)[] | Int32Array | Uint32Array | BigInt64Array | null;
    /**
     * Which engine calculates: "webgpu", "cpu", or "auto": WebGPU where there is one, but the CPU for what is so small that
     * it is answered in the page itself, sooner than by way of a worker. What is larger is calculated in a worker.
     * Where WebGPU can't do it, the CPU does, and `reason` says why; that is no error.
     */
    engine?: "auto" | "webgpu" | "cpu" | null;
    /** What to return; everything unless given. What is not asked for need not be calculated. */
    outputs?: Output[] | null;
    /**
     * Hands the tensors' buffers over instead of copying them: quicker, and they are empty afterwards, also where the engine
     * refuses the call (an Error, not a TypeError). A buffer goes as a whole, with whatever else lies in it.
     */
    transfer?: boolean | null;
  }

  type Output = "scores" | "scaled" | "masked" | "weights" | "output" | "presentKey" | "presentValue";

  /** The tensors that were asked for. Their buffers are the caller's own. */
  interface Result {
    /** Which engine calculated. */
    engine: "webgpu" | "cpu";
    /** Why the CPU answered a call that would have been WebGPU's. */
    reason?: string;
    /**
     * Milliseconds from reading the tensors to copying the results; the first call for a GPU opens it, too. Messages and
     * waiting do not count.
     */
    ms: number;
    /** `q · kᵀ`, `[B, H, Sq, P + Sk]`. What is beyond float32 is infinite, or NaN where a sum overflows both ways. */
    scores?: Tensor;
    /** `scores × scale / temperature`, of the same shape. */
    scaled?: Tensor;
    /**
     * `scaled`, bent by the softcap, plus mask and ALiBi; -Infinity where a key may not be seen, so that what is beyond float32
     * and may be seen is the greatest or the lowest float here.
     */
    masked?: Tensor;
    /** `softmax(masked)` along the keys; zeros in a row that sees none. */
    weights?: Tensor;
    /** `weights · v`, `[B, H, Sq, Dv]`. */
    output?: Tensor;
    /** `pastKey` and `k`, turned where `rotary` is set, `[B, Hk, P + Sk, D]`; what no query may see and is no finite number is 0. */
    presentKey?: Tensor;
    /** `pastValue` and `v`, `[B, Hk, P + Sk, Dv]`; as `presentKey`. */
    presentValue?: Tensor;
  }
}
