// A matrix as a table: its true numbers, under headers, never more than a screenful of them.
import { expect, test } from "./fixture.js";
import { sameNumber, STEPS, value } from "./page.js";

/** Where each matrix that the table can show is kept. */
const KEPT = {
  "Word embeddings": "WordEmbeddings",
  Positions: "Positions",
  Input: "Input",
  "Query weights": "QueryWeights",
  Queries: "Queries",
  Keys: "Keys",
  Values: "Values",
  Scores: "Scores",
  "Scaled scores": "Scaled",
  Mask: "Mask",
  "Masked scores": "Masked",
  "Row maximum": "RowMax",
  "Scores minus row maximum": "Shifted",
  Exponentials: "Exponentials",
  "Sums of exponentials": "ExponentialSums",
  "Attention weights": "Weights",
  "Row sums": "RowSums",
  "Mixed values": "Mixed",
  "Heads side by side": "Heads",
  "Output weights": "OutputWeights",
  Output: "Output",
};
const [MOST_ROWS, MOST_COLUMNS] = [24, 24];

test("every matrix of every step is there as a table, with the numbers that the engine stored", async ({ headlight }) => {
  await headlight.open();
  await headlight.choose("Mask", "causal");
  const { run } = await headlight.ranWith({ mask: "causal" });
  await headlight.heads.nth(1).click();
  const { choice } = headlight.tableView();
  await headlight.openTable();
  const seen = new Set();
  for (const step of STEPS.slice(1)) {
    await headlight.goTo(step);
    for (const name of await choice.getByRole("option").allTextContents()) {
      seen.add(name);
      const written = await headlight.readTable(name);
      const [{ values, shownColumns }] = await headlight.stored(run, [[KEPT[name], 1]]);
      for (const [row, numbers] of written.entries()) {
        for (const [column, number] of numbers.entries()) {
          const stored = values[row * shownColumns + column];
          const shown = value(number);
          const where = `${name}, row ${row}, column ${column}: ${number}`;
          if (Number.isFinite(stored)) expect(Math.abs(shown - stored), where).toBeLessThanOrEqual(0.000_51);
          else expect(shown, where).toBe(stored);
        }
      }
    }
  }
  expect([...seen].sort()).toEqual(Object.keys(KEPT).sort());
});

test("the cell in focus is marked, and its number is the inspector's", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.openTable();
  const { table, choice, view } = headlight.tableView();
  await expect(table.locator("caption")).toHaveText("Attention weights A · head 1 · [1, 4, 6, 6]");
  await expect(table.getByRole("columnheader")).toHaveText(["query ↓ key →", "The", "cat", "sat", "on", "the", "mat"]);
  await expect(table.getByRole("rowheader")).toHaveText(["The", "cat", "sat", "on", "the", "mat"]);
  const current = table.locator("[aria-current]");
  for (const [step, name] of [["Softmax", "Attention weights"], ["Mix values", "Values"], ["Tokens", "Tokens"], ["Scores", "Scores"]]) {
    await headlight.goTo(step);
    const grid = headlight.grid(name);
    await grid.focus();
    for (const keys of ["Control+End", "ArrowLeft"]) {
      await page.keyboard.press(keys);
      await page.keyboard.press("Enter");
      await headlight.expectInspected(grid);
      await expect(choice.locator(":checked")).toHaveText(name);
      await expect(current).toHaveCount(1);
      const [marked, inspected] = [await current.textContent(), await headlight.value().textContent()];
      expect(sameNumber(marked, inspected.replace(/^id /, "")), `${name}: ${marked} is ${inspected}`).toBe(true);
      await page.keyboard.press("Enter");
    }
  }
  await page.getByRole("button", { name: "Table", exact: true }).click();
  await expect(view).toBeHidden();
});

test("of a large matrix a part is in the document, and it moves", async ({ headlight, page }) => {
  const words = Array.from({ length: 100 }, (_, index) => `word${index}`);
  await headlight.open();
  await headlight.sentence.fill(words.join(" "));
  await expect(page.getByText("all 100 tokens")).toBeVisible();
  await headlight.openTable();
  const { table, view, part } = headlight.tableView();
  await expect(part).toHaveText("rows 0–23 of 100, columns 0–23 of 100, counted from 0");
  const shape = () => table.evaluate(({ rows }) => [rows.length - 1, rows[1].cells.length - 1]);
  expect(await shape()).toEqual([MOST_ROWS, MOST_COLUMNS]);
  const move = (name) => view.getByRole("button", { name }).click();
  await move("Rows below");
  await expect(part).toHaveText("rows 24–47 of 100, columns 0–23 of 100, counted from 0");
  for (let part = 0; part < 3; part++) await move("Rows below");
  await move("Columns after");
  await expect(part).toHaveText("rows 96–99 of 100, columns 24–47 of 100, counted from 0");
  await expect(view.getByRole("button", { name: "Rows below" })).toHaveAttribute("aria-disabled", "true");
  await view.getByRole("button", { name: "Rows below" }).click({ force: true });
  await expect(table.getByRole("rowheader")).toHaveText(words.slice(96));
  await expect(table.getByRole("columnheader").nth(1)).toHaveText("word24");
  await move("Rows above");
  await expect(part).toHaveText("rows 72–95 of 100, columns 24–47 of 100, counted from 0");
  // A cell that is kept is looked up.
  const weights = headlight.grid("Attention weights");
  await weights.focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Enter");
  await expect(part).toHaveText("rows 96–99 of 100, columns 96–99 of 100, counted from 0");
  await headlight.expectInspected(weights);
  const marked = await table.locator("[aria-current]").textContent();
  expect(sameNumber(marked, await headlight.value().textContent())).toBe(true);
  // After the sentence has become short, nothing is left to move.
  await headlight.sentence.fill("one two three");
  await expect(table.getByRole("rowheader")).toHaveText(["three"]);
  await move("Rows above");
  await expect(part).toBeHidden();
  await expect(table.getByRole("rowheader")).toHaveText(["one", "two", "three"]);
});

test("a part of the table is copied as text, in columns", async ({ headlight }) => {
  await headlight.open();
  await headlight.openTable();
  const text = await headlight.tableView().table.evaluate((table) => {
    getSelection().selectAllChildren(table.tBodies[0]);
    return getSelection().toString();
  });
  const numbers = await headlight.tableNumbers();
  const names = ["The", "cat", "sat", "on", "the", "mat"];
  expect(text.trim().split("\n").map((line) => line.split("\t"))).toEqual(numbers.map((row, index) => [names[index], ...row]));
});
