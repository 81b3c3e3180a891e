// Attention as arcs over the words, beside the matrix: both light each other, by pointer, finger and keyboard.
// And how far the colours reach.
import { expect, test } from "./fixture.js";
import { EXAMPLE, number } from "./page.js";
import { AxeBuilder } from "@axe-core/playwright";

const parts = (page) => ({
  choice: page.getByRole("combobox", { name: "Arcs over words", exact: true }),
  words: page.getByRole("listbox", { name: "Words, and where each looks", exact: true }),
  text: page.locator("#arcs-text"),
  canvas: page.locator("#arcs-canvas"),
});

const show = (page, which) => parts(page).choice.selectOption(which);

/** What a screen reader says of the word at hand. */
const at = (page) =>
  parts(page).words.evaluate((words) => document.getElementById(words.getAttribute("aria-activedescendant")).ariaLabel);

const painted = (page) => parts(page).canvas.evaluate((canvas) => canvas.toDataURL().length + canvas.toDataURL());

/** The stored weights of a head, row by row. */
async function weights(headlight, head = 0) {
  const { run } = await headlight.lastRan();
  const [{ values, shownColumns }] = await headlight.stored(run, [["Weights", head]]);
  return (query, key) => values[query * shownColumns + key];
}

const percent = (share) => `${(share * 100).toFixed(1)} %`;

test("a word has its strongest key in its name, and its row in words, as the engine stored them", async ({ headlight, page }) => {
  await headlight.open();
  await show(page, "this word");
  const { words, text } = parts(page);
  const share = await weights(headlight);
  const keys = EXAMPLE.split(" ");
  const unique = keys.map((key) => key);
  for (const [query, word] of keys.entries()) {
    const row = unique.map((_, key) => share(query, key));
    const most = row.indexOf(Math.max(...row));
    const name = most === query ? "itself" : keys[most];
    const option = words.getByRole("option").nth(query);
    await expect(option).toHaveAccessibleName(`${word}: looks most at ${name}, ${percent(row[most])}`);
    await option.hover();
    const said = row
      .map((share, key) => [share, key === query ? "itself" : keys[key]])
      .sort(([a], [b]) => b - a)
      .map(([share, key]) => `${key} ${percent(share)}`);
    await expect(text).toHaveText(`${word} looks at ${said.join(", ")}.`);
  }
});

test("word and matrix light each other", async ({ headlight, page }) => {
  await headlight.open();
  await show(page, "this word");
  const { words, text } = parts(page);
  const grid = headlight.grid("Attention weights");
  // From a word to its row, and into the inspector.
  await words.getByRole("option").nth(1).hover();
  await expect(text).toHaveText(/^cat looks at /);
  await headlight.expectInspected(grid);
  expect((await headlight.place(grid)).row).toBe(1);
  await expect(headlight.heading()).toHaveText(/^cat gives /);
  // From a cell to its word.
  const before = await painted(page);
  const { width, height } = await grid.boundingBox();
  await grid.hover({ position: { x: width * 0.25, y: height * 0.75 } });
  await expect(text).toHaveText(/^the looks at /);
  await headlight.expectInspected(grid);
  await expect(headlight.heading()).toHaveText("the gives cat");
  expect(await painted(page)).not.toBe(before);
  await expect.poll(() => at(page)).toMatch(/^the: looks most at /);
});

test("a click keeps a word, another opens the pair, the same again lets it go", async ({ headlight, page }) => {
  await headlight.open();
  await show(page, "this word");
  const option = parts(page).words.getByRole("option");
  const share = await weights(headlight);
  await option.nth(5).click();
  await expect(headlight.unpin).toBeVisible();
  await expect(headlight.heading()).toHaveText("mat gives sat");
  await expect(option.nth(1)).toHaveAccessibleName(`cat: gets ${percent(share(5, 1))} from mat`);
  await option.nth(1).click();
  await expect(headlight.heading()).toHaveText("mat gives cat");
  await expect(headlight.value()).toHaveText(percent(share(5, 1)));
  await expect(option.nth(1)).toHaveAttribute("aria-selected", "true");
  await option.nth(5).click();
  await expect(headlight.heading(), "a word may look at itself").toHaveText("mat gives mat");
  await option.nth(5).click();
  await expect(headlight.unpin).toBeHidden();
  await expect(option.nth(1)).toHaveAccessibleName(/^cat: looks most at /);
});

test("the keyboard goes from word to word, keeps one, and opens its pairs", async ({ headlight, page }) => {
  await headlight.open();
  await show(page, "this word");
  const { words, text } = parts(page);
  await headlight.choose("Mask", "causal");
  await headlight.ranWith({ mask: "causal" });
  await words.focus();
  await page.keyboard.press("Home");
  await expect.poll(() => at(page)).toBe("The: looks most at itself, 100.0 %");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => at(page)).toMatch(/^sat: looks most at /);
  await headlight.expectStep("Softmax");
  await expect(text).toHaveText(/^sat looks at .*\. Hidden from it: on, the \(4\)?, mat\.$|^sat looks at .*\. Hidden from it: on, the, mat\.$/);
  await page.keyboard.press("Enter");
  await expect(headlight.unpin).toBeVisible();
  await page.keyboard.press("Home");
  await expect.poll(() => at(page)).toMatch(/^The: gets .* from sat$/);
  await page.keyboard.press("Enter");
  await expect(headlight.heading()).toHaveText("sat gives The");
  // What it may not see is passed over.
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => at(page)).toMatch(/^sat: gets .* from sat$/);
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => at(page)).toMatch(/^sat: gets /);
  await page.keyboard.press("Escape");
  await expect(headlight.unpin).toBeHidden();
  await expect(words).toBeFocused();
});

test("all words' arcs give way to one word's while a person looks at it; a change has none", async ({ headlight, page }) => {
  await headlight.open();
  const { choice, words, text } = parts(page);
  await expect(words).toBeHidden();
  await show(page, "all words");
  await expect(text).toHaveText(/^Point at a word/);
  const all = await painted(page);
  await words.getByRole("option").nth(2).hover();
  await expect(text).toHaveText(/^sat looks at /);
  expect(await painted(page)).not.toBe(all);
  await page.mouse.move(2, 2);
  await expect(text).toHaveText(/^Point at a word/);
  await expect.poll(() => painted(page)).toBe(all);
  await headlight.goTo("Mix values");
  await expect(words.getByRole("option")).toHaveCount(6);
  await headlight.goTo("Scores");
  await expect(choice).toBeHidden();
  await expect(words).toBeHidden();
  await headlight.goTo("Softmax");
  await headlight.choose("Show change", "on");
  await expect(choice).toBeHidden();
  await expect(words).toBeHidden();
  await headlight.choose("Show change", "off");
  await show(page, "none");
  await expect(words).toBeHidden();
});

test("with arcs no step moves what stands under the picture", async ({ headlight, page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await headlight.open();
  await show(page, "this word");
  const tops = [];
  for (const step of ["Softmax", "Mix values", "Output", "Scores", "Softmax"]) {
    await headlight.goTo(step);
    await headlight.frames(3);
    const { y } = await headlight.slider.boundingBox();
    tops.push(Math.round(y + (await page.evaluate(() => scrollY))));
  }
  expect(Math.max(...tops) - Math.min(...tops), tops.join(" ")).toBeLessThanOrEqual(8);
});

test("of a long sentence the word at hand has its arcs; words are not gone through out of sight", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.sentence.fill(Array.from({ length: 60 }, (_, index) => `w${index}`).join(" "));
  await expect(page.getByText("all 60 tokens")).toBeVisible();
  await show(page, "all words");
  const { words, text } = parts(page);
  await expect(words.getByRole("option")).toHaveCount(60);
  await expect(text).toHaveText(/^Of so many words, one word’s arcs are shown at a time\. w59 looks at /);
  await words.focus();
  await page.keyboard.press("Home");
  await expect(text).toHaveText(/ w0 looks at .*, and 36 more together /);
});

for (const [width, height] of [
  [390, 844],
  [1440, 900],
]) {
  test(`axe finds nothing in the arcs at ${width} px, and a tap opens a word`, async ({ headlight, page }) => {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ reducedMotion: "reduce", colorScheme: width > 1000 ? "dark" : "light" });
    await headlight.open();
    for (const which of ["this word", "all words"]) {
      await show(page, which);
      await parts(page).words.getByRole("option").nth(3).click();
      await expect(headlight.heading()).toHaveText(/^on gives /);
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
      const { scrollWidth, clientWidth } = await page
        .locator("html")
        .evaluate(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }));
      expect(scrollWidth, "nothing scrolls sideways").toBe(clientWidth);
      await headlight.unpin.click();
    }
  });
}

test("the range that is chosen is the legend's, and stays where it is fixed", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.goTo("Scores");
  const ends = headlight.setup.getByRole("spinbutton", { name: "Signed to ±" });
  await expect(ends).toBeHidden();
  const usual = await headlight.picture();
  await headlight.choose("Range", "per step");
  await expect.poll(() => headlight.picture()).not.toBe(usual);
  await headlight.choose("Range", "fixed");
  await expect(ends).toBeVisible();
  // What becomes fixed is what was shown: the largest number of the step.
  const { run } = await headlight.lastRan();
  const stored = await headlight.stored(run, [["Queries", 0], ["Keys", 0], ["Scores", 0]]);
  const largest = Math.max(...stored.flatMap(({ values }) => [...values].map(Math.abs)));
  expect(Math.abs(Number(await ends.inputValue()) - largest)).toBeLessThan(0.0001);
  const fixed = await headlight.picture();
  await ends.fill("0.5");
  await expect.poll(() => headlight.picture(), "numbers beyond are clipped").not.toBe(fixed);
  // It outlasts another head, and is told on paper.
  await headlight.heads.nth(2).click();
  await expect(ends).toHaveValue("0.5");
  await expect(page.locator("#printed-setup")).toHaveText(/ · colour range fixed · /);
  await headlight.choose("Range", "as taught");
  await expect(ends).toBeHidden();
  await headlight.heads.nth(0).click();
  await expect.poll(() => headlight.picture(), "as it was").toBe(usual);
});

test("thumbnails are of the change where that is shown", async ({ headlight, page }) => {
  await headlight.open();
  const overview = headlight.overviewOf(/^Weights/);
  const canvas = overview.locator("canvas");
  const image = () => canvas.evaluate((canvas) => canvas.toDataURL());
  const plain = await image();
  await headlight.choose("Show change", "on");
  await headlight.setup.getByRole("spinbutton", { name: "Temperature" }).fill("3");
  await expect(overview).toContainText("Δ Weights");
  await expect(page.locator("#strip-name")).toHaveText("Δ Attention weights");
  expect(await image()).not.toBe(plain);
  await expect(headlight.overviewOf(/^Scores/), "nothing has changed here").toContainText("Δ Scores");
  await headlight.choose("Show change", "off");
  await expect(page.locator("#strip-name")).toHaveText("Attention weights");
});

test("a number of the arcs is the inspector's", async ({ headlight, page }) => {
  await headlight.open();
  await show(page, "this word");
  await parts(page).words.getByRole("option").nth(4).click();
  const [, shown] = (await parts(page).text.textContent()).match(/looks at .*? ([\d.]+ %)/);
  await expect(headlight.value()).toHaveText(shown);
  expect(number(shown)[0]).toBeGreaterThan(0);
});
