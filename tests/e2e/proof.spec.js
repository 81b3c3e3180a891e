// What window.headlight calculates is what the ONNX operator, PyTorch and a float64 reference say; tests/proof.rs holds
// the native engines to the same numbers. The scripts beside the files in tests/data/ say what they hold.
import { expect, test } from "./fixture.js";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const FILES = ["onnx", "mha", "hard", "rotary"];
const RESULTS = new URL("../../target/proof/", import.meta.url);

test("every tensor is that of the independent reference", async ({ page, headlight }) => {
  for (const file of FILES) {
    const body = readFileSync(new URL(`../data/${file}.safetensors`, import.meta.url));
    await page.route(`**/proof/${file}`, (route) => route.fulfill({ body, contentType: "application/octet-stream" }));
  }
  await page.goto("");
  const engine = { WebGPU: "webgpu", CPU: "cpu" }[headlight.engineName];
  const results = await page.evaluate(prove, { files: FILES, engine });

  const path = `browser ${headlight.engineName}`;
  const groups = [...new Set(results.map(({ group }) => group))].sort();
  const lines = groups.map((group) => {
    const cases = results.filter((result) => result.group === group);
    const passed = cases.filter(({ share }) => share <= 1).length;
    const worst = (what) => Math.max(...cases.map((result) => result[what]));
    return [path, group, passed, cases.length, worst("difference").toExponential(1), worst("share").toFixed(2)].join("\t");
  });
  console.log(lines.join("\n"));
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(new URL(`${path}.tsv`, RESULTS), `${lines.join("\n")}\n`);

  expect(results.filter(({ share }) => !(share <= 1))).toEqual([]);
  expect(new Set(results.map(({ ran }) => ran)), "no case was calculated by another engine").toEqual(new Set([engine]));
  expect(groups).toEqual(["hard", "onnx node", "onnx reference", "rotary", "torch"]);
});

/** Runs in the page: for each case its worst difference, also as a part of what is allowed. */
async function prove({ files, engine }) {
  const results = [];
  for (const name of files) {
    const file = await (await fetch(`proof/${name}`)).arrayBuffer();
    const headerLength = Number(new DataView(file).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, headerLength)));
    const tensor = (key) => {
      if (!header[key]) return undefined;
      const { dtype, shape, data_offsets: offsets } = header[key];
      const bytes = file.slice(...offsets.map((offset) => 8 + headerLength + offset));
      return { shape, data: dtype === "BOOL" ? new Uint8Array(bytes) : new Float32Array(bytes) };
    };
    const cases = Object.entries(header.__metadata__).filter(([, text]) => text.startsWith("{"));
    results.push(...(await Promise.all(cases.map(([name, text]) => proveCase(name, JSON.parse(text), tensor)))));
  }
  return results;

  async function proveCase(name, settings, tensor) {
    const of = (key) => tensor(`${name}/${key}`);
    const { causal, left, right, key_lengths: keyLengths, scale, softcap, rotary, qk } = settings;
    const window = { left, right };
    const [pastKey, pastValue] = [of("past_key"), of("past_value")];
    const [q, k, v, mask] = ["q", "k", "v", "mask"].map(of);
    const options = { q, k, v, mask, causal, window, scale, softcap, rotary, keyLengths, pastKey, pastValue, engine };
    const result = await headlight.attend(options);
    // PyTorch's `output` is that of the whole layer.
    const expected = { output: of("mixed") ?? of("output"), presentKey: of("present_key"), presentValue: of("present_value") };
    for (const stage of ["scores", "scaled", "masked", "weights"]) expected[stage] = of(stage);
    if (qk) expected[qk] = of("qk");
    if (qk === "capped") {
      const bent = (value) => (softcap ? softcap * Math.tanh(value / softcap) : value);
      result.capped = { shape: result.scaled.shape, data: result.scaled.data.map(bent) };
    }
    let [worst, worstShare] = [0, 0];
    for (const [stage, tensor] of Object.entries(expected)) {
      if (!tensor) continue;
      const actual = result[stage];
      if (String(actual.shape) !== String(tensor.shape)) throw new Error(`${name}: ${stage} has shape ${actual.shape}`);
      tensor.data.forEach((number, index) => {
        let difference = actual.data[index] === number ? 0 : Math.abs(actual.data[index] - number);
        if (Number.isNaN(difference)) difference = Infinity;
        worst = Math.max(worst, difference);
        worstShare = Math.max(worstShare, difference / (settings.atol + settings.rtol * Math.abs(number)));
      });
    }
    return { name, group: settings.group, ran: result.engine, difference: worst, share: worstShare };
  }
}
