// Tensors out of files: made by NumPy, PyTorch and safetensors, and what is no tensor.
import { readFileSync, truncateSync, writeFileSync, openSync, writeSync, closeSync, unlinkSync } from "node:fs";

import { AxeBuilder } from "@axe-core/playwright";

import { expect, test } from "./fixture.js";
import { value } from "./page.js";

const DATA = new URL("../data/", import.meta.url).pathname;
const TYPES = `${DATA}files/`;
const GIVEN = `${DATA}given/`;

/** The number with this index of each tensor of tests/data/make_files.py, by the kind of its type. */
const NUMBERS = {
  float: (index) => (index - 7) / 8,
  int: (index) => index,
  bool: (index) => Number(index % 3 === 0),
};

class Form {
  constructor(page) {
    this.page = page;
    this.region = page.getByRole("region", { name: "Tensors from files", exact: true });
    this.summary = page.locator("#given-summary");
    this.show = this.region.getByRole("button", { name: "Show", exact: true });
    this.cancel = this.region.getByRole("button", { name: "Cancel", exact: true });
    this.shown = page.locator("#given-shown");
    this.layer = page.getByRole("combobox", { name: "Layer", exact: true });
    this.back = page.getByRole("button", { name: "Back to the sentence", exact: true });
  }

  async open(...paths) {
    const chooser = this.page.waitForEvent("filechooser");
    await this.page.getByRole("button", { name: /^(Open tensors|Add files)$/ }).last().click();
    await (await chooser).setFiles(paths);
    await expect(this.show).toBeVisible();
  }

  /** The same of files that may be of no use. */
  async openAll(...paths) {
    const chooser = this.page.waitForEvent("filechooser");
    await this.page.getByRole("button", { name: "Open tensors", exact: true }).click();
    await (await chooser).setFiles(paths);
    await expect(this.cancel).toBeVisible();
  }

  async takeFor(tensor, role) {
    await this.region.getByRole("combobox", { name: `“${tensor}” is taken for`, exact: true }).selectOption(role);
  }
}

/** Numbers that the engine keeps, of all heads of the first sentence. */
async function numbers(headlight, run, tensor, heads) {
  const slices = await headlight.stored(run, Array.from({ length: heads }, (_, head) => [tensor, head]));
  return slices.flatMap(({ values }) => [...values]);
}

/** All kinds and orders that NumPy writes, three at a time; then archives, safetensors and JSON. */
const SETS = {
  "float16, little and big-endian, and Fortran's order": [["little_f2.npy"], ["big_f2.npy"], ["little_f2_fortran.npy"]],
  "float32": [["little_f4.npy"], ["big_f4.npy"], ["little_f4_fortran.npy"]],
  "float64": [["little_f8.npy"], ["big_f8.npy"], ["big_f8_fortran.npy"]],
  "big-endian in Fortran's order": [["big_f2_fortran.npy"], ["big_f4_fortran.npy"], ["little_f8_fortran.npy"]],
  "small whole numbers": [["b1.npy", "bool"], ["i1.npy", "int"], ["u1.npy", "int"]],
  "whole numbers": [["little_i2.npy", "int"], ["big_u2.npy", "int"], ["little_i8.npy", "int"]],
  "large whole numbers, and a header of version 2": [["big_i4.npy", "int"], ["little_u4.npy", "int"], ["version2.npy"]],
};
for (const [name, files] of Object.entries(SETS)) {
  test(`NumPy's ${name}: the engine keeps the very numbers`, async ({ page, headlight }) => {
    await headlight.open();
    const form = new Form(page);
    await form.open(...files.map(([file]) => TYPES + file));
    await expect(form.show).toHaveAttribute("aria-disabled", "false"); // Three alike are Q, K and V.
    await form.show.click();
    await expect(form.shown).toHaveText(/^queries, keys and values from /);
    const { run, setup, batch } = await headlight.ranWith({ heads: 2, width: 8 });
    expect(setup.given.begins).toBe("projections");
    expect(batch[0].tokens.map(({ text }) => text)).toEqual(["0", "1", "2"]);
    for (const [index, tensor] of ["Queries", "Keys", "Values"].entries()) {
      const kind = files[index][1] ?? "float";
      const expected = Array.from({ length: 24 }, (_, at) => NUMBERS[kind](at));
      expect(await numbers(headlight, run, tensor, 2), files[index][0]).toEqual(expected);
    }
  });
}

for (const archive of ["stored.npz", "deflated.npz"]) {
  test(`${archive}: queries, keys and values of three types, with the names of the tokens`, async ({ page, headlight }) => {
    await headlight.open();
    const form = new Form(page);
    await form.open(TYPES + archive);
    await expect(form.summary).toHaveText("✓ 2 heads · 3 tokens · head width 4");
    await form.show.click();
    const { run, batch } = await headlight.ranWith({ heads: 2, width: 8 });
    expect(batch[0].tokens.map(({ text }) => text)).toEqual(["The", "naïve", "🙂"]);
    for (const tensor of ["Queries", "Keys", "Values"]) {
      expect(await numbers(headlight, run, tensor, 2)).toEqual(Array.from({ length: 24 }, (_, at) => NUMBERS.float(at)));
    }
  });
}

test("safetensors' types: bfloat16 and the others", async ({ page, headlight }) => {
  await headlight.open();
  const form = new Form(page);
  await form.open(`${TYPES}torch.safetensors`);
  for (const [q, k, v] of [["bfloat16", "float16", "float64"], ["float32", "int8", "uint8"], ["int16", "int32", "int64"], ["bool", "bfloat16", "int8"]]) {
    if (!(await form.show.isVisible())) await page.getByRole("button", { name: "Change", exact: true }).click();
    for (const choice of await form.region.getByRole("combobox", { name: /is taken for$/ }).all()) await choice.selectOption("not used");
    await expect(form.summary).toHaveText(/^✗ Nothing is chosen yet\./);
    await form.takeFor(q, "Q, queries");
    await form.takeFor(k, "K, keys");
    await expect(form.summary).toHaveText(/^✗ V, values is missing\./);
    await form.takeFor(v, "V, values");
    const before = (await headlight.lastRan()).run;
    await form.show.click();
    await expect.poll(async () => (await headlight.lastRan()).run).toBeGreaterThan(before);
    const { run } = await headlight.ranWith({ heads: 2, width: 8 });
    for (const [tensor, type] of [["Queries", q], ["Keys", k], ["Values", v]]) {
      const kind = type === "bool" ? "bool" : /int/.test(type) ? "int" : "float";
      expect(await numbers(headlight, run, tensor, 2), type).toEqual(Array.from({ length: 24 }, (_, at) => NUMBERS[kind](at)));
    }
  }
});

test("attention weights alone: layers and heads, from three formats, and nothing that would be calculated from them", async ({ page, headlight }) => {
  await headlight.open();
  const form = new Form(page);
  const shown = [];
  for (const file of ["attentions.safetensors", "attentions.npz"]) {
    await form.open(GIVEN + file);
    await expect(form.summary).toHaveText("✓ 3 layers · 4 heads · 6 tokens");
    await form.show.click();
    const layers = [];
    for (const layer of ["1", "3"]) {
      await form.layer.selectOption(layer);
      // The layers of the one are tensors of their own.
      const name = file.endsWith(".npz") ? file : `${file}: attentions.${layer - 1}`;
      await expect(form.shown).toHaveText(`attention weights from ${name}, layer ${layer} of 3`);
      await expect.poll(async () => (await headlight.lastRan()).setup.given?.layer).toBe(Number(layer) - 1);
      layers.push(await numbers(headlight, (await headlight.lastRan()).run, "Weights", 4));
    }
    expect(layers[0]).not.toEqual(layers[1]);
    shown.push(layers);
  }
  expect(shown[0]).toEqual(shown[1]);
  // Its one step; the others say why not.
  await expect(page.locator("#stage-title")).toHaveText("Attention weights: who looks at whom?");
  await headlight.steps.getByRole("button", { name: /Scores/ }).press("Enter");
  await expect(page.locator("#given-why")).toHaveText(/^The tensors from your files begin after this step/);
  await expect(headlight.currentStep).toHaveText(/Softmax/);
  await expect(headlight.setup.getByText("Mask", { exact: true })).toBeHidden();
  await expect(headlight.engine).toHaveText("from file");
  // A cell is held against the file.
  await headlight.grid("Attention weights").focus();
  await expect(headlight.check()).toHaveText("✓ The same, as float32, when it is read from the file once more");
  await headlight.heads.nth(2).click();
  await expect(headlight.check()).toHaveText("✓ The same, as float32, when it is read from the file once more");
  await form.open(`${GIVEN}weights.json`);
  await form.show.click();
  await expect(headlight.tokens).toHaveText(["The", "cat", "sat", "on", "the", "mat"]);
  await form.back.click();
  await headlight.ranWith({ heads: 4, given: null });
});

test("a block of PyTorch's: X and its weights make its output", async ({ page, headlight }) => {
  await headlight.open();
  const form = new Form(page);
  await form.open(`${GIVEN}block.safetensors`);
  const heads = form.region.getByRole("spinbutton", { name: "Heads", exact: true });
  // A guess is said to be one.
  await expect(form.summary).toHaveText(/^✓ .*How many heads there are stands in no file: .*check it$/);
  await heads.fill("3");
  await expect(form.summary).toHaveText("✗ 3 heads cannot share a model width of 16 evenly. Choose a number that divides 16.");
  await heads.fill("");
  await expect(form.summary).toHaveText(/^✗ Say how many heads share the model width of 16/);
  await heads.fill("4");
  await expect(form.summary).toHaveText("✓ 2 sentences · 4 heads · 6 tokens · head width 4");
  await form.show.click();
  const { run } = await headlight.ranWith({ heads: 4, width: 16 });
  const bytes = readFileSync(`${GIVEN}block_expected.safetensors`);
  const y = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 8 + Number(bytes.readBigUInt64LE(0)), bytes.byteOffset + bytes.length));
  const ours = await numbers(headlight, run, "Output", 1);
  for (const [index, number] of ours.entries()) expect(Math.abs(number - y[index])).toBeLessThan(2e-6);
  await headlight.goTo("Q K V");
  await expect(headlight.check()).toHaveText(/^✓ /);
});

test("what is set, what is taken along, and the way back", async ({ page, headlight }, info) => {
  await headlight.open();
  await headlight.choose("Mask", "causal");
  await headlight.ranWith({ mask: "causal" });
  const form = new Form(page);
  await form.open(`${GIVEN}qkv.npz`);
  await form.show.click();
  await headlight.ranWith({ heads: 4, width: 32, mask: "none", isCross: true });
  await expect(page.getByRole("textbox", { name: "Sentence", exact: true })).toBeHidden();
  // What is there of a sentence's set-up stays; what a file decides is not offered.
  await expect(headlight.seed).toBeHidden();
  await headlight.choose("Scaling", "none");
  await headlight.ranWith({ isScaled: false, width: 32 });
  for (const step of ["Scores", "Scale", "Mask", "Softmax", "Mix values"]) {
    await headlight.goTo(step);
    await expect(headlight.check()).toHaveText(/^✓ /);
  }
  // The other engine, or the reference, finds the same.
  await page.locator("#engine-check summary").click();
  await expect(page.locator("#engine-check-result td", { hasText: "✓" })).toHaveCount(5);
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await expect(page.locator("#share-none")).toHaveText(/^Tensors from files are in no link/);
  for (const name of ["Code", "Link", "Page"]) await expect(page.getByRole("group", { name, exact: true })).toBeHidden();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save figure", exact: true }).click();
  const path = info.outputPath("figure.svg");
  await (await download).saveAs(path);
  expect(readFileSync(path, "utf8")).toContain("queries, keys and values from qkv.npz");
  // The address is of the sentence, which a link leads back to.
  expect(new URL(page.url()).hash).toBe("#v=1&step=mix&mask=causal");
  await form.back.click();
  await headlight.ranWith({ heads: 4, width: 64, mask: "causal", given: null });
  await expect(page.getByRole("textbox", { name: "Sentence", exact: true })).toBeFocused();
});

test("files are dropped on the page, one after the other, and can be let go again", async ({ page, headlight }) => {
  await headlight.open();
  const form = new Form(page);
  for (const name of ["q", "k", "v"]) {
    const bytes = [...readFileSync(`${GIVEN}${name}.npy`)];
    const transfer = await page.evaluateHandle(([name, bytes]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(bytes)], `${name}.npy`));
      return transfer;
    }, [name, bytes]);
    await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
    await expect(page.locator(".drop")).toBeVisible();
    await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
    await expect(page.locator(".drop")).toBeHidden();
    await expect(form.region.getByRole("rowheader", { name: new RegExp(`^${name}\\.npy, `) })).toBeVisible();
  }
  await expect(form.summary).toHaveText("✓ 1 head · 6 queries, 5 keys · head width 8");
  await form.region.getByLabel("Names of the tokens").fill("a b c");
  await expect(form.summary).toHaveText("✗ There are 3 names for 6 tokens. Give one for each, or none.");
  await page.keyboard.press("Escape");
  await expect(form.region).toBeHidden();
  await expect(page.getByRole("button", { name: "Open tensors", exact: true })).toBeFocused();
  await headlight.ranWith({ heads: 4, given: null });
});

test("what is no tensor is refused by its name, and the picture stays", async ({ page, headlight }, info) => {
  await headlight.open();
  const picture = await headlight.picture();
  const form = new Form(page);
  const cut = info.outputPath("cut.npz");
  writeFileSync(cut, readFileSync(`${GIVEN}qkv.npz`).subarray(0, 2000));
  await form.open(`${TYPES}pickle.pt`, `${TYPES}objects.npy`, cut, `${GIVEN}q.npy`);
  const refused = form.region.getByRole("alert");
  await expect(refused).toHaveText([/^✗ pickle\.pt: .*can run anything/, /^✗ objects\.npy: .*Python objects/, /^✗ cut\.npz: /]);
  await expect(form.summary).toHaveText(/^✗ K, keys is missing/);
  await expect(form.show).toHaveAttribute("aria-disabled", "true");
  await form.show.press("Enter");
  await expect(form.region).toBeVisible();
  // More files of which nothing else is said.
  await form.open(`${TYPES}pickle.pt`);
  await expect(refused).toHaveCount(4);
  await expect(form.summary).toHaveText(/^✗ K, keys is missing/);
  await expect(form.show).toHaveAttribute("aria-disabled", "true");
  // NaN is found where it would matter, and named.
  const nan = info.outputPath("v.npy");
  const bytes = readFileSync(`${GIVEN}v.npy`);
  bytes.writeDoubleBE(NaN, bytes.length - 8);
  writeFileSync(nan, bytes);
  await form.cancel.click();
  await form.open(`${GIVEN}q.npy`, `${GIVEN}k.npy`, nan);
  await form.show.click();
  // It is said where it can be changed; what is shown, and said of it, is what was there before.
  await expect(form.summary).toHaveText(/^✗ values have NaN at \[0, 0, 4, 7\]/);
  await expect(form.show).toHaveAttribute("aria-disabled", "true");
  await form.show.press("Enter");
  await expect(form.region).toBeVisible();
  await expect(form.shown).toBeHidden();
  await headlight.ranWith({ heads: 4, given: null });
  await expect.poll(() => headlight.picture()).toBe(picture);
  await expect(headlight.notice).toHaveText("");
  await form.takeFor("v", "not used");
  await expect(form.summary).toHaveText(/^✗ V, values is missing/);
  await form.cancel.click();
  // Over tensors that are shown, too.
  await form.open(`${GIVEN}qkv.npz`);
  await form.show.click();
  await headlight.ranWith({ width: 32 });
  await headlight.goTo("Scores");
  await headlight.heads.nth(2).click();
  for (let times = 0; times < 2; times++) {
    await form.open(`${GIVEN}q.npy`, `${GIVEN}k.npy`, nan);
    await form.show.click();
    await expect(form.summary).toHaveText(/^✗ values have NaN/);
    await expect(form.shown).toHaveText("queries, keys and values from qkv.npz");
    await headlight.expectStep("Scores");
    await expect(headlight.heads.nth(2)).toHaveAttribute("aria-pressed", "true");
    if (times === 0) await form.cancel.click();
  }
  await form.cancel.click();
  await expect(form.shown).toHaveText("queries, keys and values from qkv.npz");
  await headlight.ranWith({ width: 32 });
  // Of files none of which can be read there is nothing to choose.
  await form.openAll(`${TYPES}pickle.pt`);
  await expect(form.region.getByRole("alert")).toHaveCount(1);
  await expect(form.region.getByRole("alert").locator("code")).toHaveText(["safetensors.torch.save_file(tensors, \"tensors.safetensors\")", "numpy.savez(\"tensors.npz\", **arrays)"]);
  await expect(form.region.getByRole("button")).toHaveText(["Add files", "Cancel"]);
});

test("weights that do not add up to 1, and what is no weights, say so", async ({ page, headlight }, info) => {
  await headlight.open();
  const form = new Form(page);
  const lead = page.locator("#stage-lead");
  for (const [numbers, said] of [
    [[[0.5, 0.5], [0.25, 0.75]], /it sums to 1\.$/],
    [[[0.4999, 0.5], [0.25, 0.75]], /it sums to 1, as nearly as numbers of few digits do\.$/],
    [[[0.5, 0.7], [0, 0]], /^.*not all of these do: they sum to 0\.000 to 1\.200\.$/],
    [[[-0.5, 2.5], [3, 0.1]], /^These numbers .* reach from −0\.500 to 3\.000, and shares of attention lie between 0 and 1/],
  ]) {
    const path = info.outputPath("attn.json");
    writeFileSync(path, JSON.stringify({ attention_weights: [numbers] }));
    const names = info.outputPath("names.txt");
    writeFileSync(names, "[CLS]\nnaïve\n");
    await form.open(path, names);
    await form.show.click();
    await expect(lead).toHaveText(said);
    await expect(headlight.tokens).toHaveText(["[CLS]", "naïve"]);
  }
  await headlight.grid("Row sums").focus();
  await page.keyboard.press("Control+Home");
  await expect(headlight.check()).toHaveText(/^✓ adds up/);
  await expect(headlight.inspector).toContainText("and shares of attention make 1. The file has them so");
  await headlight.grid("Attention weights").focus();
  await page.keyboard.press("Control+Home");
  await expect(headlight.inspector).toContainText("This number stands in attn.json at [0, 0, 0], as float32");
  // Nothing plays.
  await expect(headlight.play).toBeHidden();
  await expect(headlight.slider).toBeHidden();
  // Tensors are in no address: before they are gone, the browser asks.
  const asked = page.waitForEvent("dialog");
  const gone = page.reload();
  const dialog = await asked;
  expect(dialog.type()).toBe("beforeunload");
  await dialog.accept();
  await gone;
});

test("of half a gigabyte one layer is read: the page goes on, memory stays small, and reading can be stopped", async ({ page, headlight }, info) => {
  test.setTimeout(120_000);
  await headlight.open();
  const form = new Form(page);
  // A file with holes takes no room on a disk; the last number of layer 8 is 1.
  const large = info.outputPath("large.safetensors");
  const [layers, of] = [41, 4 * 12 * 512 * 512];
  const infos = Array.from({ length: layers }, (_, layer) => [`attentions.${layer}`, { dtype: "F32", shape: [1, 12, 512, 512], data_offsets: [layer * of, (layer + 1) * of] }]);
  const header = Buffer.from(JSON.stringify(Object.fromEntries(infos)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(large, Buffer.concat([length, header]));
  truncateSync(large, 8 + header.length + layers * of);
  const file = openSync(large, "r+");
  writeSync(file, Buffer.from(Float32Array.of(1).buffer), 0, 4, 8 + header.length + 8 * of - 4);
  closeSync(file);
  const before = await memory(page);
  await form.open(large);
  await expect(form.summary).toHaveText("✓ 41 layers · 12 heads · 512 tokens");
  const frames = await longestFrame(page);
  const replies = await page.evaluate(() => tap.messages.length);
  await form.show.click();
  await headlight.ranWith({ heads: 12 });
  await form.layer.selectOption("8");
  await expect.poll(async () => (await headlight.lastRan()).setup.given?.layer).toBe(7);
  const { run } = await headlight.lastRan();
  const [weights] = await headlight.stored(run, [["Weights", 11]]);
  expect([weights.rows, weights.values.at(-1)]).toEqual([512, 1]);
  const reading = (await headlight.replies(replies)).filter(({ kind }) => kind === "Reading");
  expect(reading.at(-1)).toMatchObject({ done: of, of });
  const [longest, more] = [await frames(), (await memory(page)) - before];
  console.log(`one layer of ${layers * of} bytes: ${(more / 1e6).toFixed(0)} MB more in memory, longest time between two frames ${longest.toFixed(0)} ms`);
  expect(more).toBeLessThan(200e6);
  await form.back.click();
  await headlight.ranWith({ heads: 4, given: null });
  unlinkSync(large);
});

test("reading shows how far it is, and what was there stays when it is stopped", async ({ page, headlight }, info) => {
  test.setTimeout(120_000);
  await headlight.open();
  const form = new Form(page);
  // Three of 64 MB.
  const shape = [8, 4096, 512];
  const paths = ["q", "k", "v"].map((name) => {
    const path = info.outputPath(`${name}.npy`);
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}), }\n`;
    writeFileSync(path, Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.from([header.length, 0]), Buffer.from(header)]));
    truncateSync(path, 10 + header.length + 4 * shape.reduce((a, b) => a * b));
    return path;
  });
  await form.open(`${GIVEN}attentions.safetensors`);
  await form.show.click();
  await headlight.ranWith({ given: { begins: "weights" } });
  await form.open(...paths);
  await expect(form.summary).toHaveText("✓ 8 heads · 4096 tokens · head width 512");
  await form.show.click();
  const progress = page.getByRole("progressbar", { name: "Reading", exact: true });
  await expect(progress).toBeVisible();
  await expect(page.locator("#given-read")).toHaveText(/^\d+\.\d of 67\.1 MB$/);
  await page.locator("#given-stop").click();
  await expect(progress).toBeHidden();
  // What was chosen can be changed; what is shown is what was there before, with its own layers.
  await expect(form.show).toBeVisible();
  await expect(form.shown).toHaveText("attention weights from attentions.safetensors: attentions.0, layer 1 of 3");
  await form.cancel.click();
  await form.layer.selectOption("2");
  await expect(form.shown).toHaveText("attention weights from attentions.safetensors: attentions.1, layer 2 of 3");
  await form.back.click();
  await headlight.ranWith({ heads: 4, width: 64, given: null });
  await expect(headlight.tokens.first()).toHaveText("The");
  for (const path of paths) unlinkSync(path);
});

test("other files can be looked into and let go again; the way back leads through steps, and not away", async ({ page, headlight }) => {
  await headlight.open();
  const form = new Form(page);
  await form.open(`${GIVEN}attentions.npz`);
  await form.region.getByRole("combobox", { name: "Axes", exact: true }).selectOption("layer, head, token");
  await form.show.click();
  await form.layer.selectOption("2");
  await expect.poll(async () => (await headlight.lastRan()).setup.given?.layer).toBe(1);
  // What was chosen is there when the form opens again.
  await page.getByRole("button", { name: "Change", exact: true }).click();
  await expect(form.region.getByRole("combobox", { name: "Axes", exact: true }).locator("option:checked")).toHaveText("layer, head, token");
  await form.open(`${GIVEN}qkv.npz`);
  await expect(form.region.getByRole("rowheader", { name: /^qkv\.npz, / })).toBeVisible();
  // Those on the stage are still those.
  await form.layer.selectOption("1");
  await expect.poll(async () => (await headlight.lastRan()).setup.given?.layer).toBe(0);
  await form.cancel.click();
  await expect(form.shown).toHaveText("attention weights from attentions.npz, layer 1 of 3");
  await form.layer.selectOption("3");
  await expect.poll(async () => (await headlight.lastRan()).setup.given?.layer).toBe(2);
  await form.open(`${GIVEN}qkv.npz`);
  await form.show.click();
  await headlight.ranWith({ width: 32 });
  await headlight.goTo("Scores");
  await expect.poll(() => page.url()).toContain("step=scores");
  // What is changed in a row is one entry of the history.
  await page.waitForTimeout(1600);
  await headlight.goTo("Mix values");
  await expect.poll(() => page.url()).toContain("step=mix");
  await page.goBack();
  await expect(headlight.currentStep).toHaveText(/Scores/);
  await expect(form.shown).toHaveText("queries, keys and values from qkv.npz");
  expect((await headlight.lastRan()).setup.given.begins).toBe("projections");
});

test("axe finds nothing in the form and beside what is shown, and all can be done by the keyboard", async ({ page, headlight }) => {
  await page.setViewportSize(headlight.engineName === "CPU" ? { width: 390, height: 844 } : { width: 1440, height: 900 });
  await page.emulateMedia({ reducedMotion: "reduce", colorScheme: headlight.engineName === "CPU" ? "light" : "dark" });
  await headlight.open();
  const form = new Form(page);
  await form.open(`${GIVEN}qkv.npz`);
  await expectNothing(page, "form");
  await expect(form.region).toBeFocused();
  await form.show.focus();
  await page.keyboard.press("Enter");
  await headlight.ranWith({ width: 32 });
  await expect(form.region).toBeHidden();
  await expectNothing(page, "shown");
  const { scrollWidth, clientWidth } = await page.locator("html").evaluate(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }));
  expect(scrollWidth).toBe(clientWidth);
});

async function expectNothing(page, where) {
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
  const { violations } = await axe.analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), where).toEqual([]);
}

/** How many bytes the page's process has in memory, its worker's included. */
async function memory(page) {
  const session = await page.context().browser().newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const resident = (id) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, "utf8"))[1]) * 1024;
  return Math.max(...processInfo.filter(({ type }) => type === "renderer").map(({ id }) => resident(id)));
}

/** From now on, notes the longest time between two frames of the page: in milliseconds. */
async function longestFrame(page) {
  const longest = await page.evaluateHandle(() => {
    const note = { longest: 0 };
    let last = performance.now();
    const next = () => {
      const now = performance.now();
      [note.longest, last] = [Math.max(note.longest, now - last), now];
      requestAnimationFrame(next);
    };
    next();
    return note;
  });
  return async () => (await longest.jsonValue()).longest;
}
