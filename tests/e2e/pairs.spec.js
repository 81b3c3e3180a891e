// Two sentences, of which one attends to the other, and several that are calculated together: typed, chosen, read off the
// page, and held against the same attention by another way.
import { expect, test } from "./fixture.js";
import { EXAMPLE, number, STEPS } from "./page.js";

const SECOND = "Le chat était assis sur le tapis";
/** What each step makes. */
const MADE = ["Tokens", "Input", "Queries", "Scores", "Scaled scores", "Masked scores", "Attention weights", "Mixed values", "Output"];
const BATCH = ["Dogs bark", EXAMPLE, "Hi"];

async function takeSecond(headlight) {
  await headlight.choose("Keys, values", "a second");
  await headlight.ranWith({ isCross: true });
}

/** The weights that `window.headlight` makes of the queries, keys and values that the page's engine stores. */
async function attended(headlight, page, run, item, head) {
  const [q, k, v] = await headlight.stored(run, [["Queries", head], ["Keys", head], ["Values", head]], item);
  const tensor = ({ rows, columns, values }) => ({ shape: [1, 1, rows, columns], data: Array.from(values) });
  return page.evaluate(
    async (tensors) => {
      const of = ({ shape, data }) => ({ shape, data: Float32Array.from(data) });
      const [q, k, v] = tensors.map(of);
      const { weights } = await headlight.attend({ q, k, v, engine: "cpu" });
      return Array.from(weights.data);
    },
    [q, k, v].map(tensor),
  );
}

test("a second sentence is attended to: rows of one, columns of the other", async ({ headlight, page }) => {
  await headlight.open();
  await expect(headlight.second).toBeHidden();
  await takeSecond(headlight);
  await expect(headlight.second).toHaveValue(SECOND);
  await expect(page.locator("#key-tokens bdi")).toHaveText(SECOND.split(" "));
  const grid = headlight.grid("Attention weights");
  await expect(grid).toHaveAttribute("aria-rowcount", "6");
  await expect(grid).toHaveAttribute("aria-colcount", "7");

  await headlight.openTable();
  const table = headlight.tableView().table;
  await expect(table.locator("thead th")).toHaveText(["query ↓ key →", ...SECOND.split(" ")]);
  await expect(table.locator("tbody th")).toHaveText(EXAMPLE.split(" "));
  const { run } = await headlight.lastRan();
  const expected = await attended(headlight, page, run, 0, 0);
  const shown = (await headlight.tableNumbers()).flat();
  expect(shown.length).toBe(42);
  shown.forEach((text, at) => expect(number(text)[0], `cell ${at}`).toBeCloseTo(expected[at], 3));

  // Another word, another column; the rows' words stay.
  await headlight.second.fill("un chat");
  await expect(grid).toHaveAttribute("aria-colcount", "2");
  await grid.focus();
  await page.keyboard.press("Control+End");
  await expect(headlight.said(grid)).toHaveText(/^query mat, key chat: 0\.\d{3}$/);
  await headlight.expectInspected(grid);
  await expect(headlight.heading()).toHaveText("mat gives chat");
  await expect(page.locator("#token-5")).toHaveClass("tok is-query");
  await expect(page.locator("#key-token-1")).toHaveClass("tok is-key");
});

test("on every step of two sentences, cells open and their terms add up", async ({ headlight, page }) => {
  test.slow();
  await headlight.open();
  await takeSecond(headlight);
  await headlight.choose("Positions", "rotary (RoPE)");
  await headlight.ranWith({ positions: "rotary" });
  for (const step of STEPS) {
    await headlight.goTo(step);
    // Which the step before does not draw.
    await expect(headlight.grid(MADE[STEPS.indexOf(step)])).toBeVisible();
    for (const name of await headlight.grids.evaluateAll((grids) => grids.map((grid) => grid.ariaLabel))) {
      const grid = headlight.grid(name);
      await grid.focus();
      await page.keyboard.press("Control+End");
      await headlight.expectInspected(grid);
      await expect(headlight.check(), `${name} at ${step}`).toHaveText(/^✓ /);
    }
  }
});

test("either sentence's input is looked at, and keys lead to theirs", async ({ headlight, page }) => {
  await headlight.open();
  await takeSecond(headlight);
  await headlight.goTo("Embed");
  await expect(headlight.grid("Input")).toHaveAttribute("aria-rowcount", "6");
  await page.getByRole("group", { name: "Whose input to show" }).getByRole("button", { name: "Keys" }).click();
  const memory = headlight.grid("Input of keys and values");
  await expect(memory).toHaveAttribute("aria-rowcount", "7");
  await expect(headlight.grid("Input")).toHaveCount(0);
  await headlight.goTo("Q K V");
  await expect(memory).toHaveAttribute("aria-rowcount", "7");
  await expect(headlight.grid("Keys")).toHaveAttribute("aria-rowcount", "7");
  await expect(headlight.grid("Queries")).toHaveAttribute("aria-rowcount", "6");
  await headlight.overviewOf(/^X:/).click();
  await expect(headlight.grid("Input")).toHaveAttribute("aria-rowcount", "6");
  await headlight.overviewOf(/^X kv:/).click();
  await expect(memory).toHaveAttribute("aria-rowcount", "7");
});

test("an empty second sentence is asked for, and nothing is lost", async ({ headlight, page }) => {
  await headlight.open();
  await takeSecond(headlight);
  const runs = await headlight.countRuns();
  await headlight.second.fill("");
  await expect(headlight.notice).toContainText("the second sentence, which keys and values are made of, is empty");
  await page.getByRole("button", { name: "Use the example" }).click();
  await expect(headlight.second).toHaveValue(SECOND);
  await expect(headlight.notice).toBeEmpty();
  await expect(headlight.sentence).toHaveValue(EXAMPLE);
  await expect.poll(() => headlight.countRuns()).toBeGreaterThan(runs);
  // Back to one sentence; what was typed waits.
  await headlight.second.fill("une phrase");
  await headlight.choose("Keys, values", "the same");
  await headlight.ranWith({ isCross: false });
  await expect(headlight.second).toBeHidden();
  await expect(headlight.grid("Attention weights")).toHaveAttribute("aria-colcount", "6");
  await takeSecond(headlight);
  await expect(headlight.second).toHaveValue("une phrase");
});

test("each of several sentences is shown with the weights that it has alone", async ({ headlight, page }) => {
  await headlight.open();
  await expect(headlight.shown).toBeHidden();
  // A sentence a line; a line without words is none.
  await headlight.sentence.focus();
  await page.keyboard.press("ControlOrMeta+a");
  for (const sentence of [...BATCH, ""]) {
    await page.keyboard.insertText(sentence);
    await page.keyboard.press("Enter");
  }
  await expect(headlight.shown.getByRole("option")).toHaveText(BATCH.map((text, at) => `${at + 1} of 3: ${text}`));
  const { batch } = await headlight.lastRan();
  expect(batch.map(({ tokens }) => tokens.length)).toEqual([6, 6, 6]);

  const together = [];
  for (const [item, sentence] of BATCH.entries()) {
    await headlight.shown.selectOption({ index: item });
    const own = sentence.split(" ").length;
    await expect(headlight.tokens).toHaveText([...sentence.split(" "), ...Array(6 - own).fill("[pad]")]);
    // The last line that was typed was empty, and has been a run of its own.
    const { run } = await headlight.lastRan();
    const [weights] = await headlight.stored(run, [["Weights", 0]], item);
    const rows = Array.from({ length: 6 }, (_, row) => Array.from(weights.values.slice(row * 6, row * 6 + 6)));
    for (const row of rows) expect(row.slice(own)).toEqual(Array(6 - own).fill(-Infinity));
    together.push(rows.slice(0, own).map((row) => row.slice(0, own)));

    // What a screen reader hears of the last column: padding is masked, and its weight is 0.
    const grid = headlight.grid("Attention weights");
    await grid.focus();
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("End");
    if (own < 6) {
      await expect(headlight.said(grid)).toHaveText(/^query .*, key \[pad\].*: masked$/);
      await expect(headlight.value()).toHaveText(/^0(\.0+)? ?%$/);
      await expect(headlight.inspector).toContainText("The key is padding");
    } else {
      await expect(headlight.said(grid)).toHaveText(/^query The, key mat: 0\.\d{3}$/);
      await headlight.expectInspected(grid);
    }
    await expect(headlight.check()).toHaveText(/^✓ /);
  }
  for (const [item, sentence] of BATCH.entries()) {
    await headlight.sentence.fill(sentence);
    const own = sentence.split(" ").length;
    await expect.poll(async () => (await headlight.lastRan()).batch[0].tokens.length).toBe(own);
    await expect(headlight.shown).toBeHidden();
    const [{ values }] = await headlight.stored((await headlight.lastRan()).run, [["Weights", 0]]);
    together[item].flat().forEach((weight, at) => expect(weight).toBeCloseTo(values[at], 5));
  }
});

test("the sentence that is shown is chosen by keys, and the picture follows", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.sentence.fill(BATCH.join("\n"));
  await expect(headlight.shown).toHaveValue("0");
  await headlight.shown.focus();
  const picture = await headlight.picture();
  await page.keyboard.press("ArrowDown");
  await expect(headlight.shown).toHaveValue("1");
  await expect(headlight.tokens).toHaveText(EXAMPLE.split(" "));
  await expect.poll(() => headlight.picture()).not.toBe(picture);
  // Fewer sentences: the last that there is.
  await page.keyboard.press("ArrowDown");
  await expect(headlight.tokens.first()).toHaveText("Hi");
  await headlight.sentence.fill(BATCH.slice(0, 2).join("\n"));
  await expect(headlight.shown).toHaveValue("1");
  await expect(headlight.tokens).toHaveText(EXAMPLE.split(" "));
});

test("a pair in a batch, both: each sentence attends to its own", async ({ headlight, page }) => {
  await headlight.open();
  await takeSecond(headlight);
  await headlight.sentence.fill("One two\nThree");
  await headlight.second.fill("un deux trois\nquatre");
  await expect(headlight.shown.getByRole("option")).toHaveCount(2);
  await headlight.shown.selectOption({ index: 1 });
  await expect(page.locator("#tokens bdi")).toHaveText(["Three", "[pad]"]);
  await expect(page.locator("#key-tokens bdi")).toHaveText(["quatre", "[pad]", "[pad]"]);
  const grid = headlight.grid("Attention weights");
  await grid.focus();
  await page.keyboard.press("Control+Home");
  await expect(headlight.said(grid)).toHaveText("query Three, key quatre: 1.000");
  await headlight.expectInspected(grid);
  await expect(headlight.check()).toHaveText(/^✓ /);
});

test("more sentences than a batch takes are left out, and said so", async ({ headlight }) => {
  await headlight.open();
  const text = Array.from({ length: 40 }, (_, index) => `sentence ${index}`).join("\n");
  await headlight.sentence.fill(text);
  await expect(headlight.notice).toContainText("the last 8 were left out");
  await expect(headlight.sentence).toHaveValue(text);
  await expect(headlight.shown.getByRole("option")).toHaveCount(32);
});

test("a mask painted in one picture hides the same places in every sentence", async ({ headlight, page }) => {
  await headlight.open();
  await takeSecond(headlight);
  await headlight.goTo("Mask");
  await page.getByRole("button", { name: "Paint the mask" }).click();
  const grid = headlight.grid("Mask");
  await grid.focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Enter");
  await headlight.ranWith({ painted: [[5, 6, false]] });
  await expect(headlight.said(grid)).toHaveText("query mat, key tapis: hidden");
});
