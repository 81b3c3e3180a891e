// The glossary lights what it names, and the tour drives the page and gives it back.
import { expect, test } from "./fixture.js";
import { EXAMPLE, number } from "./page.js";
import { announcedWeight } from "./torch.js";
import { AxeBuilder } from "@axe-core/playwright";

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

for (const viewport of SIZES) {
  test(`each term lights what it names, in sight, at ${viewport.width} px`, async ({ headlight, page }) => {
    await page.setViewportSize(viewport);
    await headlight.open();
    await page.getByRole("button", { name: "Glossary" }).click();
    await expect(headlight.glossary).toBeVisible();
    const chips = headlight.glossary.locator(".chip");
    const names = await chips.allTextContents();
    expect(names.length).toBeGreaterThanOrEqual(24);
    const meanings = new Set();
    for (const [index, name] of names.entries()) {
      await chips.nth(index).click();
      await expect(headlight.glossary.getByRole("heading", { level: 3 })).toHaveText(name);
      await expect.poll(() => page.evaluate(litInSight), { message: name }).toMatchObject({ standIns: [], hidden: [] });
      meanings.add(await headlight.glossary.locator("#entry-text").textContent());
    }
    expect(meanings.size).toBe(names.length);
    expect(await violations(page)).toEqual([]);
    await headlight.glossary.getByRole("button", { name: "Close" }).click();
    await expect(headlight.glossary).toBeHidden();
    await expect(page.locator("[data-lit]")).toHaveCount(0);
  });
}

test("a term in a text is a button that opens its entry, by the keyboard too", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.goTo("Scores");
  const lead = page.locator("#stage-lead");
  await expect(lead).toHaveText(/^Every score is one dot product: a row of Q/);
  const mention = lead.getByRole("button", { name: "dot product" });
  await mention.hover();
  for (const name of ["Queries", "Keys", "Scores"]) await expect(headlight.grid(name)).toHaveAttribute("data-lit");
  await headlight.sentence.hover();
  await expect(page.locator("[data-lit]")).toHaveCount(0);
  await mention.focus();
  await expect(headlight.grid("Queries")).toHaveAttribute("data-lit");
  await page.keyboard.press("Enter");
  await expect(headlight.glossary.getByRole("heading", { level: 3 })).toHaveText("dot product");
  await expect(headlight.glossary.getByRole("button", { name: "dot product" })).toBeFocused();
  // Another term is read where it is, and lit where it can be gone to.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(headlight.glossary.getByRole("heading", { level: 3 })).toHaveText("scaling ÷ √D");
  await headlight.expectStep("Scores");
  await expect(headlight.step("Scale")).toHaveAttribute("data-lit");
  await expect(headlight.overviewOf("Scaled: go to Scale")).toHaveAttribute("data-lit");
  await page.keyboard.press("Enter");
  await headlight.expectStep("Scale");
  await expect(headlight.grid("Scaled scores")).toHaveAttribute("data-lit");
  await page.keyboard.press("Escape");
  await expect(headlight.glossary).toBeHidden();
  await expect(page.locator(":focus"), "the focus stays near").toHaveText(/√D|Glossary/);
});

test("what “More” says has terms too, and none twice", async ({ headlight, page }) => {
  await headlight.open();
  await page.getByText("More", { exact: true }).click();
  await headlight.goTo("Mask");
  const terms = await page.locator("#stage .term").allTextContents();
  expect(terms).toEqual(expect.arrayContaining(["mask", "causal mask", "softmax", "Padding"]));
  const ids = await page.locator("#stage .term").evaluateAll((terms) => terms.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  await page.locator("#more-text").getByRole("button", { name: "Padding" }).click();
  await expect(headlight.glossary.getByRole("heading", { level: 3 })).toHaveText("padding");
});

test("the tour is offered once, and is always there", async ({ headlight, page }) => {
  await headlight.open();
  await expect(headlight.offer).toBeVisible();
  await expect(headlight.tour, "never forced").toBeHidden();
  await page.getByRole("button", { name: "No, thanks" }).click();
  await expect(headlight.offer).toBeHidden();
  const start = page.getByRole("button", { name: "Tour", exact: true });
  await expect(start).toBeFocused();
  await page.reload();
  await expect(headlight.grid("Attention weights")).toBeVisible();
  await expect(headlight.offer).toBeHidden();
  await start.click();
  await expect(headlight.tour).toBeFocused();
  await headlight.expectStep("Tokens");
  await page.keyboard.press("Escape");
  await expect(headlight.tour).toBeHidden();
  await expect(start).toBeFocused();
  await headlight.expectStep("Softmax");
});

for (const viewport of SIZES) {
  test(`the tour, to its end, at ${viewport.width} px`, async ({ headlight, page }) => {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await headlight.open();
    await headlight.sentence.fill("my own words");
    await headlight.choose("Heads", "2");
    await headlight.ranWith({ heads: 2 });
    await headlight.goTo("Mix values");
    await page.getByRole("button", { name: "Take the tour" }).click();
    const [title, text, next] = [
      headlight.tour.getByRole("heading", { level: 3 }),
      page.locator("#tour-text"),
      page.locator("#tour-next"),
    ];
    await expect(headlight.sentence).toHaveValue(EXAMPLE);
    await expect(page.locator("#tour-back")).toBeDisabled();
    const percent = (share) => `${(100 * share).toFixed(1)} %`;
    const mat = [0, 1, 2, 3, 4, 5].map((key) => announcedWeight(0, 5, key));
    const stops = [
      ["Words become tokens", "Tokens", /6 tokens.*“The” \(0\) and “the” \(4\)/],
      ["A word becomes a row", "Embed", /difference is 0\.000\./],
      ["Its place is added", "Embed", /differ, by up to \d\.\d{3}\./],
      ["One row, three parts", "Q K V", /a query/],
      ["Several heads at once", "Q K V", /4 heads, 16 each/],
      ["A score is one sum", "Scores", /added up: −?\d\.\d{3}\./],
      ["Why divide by √D?", "Scale", /√16 = 4 times.*±\d\.\d\d becomes ±\d\.\d\d/],
      ["What does the mask hide?", "Mask", /15 of 36 pairs/],
      ["Nothing stays negative", "Softmax", /exactly 0/],
      ["Why does a row sum to 1?", "Softmax", `${mat.join(" + ")}. Before rounding they add up to 1.000.`],
      ["Attention moves values", "Mix values", `“mat” gives “sat” the largest share of its attention, ${percent(mat[2])}`],
      ["The heads come together", "Output", /untrained/],
    ];
    for (const [index, [name, step, says]] of stops.entries()) {
      await expect(title).toHaveText(name);
      await expect(text).toContainText(says);
      await expect(headlight.tour.getByRole("heading", { level: 2 })).toHaveText(`Tour · ${index + 1} of 12`);
      await headlight.expectStep(step);
      await expect.poll(() => page.evaluate(litInSight), { message: name }).toMatchObject({ standIns: [], hidden: [] });
      await expect(headlight.check()).toHaveText(/^✓ /);
      expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
      await next.press("Enter");
      await expect(next).toBeFocused();
    }
    const answer = page.locator("#tour-answer");
    await expect(title).toHaveText("What if nothing were divided?");
    await expect(answer).toBeEmpty();
    await headlight.tour.getByRole("button", { name: "shrink" }).click();
    await expect(answer).toHaveText(/^It turns out otherwise\. It grows: 37\.2 % before, \d\d\.\d % now\./);
    const { run } = await headlight.ranWith({ isScaled: false });
    const [{ values }] = await headlight.stored(run, [["Weights", 0]]);
    await expect(answer).toContainText(`${percent(values[5 * 6 + 2])} now`);
    expect(await violations(page)).toEqual([]);
    await next.click();
    await expect(title).toHaveText("Who is hidden?");
    await headlight.tour.getByRole("button", { name: "on", exact: true }).click();
    await expect(answer).toHaveText(/^As you said\. Hidden from “sat”: “on”, “the”, “mat”\./);
    await headlight.ranWith({ mask: "causal" });
    await next.click();
    await expect(title).toHaveText("What if places left no trace?");
    await headlight.tour.getByRole("button", { name: "they will differ" }).click();
    await expect(answer).toHaveText(/^It turns out otherwise\. They are the same: .* is 0\.000\./);
    await headlight.ranWith({ positions: "none" });
    await expect(next).toHaveText("Finish");
    await next.click();
    await expect(headlight.tour).toBeHidden();
    await expect(headlight.sentence).toHaveValue("my own words");
    await headlight.ranWith({ heads: 2, mask: "none", positions: "sinusoidal", isScaled: true });
    await headlight.expectStep("Mix values");
    await expect(headlight.offer).toBeHidden();
  });
}

test("a stop plays what it speaks of, once, and no farther", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.speed.selectOption("4×");
  await page.getByRole("button", { name: "Tour", exact: true }).click();
  await expect(headlight.slider).toHaveValue("1000");
  await expect(headlight.play, "it has stopped").toBeVisible();
  for (let stop = 1; stop < 6; stop++) await page.locator("#tour-next").click();
  await headlight.expectStep("Scores");
  await expect.poll(async () => Number(await headlight.slider.inputValue())).toBeLessThan(900);
  await expect(headlight.slider).toHaveValue("1000", { timeout: 10_000 });
  await expect(headlight.play).toBeVisible();
  await headlight.frames(30);
  await headlight.expectStep("Scores");
  const [score] = number(await headlight.value().textContent());
  await expect(page.locator("#tour-text")).toContainText(score.toFixed(3));
  // Play goes on from there as ever.
  await headlight.play.click();
  await headlight.expectStep("Scale");
  await page.keyboard.press("Escape");
});

test("what is typed on the way stays", async ({ headlight, page }) => {
  await headlight.open();
  await page.getByRole("button", { name: "Tour", exact: true }).click();
  await headlight.sentence.fill("typed on the way");
  await expect(headlight.tokens).toHaveCount(4);
  await page.locator("#tour-next").click();
  await expect(headlight.sentence).toHaveValue(EXAMPLE);
  await page.getByRole("button", { name: "Leave" }).click();
  await expect(headlight.sentence).toHaveValue("typed on the way");
  await expect(headlight.tokens).toHaveCount(4);
});

async function violations(page) {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** Runs in the page: of what is lit, what stands in for something else; and all of it, where none is in sight. */
function litInSight() {
  const lit = [...document.querySelectorAll("[data-lit]")];
  const standIns = lit.filter((element) => element.matches("[data-step], [data-overview]")).map(({ id }) => id);
  const isCovered = (element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    // Its middle, and near its corners.
    const points = [0.1, 0.5, 0.9].map((part) => [left + part * width, top + part * height]);
    return points.some(([x, y]) => {
      const there = document.elementFromPoint(x, y);
      return !there || Boolean(there.closest(".dock"));
    });
  };
  // What matters most is brought into sight; a control that goes with it may lie elsewhere.
  return { standIns, hidden: lit.every(isCovered) ? ["nothing", ...lit.map(({ id }) => id)] : [] };
}
