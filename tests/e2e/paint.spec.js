// The mask laboratory: cells are hidden and shown again by pointer, keyboard and finger, and what follows is worked out anew.
import { expect, test } from "./fixture.js";
import { touches, value } from "./page.js";

const TOKENS = 6;
/** How far a share that is worked out from scores of three decimals can be from one written with three. */
const ROUNDED = 0.0009;

test("a mouse hides the cells that it passes, at once, and shows them again", async ({ headlight, page }) => {
  const { masked, paint, count } = await openLaboratory(headlight, page);
  const before = await scores(headlight);
  await expect(count, "nothing has been done").toHaveText("");
  await paint.click();
  await expect(paint).toHaveAttribute("aria-pressed", "true");
  await expect(count).toHaveText(/^Nothing is painted yet\./);
  await stroke(headlight, page, masked, [[2, 1], [2, 2], [2, 3], [2, 4]]);
  const row = [[2, 1], [2, 2], [2, 3], [2, 4]];
  await headlight.ranWith({ painted: row.map(hidden) });
  await expect(headlight.said(masked), "while the button is down").toHaveText(/^query sat, key the: masked$/);
  await page.mouse.up();
  await expect(count).toHaveText(/^4 cells are painted by hand\./);
  await expect(headlight.unpin, "painting keeps no cell").toBeHidden();
  await expectHidden(headlight, before, row);

  await headlight.goTo("Mask");
  // A stroke that begins on a hidden cell shows what it passes, on whichever of the matrices it is.
  await stroke(headlight, page, headlight.grid("Mask"), [[2, 4], [2, 3], [2, 2]]);
  await page.mouse.up();
  await headlight.ranWith({ painted: [[2, 1]].map(hidden) });
  await expect(count).toHaveText(/^1 cell is painted by hand\./);
  await stroke(headlight, page, masked, [[2, 1]]);
  await page.mouse.up();
  await headlight.ranWith({ painted: [] });
  await expect(count).toHaveText(/^Nothing is painted yet\./);
  await expectHidden(headlight, before, []);
});

test("a stroke has no holes, however fast it is", async ({ headlight, page }) => {
  const { masked, paint } = await openLaboratory(headlight, page);
  await paint.click();
  await stroke(headlight, page, masked, [[0, 0], [5, 5]]);
  await page.mouse.up();
  await headlight.ranWith({ painted: [0, 1, 2, 3, 4, 5].map((at) => hidden([at, at])) });
  await stroke(headlight, page, masked, [[5, 0], [5, 4]]);
  await page.mouse.up();
  await headlight.ranWith({ painted: [...[0, 1, 2, 3, 4].map((at) => [at, at]), ...[0, 1, 2, 3, 4, 5].map((key) => [5, key])].map(hidden) });
  // Back over the page, the button no longer down: nothing more.
  await page.mouse.move(0, 0);
  const { x, y } = await headlight.middleOf(masked, 3, 0);
  await page.mouse.move(x, y);
  await headlight.frames(3);
  expect((await headlight.lastRan()).setup.painted).toHaveLength(11);
});

for (const width of [1440, 1024, 390]) {
  test(`the picture stays where it is while it is painted, ${width} wide`, async ({ headlight, page }) => {
    await page.setViewportSize({ width, height: 900 });
    const { masked, paint } = await openLaboratory(headlight, page);
    await paint.click();
    await headlight.frames(2);
    const before = await places(masked);
    await stroke(headlight, page, masked, [[0, 0]]);
    await headlight.ranWith({ painted: [hidden([0, 0])] });
    await headlight.picture();
    expect(await places(masked)).toEqual(before);
    const { x, y } = await headlight.middleOf(masked, 0, 3);
    await page.mouse.move(x, y);
    await page.mouse.up();
    await headlight.ranWith({ painted: [0, 1, 2, 3].map((key) => hidden([0, key])) });
    await headlight.picture();
    expect(await places(masked)).toEqual(before);
  });
}

test("Enter and Space paint the cell that the keyboard is at; Esc ends it; “Clear the paint” takes all away", async ({ headlight, page }) => {
  const { masked, paint, clear, count } = await openLaboratory(headlight, page);
  const before = await scores(headlight);
  await expect(clear).toHaveAttribute("aria-disabled", "true");
  await paint.press("Enter");
  await masked.focus();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("Enter");
  await expect(headlight.said(masked)).toHaveText("query The, key The: masked");
  for (let key = 1; key < TOKENS; key++) {
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
  }
  const row = Array.from({ length: TOKENS }, (_, key) => [0, key]);
  await headlight.ranWith({ painted: row.map(hidden) });
  await expect(count).toHaveText(/^6 cells are painted by hand\./);
  // A row that sees nothing takes nothing.
  await expectHidden(headlight, before, row);
  await headlight.goTo("Mask");
  await masked.focus();
  await page.keyboard.press("Enter");
  await headlight.ranWith({ painted: row.slice(0, -1).map(hidden) });
  await expectHidden(headlight, before, row.slice(0, -1));

  await headlight.goTo("Mask");
  await masked.focus();
  await page.keyboard.press("Escape");
  await expect(paint).toHaveAttribute("aria-pressed", "false");
  await expect(masked, "the focus stays").toBeFocused();
  await expect(count, "what is painted stays").toHaveText("5 cells are painted by hand.");
  await page.keyboard.press("Enter");
  await expect(headlight.unpin, "Enter keeps the cell again").toBeVisible();
  await clear.press("Enter");
  await expect(paint, "the button does nothing now, and the focus stays near").toBeFocused();
  await expect(clear).toHaveAttribute("aria-disabled", "true");
  await headlight.ranWith({ painted: [] });
  await expect(count).toHaveText("");
  await expectHidden(headlight, before, []);
});

test("paint goes over the other masks, and shows what they hide", async ({ headlight, page }) => {
  const { masked, paint } = await openLaboratory(headlight, page);
  const before = await scores(headlight);
  await headlight.choose("Mask", "causal");
  await headlight.ranWith({ mask: "causal" });
  const causal = pairs((query, key) => key > query);
  await expectHidden(headlight, before, causal);
  await headlight.goTo("Mask");
  await paint.click();
  await stroke(headlight, page, masked, [[0, 1], [0, 2]]);
  await page.mouse.up();
  await headlight.ranWith({ mask: "causal", painted: [[0, 1, true], [0, 2, true]] });
  await expectHidden(headlight, before, causal.filter(([query, key]) => !(query === 0 && (key === 1 || key === 2))));
  await expect(headlight.inspector.locator("#check")).toHaveText(/^✓ /);
  // Under another mask, what was painted visible is visible.
  await headlight.choose("Mask", "none");
  await headlight.ranWith({ mask: "none", painted: [[0, 1, true], [0, 2, true]] });
  await expectHidden(headlight, before, []);
});

test("paint stays with its places while words are changed", async ({ headlight, page }) => {
  const { masked, paint, clear, count } = await openLaboratory(headlight, page);
  await paint.click();
  await stroke(headlight, page, masked, [[1, 4], [1, 5]]);
  await page.mouse.up();
  await headlight.ranWith({ painted: [[1, 4], [1, 5]].map(hidden) });
  await headlight.sentence.fill("The dog sat on the rug");
  await expect(headlight.tokens.nth(5)).toHaveText("rug");
  await expectHidden(headlight, await unmasked(headlight), [[1, 4], [1, 5]]);
  // Of what lies outside a shorter sentence nothing is said, and nothing is lost.
  await headlight.goTo("Mask");
  await headlight.sentence.fill("The dog sat on the");
  await expect(headlight.tokens).toHaveCount(5);
  await expect(count).toHaveText(/^1 cell is painted by hand\./);
  await headlight.sentence.fill("The dog");
  await expect(headlight.tokens).toHaveCount(2);
  await expect(count).toHaveText(/^Nothing is painted yet\./);
  await expect(clear).toHaveAttribute("aria-disabled", "true");
  await expect(headlight.check()).toHaveText(/^✓ /);
  expect((await headlight.readTable("Masked scores")).flat().map(value).every(Number.isFinite)).toBe(true);
  await headlight.sentence.fill("The dog sat on the rug again");
  await expect(headlight.tokens).toHaveCount(7);
  await expect(count).toHaveText(/^2 cells are painted by hand\./);
  const shown = (await headlight.readTable("Masked scores")).map((row) => row.map(value));
  expect(shown[1].map(Number.isFinite)).toEqual([true, true, true, true, false, false, true]);
});

test("where no pointer can be on one cell alone, the page says so, and nearer it paints", async ({ headlight, page }) => {
  const { masked, paint } = await openLaboratory(headlight, page);
  const group = page.getByRole("group", { name: "Paint the mask" });
  const words = (count) => Array.from({ length: count }, (_, at) => `word${at}`).join(" ");
  await paint.click();
  for (const [count, hint] of [[64, /^Draw over the cells/], [300, /^The cells are too small here/]]) {
    await headlight.sentence.fill(words(count));
    await expect(masked).toHaveAttribute("aria-rowcount", String(count));
    await expect(group.getByText(hint)).toBeVisible();
  }
  await stroke(headlight, page, masked, [[4, 2]]);
  await page.mouse.up();
  await masked.press("Control+Home");
  for (let nearer = 0; nearer < 2; nearer++) await masked.press("+");
  await expect(group.getByText(/^Draw over the cells/)).toBeVisible();
  await headlight.frames(3);
  await masked.scrollIntoViewIfNeeded();
  const { x, y } = await masked.boundingBox();
  await page.mouse.click(x + 2, y + 2);
  await headlight.ranWith({ painted: [[0, 0]].map(hidden) });
});

test.describe("by finger", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  for (const [name, sentence] of [["a short sentence", null], ["a sentence that can be zoomed", Array(26).fill("word").map((word, at) => `${word}${at}`).join(" ")]]) {
    test(`a finger paints, and the page stays where it is: ${name}`, async ({ headlight, page }) => {
      const { masked, paint } = await openLaboratory(headlight, page);
      if (sentence) await headlight.sentence.fill(sentence);
      await expect(masked).toHaveAttribute("aria-rowcount", sentence ? "26" : "6");
      const before = sentence ? null : await scores(headlight);
      await paint.tap();
      await expect(paint).toHaveAttribute("aria-pressed", "true");
      await masked.scrollIntoViewIfNeeded();
      const scrolled = await page.evaluate(() => scrollY);
      const column = [1, 2, 3, 4].map((query) => [query, 1]);
      const finger = await touches(page);
      const places = [];
      for (const [query, key] of column) places.push([await headlight.middleOf(masked, query, key)]);
      await finger.move(places);
      await finger.end();
      await headlight.ranWith({ painted: column.map(hidden) });
      expect(await page.evaluate(() => scrollY), "the finger does not scroll").toBe(scrolled);
      await expect(headlight.unpin, "nor does it keep a cell").toBeHidden();
      if (before) await expectHidden(headlight, before, column);
      await headlight.goTo("Mask");
      await masked.scrollIntoViewIfNeeded();
      const { x, y } = await headlight.middleOf(masked, 2, 1);
      await page.touchscreen.tap(x, y);
      await headlight.ranWith({ painted: column.filter(([query]) => query !== 2).map(hidden) });
    });
  }
});

/** A cell as the protocol has it that is painted so that its query does not see its key. */
const hidden = (cell) => [...cell, false];

/** The step “Mask” with the table open, and its controls. */
async function openLaboratory(headlight, page) {
  await headlight.open();
  await headlight.goTo("Mask");
  await headlight.openTable();
  const group = page.getByRole("group", { name: "Paint the mask" });
  return {
    masked: headlight.grid("Masked scores"),
    paint: group.getByRole("button", { name: "Paint the mask" }),
    clear: group.getByRole("button", { name: "Clear the paint" }),
    count: group.getByRole("status"),
  };
}

/** Presses the button on the first cell and moves over the others; the button stays down. */
async function stroke(headlight, page, grid, cells) {
  await grid.scrollIntoViewIfNeeded();
  for (const [index, [row, column]] of cells.entries()) {
    const { x, y } = await headlight.middleOf(grid, row, column);
    await page.mouse.move(x, y);
    if (index === 0) await page.mouse.down();
  }
}

/** Where a matrix is on the page, and a control over it and one under the picture. */
function places(grid) {
  return grid.evaluate((grid) => {
    const elements = [grid, document.getElementById("paint"), document.getElementById("position")];
    return elements.map((element) => Math.round(element.getBoundingClientRect().top + scrollY));
  });
}

/** The scores as they are where nothing is hidden, as the table writes them. */
async function scores(headlight) {
  const shown = (await headlight.readTable("Masked scores")).map((row) => row.map(value));
  expect(shown.flat().every(Number.isFinite)).toBe(true);
  return shown;
}

/** The scores before the mask, as the table writes them. */
async function unmasked(headlight) {
  return (await headlight.readTable("Scaled scores")).map((row) => row.map(value));
}

/**
 * These pairs of query and key are masked and no other; and the shares on the next step are the softmax of what is left,
 * worked out here from the numbers on the page.
 */
async function expectHidden(headlight, before, hidden) {
  const isHidden = (query, key) => hidden.some(([row, column]) => row === query && column === key);
  const expected = before.map((row, query) => row.map((score, key) => (isHidden(query, key) ? -Infinity : score)));
  await headlight.goTo("Mask");
  await expect.poll(async () => (await headlight.readTable("Masked scores")).map((row) => row.map(value))).toEqual(expected);
  await headlight.goTo("Softmax");
  const shares = (await headlight.readTable("Attention weights")).map((row) => row.map(value));
  const sums = (await headlight.readTable("Row sums")).flat();
  for (const [query, row] of expected.entries()) {
    const exponentials = row.map((score) => Math.exp(score));
    const sum = exponentials.reduce((sum, exponential) => sum + exponential, 0);
    let written = 0;
    for (const [key, exponential] of exponentials.entries()) {
      const [share, where] = [shares[query][key], `query ${query}, key ${key}`];
      if (row[key] === -Infinity) expect(share, where).toBe(-Infinity);
      else expect(Math.abs(share - exponential / sum), where).toBeLessThan(ROUNDED);
      written += Math.max(0, share);
    }
    expect(sums[query], `the sum of row ${query}`).toBe(sum > 0 ? "1.000" : "0.000");
    expect(Math.abs(written - (sum > 0 ? 1 : 0)), `the shares of row ${query}`).toBeLessThan(TOKENS * 0.0006);
  }
}

function pairs(holds) {
  const all = Array.from({ length: TOKENS * TOKENS }, (_, index) => [Math.floor(index / TOKENS), index % TOKENS]);
  return all.filter(([query, key]) => holds(query, key));
}
