// On every step, of every matrix that is drawn: 200 cells, or all where there are fewer. What the inspector shows of each
// is read from the page, and the terms make the number.
import { decodeReply } from "./protocol.js";
import { expect, test } from "./fixture.js";
import { generator, STEPS } from "./page.js";

const CELLS = 200;

for (const step of STEPS) {
  test(`${step}: the terms of 200 cells of every matrix add up`, async ({ headlight, page }) => {
    await headlight.open();
    await headlight.goTo(step);
    await openAll(headlight, page, step);
  });
}

test("the terms of 200 cells add up where a mask hides keys", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.choose("Mask", "causal");
  await headlight.ranWith({ mask: "causal" });
  for (const step of ["Mask", "Softmax", "Mix values"]) {
    await headlight.goTo(step);
    const hidden = await openAll(headlight, page, step);
    if (step !== "Mix values") expect(hidden, "cells that no query may see").toBeGreaterThan(0);
  }
});

/** Opens the cells of every matrix on the stage. Returns how many of them were hidden. */
async function openAll(headlight, page, step) {
  await expect.poll(() => page.evaluate(() => tap.isAnswered())).toBe(true);
  const names = await headlight.grids.evaluateAll((grids) => grids.map((grid) => grid.ariaLabel));
  expect(names.length).toBeGreaterThan(0);
  const random = generator(STEPS.indexOf(step) + 1);
  let hidden = 0;
  for (const name of names) {
    const grid = headlight.grid(name);
    const [rows, columns] = await grid.evaluate((grid) => [Number(grid.ariaRowCount), Number(grid.ariaColCount)]);
    const cells = sample(rows * columns, CELLS, random).map((at) => [Math.floor(at / columns), at % columns]);
    const opened = name === "Tokens" ? await openTokens(headlight, page, grid, cells) : await grid.evaluate(openCells, { rows, columns, cells });
    const seen = new Set();
    for (const shown of opened) {
      const operands = decodeReply(Uint8Array.from(shown.operands));
      const { tensor, row, column } = operands.cell;
      seen.add(`${row} ${column}`);
      const complaint = explain(name, tensor, operands, shown);
      expect(complaint, `${name}, row ${row}, column ${column}: ${JSON.stringify(shown, null, 1)}`).toBe("");
      hidden += shown.value === "masked" || shown.value === "−∞" ? 1 : 0;
    }
    expect(seen.size, `different cells of ${name}`).toBe(Math.min(CELLS, rows * columns));
    test.info().annotations.push({ type: name, description: `${seen.size} cells` });
  }
  return hidden;
}

/** The tokens are of different widths: by the keyboard. */
async function openTokens(headlight, page, grid, cells) {
  const opened = [];
  await grid.focus();
  for (const [, column] of cells) {
    await page.keyboard.press("Control+Home");
    for (let step = 0; step < column; step++) await page.keyboard.press("ArrowRight");
    await headlight.page.waitForFunction((column) => document.querySelector("[role=gridcell]:not([hidden])")?.ariaColIndex === String(column + 1), column);
    await expect.poll(() => page.evaluate(() => tap.isAnswered())).toBe(true);
    opened.push(...(await grid.evaluate(openCells, { cells: [null] })));
  }
  return opened;
}

/**
 * Runs in the page: points at one cell after the other, and reads what the inspector says as soon as it is there. No
 * frame is waited for, so that a thousand cells take seconds. `null` is the cell that is open already.
 */
async function openCells(grid, { rows, columns, cells }) {
  const turn = () => new Promise((resume) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resume;
    port2.postMessage(null);
  });
  const text = (selector) => document.querySelector(selector).textContent;
  const isAnswered = () => tap.asked.every((byte, at) => at === 0 || byte === tap.operands[at]);
  const read = () => ({
    value: text("#cell-value"),
    check: text("#check"),
    isAll: document.querySelector("#all-terms").hidden || document.querySelector("#all-terms").ariaExpanded === "true",
    terms: Array.from(document.querySelectorAll("#terms:not([hidden]) tbody tr"), (row) => Array.from(row.querySelectorAll("td:not(.bar)"), (cell) => cell.textContent)),
    totals: Array.from(document.querySelectorAll("#totals .sum"), (sum) => Array.from(sum.children, (part) => part.textContent)),
    operands: Array.from(tap.operands),
  });
  // The pointer is at a whole pixel, and some cells are hardly larger.
  const pixel = (index, size) => {
    const middle = Math.floor((index + 0.5) * size);
    return middle < index * size ? middle + 1 : middle;
  };
  const opened = [];
  for (const cell of cells) {
    if (cell) {
      const { left, top, width, height } = grid.getBoundingClientRect();
      const [x, y] = [pixel(cell[1], width / columns), pixel(cell[0], height / rows)];
      grid.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: left + x, clientY: top + y }));
    }
    await turn();
    for (let turns = 0; !isAnswered(); turns++) {
      if (turns > 20000) throw new Error("the engine does not answer");
      await turn();
    }
    await turn();
    let shown = read();
    if (!shown.isAll) {
      document.querySelector("#all-terms").click();
      await turn();
      shown = read();
    }
    opened.push(shown);
  }
  return opened;
}

/** What is wrong with what the inspector shows of a cell: nothing, if its terms make its number. */
function explain(name, tensor, { cell, value, left, right }, { value: shown, check, isAll, terms, totals }) {
  if (!check.startsWith("✓ ")) return "the check does not hold";
  if (!isAll || terms.some((term) => /smaller terms/.test(term[0]))) return "not all terms are shown";
  // The number on the screen is the one that the engine stored.
  const stored = shown.startsWith("id ") ? read(String(Math.fround(Number(shown.slice(3))))) : read(shown);
  if (tensor === "Tokens" ? Math.fround(Number(shown.slice(3))) !== value : !stored.is(value)) return `the engine stored ${value}`;
  const numbers = terms.map((term) => term.slice(1).map(read));
  const sum = (column) => total(numbers.map((term) => term[column]));
  switch (name) {
    case "Tokens": {
      const bytes = terms.flatMap((term) => term[2].split(" ").map((byte) => Number.parseInt(byte, 16)));
      const id = crc32(bytes);
      return String(id) === totals[0][1] && shown === `id ${id}` ? "" : `the bytes make ${id}`;
    }
    case "Positions": {
      const angle = cell.row / 10000 ** ((cell.column - (cell.column % 2)) / 64);
      const wave = cell.column % 2 ? Math.cos(angle) : Math.sin(angle);
      return stored.is(wave) ? "" : `the formula makes ${wave}`;
    }
    case "Input":
    case "Row sums":
      return near(sum(0), stored);
    case "Queries":
    case "Keys":
    case "Values":
    case "Scores":
    case "Mixed values":
    case "Heads side by side":
    case "Output": {
      if (numbers.length !== left.length) return `${numbers.length} terms of ${left.length}`;
      const wrong = numbers.find(([a, b, product]) => near(times(a, b), product));
      return (wrong && `a product is wrong: ${wrong.map(({ text }) => text)}`) || near(sum(2), stored) || near(sum(2), read(totals[0][1]));
    }
    case "Scaled scores":
      return near(times(numbers[0][0], numbers[1][0]), stored);
    case "Masked scores": {
      const [score, mask] = [numbers[0][0], numbers[1][0]];
      return mask.number === -Infinity ? (shown === "masked" ? "" : "a hidden score is not masked") : near(total([score, mask]), stored);
    }
    case "Row maximum":
      return Math.max(...numbers.map(([m]) => m.number)) === stored.number ? "" : "it is not the largest";
    case "Attention weights": {
      if (terms.length === 0) return value === 0 && left[cell.column] === -Infinity ? "" : "nothing is shown of a key that may be seen";
      const visible = left.filter((m) => m !== -Infinity).length;
      if (numbers.length !== visible) return `${numbers.length} keys of ${visible}`;
      const largest = Math.max(...left);
      const exps = total(numbers.map(([, , exp]) => exp));
      for (const [m, below, exp, share] of numbers) {
        if (!below.is(m.number - largest, m.half)) return "m − max is wrong";
        if (!exp.is(Math.exp(below.number), below.half * exp.number)) return "exp is wrong";
        if (!share.is(exp.number / exps.number, (exp.half + exps.half * share.number) / exps.number)) return "a share is wrong";
      }
      const own = terms.findIndex((_, at) => numbers[at][0].is(left[cell.column]) && numbers[at][3].is(value));
      return near(exps, read(totals[0][1])) || near(sum(3), read("1.000")) || (own < 0 ? "its own share is not among them" : "");
    }
    case "Word embeddings":
    case "Mask":
    case "Query weights":
    case "Output weights":
      return terms.length === 0 ? "" : "terms of what is drawn at random, or a rule";
    default:
      return `how is ${name} made?`;
  }
}

/** A number as it is written, and half of what its last digit stands for: so much it may be off. */
function read(text) {
  const digits = text.replace(/^× /, "").replaceAll("−", "-").replace("+", "");
  if (/^masked$|∞/.test(digits)) return quantity(-Infinity, 0, text);
  const unit = digits.endsWith("%") ? 0.01 : 1;
  const half = (unit * 0.5) / 10 ** (digits.match(/\.(\d+)/)?.[1].length ?? 0);
  return digits.startsWith("<") ? quantity(0, 0.001, text) : quantity(Number.parseFloat(digits) * unit, half, text);
}

function quantity(number, half, text = "") {
  const is = (other, more = 0) => other === number || Math.abs(other - number) <= (half + more) * 1.001 + 1e-9;
  return { number, half, text, is };
}

const total = (parts) => quantity(parts.reduce((sum, { number }) => sum + number, 0), parts.reduce((sum, { half }) => sum + half, 0));
const times = (a, b) => quantity(a.number * b.number, a.half * Math.abs(b.number) + b.half * Math.abs(a.number) + a.half * b.half);
const near = (made, shown) => (shown.is(made.number, made.half) ? "" : `the terms make ${made.number} ± ${made.half}, not ${shown.text}`);

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** Some of so many, each at most once. */
function sample(of, count, random) {
  const all = Array.from({ length: of }, (_, index) => index);
  for (let at = 0; at < Math.min(count, of); at++) {
    const other = at + Math.floor(random() * (of - at));
    [all[at], all[other]] = [all[other], all[at]];
  }
  return all.slice(0, count);
}
