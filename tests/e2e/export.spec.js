// What the page writes is read by others, and is what the engine keeps, to the last bit.
import { execFileSync } from "node:child_process";

import { expect, test } from "./fixture.js";

const READER = new URL("read_files.py", import.meta.url).pathname;
const FORMATS = ["CSV", "JSON", "NumPy, .npy", "NumPy, .npz", "safetensors"];

/** What each tensor that is read is called in the messages to the page. */
const NAMES = { queries: "Queries", keys: "Keys", values: "Values", scores: "Scores", masked_scores: "Masked", attention_weights: "Weights", attended_values: "Mixed" };

for (const step of ["Q K V", "Softmax", "Mix values"]) {
  test(`${step}: every format is read elsewhere, with the numbers that the engine keeps`, async ({ page, headlight }, info) => {
    test.setTimeout(120_000);
    await headlight.open();
    await headlight.choose("Mask", "causal");
    await headlight.ranWith({ mask: "causal" });
    await headlight.goTo(step);
    const paths = [];
    for (const format of FORMATS) paths.push(await save(page, info, "those of this step", format));
    const files = readAll(paths);
    const [zip, json, npy, npz, safetensors] = paths.map((path) => files[path]);
    expect(paths[2]).toMatch(/\.npz$/);
    expect(npy).toEqual(npz);
    const { run } = await headlight.lastRan();
    const heads = 4;
    let compared = 0;
    for (const [name, { shape, dtype, numbers }] of Object.entries(npz)) {
      for (const other of [zip, json, safetensors]) expect(other[name].numbers, name).toEqual(numbers);
      expect(safetensors[name]).toEqual({ shape, dtype, numbers });
      expect(json[name]).toMatchObject({ shape, said: shape });
      if (!NAMES[name]) continue;
      expect([shape.length, shape[1], dtype]).toEqual([4, heads, "float32"]);
      const slices = await headlight.stored(run, Array.from({ length: heads }, (_, head) => [NAMES[name], head]));
      const stored = slices.flatMap(({ values }) => values);
      // The page is told of a hidden key's share that it is hidden; it is 0.
      const shown = name === "attention_weights" ? stored.map((value) => (value === -Infinity ? 0 : value)) : stored;
      expect(numbers, name).toEqual([...new Uint32Array(Float32Array.from(shown).buffer)]);
      compared++;
    }
    expect(compared).toBeGreaterThan(1);
  });
}

test("one tensor alone, and all of a batch in cross-attention", async ({ page, headlight }, info) => {
  test.setTimeout(120_000);
  await headlight.open();
  const one = await save(page, info, "Attention weights", "NumPy, .npy");
  const table = await save(page, info, "Attention weights", "CSV");
  const tokens = await save(page, info, "Tokens", "NumPy, .npy");
  await headlight.sentence.fill("The cat sat on the mat\nDogs bark");
  await headlight.choose("Keys, values", "a second");
  await expect.poll(async () => (await headlight.lastRan()).setup.isCross).toBe(true);
  const all = await save(page, info, "all of them", "safetensors");
  const files = readAll([one, table, tokens, all]);
  expect(one).toMatch(/headlight-attention_weights\.npy$/);
  expect(files[one].attention_weights.shape).toEqual([1, 4, 6, 6]);
  expect(files[table].attention_weights.numbers).toEqual(files[one].attention_weights.numbers);
  expect(files[table].attention_weights.header).toEqual(["sentence", "head", "token", "text", "The", "cat", "sat", "on", "the", "mat"]);
  expect(files[table].attention_weights.rows[7]).toEqual(["0", "1", "1", "cat"]);
  expect(files[tokens].token_ids).toMatchObject({ shape: [1, 6], dtype: "int64" });
  expect(Object.keys(files[all])).toHaveLength(28);
  expect(files[all].attention_weights.shape.slice(0, 3)).toEqual([2, 4, 6]);
  expect(files[all].memory.shape[0]).toBe(2);
});

test("the program that writes files is loaded when a file is asked for, once", async ({ page, headlight }, info) => {
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  page.context().on("request", (request) => asked.push(request.url()));
  await headlight.open();
  const ofFiles = () => new Set(asked.filter((url) => /\/files/.test(url))).size;
  expect(ofFiles()).toBe(0);
  await save(page, info, "Attention weights", "JSON");
  await expect(page.locator("#export-said")).toHaveText(/^headlight-attention_weights\.json is saved: \d+ (bytes|KB)\.$/);
  await save(page, info, "Attention weights", "JSON");
  expect(ofFiles()).toBe(2);
});

/** Saves a file; where it lies. */
async function save(page, info, tensors, format) {
  const open = page.getByRole("button", { name: "Export", exact: true });
  if ((await open.getAttribute("aria-expanded")) === "false") await open.click();
  await page.getByRole("combobox", { name: "Tensors" }).selectOption(tensors);
  await page.getByRole("combobox", { name: "Format" }).selectOption(format);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save", exact: true }).click()]);
  const path = info.outputPath(`${format.replaceAll(/\W/g, "")}`, download.suggestedFilename());
  await download.saveAs(path);
  return path;
}

function readAll(paths) {
  return JSON.parse(execFileSync(process.env.PYTHON, [READER, ...paths], { maxBuffer: 1 << 28 }));
}
