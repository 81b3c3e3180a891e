// What a screen reader hears on the Softmax step: the page from top to bottom as the accessibility tree has it, then what
// each key makes it say, and what it is told without asking. `HEADLIGHT_BLESS=1` writes it down anew, to be read.
import { readFileSync, writeFileSync } from "node:fs";

import { expect, test } from "./fixture.js";
import { EXAMPLE } from "./page.js";

const TRANSCRIPT = new URL("../data/screen-reader.txt", import.meta.url);

test("the transcript of the Softmax step", async ({ headlight, page }) => {
  await page.emulateMedia({ reducedMotion: "reduce", colorScheme: "light" });
  await headlight.open();
  await expect(headlight.check()).toHaveText(/^✓ /);
  const heard = await listen(page);
  const lines = [];
  const title = (text) => lines.push("", `— ${text} —`);
  const announced = async () => {
    await headlight.frames(3);
    return (await heard.take()).map(({ politeness, text }) => `  (${politeness}) ${text}`);
  };

  title("The page, from top to bottom");
  lines.push(...(await readPage(page)));

  title("Into a matrix, and from cell to cell");
  const weights = headlight.grid("Attention weights");
  await weights.focus();
  const press = async (...keys) => {
    for (const key of keys) {
      await page.keyboard.press(key);
      await headlight.frames(3);
      await expect.poll(() => page.evaluate(() => tap.isAnswered())).toBe(true);
      // The answer is painted with the next frame.
      await headlight.frames(2);
      lines.push(`${key}: ${await readFocus(page)}`, ...(await announced()));
    }
  };
  lines.push(`focus: ${await readFocus(page)}`);
  await press("Control+Home", "ArrowRight", "ArrowDown", "End", "Control+End", "ArrowLeft");

  title("A cell is kept, and let go");
  await press("Enter", "Escape");

  title("A term is followed, and the way back");
  await press("Enter");
  await headlight.links("go to masked scores: query mat, key cat").focus();
  lines.push(`focus: ${await readFocus(page)}`, ...(await announced()));
  await press("Enter", "Backspace", "Escape");

  title("From step to step, by the arrow keys");
  await page.locator(".skip").focus();
  await press("Enter", "ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowRight");

  title("Along the slider");
  await headlight.slider.focus();
  await press("Home", "ArrowRight", "End");

  title("The mask is chosen");
  await headlight.choose("Mask", "causal");
  await headlight.ranWith({ mask: "causal" });
  lines.push(...(await announced()));
  await weights.focus();
  await press("Control+Home", "ArrowRight");
  await headlight.choose("Mask", "none");
  await headlight.ranWith({ mask: "none" });
  lines.push(...(await announced()));

  title("The mask is painted");
  await headlight.step("Mask").press("Enter");
  lines.push(...(await announced()));
  await page.getByRole("button", { name: "Paint the mask" }).press("Enter");
  lines.push(...(await announced()));
  await headlight.grid("Masked scores").focus();
  await press("Control+Home", "Enter", "ArrowRight", "Enter", "Enter", "ArrowLeft", "Enter", "Escape");
  await headlight.step("Softmax").press("Enter");
  lines.push(...(await announced()));

  title("A change is shown");
  await headlight.choose("Show change", "on");
  await expect.poll(async () => (await headlight.lastRan()).before).not.toBeNull();
  lines.push(...(await announced()));
  await page.getByLabel("Temperature").fill("0.5");
  await headlight.ranWith({ temperature: 0.5 });
  lines.push(...(await announced()));
  await weights.focus();
  await press("Control+End");
  await headlight.choose("Show change", "off");
  await expect.poll(async () => (await headlight.lastRan()).before).toBeNull();
  await page.getByLabel("Temperature").fill("1");
  await headlight.ranWith({ temperature: 1 });
  lines.push(...(await announced()));

  title("A word is typed, letter by letter");
  await headlight.sentence.focus();
  await page.keyboard.press("End");
  await page.keyboard.type(" again", { delay: 30 });
  await expect(headlight.tokens).toHaveCount(7);
  lines.push(...(await announced()));

  title("The sentence is emptied, and the example is taken");
  await headlight.sentence.fill("");
  await expect(headlight.notice).not.toBeEmpty();
  lines.push(...(await announced()));
  await page.getByRole("button", { name: "Use the example" }).press("Enter");
  await expect(headlight.notice).toBeEmpty();
  await headlight.frames(3);
  lines.push(`focus: ${await readFocus(page)}`, ...(await announced()));
  await expect(headlight.sentence).toHaveValue(EXAMPLE);

  title("Play, from the first step to the last");
  await headlight.step("Tokens").press("Enter");
  await headlight.speed.selectOption("4×");
  await headlight.play.press("Enter");
  await expect(headlight.pause).toBeVisible();
  await expect(headlight.play).toBeVisible({ timeout: 60_000 });
  lines.push(...(await announced()));

  compare(`${lines.join("\n").trim()}\n`, headlight.engineName);
});

test("while Play moves, nothing is said but which step it is", async ({ headlight, page }) => {
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await headlight.open();
  const heard = await listen(page);
  await headlight.goTo("Scores");
  await headlight.speed.selectOption("4×");
  await heard.take();
  await headlight.slider.fill("100");
  await headlight.play.press("Enter");
  await headlight.expectStep("Scale");
  await headlight.pause.press("Enter");
  const said = (await heard.take()).map(({ text }) => text);
  expect(said).toEqual([expect.stringMatching(/^Scale: /)]);
});

/** The transcript is that of the file: whole where the CPU calculates, but for the badge with another engine. */
function compare(heard, engine) {
  const steady = (text) => text.replace(/\d+\.\d ms/g, "… ms");
  if (process.env.HEADLIGHT_BLESS && engine === "CPU") writeFileSync(TRANSCRIPT, steady(heard));
  const written = readFileSync(TRANSCRIPT, "utf8");
  // Another engine has another badge, and differs in the last digits.
  const ofAny = (text) =>
    text
      .replace(/^ *status “Engine”[^]*?(?=^ *button “Switch)/m, "")
      .replace(/differs by [^,]+,/g, "differs by …,")
      .replace(/error [^)]+\)/g, "error …)");
  const common = engine === "CPU" ? steady : ofAny;
  expect(common(heard)).toBe(common(written));
}

/** What has the focus, and of a grid its current cell, as a screen reader says it. */
async function readFocus(page) {
  const nodes = await tree(page);
  const focused = nodes.findLast((node) => node.properties.focused && node.role !== "RootWebArea");
  if (!focused) return "nothing";
  const active = focused.attributes["aria-activedescendant"];
  const cell = nodes.find((node) => active && node.attributes.id === active);
  if (!cell) return describe(focused);
  const row = nodes.find(({ id }) => id === cell.parent);
  const place = `row ${row.attributes["aria-rowindex"]} of ${focused.attributes["aria-rowcount"]}, column ${cell.attributes["aria-colindex"]} of ${focused.attributes["aria-colcount"]}`;
  return `${focused.role} “${focused.name}”: “${cell.name}”, ${place}${cell.attributes["aria-selected"] === "true" ? ", selected" : ""}`;
}

/** Everything that a screen reader comes to from the top to the bottom, a line each, indented as it is nested. */
async function readPage(page) {
  const nodes = await tree(page);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const isText = (node) => IS_THROUGH.test(node.role) ? node.children.every((id) => isText(byId.get(id))) : node.role === "StaticText";
  const lines = [];
  const visit = (id, depth, block) => {
    const node = byId.get(id);
    const isSpoken = !node.ignored && !IS_THROUGH.test(node.role);
    if (node.role === "listitem" && isText(node)) return lines.push({ depth, text: `item “${node.text.join("").trim()}”` });
    // Texts that follow one another in a paragraph are one.
    const last = lines.at(-1);
    if (node.role === "StaticText" && last?.block === block && last.depth === depth) return (last.text += node.name);
    if (isSpoken) lines.push(node.role === "StaticText" ? { depth, text: node.name, block } : { depth, text: describe(node) });
    if (isSpoken && IS_WHOLE.test(node.role)) return;
    const within = node.role === "paragraph" || isSpoken ? id : block;
    for (const child of node.children.filter((child) => byId.has(child))) visit(child, isSpoken ? depth + 1 : depth, within);
  };
  visit(nodes[0].id, 0);
  const said = lines.map(({ depth, text, block }) => ({ depth, text: block ? text.trim() && `“${text.trim()}”` : text }));
  return said.filter(({ text }) => text).map(({ depth, text }) => `${"  ".repeat(depth)}${text}`);
}

/** These have no meaning of their own, or none that is read out. */
const IS_THROUGH = /^(generic|none|RootWebArea|InlineTextBox|LineBreak|ListMarker|LabelText|rowgroup|paragraph|listitem)$/;

/** These say everything in them by their own name, or by their value. */
const IS_WHOLE = /^(StaticText|button|link|heading|option|textbox|searchbox|combobox|spinbutton|slider|gridcell|columnheader|rowheader|cell|Canvas|image|DisclosureTriangle|MathMLMath)$/;

/** One node in words: role, name, value, state, place. */
function describe({ role, name, value, properties, attributes, text }) {
  if (role === "MathMLMath") return `math “${text.join(" ")}”`;
  const parts = [role, name ? `“${name}”` : ""];
  if (value !== undefined && value !== "" && value !== name) parts.push(`= ${attributes["aria-valuetext"] ?? value}`);
  const { level, pressed, disabled, expanded, invalid } = properties;
  if (level) parts.push(`level ${level}`);
  if (pressed !== undefined && pressed !== "false") parts.push("pressed");
  if (expanded !== undefined) parts.push(expanded ? "expanded" : "collapsed");
  if (disabled) parts.push("unavailable");
  if (invalid && invalid !== "false") parts.push("invalid");
  if (attributes["aria-current"]) parts.push(`current ${attributes["aria-current"]}`.replace(" true", ""));
  if (attributes["aria-rowcount"]) parts.push(`${attributes["aria-rowcount"]} rows, ${attributes["aria-colcount"]} columns`);
  if (attributes["aria-rowindex"]) parts.push(`row ${attributes["aria-rowindex"]}`);
  if (attributes["aria-colindex"]) parts.push(`column ${attributes["aria-colindex"]}`);
  return parts.filter(Boolean).join(" ");
}

/** Chromium's accessibility tree, in order, with the attributes that a screen reader is given from the document. */
async function tree(page) {
  const session = await page.context().newCDPSession(page);
  const [{ nodes }, { root }] = await Promise.all([session.send("Accessibility.getFullAXTree"), session.send("DOM.getDocument", { depth: -1 })]);
  await session.detach();
  const attributes = new Map();
  const note = ({ backendNodeId, attributes: flat = [], children = [] }) => {
    attributes.set(backendNodeId, Object.fromEntries(flat.flatMap((name, at) => (at % 2 ? [] : [[name, flat[at + 1]]]))));
    children.forEach(note);
  };
  note(root);
  const read = nodes.map((node) => ({
    id: node.nodeId,
    parent: node.parentId,
    children: node.childIds ?? [],
    ignored: node.ignored,
    role: node.role?.value,
    name: node.role?.value === "StaticText" ? node.name.value : node.name?.value?.trim(),
    value: node.value?.value,
    properties: Object.fromEntries((node.properties ?? []).map(({ name, value }) => [name, value.value])),
    attributes: attributes.get(node.backendDOMNodeId) ?? {},
  }));
  const byId = new Map(read.map((node) => [node.id, node]));
  const texts = (node) => (node.role === "StaticText" ? [node.name] : node.children.flatMap((id) => texts(byId.get(id) ?? { children: [] })));
  return read.map((node) => ({ ...node, text: texts(node) }));
}

/** From now on notes what the page's live regions say, as a screen reader is told of it: `take()` gives what came since. */
async function listen(page) {
  await page.evaluate(() => {
    const LIVE = "[role=status], [role=alert], [aria-live]:not([aria-live=off])";
    const heard = (globalThis.heard = []);
    new MutationObserver((changes) => {
      const regions = new Map();
      for (const { target, type, attributeName } of changes) {
        const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
        const region = element?.closest(LIVE);
        // Other attributes are not read out.
        if (!region || (type === "attributes" && attributeName !== "hidden")) continue;
        regions.set(region, [...(regions.get(region) ?? []), element]);
      }
      for (const [region, changed] of regions) {
        if (!region.checkVisibility()) continue;
        // A status and an alert are read as a whole, other regions only what has changed in them.
        const isWhole = region.matches("[role=status], [role=alert]");
        const parts = isWhole ? [region] : [...new Set(changed)];
        const text = parts.map((part) => part.innerText.trim()).filter(Boolean).join(" ");
        const politeness = region.role === "alert" ? "at once" : "politely";
        // Said only where the engine takes long, which depends on the machine.
        if (text && region.id !== "working") heard.push({ politeness, text: text.replace(/\s+/g, " ") });
      }
    }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  });
  return { take: () => page.evaluate(() => heard.splice(0)) };
}
