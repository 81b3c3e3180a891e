// Every control does what it says.
import { expect, test } from "./fixture.js";
import { EXAMPLE, STEPS } from "./page.js";
import { announcedWeight } from "./torch.js";

test("the steps are gone through by buttons and by keys", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.next.click();
  await headlight.expectStep("Mix values");
  await headlight.previous.click();
  await headlight.previous.click();
  await headlight.expectStep("Mask");
  await headlight.leaveControls();
  await page.keyboard.press("ArrowLeft");
  await headlight.expectStep("Scale");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await headlight.expectStep("Softmax");
  await page.keyboard.press("Space");
  await expect(headlight.pause).toBeVisible();
  await headlight.expectStep("Softmax");
  await page.keyboard.press("Space");
  await expect(headlight.play).toBeVisible();
  // In the box, keys are for typing.
  await headlight.sentence.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Space");
  await expect(headlight.sentence).toHaveValue("The cat sat on the ma t");
  await expect(headlight.play).toBeVisible();
  await headlight.expectStep("Softmax");
});

test("Play plays the step that was chosen, and goes on with the next", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.speed.selectOption("4×");
  await headlight.goTo("Scale");
  await headlight.play.click();
  await expect.poll(async () => Number(await headlight.slider.inputValue())).toBeLessThan(900);
  await headlight.expectStep("Scale");
  await headlight.expectStep("Mask");
  await headlight.pause.click();
  await page.getByRole("button", { name: "Finish this step" }).click();
  await headlight.play.click();
  await headlight.expectStep("Softmax");
});

test("Play goes through all nine steps and stops", async ({ headlight }) => {
  await headlight.open();
  await headlight.speed.selectOption("4×");
  const seen = await headlight.watchSteps();
  await headlight.play.click();
  await expect(headlight.pause).toBeVisible();
  await expect(headlight.play).toBeVisible({ timeout: 60_000 });
  expect(await seen.names()).toEqual(STEPS);
  await headlight.expectStep("Output");
  await expect(headlight.slider).toHaveValue("1000");
});

test("Pause holds the picture, and Play goes on from there", async ({ headlight }) => {
  await headlight.open();
  await headlight.goTo("Scores");
  await headlight.scrubTo(200);
  await headlight.play.click();
  await expect.poll(async () => Number(await headlight.slider.inputValue())).toBeGreaterThan(220);
  await headlight.pause.click();
  const [position, picture] = [await headlight.slider.inputValue(), await headlight.picture()];
  expect(Number(position)).toBeLessThan(1000);
  await headlight.frames(20);
  await expect(headlight.slider).toHaveValue(position);
  expect(await headlight.picture()).toBe(picture);
  await headlight.play.click();
  await expect.poll(async () => Number(await headlight.slider.inputValue())).toBeGreaterThan(Number(position));
  await headlight.expectStep("Scores");
});

test("the slider goes both ways, and says where it is", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.goTo("Scores");
  const seen = new Map();
  for (const [position, caption] of [
    [0, "first cell, term 1 of 16"],
    [460, "first cell, term 13 of 16"],
    [971, "cell 32 of 36"],
    [1000, "cell 36 of 36"],
    [971, "cell 32 of 36"],
    [460, "first cell, term 13 of 16"],
    [0, "first cell, term 1 of 16"],
  ]) {
    await headlight.scrubTo(position);
    await expect(headlight.slider).toHaveAttribute("aria-valuetext", caption);
    await expect(page.getByText(caption, { exact: true })).toBeVisible();
    const picture = await headlight.picture();
    expect(picture, `${caption} has one picture`).toBe(seen.get(position) ?? picture);
    seen.set(position, picture);
  }
  expect(new Set(seen.values()).size).toBe(4);
  await headlight.slider.press("End");
  await expect(headlight.slider).toHaveAttribute("aria-valuetext", "cell 36 of 36");
  for (const [key, value] of [
    ["ArrowLeft", "975"],
    ["ArrowDown", "950"],
    ["ArrowRight", "975"],
    ["ArrowUp", "1000"],
    ["ArrowRight", "1000"],
    ["Home", "0"],
  ]) {
    await headlight.slider.press(key);
    await expect(headlight.slider).toHaveValue(value);
  }
  await headlight.finish.click();
  await expect(headlight.slider).toHaveValue("1000");
  await expect(headlight.finish).toBeDisabled();
});

test("the strips lead to heads and steps", async ({ headlight, page }) => {
  await headlight.open();
  await expect(headlight.heads).toHaveText(["head 1", "head 2", "head 3", "head 4"]);
  const weights = headlight.grid("Attention weights");
  for (const head of [2, 0, 3]) {
    await headlight.heads.nth(head).click();
    await expect(headlight.heads.nth(head)).toHaveAttribute("aria-pressed", "true");
    await expect(page.locator("[aria-pressed=true]")).toHaveCount(1);
    await weights.focus();
    await page.keyboard.press("Control+Home");
    await expect(headlight.said(weights)).toHaveText(`query The, key The: ${announcedWeight(head, 0, 0)}`);
    await headlight.expectInspected(weights);
  }
  await expect(page.getByRole("region", { name: "Overview of head 4" })).toBeVisible();
  for (const [thumbnail, step] of [
    ["X", "Embed"],
    ["Scores", "Scores"],
    ["Scaled", "Scale"],
    ["Masked", "Mask"],
    ["Weights", "Softmax"],
    ["Mixed", "Mix values"],
    ["Output", "Output"],
  ]) {
    await headlight.overviewOf(`${thumbnail}: go to ${step}`).click();
    await headlight.expectStep(step);
  }
  for (const [thumbnail, projection] of [
    ["K", "Keys"],
    ["V", "Values"],
    ["Q", "Queries"],
  ]) {
    await headlight.overviewOf(`${thumbnail}: go to Q K V`).click();
    await headlight.expectStep("Q K V");
    await expect(page.getByRole("button", { name: projection, exact: true })).toHaveAttribute("aria-pressed", "true");
    const singular = { Keys: "Key", Values: "Value", Queries: "Query" }[projection];
    await expect(headlight.grid(`${singular} weights`)).toBeVisible();
  }
});

test("the set-up changes what is calculated", async ({ headlight }) => {
  await headlight.open();
  const standard = { seed: 42, heads: 4, width: 64, positions: "sinusoidal", mask: "none" };
  const pictures = new Set([await headlight.picture()]);
  for (const [change, wanted] of [
    [() => headlight.seed.fill("7"), { seed: 7 }],
    [() => headlight.choose("Heads", "8"), { seed: 7, heads: 8 }],
    [() => headlight.choose("Model width", "128"), { seed: 7, heads: 8, width: 128 }],
    [() => headlight.choose("Positions", "none"), { seed: 7, heads: 8, width: 128, positions: "none" }],
    [() => headlight.choose("Mask", "causal"), { seed: 7, heads: 8, width: 128, positions: "none", mask: "causal" }],
  ]) {
    await change();
    const ran = await headlight.ranWith({ ...standard, ...wanted });
    expect(ran.engine.name).toBe(headlight.engineName);
    await headlight.frames(3);
    pictures.add(await headlight.picture());
  }
  expect(pictures.size).toBe(6);
  await expect(headlight.heads).toHaveCount(8);
  await expect(headlight.tokenNote).toContainText("without positions only the mask tells them apart");
  await headlight.heads.nth(7).click();
  await headlight.choose("Heads", "2");
  await headlight.ranWith({ heads: 2 });
  await expect(headlight.heads.nth(1)).toHaveAttribute("aria-pressed", "true");
});

test("a width that the heads cannot share teaches which would do", async ({ headlight, page }) => {
  await headlight.open();
  const weights = headlight.grid("Attention weights");
  await weights.focus();
  await page.keyboard.press("Control+Home");
  const said = await headlight.said(weights).textContent();
  await headlight.choose("Heads", "3");
  await expect(headlight.notice).toContainText("3 heads cannot share a model width of 64 evenly");
  await expect(headlight.notice, "all that can be chosen").toContainText("choose 1, 2, 4, 8, 16 heads");
  await expect(headlight.notice).toContainText("a width of 48, 96.");
  await expect(headlight.said(weights)).toHaveText(said);
  await expect(headlight.canvas).not.toHaveCSS("opacity", "1");
  await expect(headlight.sentence).toHaveValue(EXAMPLE);
  await headlight.choose("Model width", "96");
  await expect(headlight.notice).toBeEmpty();
  await expect(headlight.canvas).toHaveCSS("opacity", "1");
  await expect(headlight.heads).toHaveCount(3);
  await headlight.ranWith({ heads: 3, width: 96 });
});

test("after a refusal the picture's own heads are there, and Play goes on", async ({ headlight }) => {
  await headlight.open();
  await headlight.choose("Heads", "12");
  await expect(headlight.notice).toContainText("12 heads cannot share");
  await expect(headlight.heads).toHaveCount(4);
  await headlight.heads.nth(3).click();
  await expect(headlight.heads.nth(3)).toHaveAttribute("aria-pressed", "true");
  await headlight.goTo("Scores");
  await expect(headlight.grid("Scores")).toBeVisible();
  await headlight.speed.selectOption("4×");
  const seen = await headlight.watchSteps();
  await headlight.play.click();
  await expect.poll(async () => (await seen.names()).length).toBeGreaterThan(2);
  await headlight.pause.click();
});

test("the what-ifs change the run, and a window has two ends", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.choose("Scaling", "none");
  await headlight.ranWith({ isScaled: false, temperature: 1 });
  await page.getByLabel("Temperature").fill("2.5");
  await headlight.ranWith({ isScaled: false, temperature: 2.5 });
  await headlight.goTo("Scale");
  await headlight.expectInspected(headlight.grid("Scaled scores"));
  await expect(headlight.check()).toHaveText(/^✓ /);
  await page.getByLabel("Temperature").fill("0");
  await expect(page.getByLabel("Temperature"), "it may become 0.5").toHaveAccessibleDescription("");
  await page.getByLabel("Temperature").blur();
  await expect(page.getByLabel("Temperature")).toHaveAccessibleDescription(/^“0” is not usable for “Temperature”, which takes a number from 0.10 to 100.00/);
  await expect(page.getByLabel("Looks back")).toBeHidden();
  await headlight.choose("Mask", "window");
  await headlight.ranWith({ mask: { left: 2, right: 0 }, temperature: 2.5 });
  await page.getByLabel("Looks back").fill("1");
  await page.getByLabel("Looks ahead").fill("3");
  await headlight.ranWith({ mask: { left: 1, right: 3 } });
  await headlight.goTo("Mask");
  const masked = headlight.grid("Masked scores");
  await masked.focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Home");
  await headlight.expectInspected(masked);
  await expect(page.locator("#why")).toContainText("Window: a token sees itself, 1 before it and 3 after it. The query stands at position 5, the key at 0, which is outside");
  await headlight.choose("Mask", "causal");
  await headlight.ranWith({ mask: "causal" });
  await expect(page.getByLabel("Looks back")).toBeHidden();
});

test("show change: the stage shows what moved since the set-up before", async ({ headlight, page }) => {
  await headlight.open();
  const weights = async (run) => (await headlight.stored(run, [["Weights", 0]]))[0].values;
  const before = await weights((await headlight.lastRan()).run);
  const lead = page.locator("#stage-lead");
  await headlight.choose("Show change", "on");
  await expect(lead).toHaveText(/^From here on the stage shows what changes\./);
  await expect(headlight.slider).toBeDisabled();
  await page.getByLabel("Temperature").fill("0.5");
  const now = await weights((await headlight.ranWith({ temperature: 0.5 })).run);
  await expect.poll(async () => (await headlight.lastRan()).before?.temperature).toBe(1);
  const change = (await headlight.lastRan()).slices.find(({ tensor, isChange }) => tensor === "Weights" && isChange);
  expect(change.values).toEqual(now.map((value, index) => Math.fround(value - before[index])));
  await expect(lead).toHaveText(/^Before: temperature 1.00. What moved most here: query \S+, key \S+, by [+−]0\.\d{3}\.$/);
  await expect(headlight.said(headlight.grid("Attention weights"))).toHaveText("query mat, key sat: change +0.261");
  await expect(page.locator("#totals")).toContainText(/before\s*0\.372\s*change\s*\+0\.261/);
  await expect(headlight.check()).toHaveText(/^✓ /);

  // What is compared with stays, whatever else changes; so does the sentence's own change.
  await headlight.choose("Mask", "causal");
  await headlight.ranWith({ mask: "causal", temperature: 0.5 });
  expect((await headlight.lastRan()).before).toMatchObject({ mask: "none", temperature: 1 });
  await headlight.goTo("Mask");
  await expect(lead).toHaveText("Before: mask none, temperature 1.00. Pairs that became hidden: 15; that became visible: 0.");
  await headlight.grid("Masked scores").focus();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("End");
  await expect(headlight.said(headlight.grid("Masked scores"))).toHaveText("query The, key mat: now hidden");
  await headlight.goTo("Softmax");
  await headlight.sentence.fill("another sentence");
  await expect(lead).toHaveText(/^Before: mask none, temperature 1.00. What moved most here: query another, key \S+, by [+−]0\.200\.$/);
  await headlight.goTo("Scores");
  await expect(lead).toHaveText(/Nothing moved here\.$/);
  await headlight.choose("Heads", "2");
  await headlight.goTo("Q K V");
  await expect(lead).toHaveText(/4 heads. This matrix had another shape before/);
  await headlight.choose("Show change", "off");
  await expect(lead).toHaveText(/^Three matrices turn each token/);
});

test("colours are chosen, and seen through other eyes", async ({ headlight, page }) => {
  await headlight.open();
  const picture = () => headlight.picture();
  const first = await picture();
  await headlight.choose("Weights", "viridis");
  await expect.poll(picture).not.toBe(first);
  const second = await picture();
  await headlight.choose("Signed", "roma");
  await expect.poll(picture).not.toBe(second);
  await headlight.choose("Weights", "cividis");
  await headlight.choose("Signed", "vik");
  await expect.poll(picture).toBe(first);
  for (const sight of ["protanopia", "deuteranopia", "tritanopia", "greyscale"]) {
    await headlight.choose("See as", sight);
    await expect(page.locator("html")).toHaveCSS("filter", `url("#${sight}")`);
  }
  // In greyscale nothing on the screen has a colour.
  const screen = await page.screenshot();
  const coloured = await page.evaluate(async (png) => {
    const image = await createImageBitmap(new Blob([Uint8Array.from(png)], { type: "image/png" }));
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let coloured = 0;
    for (let i = 0; i < data.length; i += 4) {
      coloured += Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 2;
    }
    return coloured;
  }, [...screen]);
  expect(coloured).toBe(0);
  await headlight.choose("See as", "as it is");
  await expect(page.locator("html")).toHaveCSS("filter", "none");
});

test("what is no seed is said to be none, and the last one stays", async ({ headlight }) => {
  await headlight.open();
  for (const typed of ["-1", "4294967296", "1.5"]) {
    await headlight.seed.fill(typed);
    await expect(headlight.seed).toHaveAccessibleDescription(new RegExp(`^“${typed}” is not usable for “Seed”, which takes a whole number from 0 to 4294967295`));
    await expect(headlight.seed).toHaveAttribute("aria-invalid", "true");
    await expect(headlight.seed).toHaveValue(typed);
  }
  // What is wrong with the heads is said as well, and takes nothing of this away.
  await headlight.choose("Heads", "3");
  await expect(headlight.notice).toContainText("3 heads cannot share");
  await headlight.choose("Heads", "4");
  await expect(headlight.notice).toBeEmpty();
  await expect(headlight.seed).toHaveAttribute("aria-invalid", "true");
  await headlight.seed.fill("4294967295");
  await expect(headlight.seed).toHaveAccessibleDescription("");
  await headlight.ranWith({ seed: 4294967295 });
  const runs = (await headlight.replies()).filter(({ kind }) => kind === "Ran");
  // The first may have been done twice: by the CPU, and by the GPU once it had opened.
  expect([...new Set(runs.map(({ setup }) => setup.seed))]).toEqual([42, 4294967295]);
  await headlight.seed.fill("");
  await expect(headlight.seed, "an empty box is about to be filled").toHaveAccessibleDescription("");
  await headlight.seed.blur();
  await expect(headlight.seed).toHaveValue("4294967295");
});

test("the colours follow the system, and the switch", async ({ headlight, page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await headlight.open();
  const root = page.locator("html");
  const ground = () => root.evaluate((root) => getComputedStyle(root).backgroundColor);
  const look = async () => [await ground(), await headlight.picture()];
  const light = await look();
  await page.emulateMedia({ colorScheme: "dark" });
  await expect(root).toHaveAttribute("data-theme", "dark");
  await headlight.frames(2);
  const dark = await look();
  for (const [part, color] of light.entries()) expect(dark[part]).not.toBe(color);
  await page.getByRole("button", { name: "Switch to light" }).click();
  await expect(root).toHaveAttribute("data-theme", "light");
  await headlight.frames(2);
  expect(await look()).toEqual(light);
  await page.getByRole("button", { name: "Switch to dark" }).click();
  await expect(root).toHaveAttribute("data-theme", "dark");
  await page.emulateMedia({ colorScheme: "light" });
  await expect(root, "what a person chose stays").toHaveAttribute("data-theme", "dark");
});

test("the engine is chosen by the address", async ({ headlight, page }) => {
  const why = page.getByText("why not WebGPU?");
  const engine = headlight.engineName;
  headlight.engineName = "CPU";
  await headlight.open("?engine=cpu");
  await expect(why).toBeHidden();
  expect((await headlight.lastRan()).engine).toEqual({ name: "CPU", insteadOfWebgpu: null });
  headlight.engineName = engine;
  await headlight.open("?engine=webgpu");
  expect((await headlight.lastRan()).engine.name).toBe(engine);
  await expectReasonOnCpu(headlight, why);
});

test("the engine is chosen in the set-up", async ({ headlight, page }) => {
  await headlight.open();
  const engine = headlight.engineName;
  const why = page.getByText("why not WebGPU?");
  await expectReasonOnCpu(headlight, why);
  for (const [choice, name] of [
    ["CPU", "CPU"],
    ["WebGPU", engine],
    ["automatic", engine],
  ]) {
    headlight.engineName = name;
    const runs = await headlight.countRuns();
    await headlight.choose("Calculate on", choice);
    // "automatic" calculates on the CPU until the GPU is open.
    await expect.poll(() => headlight.countRuns()).toBeGreaterThan(runs);
    await expect.poll(async () => (await headlight.lastRan()).engine.name).toBe(name);
    await headlight.expectEngine();
    if (choice === "CPU") await expect(why).toBeHidden();
  }
  await expectReasonOnCpu(headlight, why);
});

/** Where the CPU calculates although WebGPU was wanted, the badge says why. */
async function expectReasonOnCpu(headlight, why) {
  if (headlight.engineName === "WebGPU") {
    await expect(why).toBeHidden();
  } else {
    await why.click();
    await expect(headlight.badge).toContainText(/No GPU can be used here \(.+\)\. The CPU calculates the same/);
    await why.click();
  }
}
