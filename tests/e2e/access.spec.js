// For everyone: axe, narrow screens, and the keyboard alone.
import { expect, test } from "./fixture.js";
import { EXAMPLE, STEPS } from "./page.js";
import { AxeBuilder } from "@axe-core/playwright";

// Each width with one of the two engines, whose headers differ: axe takes its time. 320 × 256 is 1280 × 1024 at 400 %.
const SCREENS = {
  CPU: { open: { width: 320, height: 256 }, closed: { width: 390, height: 844 } },
  WebGPU: { open: { width: 1440, height: 900 }, closed: { width: 1024, height: 768 } },
};
for (const table of ["open", "closed"]) {
  test(`axe finds nothing on any step, in light and dark, with the table ${table}`, async ({ headlight, page }) => {
    await page.setViewportSize(SCREENS[headlight.engineName][table]);
    await headlight.open();
    if (table === "open") {
      await headlight.openTable();
      await openExport(page);
    }
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const step of STEPS) {
        await headlight.goTo(step);
        await expect(headlight.check()).toHaveText(/^✓ /);
        const all = headlight.inspector.getByRole("button", { name: "Show all terms" });
        if (await all.isVisible()) await all.click();
        await expectNothing(page, `${step}, ${colorScheme}`);
        const { scrollWidth, clientWidth } = await page.locator("html").evaluate(
          ({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }),
        );
        expect(scrollWidth, `${step} does not scroll sideways`).toBe(clientWidth);
      }
    }
  });
}

test("axe finds nothing on paper, and nothing in forced colours", async ({ headlight, page }) => {
  // No transition, whose colours would be neither the one nor the other.
  const media = {
    CPU: { media: "print", colorScheme: "dark", reducedMotion: "reduce" },
    WebGPU: { forcedColors: "active", colorScheme: "dark", reducedMotion: "reduce" },
  }[headlight.engineName];
  await headlight.open();
  await headlight.openTable();
  await headlight.grid("Attention weights").focus();
  await page.keyboard.press("Enter");
  for (const step of STEPS) {
    // On paper there is nothing to click.
    await page.emulateMedia({ media: "screen" });
    await headlight.goTo(step);
    await page.emulateMedia(media);
    await expectNothing(page, `${step}, ${JSON.stringify(media)}`);
  }
  await page.emulateMedia({ media: "screen" });
});

async function openExport(page) {
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await expect(page.getByRole("group", { name: "Figure", exact: true })).toBeVisible();
}

async function expectNothing(page, where) {
  // The page has no frames, which spares axe a page of its own.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
  const { violations } = await axe.analyze();
  const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  expect(said, where).toEqual([]);
}

for (const viewport of [
  { width: 390, height: 844 },
  { width: 1440, height: 900 },
]) {
  test(`whatever can be pressed is large enough, and whole, at ${viewport.width} px`, async ({ headlight, page }) => {
    await page.setViewportSize(viewport);
    await headlight.open();
    await headlight.openTable();
    await openExport(page);
    for (const step of STEPS) {
      await headlight.goTo(step);
      await expect(headlight.check()).toHaveText(/^✓ /);
      expect(await page.evaluate(smallTargets), step).toEqual([]);
    }
    expect(await headlight.badge.evaluate(sticksOut), "out of the badge").toEqual([]);
  });
}

test("what has the focus is not hidden behind what stands at the foot of a phone's screen", async ({ headlight, page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await headlight.open();
  await headlight.grid("Attention weights").focus();
  await page.keyboard.press("Enter");
  const peek = page.locator("#peek");
  await expect(peek).toBeVisible();
  for (let control = 0; control < 40; control++) {
    await page.keyboard.press("Tab");
    const hidden = await page.evaluate(() => {
      const [focused, foot] = [document.activeElement, document.getElementById("peek")].map((element) => element.getBoundingClientRect());
      return document.activeElement !== document.body && document.activeElement.id !== "peek" && focused.top >= foot.top;
    });
    expect(hidden, await page.evaluate(() => document.activeElement.outerHTML.slice(0, 80))).toBe(false);
  }
});

test("on paper: the picture in light colours, what it is of, and the cell that is kept; nothing to press", async ({ headlight, page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await headlight.open();
  const root = page.locator("html");
  await expect(root).toHaveAttribute("data-theme", "dark");
  const onScreen = await headlight.picture();
  await page.emulateMedia({ media: "print" });
  await expect(root).toHaveAttribute("data-theme", "light");
  const printed = await headlight.picture();
  expect(printed).not.toBe(onScreen);
  for (const role of ["textbox", "combobox", "slider", "grid"]) await expect(page.getByRole(role)).toHaveCount(0);
  // The glossary's terms are words of the sentence, and look like it.
  await expect(page.getByRole("button").and(page.locator(":not(.term)"))).toHaveCount(0);
  for (const term of await page.locator(".term:visible").all()) await expect(term).toHaveCSS("text-decoration-line", "none");
  await expect(page.getByText(EXAMPLE, { exact: true })).toBeVisible();
  await expect(page.getByText(/^Head 1 of 4 · model width 64 · .* seed 42 · positions sinusoidal · mask none · scaling ÷ √16/)).toBeVisible();
  await expect(headlight.inspector, "no cell is kept").toBeHidden();
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  expect(await headlight.picture(), "whatever the theme is").toBe(printed);
  await page.emulateMedia({ media: "screen", colorScheme: "dark" });
  await expect(root).toHaveAttribute("data-theme", "dark");
  await expect.poll(() => headlight.picture()).toBe(onScreen);

  await headlight.grid("Attention weights").focus();
  await page.keyboard.press("Enter");
  await headlight.frames(2);
  const kept = await headlight.picture();
  await page.emulateMedia({ media: "print" });
  await expect(headlight.inspector).toBeVisible();
  await expect(headlight.check()).toBeVisible();
  await page.emulateMedia({ media: "screen" });
  const pdf = await page.pdf();
  expect(pdf.length).toBeGreaterThan(20_000);
  await expect(root).toHaveAttribute("data-theme", "dark");
  await expect.poll(() => headlight.picture(), "as it was").toBe(kept);
});

test("in forced colours the picture brings its own ground, and one sees what is chosen", async ({ headlight, page }) => {
  for (const [colorScheme, ground] of [["light", "rgb(255, 255, 255)"], ["dark", "rgb(28, 31, 37)"]]) {
    await page.emulateMedia({ forcedColors: "active", colorScheme });
    if (!headlight.isOpen) await headlight.open();
    await expect(page.locator("#figure")).toHaveCSS("background-color", ground);
    await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
    const borders = () => headlight.heads.evaluateAll((heads) => heads.map((head) => getComputedStyle(head).borderTopColor));
    const isAnother = async () => (await borders()).map((color, _, [, other]) => color !== other);
    await expect.poll(isAnother).toEqual([true, false, false, false]);
  }
});

test("the keyboard alone reaches every control, and one sees where it is", async ({ headlight, page }) => {
  await headlight.open();
  const reached = [];
  for (;;) {
    await page.keyboard.press("Tab");
    const control = await headlight.focused();
    if (!control) break;
    reached.push(control.name);
    expect(control, control.name).toMatchObject({ outlined: true, inSight: true });
    expect(reached.length, "the walk ends").toBeLessThan(100);
  }
  // The number that a link stands at comes before what it says.
  expect(reached.map((name) => name.replace(/^[−\d.]+: (?=go to )/, ""))).toEqual([
    "Skip to the picture",
    "Tour",
    "Glossary",
    "Deutsch",
    ...(headlight.engineName === "CPU" ? ["why not WebGPU?"] : []),
    "check",
    "Switch to dark",
    "Keyboard",
    "Sentence",
    "Open tensors",
    "Take the tour",
    "No, thanks",
    ...STEPS,
    "Previous step",
    "Play",
    "Next step",
    "Speed",
    "X: go to Embed",
    "Q: go to Q K V",
    "K: go to Q K V",
    "V: go to Q K V",
    "Scores: go to Scores",
    "Scaled: go to Scale",
    "Masked: go to Mask",
    "Weights: go to Softmax",
    "Mixed: go to Mix values",
    "Output: go to Output",
    "Seed",
    "Heads",
    "Model width",
    "Positions",
    "Keys, values",
    "Calculate on",
    "Mask",
    "Padding",
    "Scaling",
    "Temperature",
    "Softcap (0: none)",
    "This head",
    "Show change",
    "Weights",
    "Signed",
    "Range",
    "See as",
    "sums to 1",
    "token",
    "attention",
    "Arcs over words",
    "More",
    "Masked scores",
    "Row maximum",
    "Attention weights",
    "Row sums",
    "Position in step",
    "Finish this step",
    "Table",
    "Export",
    "head 1",
    "head 2",
    "head 3",
    "head 4",
    // The inspector's terms lead to where they come from; a share is its own.
    ...EXAMPLE.split(" ").flatMap((key) =>
      ["masked scores", "scores minus row maximum", "exponentials", ...(key === "sat" ? [] : ["attention weights"])].map(
        (matrix) => `go to ${matrix}: query mat, key ${key}`,
      ),
    ),
    "go to sums of exponentials: query mat",
    "go to row sums: query mat",
  ]);
});

test("a walk through attention without a pointer", async ({ headlight, page }) => {
  await headlight.open();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.locator(":focus")).toHaveAccessibleName(/^Softmax: /);
  await page.keyboard.press("ArrowLeft");
  await headlight.expectStep("Mask");
  await expect(headlight.grid("Scaled scores")).toBeVisible();
  await page.getByText("More", { exact: true }).focus();
  await page.keyboard.press("Tab");
  await expect(headlight.grid("Scaled scores")).toBeFocused();
  await page.keyboard.press("Control+End");
  await expect(headlight.said(headlight.grid("Scaled scores"))).toHaveText(/^query mat, key mat: /);
  await headlight.expectInspected(headlight.grid("Scaled scores"));
  await headlight.step("Tokens").focus();
  await page.keyboard.press("Enter");
  await headlight.expectStep("Tokens");
  await headlight.sentence.focus();
  await page.keyboard.press("End");
  await page.keyboard.type("!");
  await expect(headlight.sentence).toHaveValue(`${EXAMPLE}!`);
  await expect(headlight.tokens).toHaveCount(7);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(headlight.step("Tokens")).toBeFocused();
});

test("a question mark shows what keys do, and Esc puts it away", async ({ headlight, page }) => {
  await headlight.open();
  const keys = page.getByRole("dialog", { name: "Keyboard" });
  await expect(keys).toBeHidden();
  await headlight.sentence.focus();
  await page.keyboard.press("End");
  await page.keyboard.type("?");
  await expect(headlight.sentence).toHaveValue(`${EXAMPLE}?`);
  await expect(keys, "a question mark in the sentence is one").toBeHidden();
  await headlight.grid("Attention weights").focus();
  await page.keyboard.press("?");
  await expect(keys).toBeVisible();
  await expect(keys.getByRole("term")).toContainText(["Space", "← →", "Tab", "← → ↑ ↓", "Home, End", "Page ↑", "Enter", "+ − 0", "?"]);
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  expect(violations).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(keys).toBeHidden();
  await expect(headlight.grid("Attention weights")).toBeFocused();
  await page.getByRole("button", { name: "Keyboard" }).click();
  await expect(keys).toBeVisible();
});

/** Runs in the page: what can be pressed and is smaller than 24 × 24 CSS pixels. */
function smallTargets() {
  const targets = [...document.querySelectorAll("a[href], button, input, select, summary, [role=grid], [tabindex='0']")];
  return targets
    .filter((target) => target.checkVisibility({ visibilityProperty: true }) && !target.matches(".skip"))
    .map((target) => [target, target.getBoundingClientRect()])
    .filter(([, { width, height }]) => width < 23.9 || height < 23.9)
    .map(([target, { width, height }]) => `${target.outerHTML.slice(0, 90)}: ${width} × ${height}`);
}

/** Runs in the page: which parts of an element stand out of it. */
function sticksOut(element) {
  const outer = element.getBoundingClientRect();
  return [...element.querySelectorAll("b, span, summary")]
    .filter((part) => part.checkVisibility())
    .filter((part) => {
      const { left, right, top, bottom } = part.getBoundingClientRect();
      return left < outer.left || right > outer.right || top < outer.top || bottom > outer.bottom;
    })
    .map((part) => part.textContent);
}
