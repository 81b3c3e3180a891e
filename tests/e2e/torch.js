// What PyTorch calculated: tests/data/torch.safetensors; tests/data/make_torch.py says what the keys mean.
import { readFileSync } from "node:fs";

const file = readFileSync(new URL("../data/torch.safetensors", import.meta.url));
const headerLength = Number(file.readBigUInt64LE(0));
const header = JSON.parse(file.subarray(8, 8 + headerLength));

/** One tensor: `{ shape, values }`. */
export function torch(key) {
  const { shape, data_offsets: offsets } = header[key];
  const [start, end] = offsets.map((offset) => 8 + headerLength + offset);
  // A copy, so that it is aligned.
  return { shape, values: new Float32Array(Uint8Array.from(file.subarray(start, end)).buffer) };
}

/** The standard example's attention weight of head `head`, as a screen reader says it. */
export function announcedWeight(head, query, key) {
  const { shape, values } = torch("block/seed=42/positions=sinusoidal/heads=4/mask=none/weights");
  return values[(head * shape[1] + query) * shape[2] + key].toFixed(3);
}
