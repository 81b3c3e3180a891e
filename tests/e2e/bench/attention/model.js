// Writes the ONNX models that onnxruntime-web is measured with: protobuf's bytes, put together here.
//
// Which form of attention is fastest there differs, so the measurement tries several and keeps the best; see `forms`.
// All give the same numbers. With onnxruntime-web 1.30 in Chromium 156, on two cores and SwiftShader:
//
// - CPU: MatMul, Mul and Transpose become one FusedMatMul. So scaling q or the scores, writing FusedMatMul oneself, or
//   ONNX's own Attention (opset 23) take the same time; so does a mask by Where, of -1e4 or one for each head, and a
//   session without arena or memory pattern. com.microsoft's MultiHeadAttention, which gives scores instead of
//   weights, and its GroupQueryAttention are a fifth to a third slower: both want another layout. What no exporter
//   writes, blocks of rows, each with only the keys that it may see, saves a fifth of a causal run at 512 tokens and a
//   quarter at 1024.
// - WebGPU: Attention and FusedMatMul have no kernel there; unnoticed, they would run on the CPU. Einsum takes half of
//   MatMul's time at 6 tokens, as long at 32 and twice as long at 128. MultiHeadAttention takes three times as long;
//   its FlashAttention gives no weights. Grouped Conv takes three times as long too, and is wrong at 6 tokens; Mul and
//   ReduceSum take ten times as long at 32. Blocks of rows save nothing. Leaving the outputs on the GPU and fetching
//   both at once saves half a millisecond. The builds with JSPI and Asyncify are as fast as each other; JSEP's is a
//   tenth slower.

export const HEADS = 12;
export const DEPTH = 64;

/** The forms worth trying, the plain one first. */
export function forms(engine, size, causal) {
  if (engine === "webgpu") return [{ product: "MatMul", blocks: 1 }, { product: "Einsum", blocks: 1 }];
  const blocks = causal && size >= 128 ? [1, 2, 4, 8] : [1];
  return blocks.map((blocks) => ({ product: "MatMul", blocks }));
}

/** `q`, `k` and `v` to `output` and `weights`, the rows of the weights in so many blocks. */
export function attentionModel({ size, causal, product, blocks }) {
  const nodes = [];
  const constants = [];
  const add = (output, operator, inputs, attributes = {}) => {
    nodes.push(node(output, operator, inputs, attributes));
    return output;
  };
  const constant = (name, shape, data) => {
    constants.push(tensor(name, shape, data));
    return name;
  };
  const integers = (name, ...values) => constant(name, [values.length], BigInt64Array.from(values, BigInt));
  const rowsOf = (name, from, to, output) => {
    if (to - from === size) return name;
    const bounds = [integers(`${output}.from`, from), integers(`${output}.to`, to), integers(`${output}.axis`, 2)];
    return add(output, "Slice", [name, ...bounds]);
  };

  add("scaled", "Mul", ["q", constant("scale", [], Float32Array.of(1 / Math.sqrt(DEPTH)))]);
  const parts = Array.from({ length: blocks }, (_, block) => {
    const [from, to] = [block, block + 1].map((edge) => Math.round((edge * size) / blocks));
    const keys = causal ? to : size;
    const named = (name) => (blocks === 1 ? name : `${name}${block}`);
    const q = rowsOf("scaled", from, to, `q${block}`);
    const k = rowsOf("k", 0, keys, `k${block}`);
    const v = rowsOf("v", 0, keys, `v${block}`);

    let scores = `scores${block}`;
    if (product === "Einsum") {
      add(scores, "Einsum", [q, k], { equation: "bhid,bhjd->bhij" });
    } else {
      add(scores, "MatMul", [q, add(`transposed${block}`, "Transpose", [k], { perm: [0, 1, 3, 2] })]);
    }
    if (causal) {
      const hidden = constant(`hidden${block}`, [to - from, keys], hiddenKeys(from, to, keys));
      scores = add(`masked${block}`, "Add", [scores, hidden]);
    }
    const seen = add(named("weights"), "Softmax", [scores]);
    const output = named("output");
    if (product === "Einsum") add(output, "Einsum", [seen, v], { equation: "bhij,bhjd->bhid" });
    else add(output, "MatMul", [seen, v]);

    if (keys === size) return { weights: seen, output };
    const zeros = integers(`zeros${block}`, 0, 0, 0, 0, 0, 0, 0, size - keys);
    return { weights: add(`padded${block}`, "Pad", [seen, zeros]), output };
  });
  if (blocks > 1) {
    for (const name of ["weights", "output"]) {
      add(name, "Concat", parts.map((part) => part[name]), { axis: 2 });
    }
  }

  const inputs = ["q", "k", "v"].map((name) => value(name, [1, HEADS, size, DEPTH]));
  const outputs = [value("output", [1, HEADS, size, DEPTH]), value("weights", [1, HEADS, size, size])];
  const inner = join(repeated(1, nodes), bytes(2, "attention"), repeated(5, constants));
  const graph = join(inner, repeated(11, inputs), repeated(12, outputs));
  const [version, opset] = [integer(1, 8), integer(2, 17)];
  return join(version, bytes(7, graph), bytes(8, opset));
}

/** What is added to the scores of some rows: nothing, or minus infinity for what comes later. */
function hiddenKeys(from, to, keys) {
  return Float32Array.from({ length: (to - from) * keys }, (_, index) => {
    const query = from + Math.floor(index / keys);
    return index % keys > query ? -Infinity : 0;
  });
}

// The messages of onnx.proto, with the numbers of its fields.

function node(output, operator, inputs, attributes) {
  const named = Object.entries(attributes).map(([name, value]) => join(bytes(1, name), attribute(value)));
  return join(repeated(1, inputs), bytes(2, output), bytes(4, operator), repeated(5, named));
}

function attribute(value) {
  if (typeof value === "number") return join(integer(3, value), integer(20, 2));
  if (typeof value === "string") return join(bytes(4, value), integer(20, 3));
  return join(...value.map((item) => integer(8, item)), integer(20, 7));
}

function tensor(name, shape, data) {
  const type = data instanceof Float32Array ? 1 : 7;
  const raw = new Uint8Array(data.buffer);
  return join(...shape.map((length) => integer(1, length)), integer(2, type), bytes(8, name), bytes(9, raw));
}

function value(name, shape) {
  const lengths = shape.map((length) => integer(1, length));
  const type = join(integer(1, 1), bytes(2, join(repeated(1, lengths))));
  return join(bytes(1, name), bytes(2, bytes(1, type)));
}

// Protobuf: a field is its number and kind, then a number, or a length and so many bytes.

function integer(field, value) {
  return join(varint(field * 8), varint(value));
}

function bytes(field, content) {
  const data = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return join(varint(field * 8 + 2), varint(data.length), data);
}

function repeated(field, contents) {
  return join(...contents.map((content) => bytes(field, content)));
}

function varint(value) {
  const digits = [];
  for (; value > 127; value = Math.floor(value / 128)) digits.push((value % 128) + 128);
  return Uint8Array.of(...digits, value);
}

function join(...parts) {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
