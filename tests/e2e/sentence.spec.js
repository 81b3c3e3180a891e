// Sentences of every kind, as people type and paste them.
import { expect, test } from "./fixture.js";
import { EXAMPLE } from "./page.js";

const SENTENCES = [
  ["the example", EXAMPLE, EXAMPLE.split(" ")],
  ["one word", "attention", ["attention"]],
  ["repeated words", "no No no, NO", ["no", "No", "no", ",", "NO"]],
  ["punctuation and quotes", `"Don't!" he said … «why?»`, `" Don't ! " he said … « why ? »`.split(" ")],
  ["accents, Chinese and an emoji", "naïve café 你好 🙂", ["naïve", "café", "你", "好", "🙂"]],
  ["Hebrew", "חתול ישב על שטיח", ["חתול", "ישב", "על", "שטיח"]],
  ["Arabic and English", "القط sat هنا", ["القط", "sat", "هنا"]],
  ["control characters", "a\u0007b \u200b\u0001 c\u00add", ["a", "b", "c\u00add"]],
  ["what would be HTML", `<b>&"' &lt;</b>`, ["<", "b", ">", "&", `"`, "'", "&", "lt", ";", "<", "/", "b", ">"]],
];

test("sentences of every kind", async ({ headlight, page }) => {
  await headlight.open();
  for (const [what, sentence, tokens] of SENTENCES) {
    await test.step(what, async () => {
      await headlight.goTo("Softmax");
      await headlight.sentence.fill(sentence);
      await expect(headlight.tokens).toHaveText(tokens, { useInnerText: false });
      await expect(headlight.sentence).toHaveValue(sentence);
      await expect(headlight.sentence).toHaveCSS("direction", /^[\u0590-\u06ff]/.test(sentence) ? "rtl" : "ltr");
      await expect(headlight.notice).toBeEmpty();
      const count = tokens.length === 1 ? "1 token · alone, it can only attend to itself" : `${tokens.length} tokens`;
      await expect(headlight.tokenNote).toContainText(count);
      const ran = await headlight.lastRan();
      expect(ran).toMatchObject({ leftOut: { tokens: 0, sentences: 0 }, engine: { name: headlight.engineName } });
      expect(ran.batch[0].tokens.map(({ text }) => text)).toEqual(tokens);
      await expectMatricesOf(headlight, tokens.length);
      await expectRowsToSumToOne(headlight, page, tokens.length);
      await expectLastTokenToOpen(headlight, page, ran.batch[0].tokens);
    });
  }
});

test("200 words", async ({ headlight, page }) => {
  await headlight.open();
  const words = Array.from({ length: 200 }, (_, index) => `word${index}`);
  await headlight.sentence.fill(words.join(" "));
  await expect(headlight.grid("Attention weights")).toHaveAttribute("aria-rowcount", "200");
  const ran = await headlight.lastRan();
  expect(ran.batch[0].tokens.map(({ text }) => text)).toEqual(words);
  await expectMatricesOf(headlight, 200);
  await expectRowsToSumToOne(headlight, page, 200);
  await expect(headlight.notice).toBeEmpty();
  await expect(headlight.tokens).toHaveText(words.slice(0, 24));
});

test("5,000 words: the first 4,096 tokens are taken, and nothing is lost", async ({ headlight, page }) => {
  await headlight.open();
  // A software GPU has enough to do with one small head.
  await headlight.choose("Model width", "8");
  await headlight.choose("Heads", "1");
  const words = Array.from({ length: 5000 }, (_, index) => `word${index}`);
  const text = words.join(" ");
  await headlight.sentence.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
  await expect(headlight.notice).toContainText("the last 904 were left out", { timeout: 60_000 });
  await expect(headlight.notice).toContainText("more than 4096 tokens");
  await expect(headlight.sentence).toHaveValue(text);
  const ran = await headlight.lastRan();
  expect(ran).toMatchObject({ leftOut: { tokens: 904 }, engine: { name: headlight.engineName } });
  expect(ran.batch[0].tokens.map(({ text }) => text)).toEqual(words.slice(0, 4096));
  await expectMatricesOf(headlight, 4096);
  await headlight.goTo("Scores");
  const scores = headlight.grid("Scores");
  await scores.focus();
  await page.keyboard.press("Control+End");
  await expect(headlight.said(scores)).toHaveText(/^query word4095, key word4095: −?\d+\.\d{3}$/);
  await headlight.expectInspected(scores);
  await expect(headlight.check()).toHaveText(/^✓ /);
});

test("an empty sentence is offered the example, over the last result", async ({ headlight }) => {
  await headlight.open();
  await headlight.sentence.fill("two words");
  await expect(headlight.tokens).toHaveText(["two", "words"]);
  for (const nothing of ["", "   ", "\u200b"]) {
    await headlight.sentence.fill("two words");
    await expect(headlight.notice).toBeEmpty();
    await expect(headlight.canvas).toHaveCSS("opacity", "1");
    await headlight.sentence.fill(nothing);
    await expect(headlight.notice).toContainText("the sentence is empty");
    await expect(headlight.canvas).not.toHaveCSS("opacity", "1");
    await expect(headlight.tokens).toHaveText(["two", "words"]);
    await expect(headlight.grid("Attention weights")).toHaveAttribute("aria-rowcount", "2");
  }
  await headlight.notice.getByRole("button", { name: "Use the example" }).click();
  await expect(headlight.sentence).toHaveValue(EXAMPLE);
  await expect(headlight.tokens).toHaveText(EXAMPLE.split(" "));
  await expect(headlight.notice).toBeEmpty();
  await expect(headlight.canvas).toHaveCSS("opacity", "1");
});

test("of what is typed fast, the newest wins", async ({ headlight, page }) => {
  await headlight.open();
  const words = "one two three four five six seven eight nine ten eleven twelve".split(" ");
  await headlight.sentence.fill("");
  await headlight.sentence.pressSequentially(words.join(" "));
  await expect(headlight.tokens).toHaveText(words);
  // A long run is overtaken by a short one.
  await headlight.sentence.evaluate((input) => {
    const type = (text) => {
      input.value = text;
      input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    };
    for (let count = 300; count > 290; count--) type("long ".repeat(count));
    type("the last word");
  });
  await expect(headlight.tokens).toHaveText(["the", "last", "word"]);
  // Whatever was under way before it has been answered or dropped when a later question is answered.
  const { run } = await headlight.lastRan();
  await headlight.stored(run, [["Weights", 0]]);
  await expect(headlight.tokens).toHaveText(["the", "last", "word"]);
  await expect(headlight.grid("Attention weights")).toHaveAttribute("aria-rowcount", "3");
  const runs = (await headlight.replies()).filter(({ kind }) => kind === "Ran").map(({ run }) => run);
  expect(runs, "no older run comes after a newer one").toEqual(runs.toSorted((a, b) => a - b));
  await expect(headlight.sentence).toHaveValue("the last word");
  await expect(page.getByRole("alert")).toBeEmpty();
});

/** The softmax's matrices are S × S, and its columns S × 1. */
async function expectMatricesOf(headlight, tokens) {
  for (const [name, columns] of [
    ["Masked scores", tokens],
    ["Row maximum", 1],
    ["Attention weights", tokens],
    ["Row sums", 1],
  ]) {
    await expect(headlight.grid(name)).toHaveAttribute("aria-rowcount", String(tokens));
    await expect(headlight.grid(name)).toHaveAttribute("aria-colcount", String(columns));
  }
}

/** The first step names each token, and opens it down to its characters. */
async function expectLastTokenToOpen(headlight, page, tokens) {
  const [index, { text, word, id }] = [tokens.length - 1, tokens.at(-1)];
  await headlight.goTo("Tokens");
  const grid = headlight.grid("Tokens");
  await expect(grid).toHaveAttribute("aria-colcount", String(tokens.length));
  await grid.focus();
  await page.keyboard.press("Control+End");
  await expect(headlight.said(grid)).toHaveText(`token ${index}, ${text}: id ${id}`);
  await expect(headlight.heading()).toHaveText(`${text} is token ${index}`);
  await headlight.expectInspected(grid);
  await expect(headlight.terms()).toHaveCount([...word].length);
  await expect(headlight.check()).toHaveText(/^✓ /);
}

/** As the screen reader says them: every row's sum, or of very many the first and the last. */
async function expectRowsToSumToOne(headlight, page, tokens) {
  const sums = headlight.grid("Row sums");
  await sums.focus();
  await page.keyboard.press("Control+Home");
  const rows = Array.from({ length: tokens }, (_, row) => row);
  for (const row of tokens > 24 ? [0, tokens - 1] : rows) {
    if (row > 0) await page.keyboard.press(tokens > 24 ? "Control+End" : "ArrowDown");
    await expect(sums.getByRole("row")).toHaveAttribute("aria-rowindex", String(row + 1));
    await expect(headlight.said(sums)).toHaveText(/^query .*: 1\.000$/);
  }
}
