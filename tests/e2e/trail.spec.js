// Each term leads to the cell that it came from, and the way back leads home; what feeds a cell is lit everywhere.
import { expect, test } from "./fixture.js";
import { number } from "./page.js";

// From the output down to a word: which cell a link leads to, and on which step that is shown.
const WAY = [
  ["heads side by side: token mat, dimension ", "Output"],
  ["mixed values: token mat, dimension ", "Mix values"],
  ["attention weights: query mat, key ", "Mix values"],
  ["masked scores: query mat, key ", "Mask"],
  ["scaled scores: query mat, key ", "Mask"],
  ["scores: query mat, key ", "Scores"],
  ["queries: token mat, dimension ", "Scores"],
  ["input: token mat, dimension ", "Embed"],
  ["word embeddings: token mat, dimension ", "Embed"],
  ["tokens: token 5, mat", "Tokens"],
];

test("from the output down to a word, and back again", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.goTo("Output");
  await expect(headlight.check()).toHaveText(/^✓ /);
  await expect(headlight.wayBack).toBeHidden();
  const headings = [];
  for (const [place, step] of WAY) {
    headings.push(await headlight.heading().textContent());
    const link = headlight.links(`go to ${place}`).first();
    const stands = await link.textContent();
    await link.click();
    await headlight.expectStep(step);
    await expect(headlight.unpin, "the cell is kept").toBeVisible();
    await expect(headlight.inspector, "the link went, and the focus stays near").toBeFocused();
    await expect(page.locator("#followed")).toContainText(place);
    await expect.poll(async () => sameNumber(stands, await headlight.value().textContent()), stands).toBe(true);
    await expect.poll(() => page.evaluate(() => tap.isAnswered())).toBe(true);
    await expect(headlight.check()).toHaveText(/^✓ /);
  }
  await expect(headlight.wayBack).toHaveAccessibleName(/^Back to word embeddings: token mat, dimension \d+$/);
  for (const heading of headings.toReversed()) {
    await headlight.wayBack.click();
    await expect(headlight.heading()).toHaveText(heading);
    await expect(headlight.check()).toHaveText(/^✓ /);
  }
  await headlight.expectStep("Output");
  await expect(headlight.wayBack).toBeHidden();
});

test("by the keyboard alone, there and back", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.goTo("Scores");
  const scores = headlight.grid("Scores");
  await scores.focus();
  await page.keyboard.press("Control+Home");
  await expect(headlight.heading()).toHaveText("The asks The");
  const link = headlight.links("go to keys: token The, dimension ").first();
  await link.focus();
  await page.keyboard.press("Enter");
  await expect(headlight.heading()).toHaveText(/^The, dimension \d+ of its keys$/);
  await expect(headlight.inspector).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(headlight.wayBack).toBeFocused();
  await page.keyboard.press("Backspace");
  await expect(headlight.heading()).toHaveText("The asks The");
  // In the sentence, the key deletes.
  await headlight.links("go to queries: token The, dimension ").first().click();
  await expect(headlight.heading()).toHaveText(/queries$/);
  await headlight.sentence.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Backspace");
  await expect(headlight.tokens.last()).toHaveText("ma");
  await expect(headlight.heading()).toHaveText(/queries$/);
});

test("what the softmax passes through is shown on the way", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.grid("Attention weights").focus();
  await page.keyboard.press("Control+Home");
  await expect(headlight.heading()).toHaveText("The gives The");
  await headlight.links("go to exponentials: query The, key cat").click();
  await expect(headlight.grid("Exponentials")).toBeVisible();
  await expect(headlight.heading()).toHaveText("The to cat");
  await headlight.links("go to scores minus row maximum: query The, key cat").click();
  await expect(headlight.grid("Scores minus row maximum")).toBeVisible();
  await headlight.links("go to row maximum: query The").click();
  await expect(headlight.heading()).toHaveText("The’s largest score");
  for (let back = 0; back < 3; back++) await headlight.wayBack.click();
  await expect(headlight.grid("Attention weights")).toBeVisible();
  await expect(headlight.heading()).toHaveText("The gives The");
});

test("what feeds a cell is lit in the overview and among the words", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.goTo("Scores");
  const scores = headlight.grid("Scores");
  await scores.focus();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(headlight.heading()).toHaveText("sat asks cat");
  const word = (text) => page.locator(".tok", { has: page.getByText(text, { exact: true }) });
  await expect(word("sat")).toHaveClass("tok is-query");
  await expect(word("cat")).toHaveClass("tok is-key");
  // A row of Q, a row of K, a cell of the scores; nothing elsewhere.
  const lit = (kind) => page.evaluate((kind) => {
    const parts = (frame) => {
      const [inner, outer] = [frame.getBoundingClientRect(), frame.parentElement.getBoundingClientRect()];
      const middle = (inner.top + inner.height / 2 - outer.top) / outer.height;
      return { row: Math.floor(middle * 6), wide: inner.width > outer.width - 1 };
    };
    return Object.fromEntries(Array.from(document.querySelectorAll(`[id^=overview-${kind}]:not([hidden])`), (frame) => [frame.closest("button").textContent.trim(), parts(frame)]));
  }, kind);
  await expect.poll(() => lit("lit")).toEqual({ Q: { row: 2, wide: true }, K: { row: 1, wide: true }, Scores: { row: 2, wide: false } });
  expect(await lit("term")).toEqual({});
  // A term lights its two factors, on the stage too.
  const before = await headlight.picture();
  await headlight.terms().first().hover();
  await expect.poll(() => lit("term")).toEqual({ Q: { row: 2, wide: false }, K: { row: 1, wide: false } });
  await expect.poll(() => headlight.picture()).not.toBe(before);
  await headlight.sentence.hover();
  await expect.poll(() => lit("term")).toEqual({});
  await expect.poll(() => headlight.picture()).toBe(before);
  // So does a link that the keyboard has reached.
  await headlight.links("go to keys").nth(1).focus();
  await expect.poll(() => lit("term")).toEqual({ Q: { row: 2, wide: false }, K: { row: 1, wide: false } });
});

for (const [width, height] of [[390, 844], [1440, 900]]) {
  test(`links are large enough to be hit, ${width} wide`, async ({ headlight, page }) => {
    await page.setViewportSize({ width, height });
    await headlight.open();
    for (const step of ["Q K V", "Scores", "Softmax", "Mix values", "Output"]) {
      await headlight.goTo(step);
      await expect.poll(() => page.evaluate(() => tap.isAnswered())).toBe(true);
      await expect(headlight.links().first()).toBeVisible();
      const sizes = await page.evaluate(() => Array.from(document.querySelectorAll(".origin"), (link) => [link.offsetWidth, link.offsetHeight]));
      expect(Math.min(...sizes.flat()), step).toBeGreaterThanOrEqual(24);
      const [inner, outer] = await page.locator("#terms").evaluate((terms) => [terms.scrollWidth, terms.clientWidth]);
      expect(inner, `${step}: the terms are not wider than the inspector`).toBeLessThanOrEqual(outer);
    }
  });
}

/** Whether a link's number and its cell's are one, each rounded in its own way. */
function sameNumber(link, cell) {
  if (link === cell) return true;
  const [[a, ulpA], [b, ulpB]] = [link, cell].map(number);
  return Math.abs(a - b) <= (ulpA + ulpB) / 2 + 1e-9;
}
