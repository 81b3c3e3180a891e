// For everyone: axe, narrow screens, and the keyboard alone.
import { expect, test } from "./fixture.js";
import { EXAMPLE, STEPS } from "./page.js";
import { AxeBuilder } from "@axe-core/playwright";

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]) {
  test(`axe finds nothing on any step at ${viewport.width} px, in light and dark`, async ({ headlight, page }) => {
    await page.setViewportSize(viewport);
    await headlight.open();
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const step of STEPS) {
        await headlight.goTo(step);
        await expect(headlight.check()).toHaveText(/^✓ /);
        const all = headlight.inspector.getByRole("button", { name: "Show all terms" });
        if (await all.isVisible()) await all.click();
        // The page has no frames, which spares axe a page of its own.
        const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
        const { violations } = await axe.analyze();
        const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
        expect(said, `${step}, ${colorScheme}`).toEqual([]);
        const { scrollWidth, clientWidth } = await page.locator("html").evaluate(
          ({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }),
        );
        expect(scrollWidth, `${step} does not scroll sideways`).toBe(clientWidth);
      }
    }
  });
}

test("the keyboard alone reaches every control, and one sees where it is", async ({ headlight, page }) => {
  await headlight.open();
  const reached = [];
  for (;;) {
    await page.keyboard.press("Tab");
    const control = await page.evaluate(focusedControl);
    if (!control) break;
    reached.push(control.name);
    expect(control, control.name).toMatchObject({ outlined: true, inSight: true });
    expect(reached.length, "the walk ends").toBeLessThan(100);
  }
  expect(reached).toEqual([
    "Skip to the picture",
    "Tour",
    "Glossary",
    ...(headlight.engineName === "CPU" ? ["why not WebGPU?"] : []),
    "check",
    "Switch to dark",
    "Keyboard",
    "Sentence",
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
    "Calculate on",
    "Mask",
    "Scaling",
    "Temperature",
    "Show change",
    "Weights",
    "Signed",
    "See as",
    "sums to 1",
    "token",
    "More",
    "Masked scores",
    "Row maximum",
    "Attention weights",
    "Row sums",
    "Position in step",
    "Finish this step",
    "head 1",
    "head 2",
    "head 3",
    "head 4",
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

/** Runs in the page: what has the focus, whether it is outlined, and whether it can be seen. */
function focusedControl() {
  const control = document.activeElement;
  if (control === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(control);
  const { left, top, right, bottom } = control.getBoundingClientRect();
  return {
    name: control.ariaLabel ?? control.lastChild.textContent.trim(),
    outlined: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2,
    inSight: right > left && bottom > top && left >= 0 && right <= innerWidth && bottom > 0 && top < innerHeight,
  };
}
