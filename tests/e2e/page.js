// The page as a person meets it: by roles and names, as the screen reader says them. One object for all tests.
import { decodeReply, readRequest, WHOLE } from "./protocol.js";
import { expect } from "@playwright/test";

export const STEPS = ["Tokens", "Embed", "Q K V", "Scores", "Scale", "Mask", "Softmax", "Mix values", "Output"];
export const EXAMPLE = "The cat sat on the mat";

export class Headlight {
  /** `engine`: the name that the badge has to show, "WebGPU" or "CPU". */
  constructor(page, engine) {
    this.page = page;
    this.engineName = engine;
    this.sentence = page.getByRole("textbox", { name: "Sentence", exact: true });
    this.steps = page.getByRole("navigation", { name: "Steps", exact: true });
    this.currentStep = this.steps.locator("[aria-current=step]");
    this.play = page.getByRole("button", { name: "Play", exact: true });
    this.pause = page.getByRole("button", { name: "Pause", exact: true });
    this.previous = page.getByRole("button", { name: "Previous step", exact: true });
    this.next = page.getByRole("button", { name: "Next step", exact: true });
    this.speed = page.getByRole("combobox", { name: "Speed", exact: true });
    this.slider = page.getByRole("slider", { name: "Position in step", exact: true });
    this.finish = page.getByRole("button", { name: "Finish this step", exact: true });
    this.engine = page.getByRole("status", { name: "Engine", exact: true });
    this.badge = page.locator(".badge");
    this.inspector = page.getByRole("region", { name: "Inspector", exact: true });
    this.unpin = this.inspector.getByRole("button", { name: "Let go" });
    this.wayBack = this.inspector.getByRole("button", { name: /^Back to / });
    this.second = page.getByRole("textbox", { name: "Second sentence", exact: true });
    this.shown = page.getByRole("combobox", { name: "Sentence shown", exact: true });
    this.setup = page.getByRole("complementary", { name: "Set-up", exact: true });
    this.seed = this.setup.getByRole("spinbutton", { name: "Seed" });
    this.heads = page.getByRole("group", { name: "Heads", exact: true }).getByRole("button");
    this.overview = page.getByRole("region", { name: /^Overview of head/ });
    this.tokens = page.locator(".tokens bdi");
    this.tokenNote = page.locator(".tokens .note");
    this.notice = page.getByRole("alert");
    this.grids = page.getByRole("grid");
    this.canvas = page.locator(".figure > canvas");
    this.glossary = page.getByRole("region", { name: "Glossary", exact: true });
    this.offer = page.getByText(/^New here\?/);
    this.tour = page.locator("#tour");
  }

  /** Opens the page; the first picture is there, made by the engine that has to make it. */
  async open(query = "") {
    await this.page.addInitScript(tapEngine);
    await this.page.goto(query);
    try {
      await expect(this.grid("Attention weights")).toBeVisible();
    } catch (error) {
      throw new Error(`${error.message}\nThe page that did not open: ${await this.page.evaluate(describePage)}`);
    }
    await this.expectEngine();
    // The inspector is a part of the program that comes after the first picture.
    await expect(this.value()).not.toBeEmpty();
    this.isOpen = true;
  }

  /** Opens a link, whatever it shows, and waits until that is painted. */
  async openLink(link) {
    if (!this.isTapped) await this.page.addInitScript(tapEngine);
    this.isTapped = true;
    // Another fragment alone would not open the page anew.
    await this.page.goto("about:blank");
    await this.page.goto(link);
    await this.page.waitForFunction(() => document.getElementById("canvas")?.width > 0);
    await this.expectEngine();
    await expect.poll(() => this.page.evaluate(() => tap.isAnswered()), POLL).toBe(true);
    await this.frames(3);
    this.isOpen = true;
  }

  /** Opens the page; its engine says that it is of another build. */
  async openWithAnotherBuild(query) {
    await this.page.addInitScript(tapEngine, "anotherBuild");
    await this.page.goto(query);
  }

  /** As when a person first moves the mouse: then the GPU is opened. It does nothing else. */
  async touch() {
    await this.page.evaluate(() => document.dispatchEvent(new Event("pointermove")));
  }

  /** The engine that has to make the numbers does, once a person uses the page. */
  async expectEngine() {
    await expect(async () => {
      // The page may not have listened yet.
      await this.touch();
      await expect(this.engine).toHaveText(this.engineName, { timeout: 1000 });
    }).toPass({ timeout: 15_000 });
  }

  step(name) {
    return this.steps.getByRole("button", { name, exact: true });
  }

  async goTo(step) {
    await this.step(step).click();
    await this.expectStep(step);
  }

  async expectStep(step) {
    await expect(this.currentStep).toHaveText(new RegExp(`${step}$`));
  }

  grid(name) {
    return this.page.getByRole("grid", { name, exact: true });
  }

  choose(label, option) {
    return this.setup.getByRole("combobox", { name: label, exact: true }).selectOption(option);
  }

  /** The table under the picture, and what chooses and moves it. */
  tableView() {
    const view = this.page.getByRole("region", { name: "Table", exact: true });
    const choice = view.getByRole("combobox", { name: "Matrix" });
    return { view, choice, table: view.getByRole("table"), part: view.getByText(/, counted from 0$/) };
  }

  async openTable() {
    await this.page.getByRole("button", { name: "Table", exact: true }).click();
    await expect(this.tableView().table).toBeVisible();
  }

  /** The numbers of the table, row by row, as they are written. */
  tableNumbers() {
    return this.tableView().table.evaluate((table) =>
      [...table.tBodies[0].rows].map((row) => [...row.cells].slice(1).map((cell) => cell.textContent)),
    );
  }

  /** A matrix of the step, as the open table writes it. */
  async readTable(name) {
    const { table, choice } = this.tableView();
    await choice.selectOption(name);
    await expect(table).toHaveAccessibleName(new RegExp(`^${name} `));
    return this.tableNumbers();
  }

  /** A number of the set-up is typed. */
  enter(label, number) {
    return this.setup.getByRole("spinbutton", { name: label, exact: true }).fill(number);
  }

  overviewOf(name) {
    return this.overview.getByRole("button", { name });
  }

  /** What a screen reader says of a grid's current cell. */
  said(grid) {
    return grid.getByRole("gridcell");
  }

  /** Clicks on the picture's title, so that the keyboard belongs to the page again. */
  async leaveControls() {
    await this.page.getByRole("heading", { level: 2 }).filter({ hasText: ":" }).click();
  }

  /** Which cell is a grid's current one, from 0. */
  place(grid) {
    return grid.evaluate((grid) => ({
      row: Number(grid.querySelector("[role=row]").ariaRowIndex) - 1,
      column: Number(grid.querySelector("[role=gridcell]:not([hidden])").ariaColIndex) - 1,
    }));
  }

  /** Where on the page the middle of a cell is, of a matrix with all its cells in sight. */
  async middleOf(grid, row, column) {
    const { x, y, width, height } = await grid.boundingBox();
    const [rows, columns] = await grid.evaluate((grid) => [Number(grid.ariaRowCount), Number(grid.ariaColCount)]);
    return { x: x + (width * (column + 0.5)) / columns, y: y + (height * (row + 0.5)) / rows };
  }

  /** Where the middle of a grid's current cell is within the grid. */
  async middle(grid) {
    const [outer, cell] = await Promise.all([grid.boundingBox(), this.said(grid).boundingBox()]);
    return { x: cell.x - outer.x + cell.width / 2, y: cell.y - outer.y + cell.height / 2 };
  }

  /** Resolves when the inspector explains the cell that a grid announces: the same number, by two ways. */
  async expectInspected(grid) {
    await expect
      .poll(async () => {
        const answered = await this.page.evaluate(() => tap.isAnswered());
        const [said, shown] = await Promise.all([this.said(grid).textContent(), this.value().textContent()]);
        const announced = said.slice(said.lastIndexOf(":") + 1).trim();
        return answered && sameNumber(announced, shown) ? "same" : { answered, announced, shown };
      }, POLL)
      .toBe("same");
  }

  /** What has the keyboard's focus; `null` if it is the page as a whole. */
  focused() {
    return this.page.evaluate(focusedControl);
  }

  heading() {
    return this.inspector.locator(".pair");
  }

  value() {
    return this.inspector.locator(".big");
  }

  /** The links of the terms to the cells that they came from; a part of what they say. */
  links(says = "go to ") {
    return this.inspector.getByRole("button", { name: says });
  }

  terms() {
    return this.inspector.locator("tbody tr");
  }

  check() {
    return this.inspector.getByText(/^[✓✗] /);
  }

  /** Every node of Chromium's accessibility tree that assistive technology is given: `{ role, name, … }`. */
  async accessibilityTree() {
    const session = await this.page.context().newCDPSession(this.page);
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    await session.detach();
    return nodes
      .filter((node) => !node.ignored)
      .map(({ nodeId, parentId, role, name, value, properties = [] }) => ({
        nodeId,
        parentId,
        role: role?.value,
        name: name?.value,
        value: value?.value,
        ...Object.fromEntries(
          properties.map(({ name, value }) => [name, value.relatedNodes?.map(({ idref }) => idref) ?? value.value]),
        ),
      }));
  }

  /** A number that stands for what is painted: another picture, another number. */
  async picture() {
    // What goes over from one run to the next is not compared half way.
    await expect(this.page.locator("#figure[data-changing]")).toHaveCount(0);
    return this.canvas.evaluate(hashCanvas);
  }

  /** Waits until the page has painted so many frames. */
  frames(count) {
    return this.page.evaluate(async (count) => {
      while (count--) await new Promise(requestAnimationFrame);
    }, count);
  }

  /** Moves the slider, and waits until the picture has followed. */
  async scrubTo(position) {
    await this.slider.fill(String(position));
    await this.frames(2);
  }

  /** From now on, notes each step that becomes the current one: `names()` tells. */
  async watchSteps() {
    const seen = await this.steps.evaluateHandle((steps) => {
      const names = [];
      new MutationObserver(() => {
        const name = steps.querySelector("[aria-current=step]")?.lastChild.textContent;
        if (name && name !== names.at(-1)) names.push(name);
      }).observe(steps, { attributes: true, subtree: true, attributeFilter: ["aria-current"] });
      return names;
    });
    return { names: () => seen.jsonValue() };
  }

  /** How many runs the engine has finished. */
  countRuns() {
    return this.page.evaluate(() => tap.messages.filter((message) => message[0] === 1).length);
  }

  /** What the engine has sent since the first message, or from that one on. */
  async replies(from = 0) {
    const messages = await this.page.evaluate((from) => tap.messages.slice(from), from);
    return messages.map(decodeReply);
  }

  /** The last run that the engine has sent. */
  async lastRan() {
    return decodeReply(await this.page.evaluate(() => tap.ran));
  }

  /** The last run, once it is of this set-up. */
  async ranWith(setup) {
    let ran;
    await expect.poll(async () => (ran = await this.lastRan()).setup, POLL).toMatchObject(setup);
    return ran;
  }

  /** Whole matrices of the run that the page shows, as its engine stores them: `[["Weights", 0], …]`; of one sentence. */
  async stored(run, tensors, item = 0) {
    const from = await this.page.evaluate((request) => {
      tap.worker.postMessage(Uint8Array.from(request).buffer);
      return tap.messages.length;
    }, readRequest(run, tensors, item));
    let slices;
    await expect
      .poll(async () => {
        const replies = await this.replies(from);
        slices = replies.find((reply) => reply.slices?.some(({ mostRows }) => mostRows === WHOLE))?.slices;
        return slices?.length;
      }, POLL)
      .toBe(tensors.length);
    return slices;
  }

  /** From now on each number that comes to be explained is another one than the engine stored. */
  async corruptNumbers() {
    await this.page.evaluate(() => (tap.corruption = "anotherNumber"));
  }

  async leaveNumbersAlone() {
    await this.page.evaluate(() => (tap.corruption = null));
  }
}

/** Soon, and often: nothing that is waited for takes long. */
const POLL = { intervals: [10, 20, 40, 80] };

/** Whether what is announced and what the inspector shows are one number, each rounded in its own way. */
export function sameNumber(said, shown) {
  const words = { visible: "0", hidden: "−∞", masked: "−∞" };
  if (said === shown || words[said] === shown) return true;
  const [[a, ulpA], [b, ulpB]] = [said, shown].map(number);
  return Math.abs(a - b) <= (ulpA + ulpB) / 2 + 1e-9;
}

/** A number as the page writes it, and what its last digit stands for. */
export function number(text) {
  const percent = text.endsWith("%");
  const digits = text.replace("−", "-").replace(/ ?%/, "");
  const decimals = digits.split(".")[1]?.length ?? 0;
  const unit = percent ? 0.01 : 1;
  return [Number.parseFloat(digits) * unit, unit / 10 ** decimals];
}

/** A number of a matrix in the words of the table and of the screen reader. */
export function value(text) {
  return { visible: 0, hidden: -Infinity, masked: -Infinity }[text] ?? number(text)[0];
}

/** Mulberry32: numbers from 0 to 1, the same in every run. */
export function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fingers as the browser gets them from a screen: places one after the other, for each finger that is down. */
export async function touches(page) {
  const session = await page.context().newCDPSession(page);
  const send = (type, points) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map((point, id) => ({ ...point, id })) });
  return {
    async move([first, ...rest]) {
      for (let down = 1; down <= first.length; down++) await send("touchStart", first.slice(0, down));
      for (const points of rest) {
        await send("touchMove", points);
        await page.evaluate(() => new Promise(requestAnimationFrame));
      }
    },
    end: () => send("touchEnd", []),
  };
}

/** Runs in the page before anything else: keeps the engine's worker and everything it says. */
function tapEngine(corruption) {
  const tap = { worker: null, messages: [], ran: null, asked: [], operands: [], corruption, isAnswered };
  globalThis.tap = tap;
  globalThis.Worker = class extends Worker {
    constructor(...options) {
      super(...options);
      tap.worker = this;
      // Before the page's own listener, and on the same bytes.
      this.addEventListener("message", ({ data }) => {
        if (!(data instanceof ArrayBuffer)) return;
        const bytes = new Uint8Array(data);
        corruptions[tap.corruption]?.(bytes);
        tap.messages.push(bytes.slice());
        if (bytes[0] === 1) tap.ran = tap.messages.at(-1);
        if (bytes[0] === 4) tap.operands = tap.messages.at(-1);
      });
    }

    postMessage(message, ...options) {
      // A copy: the message is handed over.
      const bytes = message instanceof ArrayBuffer ? new Uint8Array(message.slice()) : [];
      if (bytes[0] === 3) tap.asked = bytes;
      super.postMessage(message, ...options);
    }
  };

  // Whether the cell that was last asked about is the one last explained, and painted: after their tags, question and
  // answer both begin with the run, the sentence and the cell.
  async function isAnswered() {
    const answered = tap.asked.every((byte, at) => at === 0 || byte === tap.operands[at]);
    await new Promise(requestAnimationFrame);
    return answered;
  }

  const corruptions = {
    // In what comes to be explained, the number stands after seven varints: tag, run, item, tensor, head, row and
    // column.
    anotherNumber(bytes) {
      if (bytes[0] !== 4) return;
      let at = 0;
      for (let varints = 0; varints < 7; at++) varints += bytes[at] < 0x80;
      const view = new DataView(bytes.buffer);
      const number = view.getFloat32(at, true);
      view.setFloat32(at, Number.isFinite(number) ? number * 1.01 + 1 : 1, true);
    },
    // The engine's build stands in its first message, after the tag and its own length.
    anotherBuild(bytes) {
      if (bytes[0] === 0) bytes[2] ^= 1;
    },
  };
}

/** Runs in the page: what has the focus, whether it is outlined, and whether it can be seen. */
function focusedControl() {
  const control = document.activeElement;
  if (control === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(control);
  const { left, top, right, bottom } = control.getBoundingClientRect();
  const labels = control.getAttribute("aria-labelledby")?.split(" ").map((id) => document.getElementById(id).textContent);
  // Something at the foot of a narrow screen may lie over it. A line of it is enough: not all need be in sight.
  const [x, from, to] = [(left + right) / 2, Math.max(top, 0), Math.min(bottom, innerHeight)];
  const lines = Array.from({ length: 9 }, (_, line) => from + ((to - from) * (line + 0.5)) / 9);
  const isFree = (y) => {
    const there = document.elementFromPoint(x, y);
    return control.contains(there) || there?.contains(control);
  };
  return {
    name: labels?.join(" ") ?? control.ariaLabel ?? control.lastChild.textContent.trim(),
    role: control.role ?? control.tagName.toLowerCase(),
    outlined: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2,
    inSight: right > left && left >= 0 && right <= innerWidth && to > from && lines.some(isFree),
  };
}

/** Runs in the page: whether the browser paints it at all, how far the engine has come, and what the page says. */
async function describePage() {
  let frames = 0;
  const count = () => requestAnimationFrame(() => ++frames && count());
  count();
  await new Promise((done) => setTimeout(done, 1000));
  const kinds = tap.messages.map((message) => message[0]);
  const texts = [".badge", "#notice", "#trouble:not([hidden])"].map((part) => document.querySelector(part)?.textContent);
  return JSON.stringify({ frames, kinds, texts, visibility: document.visibilityState });
}

/** Runs in the page. */
function hashCanvas(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let hash = 0;
  for (const word of new Uint32Array(data.buffer)) hash = (Math.imul(hash, 31) + word) | 0;
  return hash;
}
