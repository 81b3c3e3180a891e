// By fingers: a tap opens and keeps a cell, one finger scrolls the page or moves the slider, two zoom a matrix.
import { expect, test } from "./fixture.js";
import { touches } from "./page.js";

const PHONE = { width: 390, height: 844 };

test.use({ viewport: PHONE, hasTouch: true });

test("a tap opens a cell and keeps it, another lets it go", async ({ headlight, page }) => {
  await headlight.open();
  const weights = headlight.grid("Attention weights");
  await weights.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await weights.boundingBox();
  await page.touchscreen.tap(x + width * 0.6, y + height * 0.4);
  await expect(headlight.heading()).toHaveText("sat gives on");
  await expect(headlight.unpin).toBeVisible();
  await headlight.expectInspected(weights);
  await page.touchscreen.tap(x + width * 0.6, y + height * 0.4);
  await expect(headlight.unpin).toBeHidden();
});

test("a finger moves the slider", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.slider.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await headlight.slider.boundingBox();
  const at = (part) => ({ x: x + 8 + (width - 16) * part, y: y + height / 2 });
  const finger = await touches(page);
  await finger.move([[at(1)], [at(0.9)], [at(0.75)], [at(0.6)], [at(0.5)]]);
  await finger.end();
  const position = Number(await headlight.slider.inputValue());
  expect(position).toBeGreaterThan(400);
  expect(position).toBeLessThan(600);
  // Not by scrollY: where what is above it grows, a browser scrolls by as much, so that it stays.
  expect(Math.abs((await headlight.slider.boundingBox()).y - y), "it stays under the finger").toBeLessThan(2);
});

test("one finger on a matrix scrolls the page, two zoom the page where the matrix has nothing to zoom", async ({ headlight, page }) => {
  await headlight.open();
  const weights = headlight.grid("Attention weights");
  await weights.scrollIntoViewIfNeeded();
  const finger = await touches(page);
  await expectToScroll(page, finger, await middle(weights));
  const { x, y } = await middle(weights);
  const apart = (by) => [{ x: x - by, y }, { x: x + by, y }];
  await finger.move([apart(20), apart(30), apart(45), apart(60), apart(75)]);
  await finger.end();
  await expect.poll(() => page.evaluate(() => visualViewport.scale)).toBeGreaterThan(1.1);
  await expect(headlight.unpin, "no cell was meant").toBeHidden();
});

test("two fingers zoom a matrix of many tokens, and one then moves it", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.sentence.fill(Array.from({ length: 200 }, (_, index) => `word${index}`).join(" "));
  const group = page.getByRole("group", { name: "Zoom" });
  await expect(group).toContainText("all 200 tokens");
  const weights = headlight.grid("Attention weights");
  await weights.scrollIntoViewIfNeeded();
  const finger = await touches(page);
  await expectToScroll(page, finger, await middle(weights));
  await expect(group, "one finger does not zoom").toContainText("all 200 tokens");
  await weights.scrollIntoViewIfNeeded();
  const { x, y } = await middle(weights);
  const apart = (by) => [{ x: x - by, y: y - by }, { x: x + by, y: y + by }];
  await finger.move([apart(20), apart(25), apart(30), apart(40), apart(60), apart(80)]);
  await finger.end();
  // The keys that are in sight; the queries may be others by one, where the fingers' middle lies between two tokens.
  const range = async () => (await group.textContent()).match(/(?:tokens|keys) (\d+)–(\d+) of 200/)?.slice(1).map(Number);
  await expect.poll(async () => (await range()) !== undefined).toBe(true);
  const [first, last] = await range();
  expect(last - first + 1, "a quarter of the distance, a quarter of the tokens").toBe(50);
  expect(Math.abs((first + last) / 2 - 100), "what was between the fingers stays there").toBeLessThan(8);
  expect(await page.evaluate(() => visualViewport.scale), "the page stays as it is").toBe(1);
  await expect(headlight.unpin, "no cell was meant").toBeHidden();
  // Nearer, the finger takes the tokens along, and the page stays.
  await expect(weights).toHaveCSS("touch-action", "none");
  const scrolled = await page.evaluate(() => scrollY);
  await finger.move([[{ x, y }], [{ x: x - 20, y: y - 20 }], [{ x: x - 50, y: y - 50 }]]);
  await finger.end();
  await expect.poll(async () => (await range())[0]).toBeGreaterThan(first + 5);
  expect(await page.evaluate(() => scrollY)).toBe(scrolled);
  // And closer together they go farther again, up to all.
  await finger.move([apart(80), apart(60), apart(40), apart(20), apart(12)]);
  await finger.end();
  await expect(group).toContainText("all 200 tokens");
});

async function middle(grid) {
  const { x, y, width, height } = await grid.boundingBox();
  return { x: x + width / 2, y: y + height / 2 };
}

async function expectToScroll(page, finger, { x, y }) {
  const before = await page.evaluate(() => scrollY);
  await finger.move([[{ x, y }], [{ x, y: y - 30 }], [{ x, y: y - 60 }], [{ x, y: y - 100 }]]);
  await finger.end();
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(before + 40);
  // The page glides on for a while, and takes what is to be touched next with it.
  await expect
    .poll(() => page.evaluate(async () => {
      const from = scrollY;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return scrollY - from;
    }))
    .toBe(0);
}
