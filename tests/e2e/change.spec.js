// “Show change” after each what-if: what the page writes as Δ is what it writes after minus what it wrote before.
import { expect, test } from "./fixture.js";
import { value } from "./page.js";

/** What each step makes, in the order in which one follows from the other. */
const MATRICES = [
  ["Embed", "Input"],
  ["Q K V", "Queries"],
  ["Scores", "Scores"],
  ["Scale", "Scaled scores"],
  ["Mask", "Masked scores"],
  ["Softmax", "Attention weights"],
  ["Mix values", "Mixed values"],
  ["Output", "Heads side by side"],
  ["Output", "Output"],
];
/** Three numbers of three decimals each. */
const ROUNDED = 0.0016;

// What is changed; what the run then is made with; the first matrix that moves. Where that is needed, what was set before;
// and the matrices that have another shape than before, which cannot be compared.
const WHAT_IFS = {
  "mask: causal": { act: (page) => page.choose("Mask", "causal"), ran: { mask: "causal" }, moves: "Masked scores" },
  "mask: a window": {
    act: async (page) => {
      await page.choose("Mask", "window");
      await page.enter("Looks back", "1");
      await page.enter("Looks ahead", "2");
    },
    ran: { mask: { left: 1, right: 2 } },
    moves: "Masked scores",
  },
  "mask: taken away": {
    before: { act: (page) => page.choose("Mask", "causal"), ran: { mask: "causal" } },
    act: (page) => page.choose("Mask", "none"),
    ran: { mask: "none" },
    moves: "Masked scores",
  },
  padding: {
    act: (page) => page.enter("Padding", "2"),
    ran: { padding: 2 },
    others: MATRICES.map(([, name]) => name),
  },
  "paint by hand": {
    act: async (page) => {
      await page.goTo("Mask");
      await page.page.getByRole("button", { name: "Paint the mask" }).click();
      const masked = page.grid("Masked scores");
      await masked.focus();
      await page.page.keyboard.press("Control+End");
      await page.page.keyboard.press("Enter");
      await page.page.keyboard.press("ArrowUp");
      await page.page.keyboard.press("Enter");
      await page.page.keyboard.press("Escape");
    },
    ran: { painted: [[4, 5, false], [5, 5, false]] },
    moves: "Masked scores",
  },
  "scaling off": { act: (page) => page.choose("Scaling", "none"), ran: { isScaled: false }, moves: "Scaled scores" },
  temperature: { act: (page) => page.enter("Temperature", "0.5"), ran: { temperature: 0.5 }, moves: "Scaled scores" },
  softcap: { act: (page) => page.enter("Softcap (0: none)", "1"), ran: { softcap: 1 }, moves: "Scaled scores" },
  "head off": { act: (page) => page.choose("This head", "off"), ran: { headsOff: [0] }, moves: "Heads side by side" },
  "positions: none": { act: (page) => page.choose("Positions", "none"), ran: { positions: "none" }, moves: "Input" },
  "positions: sinusoidal": {
    before: { act: (page) => page.choose("Positions", "none"), ran: { positions: "none" } },
    act: (page) => page.choose("Positions", "sinusoidal"),
    ran: { positions: "sinusoidal" },
    moves: "Input",
  },
  "positions: rotary": {
    before: { act: (page) => page.choose("Positions", "none"), ran: { positions: "none" } },
    act: (page) => page.choose("Positions", "rotary (RoPE)"),
    ran: { positions: "rotary" },
    moves: "Queries",
  },
  "positions: ALiBi": {
    before: { act: (page) => page.choose("Positions", "none"), ran: { positions: "none" } },
    act: (page) => page.choose("Positions", "ALiBi"),
    ran: { positions: "alibi" },
    moves: "Masked scores",
  },
  seed: { act: (page) => page.enter("Seed", "7"), ran: { seed: 7 }, moves: "Input" },
  "model width": {
    act: (page) => page.choose("Model width", "128"),
    ran: { width: 128 },
    moves: "Scores",
    others: ["Input", "Queries", "Mixed values", "Heads side by side", "Output"],
  },
  "the width, and back": {
    act: async (page) => {
      await page.choose("Model width", "128");
      await page.ranWith({ width: 128 });
      await page.choose("Model width", "64");
    },
    ran: { width: 64 },
    moves: null,
  },
};

for (const [name, { before, act, ran, moves, others = [] }] of Object.entries(WHAT_IFS)) {
  test(`Δ is what is new minus what was: ${name}`, async ({ headlight }) => {
    await headlight.open();
    await headlight.openTable();
    if (before) {
      await before.act(headlight);
      await headlight.ranWith(before.ran);
    }
    const old = await readAll(headlight);
    await headlight.choose("Show change", "on");
    await expect.poll(async () => (await headlight.lastRan()).before).not.toBeNull();
    await act(headlight);
    await headlight.ranWith(ran);
    const changes = await readAll(headlight);
    const opened = await openFirst(headlight, "Output");
    await headlight.choose("Show change", "off");
    await expect.poll(async () => (await headlight.lastRan()).before).toBeNull();
    const now = await readAll(headlight);

    if (!others.includes("Output")) {
      const [from, change] = [old, changes].map((read) => read.Output.numbers[0][0]);
      expect(opened, "the inspector's").toMatchObject({ before: from, change });
    }
    let hasMoved = false;
    for (const [, matrix] of MATRICES) {
      expect(changes[matrix].isChange, `${matrix} is compared`).toBe(!others.includes(matrix));
      hasMoved ||= matrix === moves;
      if (!changes[matrix].isChange) {
        expect(changes[matrix].numbers, `${matrix}, as it is now`).toEqual(now[matrix].numbers);
        continue;
      }
      const cells = changes[matrix].numbers.flatMap((row, at) => row.map((change, column) => {
        const [from, to] = [old, now].map((read) => read[matrix].numbers[at][column]);
        return { change, from, to, where: `${matrix}, row ${at}, column ${column}: from ${from} to ${to}, Δ ${change}` };
      }));
      for (const cell of cells) expect(problemOf(matrix, cell), cell.where).toBe("");
      const still = cells.filter(({ change }) => change === "0.000" || change === "masked");
      if (hasMoved) expect(still.length, `${matrix} has moved`).toBeLessThan(cells.length);
      else expect(still.length, `${matrix} stands still`).toBe(cells.length);
    }
    expect(hasMoved).toBe(moves !== null && moves !== undefined);
  });
}

/** Opens a matrix's first cell: what the inspector adds up to, by name. */
async function openFirst(headlight, name) {
  const grid = headlight.grid(name);
  await grid.focus();
  await headlight.page.keyboard.press("Control+Home");
  await expect.poll(() => headlight.page.evaluate(() => tap.isAnswered())).toBe(true);
  await expect(headlight.inspector.locator(".sum").first(), "it is written out").toBeVisible();
  const sums = await headlight.inspector.locator(".sum").allInnerTexts();
  return Object.fromEntries(sums.map((sum) => sum.trim().split(/\s*\n\s*/)));
}

/** What is wrong with a change; nothing, if it is the difference. */
function problemOf(matrix, { change, from, to }) {
  // What is hidden gets no attention: a share of 0, which has a difference.
  const number = (text) => (matrix === "Attention weights" && text === "masked" ? 0 : value(text));
  const [old, now] = [number(from), number(to)];
  if (old === -Infinity && now === -Infinity) return change === "masked" ? "" : "both are masked";
  if (old === -Infinity) return change === "now visible" ? "" : "it is visible now";
  if (now === -Infinity) return change === "now hidden" ? "" : "it is hidden now";
  const off = Math.abs(now - old - value(change));
  return off < ROUNDED ? "" : `it is off by ${off}`;
}

/** Every matrix as the table writes it, and whether that is of the change. */
async function readAll(headlight) {
  const all = {};
  for (const [step, name] of MATRICES) {
    await headlight.goTo(step);
    const numbers = await headlight.readTable(name);
    const isChange = (await headlight.tableView().table.locator("caption").textContent()).includes("Δ");
    all[name] = { numbers, isChange };
  }
  return all;
}
