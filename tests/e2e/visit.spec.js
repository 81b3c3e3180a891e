// What a first visit finds, as assistive technology is told it.
import { expect, test } from "./fixture.js";
import { EXAMPLE, STEPS } from "./page.js";
import { announcedWeight } from "./torch.js";

test("a first visit finds the example calculated, at the softmax", async ({ headlight }) => {
  await headlight.open();
  await expect(headlight.sentence).toHaveValue(EXAMPLE);
  await expect(headlight.tokens).toHaveText(EXAMPLE.split(" "));
  await headlight.expectStep("Softmax");
  await expect(headlight.notice).toBeEmpty();
  await expect(headlight.check()).toHaveText(/^✓ /);
  expect(await headlight.lastRan()).toMatchObject({
    setup: { seed: 42, heads: 4, width: 64, positions: "sinusoidal", mask: "none" },
    engine: { name: headlight.engineName },
    leftOut: { tokens: 0, sentences: 0 },
  });
});

test("assistive technology is given every control by its name", async ({ headlight }) => {
  await headlight.open();
  await expect(headlight.check()).toBeVisible();
  const tree = await headlight.accessibilityTree();
  const named = (role, name) => tree.filter((node) => node.role === role && node.name === name);
  for (const [role, name] of [
    ["textbox", "Sentence"],
    ["navigation", "Steps"],
    ["button", "Play"],
    ["button", "Previous step"],
    ["button", "Next step"],
    ["slider", "Position in step"],
    ["region", "Inspector"],
    ["status", "Engine"],
    ["grid", "Masked scores"],
    ["grid", "Row maximum"],
    ["grid", "Attention weights"],
    ["grid", "Row sums"],
  ]) {
    expect(named(role, name), `${role} "${name}"`).toHaveLength(1);
  }
  const [navigation] = named("navigation", "Steps");
  const inNavigation = (node) => node && (node === navigation || inNavigation(parent(tree, node)));
  const steps = tree.filter((node) => node.role === "button" && inNavigation(node));
  expect(steps.map(({ name }) => name)).toEqual(STEPS);
  const focusable = tree.filter((node) => node.focusable && node.role !== "RootWebArea" && node.role !== "option");
  expect(focusable.filter(({ name }) => !name)).toEqual([]);

  await headlight.play.click();
  await expect(headlight.pause).toBeVisible();
  await headlight.pause.click();
  await expect(headlight.play).toBeVisible();
});

test("the steps say which one is current", async ({ headlight }) => {
  await headlight.open();
  for (const step of STEPS) {
    await headlight.goTo(step);
    await expect(headlight.currentStep).toHaveCount(1);
    await expect(headlight.step(step)).toHaveAttribute("aria-current", "step");
    await expect(headlight.previous).toBeEnabled({ enabled: step !== STEPS.at(0) });
    await expect(headlight.next).toBeEnabled({ enabled: step !== STEPS.at(-1) });
  }
});

test("a matrix is a grid whose current cell is announced", async ({ headlight, page }) => {
  await headlight.open();
  const weights = headlight.grid("Attention weights");
  await expect(weights).toHaveAttribute("aria-rowcount", "6");
  await expect(weights).toHaveAttribute("aria-colcount", "6");
  await weights.focus();
  await page.keyboard.press("Control+Home");
  for (let row = 0; row < 5; row++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  const announced = `query mat, key cat: ${announcedWeight(0, 5, 1)}`;
  expect(announced).toBe("query mat, key cat: 0.116");
  await expect(headlight.said(weights)).toHaveText(announced);
  await expect(headlight.said(weights)).toHaveAttribute("aria-colindex", "2");
  await expect(weights.getByRole("row")).toHaveAttribute("aria-rowindex", "6");

  const tree = await headlight.accessibilityTree();
  const [focused] = tree.filter((node) => node.focused && node.role !== "RootWebArea");
  expect(focused).toMatchObject({ role: "grid", name: "Attention weights" });
  const cell = tree.find(({ role, name }) => role === "gridcell" && name === announced);
  expect(parent(tree, parent(tree, cell)).name, "the cell is in a row in the grid").toBe("Attention weights");
  await expect(headlight.said(weights)).toHaveId(await weights.getAttribute("aria-activedescendant"));
  expect(focused.activedescendant).toEqual([await weights.getAttribute("aria-activedescendant")]);
});

test("every step has more to say, in three paragraphs, and they stay open", async ({ headlight, page }) => {
  await headlight.open();
  const [open, terms, texts] = [page.getByText("More", { exact: true }), page.locator("#more-text dt"), page.locator("#more-text dd")];
  await expect(texts.first()).toBeHidden();
  await open.click();
  const seen = new Set();
  for (const step of STEPS) {
    await headlight.goTo(step);
    await expect(terms).toHaveText(["What happens", "Why it is so", "What would break without it"]);
    for (const text of await texts.allTextContents()) {
      expect(text.length).toBeGreaterThan(60);
      seen.add(text);
    }
    await expect(texts.first()).toBeVisible();
  }
  expect(seen.size, "each step has its own").toBe(3 * STEPS.length);
});

for (const query of ["", "?engine=cpu"]) {
  test(`a page and an engine of different builds say so, and no more, at "${query}"`, async ({ headlight, page }) => {
    await headlight.openWithAnotherBuild(query);
    const message = /different builds \(\S+ and \S+\).*stale cache.*Reload the page/;
    await expect(headlight.notice).toContainText(message);
    await headlight.sentence.fill("nothing comes of this");
    await headlight.frames(30);
    await expect(headlight.notice).toContainText(message);
    await expect(headlight.tokens, "nothing is taken from such an engine").toHaveCount(0);
    await expect(headlight.badge).toContainText("stopped");
    await expect(page.locator("[data-busy], [aria-busy]"), "nobody is at work").toHaveCount(0);
  });
}

function parent(tree, node) {
  return tree.find(({ nodeId }) => nodeId === node.parentId);
}
