// The messages between page and engine, as src/protocol.rs has them: postcard's bytes, read and written in Node.
// https://postcard.jamesmunns.com/wire-format: whole numbers and enum tags are varints, floats are little-endian, and
// strings and lists begin with their length.

/** The tensors in the order of src/protocol.rs. */
export const TENSORS = [
  "Tokens",
  "WordEmbeddings",
  "Positions",
  "Input",
  "QueryWeights",
  "KeyWeights",
  "ValueWeights",
  "Queries",
  "Keys",
  "Values",
  "Scores",
  "Scaled",
  "Mask",
  "Masked",
  "RowMax",
  "Shifted",
  "Exponentials",
  "ExponentialSums",
  "Weights",
  "RowSums",
  "Mixed",
  "Heads",
  "OutputWeights",
  "Output",
  "KeyTokens",
  "KeyWordEmbeddings",
  "KeyPositions",
  "KeyInput",
];

/** A request for whole matrices, `[["Weights", 0], …]`: tensor and head; of the sentence with this index. */
export function readRequest(run, tensors, item = 0) {
  const slices = tensors.flatMap(([tensor, head]) => [item, TENSORS.indexOf(tensor), head, 0, WHOLE, 0, WHOLE, WHOLE, WHOLE, 0]);
  return [2, run, tensors.length, ...slices].flatMap(varint);
}

/** Larger than any matrix; the page itself asks for smaller ones, so that the two can be told apart. */
export const WHOLE = 4096;

/** A reply of the engine: `{ kind, … }` with the fields of src/protocol.rs in JavaScript's spelling. */
export function decodeReply(bytes) {
  const reader = new Reader(bytes);
  const reply = reader.tag(
    () => ({ kind: "Opened", build: reader.string(), engine: reader.engine() }),
    () => ({ kind: "Ran", ...reader.ran() }),
    () => ({ kind: "Refused", run: reader.varint(), refusal: reader.refusal() }),
    () => ({ kind: "Slices", run: reader.varint(), slices: reader.slices() }),
    () => ({ kind: "Operands", run: reader.varint(), ...reader.operands() }),
    () => ({ kind: "Checked", run: reader.varint(), ...reader.check() }),
    () => ({ kind: "Written", run: reader.varint(), trouble: reader.tag(() => null, () => reader.string()) }),
    () => ({ kind: "Found", look: reader.varint(), files: reader.rest() }),
    () => ({ kind: "Reading", run: reader.varint(), done: reader.varint(), of: reader.varint() }),
  );
  if (reader.at !== bytes.length) throw new Error(`${bytes.length - reader.at} bytes are left of a ${reply.kind}`);
  return reply;
}

function varint(number) {
  const bytes = [];
  for (; number >= 0x80; number = Math.floor(number / 0x80)) bytes.push((number % 0x80) | 0x80);
  return [...bytes, number];
}

function mask(left, right) {
  if (left === null) return right === null ? "none" : "causal";
  return { left, right };
}

class Reader {
  at = 0;

  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  varint() {
    let number = 0;
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.view.getUint8(this.at++);
      number += (byte & 0x7f) * unit;
      if (byte < 0x80) return number;
    }
  }

  /** What a test does not look into. */
  rest() {
    return this.bytes.subarray(this.at, (this.at = this.bytes.length));
  }

  tag(...variants) {
    return variants[this.varint()]();
  }

  f32() {
    return this.view.getFloat32((this.at += 4) - 4, true);
  }

  f64() {
    return this.view.getFloat64((this.at += 8) - 8, true);
  }

  string() {
    const length = this.varint();
    return new TextDecoder().decode(this.bytes.subarray(this.at, (this.at += length)));
  }

  list(read) {
    return Array.from({ length: this.varint() }, read);
  }

  floats() {
    return Float32Array.from(this.list(() => this.f32()));
  }

  engine() {
    return this.tag(
      () => ({ name: "WebGPU", adapter: this.string() }),
      () => ({ name: "CPU", insteadOfWebgpu: this.tag(() => null, () => this.string()) }),
    );
  }

  /** Nothing, or a whole number. */
  option() {
    return this.tag(
      () => null,
      () => this.varint(),
    );
  }

  bool() {
    return this.tag(
      () => false,
      () => true,
    );
  }

  setup() {
    return {
      seed: this.varint(),
      heads: this.varint(),
      width: this.varint(),
      positions: ["none", "sinusoidal", "rotary", "alibi"][this.varint()],
      mask: mask(this.option(), this.option()),
      padding: this.varint(),
      painted: this.list(() => [this.varint(), this.varint(), this.bool()]),
      isScaled: this.bool(),
      temperature: this.f32(),
      softcap: this.tag(
        () => null,
        () => this.f32(),
      ),
      headsOff: this.list(() => this.varint()),
      isCross: this.varint() === 1,
      given: this.tag(
        () => null,
        () => this.given(),
      ),
    };
  }

  given() {
    return {
      begins: ["input", "projections", "weights"][this.varint()],
      parts: this.list(() => ({ role: this.varint(), file: this.varint(), tensor: this.varint() })),
      layer: this.varint(),
      layers: this.varint(),
      axes: this.varint(),
      words: [this.list(() => this.string()), this.list(() => this.string())],
      name: this.string(),
      look: this.varint(),
    };
  }

  check() {
    return {
      against: this.tag(
        () => this.engine(),
        () => ({ name: "reference", reason: this.string(), tokens: this.varint(), of: this.varint() }),
      ),
      stages: this.list(() => ({ tensor: TENSORS[this.varint()], largest: this.f32(), magnitude: this.f32() })),
    };
  }

  token() {
    const [text, word] = [this.string(), this.string()];
    return { text, word, start: this.varint(), end: this.varint(), id: this.varint() };
  }

  ran() {
    return {
      run: this.varint(),
      setup: this.setup(),
      before: this.tag(
        () => null,
        () => this.setup(),
      ),
      batch: this.list(() => ({ tokens: this.list(() => this.token()), keys: this.list(() => this.token()) })),
      leftOut: { tokens: this.varint(), sentences: this.varint() },
      engine: this.engine(),
      milliseconds: this.f64(),
      slices: this.slices(),
    };
  }

  refusal() {
    return this.tag(
      () => ({ kind: "NoTokens" }),
      () => ({ kind: "NoKeys" }),
      () => ({ kind: "Width", width: this.varint() }),
      () => ({ kind: "Heads", heads: this.varint(), width: this.varint() }),
      () => ({ kind: "Attention", message: this.string() }),
      () => ({ kind: "Gone" }),
    );
  }

  slices() {
    return this.list(() => ({
      item: this.varint(),
      tensor: TENSORS[this.varint()],
      head: this.varint(),
      firstRow: this.varint(),
      rowCount: this.varint(),
      firstColumn: this.varint(),
      columnCount: this.varint(),
      mostRows: this.varint(),
      mostColumns: this.varint(),
      isChange: this.varint() === 1,
      fromRow: this.varint(),
      fromColumn: this.varint(),
      rows: this.varint(),
      columns: this.varint(),
      shownRows: this.varint(),
      shownColumns: this.varint(),
      values: this.floats(),
      largest: this.f32(),
      isChangeToo: this.varint() === 1,
    }));
  }

  operands() {
    const item = this.varint();
    const cell = { tensor: TENSORS[this.varint()], head: this.varint(), row: this.varint(), column: this.varint() };
    const value = this.f32();
    const before = this.tag(
      () => null,
      () => this.f32(),
    );
    const [left, right] = [this.floats(), this.floats()];
    const from = this.tag(
      () => null,
      () => ({ name: this.string(), index: this.list(() => this.varint()), dtype: this.string() }),
    );
    return { item, cell, value, before, left, right, from };
  }
}
