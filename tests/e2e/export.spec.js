// What the page writes is read by others, and is what the engine keeps, to the last bit.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import jsQR from "jsqr";

import { expect, test } from "./fixture.js";
import { value } from "./page.js";

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
      const stored = slices.flatMap(({ values }) => [...values]);
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

for (const step of ["Q K V", "Softmax", "Mix values"]) {
  test(`${step}: the figure is read elsewhere, and both its forms show the numbers that the engine keeps`, async ({ page, headlight }, info) => {
    await headlight.open();
    await headlight.choose("Mask", "causal");
    await headlight.ranWith({ mask: "causal" });
    await headlight.goTo(step);
    const svg = await saveFigure(page, info, { Format: "SVG", For: "Nature, 2 columns" });
    const png = await saveFigure(page, info, { Format: "PNG", "Dots per inch": "300" });
    const files = readAll([svg, png]);
    const drawn = files[svg];
    const title = await page.locator("#stage-title").textContent();
    expect(drawn).toMatchObject({ width: "183mm", ground: "#ffffff", title, metadata: { title, creator: expect.stringMatching(/^Headlight \d/) } });
    expect(drawn.desc).toMatch(/^The cat sat on the mat · Head 1 of 4 .* seed 42 .* mask causal .* calculated by Headlight on /);
    const written = drawn.texts.join("\n");
    for (const text of [title, "The cat sat on the mat", "mask causal"]) expect(written.replaceAll("\n", " ")).toContain(text);
    // The numbers in the cells, as the page rounds them.
    const { run } = await headlight.lastRan();
    const [weights] = await headlight.stored(run, [["Weights", 0]]);
    if (step !== "Q K V") {
      const visible = [...weights.values].filter(Number.isFinite);
      const numbers = drawn.texts.map(value);
      for (const share of visible) expect(numbers.some((number) => Math.abs(number - share) <= 0.00501), String(share)).toBe(true);
    }
    expect(files[png].size[0]).toBe(Math.round((183 / 25.4) * 300));
    expect(files[png].dpi.map(Math.round)).toEqual([300, 300]);
    expect(files[png].texts).toMatchObject({ Title: title, Description: drawn.desc, Software: drawn.metadata.creator });
    expect(files[png].cells).toBeGreaterThan(40);
    expect(files[png].same).toBe(files[png].cells);
  });
}

test("all steps, all heads and one matrix, on every ground, and too many pixels are refused", async ({ page, headlight }, info) => {
  await headlight.open();
  const all = await saveFigure(page, info, { Format: "SVG", Shows: "all steps" });
  const heads = await saveFigure(page, info, { Format: "SVG", Shows: "what this step makes, in all heads", Ground: "dark" });
  const one = await saveFigure(page, info, { Format: "SVG", Shows: "Values", Ground: "transparent" }, ["Title and caption"]);
  const png = await saveFigure(page, info, { Format: "PNG" });
  const files = readAll([all, heads, one, png]);
  const steps = await page.locator("#steps button").count().catch(() => 9);
  expect(files[all].texts.filter((text) => /^(Tokens|Embed|Q K V|Scores|Scale|Mask|Softmax|Mix values|Output)[:,]? /.test(text)).length).toBeGreaterThanOrEqual(steps);
  expect(files[heads].ground).toBe("#1c1f25");
  for (const head of [1, 2, 3, 4]) expect(files[heads].texts).toContain(`head ${head}`);
  expect(files[heads].boxes.filter(([, , , , fill]) => fill.startsWith("#")).length).toBeGreaterThanOrEqual(4 * 36);
  expect(files[one].ground).toBe(null);
  expect(files[one].boxes.length).toBeGreaterThanOrEqual(6 * 16);
  expect(files[one].texts.join(" ")).not.toContain("calculated by");
  expect(files[png].corner[3], "transparent").toBe(0);

  const group = page.getByRole("group", { name: "Figure", exact: true });
  await group.getByRole("combobox", { name: "Dots per inch" }).selectOption("600");
  await group.getByRole("spinbutton", { name: "Width, mm" }).fill("1000");
  await group.getByRole("button", { name: "Save figure" }).click();
  await expect(page.locator("#figure-said")).toHaveText(/23622 × \d+ pixels.*fewer dots per inch/);
  const width = group.getByRole("spinbutton", { name: "Width, mm" });
  for (const [typed, button] of [["2000", "Save figure"], ["", "Copy image"]]) {
    await width.fill(typed);
    await group.getByRole("button", { name: button }).click();
    await expect(page.locator("#figure-said")).toHaveText(/“Width, mm” takes a number from 40 to 1000\./);
    await expect(width).toHaveAttribute("aria-invalid", "true");
    await expect(width, "what was typed stays").toHaveValue(typed);
  }
  await width.fill("89");
  await group.getByRole("combobox", { name: "Format" }).selectOption("SVG");
  await group.getByRole("button", { name: "Save figure" }).click();
  await expect(page.locator("#figure-said")).toHaveText(/is saved/);
  await expect(width).not.toHaveAttribute("aria-invalid", "true");
});

test("the QR code says the link", async ({ page, headlight }) => {
  await headlight.openLink("#v=1&s=Gr%C3%B6%C3%9Fe+der+Katze&step=mask&mask=causal&shares=batlow");
  await openExport(page);
  const link = await page.getByRole("textbox", { name: "Link" }).inputValue();
  const picture = (await page.locator("#share-code svg").screenshot()).toString("base64");
  const { pixels, width, height } = await page.evaluate(async (picture) => {
    const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt());
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    return { pixels: [...context.getImageData(0, 0, width, height).data], width, height };
  }, picture);
  expect(jsQR(Uint8ClampedArray.from(pixels), width, height)?.data).toBe(link);
});

test("what is being written when the engine dies is not written, and says why", async ({ page, headlight }) => {
  await headlight.open();
  await openExport(page);
  headlight.engineName = "CPU";
  const group = page.getByRole("group", { name: "Tensors", exact: true });
  await group.getByRole("combobox", { name: "Tensors" }).selectOption("all of them");
  // The engine gets both in one go: it dies of the second before the first is done.
  await page.evaluate(() => {
    document.getElementById("export-save").click();
    tap.worker.postMessage(Uint8Array.of(99).buffer);
  });
  await expect(page.locator("#export-said")).toHaveText(/^No file was made: a message from the page could not be read/);
  await headlight.expectEngine();
  const [download] = await Promise.all([page.waitForEvent("download"), group.getByRole("button", { name: "Save", exact: true }).click()]);
  expect(download.suggestedFilename()).toBe("headlight-all.zip");
});

test("a figure is saved once, whatever is open besides", async ({ page, headlight }) => {
  await headlight.open();
  await headlight.openTable();
  await openExport(page);
  const group = page.getByRole("group", { name: "Figure", exact: true });
  await group.getByRole("combobox", { name: "Ground" }).selectOption("dark");
  await page.getByRole("button", { name: "Table", exact: true }).click();
  await page.getByRole("button", { name: "Table", exact: true }).click();
  await expect(group.getByRole("combobox", { name: "Ground" })).toHaveValue("dark");
  const downloads = [];
  page.on("download", (download) => downloads.push(download.suggestedFilename()));
  await group.getByRole("button", { name: "Save figure" }).click();
  await expect(page.locator("#figure-said")).toHaveText(/is saved/);
  await headlight.frames(10);
  expect(downloads).toEqual(["headlight-softmax.svg"]);
});

test("a step is saved as a film, which others play and which ends as the picture does", async ({ page, headlight }, info) => {
  test.setTimeout(180_000);
  await headlight.open();
  await headlight.goTo("Tokens");
  await headlight.speed.selectOption("4×");
  const picture = await saveFigure(page, info, { Format: "PNG", "Dots per inch": "96 (1×)" });
  const group = page.getByRole("group", { name: "Figure", exact: true });
  await group.getByRole("combobox", { name: "Format" }).selectOption("PNG, moving");
  const begun = page.waitForEvent("download");
  await group.getByRole("button", { name: "Save figure" }).click();
  await expect(page.locator("#figure-said")).toHaveText("Writing …");
  await expect(page.getByRole("progressbar", { name: "Writing …" })).toHaveAttribute("value", /^[01]\.\d+$/);
  // Meanwhile the page is used.
  await headlight.goTo("Scores");
  await expect(headlight.grid("Scores")).toBeVisible();
  const download = await begun;
  expect(download.suggestedFilename()).toBe("headlight-tokens.png");
  const film = info.outputPath("film", download.suggestedFilename());
  await download.saveAs(film);
  const read = `
import json, sys
from PIL import Image, ImageChops
film, picture = (Image.open(path) for path in sys.argv[1:])
durations, differ = [], []
for frame in range(film.n_frames):
    film.seek(frame)
    durations.append(film.info["duration"])
    differ.append(ImageChops.difference(film.convert("RGB"), picture.convert("RGB")).getbbox() is not None)
print(json.dumps([film.n_frames, film.size == picture.size, durations, differ, film.text["Title"], film.info["loop"]]))`;
  const [frames, isAsLarge, durations, differ, title, loop] = JSON.parse(execFileSync(process.env.PYTHON, ["-c", read, film, picture], { encoding: "utf8" }));
  expect([frames, isAsLarge, loop]).toEqual([14, true, 0]);
  expect(durations).toEqual([...Array(13).fill(50), 1200]);
  expect([differ[0], differ.at(-1)], "it begins with less, and ends as the picture").toEqual([true, false]);
  expect(title).toMatch(/^Tokens/);

  for (const [choose, why] of [
    [() => group.getByRole("combobox", { name: "Shows" }).selectOption("all steps"), /only this step moves/],
    [async () => {
      await group.getByRole("combobox", { name: "Shows" }).selectOption("this step, as it is on the page");
      await headlight.choose("Show change", "on");
      await expect.poll(async () => (await headlight.lastRan()).before).not.toBeNull();
    }, /what has changed is shown finished/],
  ]) {
    await choose();
    await group.getByRole("button", { name: "Save figure" }).click();
    await expect(page.locator("#figure-said")).toHaveText(why);
  }
});

test("a figure of what has changed meanwhile is given up, and the page goes on", async ({ page, headlight }) => {
  await headlight.open();
  await openExport(page);
  const group = page.getByRole("group", { name: "Figure", exact: true });
  await group.getByRole("combobox", { name: "Shows" }).selectOption("all steps");
  // The sentence changes in the very task in which the figure is asked for.
  await page.evaluate(() => {
    const box = document.getElementById("sentence");
    box.value = "Dogs bark";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    document.getElementById("figure-save").click();
  });
  await expect(page.locator("#figure-said")).toHaveText(/the page has calculated something else meanwhile|is saved/);
  await headlight.goTo("Scores");
  await expect(headlight.grid("Scores")).toBeVisible();
  await headlight.goTo("Output");
  await expect(headlight.grid("Output")).toBeVisible();
});

test("a figure is copied as a picture", async ({ page, headlight, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await headlight.open();
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await page.getByRole("button", { name: "Copy image" }).click();
  await expect(page.locator("#figure-said")).toHaveText(/on the clipboard/);
  const size = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const picture = await createImageBitmap(await item.getType("image/png"));
    return [picture.width, picture.height];
  });
  expect(size[0]).toBeGreaterThan(800);
});

test("code runs elsewhere, and finds the numbers of the page", async ({ page, headlight }, info) => {
  test.setTimeout(120_000);
  const said = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  for (const link of [
    "#v=1",
    "#v=1&s=The+cat+sat+on+the+mat%0ADogs+bark&item=2&mask=1-0&head=3&positions=rotary",
    "#v=1&s=Dogs+bark&second=Die+Katze+sa%C3%9F&cross=1&positions=alibi&temperature=0.5&softcap=2&off=1",
    "#v=1&mask=causal&hide=0.0&show=2.4&scaled=0",
  ]) {
    await headlight.openLink(link);
    const paths = [];
    for (const language of ["PyTorch", "NumPy", "JavaScript"]) {
      await openExport(page);
      const group = page.getByRole("group", { name: "Code", exact: true });
      await group.getByRole("combobox", { name: "Code" }).selectOption(language);
      paths.push(await saved(page, info, group.getByRole("button", { name: "Save code" }), language));
    }
    const [torch, numpy, javascript] = paths;
    for (const [python, path] of [[process.env.HEADLIGHT_TORCH, torch], [process.env.PYTHON, numpy]]) {
      const output = execFileSync(python, [path], { encoding: "utf8" });
      expect(output.match(/agrees with the page/g), output).toHaveLength(10);
    }
    said.length = 0;
    await page.evaluate(`(async () => { ${readFileSync(javascript, "utf8")} })()`);
    expect(said).toEqual([expect.stringMatching(/^log: scores \[1,/), expect.stringMatching(/^log: agrees with the page within /)]);
  }
});

test("code is copied as text, and what is too long to be pasted says so", async ({ page, headlight, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await headlight.open();
  await openExport(page);
  const group = page.getByRole("group", { name: "Code", exact: true });
  await group.getByRole("button", { name: "Copy code" }).click();
  await expect(page.locator("#code-said")).toHaveText("The code is on the clipboard.");
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text).toContain("torch.nn.functional.softmax(masked_scores, dim=-1)");
  expect(text).toContain(`by Headlight`);
  await headlight.sentence.fill(Array.from({ length: 600 }, (_, index) => `word${index}`).join(" "));
  await expect.poll(async () => (await headlight.lastRan()).batch[0].tokens.length).toBe(600);
  await group.getByRole("combobox", { name: "Code" }).selectOption("JavaScript");
  await group.getByRole("button", { name: "Copy code" }).click();
  await expect(page.locator("#code-said")).toHaveText(/so many numbers make no code that can be pasted/);
});

/** Opens what can be taken along. */
async function openExport(page) {
  const open = page.getByRole("button", { name: "Export", exact: true });
  if ((await open.getAttribute("aria-expanded")) === "false") await open.click();
}

/** Saves what a button saves; where it lies. */
async function saved(page, info, button, folder) {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  const path = info.outputPath(folder, download.suggestedFilename());
  await download.saveAs(path);
  return path;
}

/** Saves a file of tensors. */
async function save(page, info, tensors, format) {
  await openExport(page);
  const group = page.getByRole("group", { name: "Tensors", exact: true });
  await group.getByRole("combobox", { name: "Tensors" }).selectOption(tensors);
  await group.getByRole("combobox", { name: "Format" }).selectOption(format);
  return saved(page, info, group.getByRole("button", { name: "Save", exact: true }), format.replaceAll(/\W/g, ""));
}

/** Saves a figure with these choices, and these boxes clicked. */
async function saveFigure(page, info, choices, clicked = []) {
  await openExport(page);
  const group = page.getByRole("group", { name: "Figure", exact: true });
  for (const [name, choice] of Object.entries(choices)) await group.getByRole("combobox", { name, exact: true }).selectOption(choice);
  for (const name of clicked) await group.getByRole("checkbox", { name }).click();
  return saved(page, info, group.getByRole("button", { name: "Save figure" }), "figure");
}

function readAll(paths) {
  return JSON.parse(execFileSync(process.env.PYTHON, [READER, ...paths], { maxBuffer: 1 << 28 }));
}
