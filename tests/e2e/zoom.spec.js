// A long sentence: from all of it to single numbers and back, by wheel, drag, keys and buttons.
import { expect, test } from "./fixture.js";

const WORDS = Array.from({ length: 1000 }, (_, index) => `word${index}`);

test.beforeEach(async ({ headlight, page }) => {
  await headlight.open();
  await headlight.sentence.press("ControlOrMeta+a");
  await page.keyboard.insertText(WORDS.join(" "));
  await expect(page.getByText("all 1000 tokens")).toBeVisible();
});

test("a wheel that is held with Ctrl goes nearer to what is under it, and numbers appear", async ({ headlight, page }) => {
  await headlight.goTo("Scores");
  const scores = headlight.grid("Scores");
  await scores.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await scores.boundingBox();
  const at = { x: x + width * 0.25, y: y + height * 0.75 };
  await page.mouse.move(at.x, at.y);
  await headlight.expectInspected(scores);
  await page.keyboard.down("Control");
  for (let notch = 0; notch < 24; notch++) await page.mouse.wheel(0, -100);
  await page.keyboard.up("Control");
  const group = page.getByRole("group", { name: "Zoom" });
  await expect(group).toContainText(/queries \d+–\d+, keys \d+–\d+ of 1000/);
  const [, first, last, firstKey, lastKey] = (await group.textContent()).match(/(\d+)–(\d+), keys (\d+)–(\d+)/).map(Number);
  expect(last - first).toBeLessThan(12);
  expect(first).toBeLessThanOrEqual(760);
  expect(last).toBeGreaterThanOrEqual(740);
  expect(firstKey).toBeLessThanOrEqual(260);
  expect(lastKey).toBeGreaterThanOrEqual(240);
  await expect(scores).toHaveAttribute("aria-rowcount", "1000");
  expect(await scores.boundingBox(), "the matrix stays where it is").toEqual({ x, y, width, height });
  // What the pointer is at is one of the cells in sight, exact.
  await page.mouse.move(at.x + 2, at.y + 2);
  await headlight.expectInspected(scores);
  await expect(headlight.check()).toHaveText(/^✓ /);
});

test("buttons and keys zoom too, and the view follows the keyboard", async ({ headlight, page }) => {
  const group = page.getByRole("group", { name: "Zoom" });
  await group.getByRole("button", { name: "Zoom in" }).click();
  await expect(group).toContainText("tokens 250–749 of 1000");
  const weights = headlight.grid("Attention weights");
  await weights.focus();
  await page.keyboard.press("Control+Home");
  await expect(group, "the first cell was out of sight").toContainText("tokens 0–499 of 1000");
  await expect(headlight.said(weights)).toHaveText(/^query word0, key word0: /);
  await page.keyboard.press("Control+End");
  await expect(group).toContainText("tokens 500–999 of 1000");
  await page.keyboard.press("+");
  await expect(group).toContainText("tokens 750–999 of 1000");
  await expect(headlight.said(weights)).toHaveText(/^query word999, key word999: /);
  // The same tokens at every step.
  await headlight.goTo("Scores");
  await expect(headlight.grid("Queries")).toHaveAttribute("aria-rowcount", "1000");
  await expect(group).toContainText("tokens 750–999 of 1000");
  await headlight.grid("Scores").focus();
  await page.keyboard.press("0");
  await expect(group).toContainText("all 1000 tokens");
});

test("dragging moves the tokens along, and is no click", async ({ headlight, page }) => {
  const group = page.getByRole("group", { name: "Zoom" });
  for (let i = 0; i < 4; i++) await group.getByRole("button", { name: "Zoom in" }).click();
  const range = async () => (await group.textContent()).match(/(\d+)–(\d+)/).slice(1).map(Number);
  const [first, last] = await range();
  const weights = headlight.grid("Attention weights");
  await weights.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await weights.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width / 4, y + height / 4, { steps: 5 });
  await page.mouse.up();
  await expect.poll(async () => (await range())[0]).toBeGreaterThan(first + (last - first) / 8);
  expect((await range())[1] - (await range())[0]).toBe(last - first);
  await expect(headlight.unpin).toBeHidden();
  // A click without a drag keeps its cell.
  await page.mouse.click(x + width / 2, y + height / 2);
  await expect(headlight.unpin).toBeVisible();
});
