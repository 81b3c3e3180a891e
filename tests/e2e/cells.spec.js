// Any cell of any step opens into the terms that make it, by pointer and by keyboard, and the check is computed.
import { expect, test } from "./fixture.js";
import { EXAMPLE, number, STEPS } from "./page.js";

const [S, E, D] = [6, 64, 16];

// What each step draws: the matrix, its rows and columns as drawn, and how many terms make one of its cells.
const DRAWN = {
  Tokens: [["Tokens", 1, S, 3]],
  Embed: [
    ["Word embeddings", S, E, 0],
    ["Positions", S, E, 0],
    ["Input", S, E, 2],
  ],
  "Q K V": [
    ["Input", S, E, 2],
    ["Query weights", E, D, 0],
    ["Queries", S, D, E],
    ["Keys", S, D, E],
    ["Values", S, D, E],
  ],
  Scores: [
    ["Queries", S, D, E],
    ["Keys", D, S, E],
    ["Scores", S, S, D],
  ],
  Scale: [
    ["Scores", S, S, D],
    ["Scaled scores", S, S, 2],
  ],
  Mask: [
    ["Scaled scores", S, S, 2],
    ["Mask", S, S, 0],
    ["Masked scores", S, S, 2],
  ],
  Softmax: [
    ["Masked scores", S, S, 2],
    ["Row maximum", S, 1, S],
    ["Attention weights", S, S, S],
    ["Row sums", S, 1, S],
  ],
  "Mix values": [
    ["Attention weights", S, S, S],
    ["Values", S, D, E],
    ["Mixed values", S, D, S],
  ],
  Output: [
    ["Heads side by side", S, E, S],
    ["Output weights", E, E, 0],
    ["Output", S, E, E],
  ],
};
// Those whose terms add up to them.
const SUMS = [
  "Input",
  "Queries",
  "Keys",
  "Values",
  "Scores",
  "Row sums",
  "Mixed values",
  "Heads side by side",
  "Output",
];

for (const step of STEPS) {
  test(`${step}: every matrix opens, and a corrupted number is seen`, async ({ headlight, page }) => {
      await headlight.open();
    await headlight.goTo(step);
    await expect(headlight.grids).toHaveCount(DRAWN[step].length);
    for (const [name, rows, columns, terms] of DRAWN[step]) {
      await test.step(name, async () => {
        const grid = headlight.grid(name);
        await expect(grid).toHaveAttribute("aria-rowcount", String(rows));
        await expect(grid).toHaveAttribute("aria-colcount", String(columns));
        await expectKeyboardToOpen(headlight, page, grid, rows, columns);
        await expectTermsToAddUp(headlight, name, terms);
        await expectPointerToOpen(headlight, page, grid);
      });
    }
    await expectCorruptionToBeSeen(headlight, page, headlight.grid(DRAWN[step].at(-1)[0]));
  });
}

test("a hidden cell says so, and why", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.choose("Mask", "causal");
  await headlight.ranWith({ mask: "causal" });
  for (const [step, name, said, value] of [
    ["Mask", "Mask", "hidden", "−∞"],
    ["Mask", "Masked scores", "masked", "masked"],
    ["Softmax", "Attention weights", "masked", "0.0 %"],
  ]) {
    await headlight.goTo(step);
    const grid = headlight.grid(name);
    await grid.focus();
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("ArrowRight");
    await expect(headlight.said(grid)).toHaveText(`query The, key cat: ${said}`);
    await expect(headlight.heading()).toHaveText("The may not see cat");
    await expect(headlight.value()).toHaveText(value);
    await expect(headlight.check()).toHaveText(/^✓ .*the rule says hidden, and so does the engine/);
    await expect(headlight.inspector).toContainText("The query stands at position 0, the key at 1");
  }
});

test("a cell kept at one step keeps no other step from being opened", async ({ headlight, page }) => {
  await headlight.open();
  const weights = headlight.grid("Attention weights");
  await weights.focus();
  await page.keyboard.press("Control+Home");
  const kept = await expectOpen(headlight, weights);
  await page.keyboard.press("Enter");
  await expect(headlight.unpin).toBeVisible();
  await headlight.goTo("Scores");
  await expect(headlight.heading(), "the same two words").toHaveText("The asks The");
  await expect(headlight.unpin).toBeVisible();
  await headlight.goTo("Output");
  await expect(headlight.unpin, "there is nothing here to let go").toBeHidden();
  const output = headlight.grid("Output");
  const first = await headlight.heading().textContent();
  await output.hover({ position: { x: 5, y: 5 } });
  await expect(headlight.heading()).not.toHaveText(first);
  await headlight.sentence.hover();
  await output.focus();
  await page.keyboard.press("Control+Home");
  await expectOpen(headlight, output);
  await headlight.goTo("Softmax");
  await expect(headlight.heading(), "it is still kept").toHaveText(kept);
  await headlight.sentence.fill(`${EXAMPLE} again`);
  await expect(headlight.tokens).toHaveCount(7);
  await expect(headlight.unpin, "its words are still there").toBeVisible();
  await headlight.sentence.fill("Another cat");
  await expect(headlight.unpin, "its words are gone").toBeHidden();
  await headlight.sentence.fill(EXAMPLE);
  await expect(headlight.tokens).toHaveCount(6);
  await expectOpen(headlight, weights);
  await weights.focus();
  await page.keyboard.press("Enter");
  await headlight.unpin.click();
  await expect(headlight.inspector, "the button went, and the focus stays near").toBeFocused();
});

/** Arrows, Home and End go where the grid pattern says; Enter keeps a cell, Escape lets it go. */
async function expectKeyboardToOpen(headlight, page, grid, rows, columns) {
  await grid.focus();
  const [lastRow, lastColumn] = [rows - 1, columns - 1];
  for (const [key, row, column] of [
    ["Control+Home", 0, 0],
    ["ArrowUp", 0, 0],
    ["ArrowDown", Math.min(1, lastRow), 0],
    ["ArrowRight", Math.min(1, lastRow), Math.min(1, lastColumn)],
    ["ArrowUp", 0, Math.min(1, lastColumn)],
    ["End", 0, lastColumn],
    ["ArrowRight", 0, lastColumn],
    ["Control+End", lastRow, lastColumn],
    ["ArrowLeft", lastRow, Math.max(0, lastColumn - 1)],
    ["Home", lastRow, 0],
  ]) {
    await page.keyboard.press(key);
    await expect.poll(() => headlight.place(grid)).toEqual({ row, column });
  }
  const heading = await expectOpen(headlight, grid);
  await page.keyboard.press("Enter");
  await expect(headlight.said(grid)).toHaveAttribute("aria-selected", "true");
  await expect(headlight.unpin).toBeVisible();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("End");
  await expect(headlight.heading()).toHaveText(heading);
  await page.keyboard.press("Escape");
  await expect(headlight.unpin).toBeHidden();
  expect(await expectOpen(headlight, grid)).not.toBe(heading);
}

/**
 * Under the pointer, the first and the last cell open as they do by the keyboard, wherever the keyboard is; a click
 * keeps the cell, the inspector's button lets it go.
 */
async function expectPointerToOpen(headlight, page, grid) {
  await grid.focus();
  await page.keyboard.press("Control+Home");
  const first = { heading: await expectOpen(headlight, grid), position: await headlight.middle(grid) };
  await page.keyboard.press("Control+End");
  const last = { heading: await expectOpen(headlight, grid), position: await headlight.middle(grid) };
  expect(first.heading).not.toBe(last.heading);

  await grid.hover(first);
  await expect(headlight.heading()).toHaveText(first.heading);
  await page.keyboard.press("Control+Home");
  await grid.hover(last);
  await expect(headlight.heading()).toHaveText(last.heading);
  await expect(headlight.check()).toHaveText(/^✓ /);
  await page.mouse.down();
  await page.mouse.up();
  await expect(headlight.unpin).toBeVisible();
  await grid.hover(first);
  await expect(headlight.heading()).toHaveText(last.heading);
  await headlight.unpin.click();
  await expect(headlight.unpin).toBeHidden();
}

/** The inspector explains the grid's current cell, and its check holds. Returns its heading. */
async function expectOpen(headlight, grid) {
  await headlight.expectInspected(grid);
  await expect(headlight.check()).toHaveText(/^✓ /);
  return headlight.heading().textContent();
}

/** All terms are there, and where they are a sum, those on the screen come to the number on the screen. */
async function expectTermsToAddUp(headlight, name, terms) {
  const all = headlight.inspector.getByRole("button", { name: "Show all terms" });
  if (terms > 9) {
    await expect(headlight.terms().last()).toHaveText(/smaller terms/);
    await all.click();
  }
  await expect(headlight.terms()).toHaveCount(terms);
  if (SUMS.includes(name)) {
    const cells = headlight.terms().locator("td:not(.bar):nth-last-child(2)");
    const numbers = (await cells.allTextContents()).map((text) => number(text)[0]);
    const sum = numbers.reduce((sum, number) => sum + number, 0);
    const [value, unit] = number(await headlight.value().textContent());
    // Each is rounded to three decimals.
    expect(Math.abs(sum - value)).toBeLessThanOrEqual((numbers.length + 1) * (unit / 2));
  }
  if (terms > 9) await headlight.inspector.getByRole("button", { name: "Show the largest terms only" }).click();
}

/** A number that is not the one that the terms make is called so in plain sight. */
async function expectCorruptionToBeSeen(headlight, page, grid) {
  await grid.focus();
  await page.keyboard.press("Control+End");
  await expect(headlight.check()).toHaveText(/^✓ /);
  await headlight.corruptNumbers();
  await page.keyboard.press("Control+Home");
  await expect(headlight.check()).toHaveText(/^✗ .*This does not add up.*Please report this/);
  await expect(headlight.check()).toHaveClass("fails");
  await headlight.leaveNumbersAlone();
  await page.keyboard.press("Control+End");
  await expect(headlight.check()).toHaveText(/^✓ /);
}
