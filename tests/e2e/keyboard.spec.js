// A whole session by keys alone: nothing here does what a keyboard could not. After every key the focus is somewhere, with
// an outline, in sight.
import { expect, test } from "./fixture.js";
import { EXAMPLE, STEPS } from "./page.js";

/** More controls than the page has. */
const ALL_CONTROLS = 160;

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]) {
  test(`a session by keyboard alone, at ${viewport.width} px`, async ({ headlight, page }) => {
    await page.setViewportSize(viewport);
    await headlight.open();
    const { press, type, tabTo } = keyboard(headlight, page);
    const root = page.locator("html");

    await test.step("from the skip link to the picture, and through the nine steps", async () => {
      await press("Tab");
      expect((await headlight.focused()).name).toBe("Skip to the picture");
      await press("Enter");
      expect((await headlight.focused()).name).toMatch(/^Softmax: /);
      for (let back = 0; back < 6; back++) await press("ArrowLeft");
      await headlight.expectStep("Tokens");
      for (const step of STEPS.slice(1)) {
        await press("ArrowRight");
        await headlight.expectStep(step);
        await expect(headlight.check()).toHaveText(/^✓ /);
      }
      await press("ArrowRight");
      await headlight.expectStep("Output");
    });

    await test.step("a sentence is typed", async () => {
      await tabTo("Sentence", "Shift+Tab");
      await press("ControlOrMeta+a");
      await type("A dog saw the cat");
      await expect(headlight.tokens).toHaveText(["A", "dog", "saw", "the", "cat"]);
      await expect(headlight.sentence).toHaveValue("A dog saw the cat");
      await press("ControlOrMeta+a");
      await type(EXAMPLE);
      await expect(headlight.tokens).toHaveCount(6);
    });

    await test.step("each of the nine steps by its button", async () => {
      for (const step of STEPS) {
        await tabTo(step);
        await press(step.length % 2 ? "Enter" : "Space");
        await headlight.expectStep(step);
      }
    });

    await test.step("mask, head and seed", async () => {
      await tabTo("Seed");
      await press("ControlOrMeta+a");
      await type("7");
      await headlight.ranWith({ seed: 7 });
      await tabTo("Mask");
      await press("ArrowDown");
      await headlight.ranWith({ seed: 7, mask: "causal" });
      await tabTo("head 3");
      await press("Enter");
      await expect(headlight.heads.nth(2)).toHaveAttribute("aria-pressed", "true");
      await expect(page.getByRole("region", { name: "Overview of head 3" })).toBeVisible();
    });

    await test.step("into a matrix: a cell is kept, a term is followed, and the way back", async () => {
      await tabTo("Output", "Shift+Tab");
      await tabTo("Softmax", "Shift+Tab");
      await press("Enter");
      await headlight.expectStep("Softmax");
      await tabTo("Attention weights");
      const weights = headlight.grid("Attention weights");
      await press("Control+End");
      await expect(headlight.said(weights)).toHaveText(/^query mat, key mat: 0\.\d{3}$/);
      await press("ArrowLeft");
      await press("ArrowUp");
      await press("Home");
      await press("ArrowRight");
      await expect(headlight.said(weights)).toHaveText(/^query the, key cat: 0\.\d{3}$/);
      await headlight.expectInspected(weights);
      await press("Enter");
      await expect(headlight.said(weights)).toHaveAttribute("aria-selected", "true");
      await expect(headlight.unpin).toBeVisible();
      const kept = await headlight.heading().textContent();
      await tabTo(/go to masked scores: query the, key cat$/);
      await press("Enter");
      expect((await headlight.focused()).name).toBe("Inspector");
      await expect(headlight.heading()).not.toHaveText(kept);
      // What the next term was made of lies on another step.
      await tabTo(/go to scaled scores: query the, key cat$/);
      await press("Enter");
      await headlight.expectStep("Scale");
      expect((await headlight.focused()).name).toBe("Inspector");
      await press("Backspace");
      await headlight.expectStep("Softmax");
      await press("Backspace");
      await expect(headlight.heading()).toHaveText(kept);
      expect((await headlight.focused()).name).toBe("Inspector");
      await press("Escape");
      await expect(headlight.unpin).toBeHidden();
    });

    await test.step("the table", async () => {
      await tabTo("Table", "Shift+Tab");
      await press("Enter");
      const { table, choice, view } = headlight.tableView();
      await expect(table).toHaveAccessibleName(/^Attention weights /);
      await tabTo("Matrix");
      await press("ArrowUp");
      await expect(choice.locator(":checked")).not.toHaveText("Attention weights");
      await expect(table).not.toHaveAccessibleName(/^Attention weights /);
      await press("Tab");
      expect((await headlight.focused()).name, "it scrolls by keys").toMatch(/ head 3 /);
      await tabTo("Table", "Shift+Tab");
      await press("Enter");
      await expect(view).toBeHidden();
    });

    await test.step("a masked cell is painted, and Esc ends it", async () => {
      await tabTo("Mask", "Shift+Tab", "button");
      await press("Enter");
      await headlight.expectStep("Mask");
      await tabTo("Paint the mask");
      await press("Space");
      await tabTo("Masked scores");
      const masked = headlight.grid("Masked scores");
      await press("Control+Home");
      await press("End");
      await expect(headlight.said(masked)).toHaveText("query The, key mat: masked");
      await press("Enter");
      await headlight.ranWith({ mask: "causal", painted: [[0, 5, true]] });
      await expect(headlight.said(masked)).toHaveText(/^query The, key mat: −?\d\.\d{3}$/);
      await press("Enter");
      await headlight.ranWith({ painted: [] });
      await press("Escape");
      await expect(page.locator("#paint")).toHaveAttribute("aria-pressed", "false");
      await press("Enter");
      await expect(headlight.unpin).toBeVisible();
      await press("Escape");
    });

    await test.step("the slider goes there and back", async () => {
      await tabTo("Position in step");
      await press("Home");
      await expect(headlight.slider).toHaveValue("0");
      await press("ArrowRight");
      await expect(headlight.slider).toHaveValue("25");
      await tabTo("Finish this step");
      await press("Enter");
      await expect(headlight.slider).toHaveValue("1000");
    });

    await test.step("the glossary", async () => {
      await tabTo("Glossary", "Shift+Tab");
      await press("Enter");
      const entry = headlight.glossary.getByRole("heading", { level: 3 });
      // Its texts are loaded when it is first opened.
      await expect(entry).not.toHaveText("");
      const first = await entry.textContent();
      expect((await headlight.focused()).name).toBe(first);
      await press("Tab");
      await expect(entry).not.toHaveText(first);
      expect((await headlight.focused()).name).toBe(await entry.textContent());
      await press("Escape");
      await expect(headlight.glossary).toBeHidden();
      expect((await headlight.focused()).name).toBe("Glossary");
    });

    await test.step("the tour, to its first question", async () => {
      await tabTo("Tour", "Shift+Tab");
      await press("Enter");
      await expect(headlight.tour).toBeFocused();
      await tabTo("Next");
      const title = headlight.tour.getByRole("heading", { level: 3 });
      for (let stop = 0; stop < 12; stop++) {
        const before = await title.textContent();
        await press("Enter");
        await expect(title).not.toHaveText(before);
      }
      await expect(title).toHaveText("What if nothing were divided?");
      await tabTo("grow", "Shift+Tab");
      await press("Enter");
      await expect(page.locator("#tour-answer")).toHaveText(/^As you said\./);
      await press("Escape");
      await expect(headlight.tour).toBeHidden();
      expect((await headlight.focused()).name).toBe("Tour");
      await headlight.ranWith({ seed: 7, mask: "causal", isScaled: true });
    });

    await test.step("Play and Pause, by the button and by Space", async () => {
      await tabTo("Play");
      await press("Enter");
      await expect(headlight.pause).toBeFocused();
      await press("Enter");
      await expect(headlight.play).toBeFocused();
      await tabTo("Skip to the picture", "Shift+Tab");
      await press("Enter");
      await press("Space");
      await expect(headlight.pause).toBeVisible();
      await press("Space");
      await expect(headlight.play).toBeVisible();
    });

    await test.step("light and dark", async () => {
      const before = await root.getAttribute("data-theme");
      await tabTo(/^Switch to /, "Shift+Tab");
      await press("Enter");
      await expect(root).not.toHaveAttribute("data-theme", before);
      expect((await headlight.focused()).name).toBe(`Switch to ${before}`);
    });

    await test.step("the list of keys", async () => {
      await press("?");
      const keys = page.getByRole("dialog", { name: "Keyboard" });
      await expect(keys).toBeVisible();
      await page.keyboard.press("Escape");
      await expect(keys).toBeHidden();
      await expectFocus(headlight, "Escape");
    });
  });
}

/** The keys, each followed by a look at where the focus is. */
function keyboard(headlight, page) {
  const press = async (key) => {
    await page.keyboard.press(key);
    return expectFocus(headlight, key);
  };
  return {
    press,
    async type(text) {
      await page.keyboard.type(text);
      await expectFocus(headlight, text);
    },
    /** From control to control, to the one of this name (and role). */
    async tabTo(name, key = "Tab", role = null) {
      for (let control = 0, seen = []; control < ALL_CONTROLS; control++) {
        const focused = await press(key);
        const isIt = name instanceof RegExp ? name.test(focused.name) : name === focused.name;
        if (isIt && (!role || focused.role === role)) return;
        seen.push(focused.name);
        if (control === ALL_CONTROLS - 1) throw new Error(`${key} does not lead to ${name}, but to ${seen.join(", ")}`);
      }
    },
  };
}

/** The focus is on something that is outlined and in sight. */
async function expectFocus(headlight, after) {
  let focused;
  const complaint = async () => {
    focused = await headlight.focused();
    return focused?.outlined && focused.inSight ? "" : JSON.stringify(focused);
  };
  // What is scrolled to, or gets the focus with the next frame, takes a moment.
  await expect.poll(complaint, { message: `the focus after ${after}`, intervals: [0, 20, 40, 80] }).toBe("");
  return focused;
}
