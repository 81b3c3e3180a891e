// What the measurements share: both engines' browsers, a page that notes when things happen, and tables.
import config from "../playwright.config.js";
import { chromium, expect } from "@playwright/test";
import { availableParallelism, loadavg } from "node:os";

/** Calls `measure(browser, engine)` for each of the engines, in the browser that the tests give it. */
export async function withEngines(engines, measure) {
  for (const name of engines) {
    const { use } = config.projects.find((project) => project.name === name);
    const browser = await chromium.launch(use.launchOptions);
    const load = loadavg()[0].toFixed(1);
    console.log(`${name}: Chromium ${browser.version()}, ${availableParallelism()} cores, load average ${load}`);
    await measure(browser, name);
    await browser.close();
  }
}

/**
 * Opens the page in a context of its own, with nothing cached, up to the first drawing of this engine's numbers: until
 * the mouse has moved and the GPU is open, the CPU calculates. `init` runs in it first.
 */
export async function visit(browser, engine, init = () => {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`The page failed: ${error}`));
  await page.addInitScript(init);
  await page.goto(config.use.baseURL, { waitUntil: "commit" });
  await drawn(page, 1);
  await page.evaluate(() => performance.mark("begun"));
  await page.mouse.move(1, 1);
  const badge = page.getByRole("status", { name: "Engine" });
  await expect(badge).toHaveText({ cpu: "CPU", webgpu: "WebGPU" }[engine], { timeout: 20_000 });
  // The badge changes when the numbers come, just before they are drawn.
  await page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  });
  return page;
}

/** Waits until a run of this number or a later one is drawn. Returns the last one drawn. */
export async function drawn(page, atLeast) {
  const last = await page.waitForFunction(
    (atLeast) => {
      const marks = performance.getEntriesByType("mark").filter((mark) => mark.name.startsWith("headlight:drawn"));
      const run = Math.max(...marks.map((mark) => Number(mark.name.split(" ")[1])));
      return run >= atLeast && run;
    },
    atLeast,
    // Seldom enough to leave the page alone.
    { polling: 50 },
  );
  return last.jsonValue();
}

/** Puts in a sentence of so many tokens and waits until it is drawn. Returns its run. */
export async function putSentence(page, tokens) {
  const before = await drawn(page, 1);
  const words = "a student who reads these lines may ask what every word looks at and how much it keeps".split(" ");
  const sentence = Array.from({ length: tokens }, (_, index) => words[index % words.length]).join(" ");
  await page.getByRole("textbox", { name: "Sentence" }).fill(sentence);
  return drawn(page, before + 1);
}

/**
 * Runs in the page before anything else and keeps, in `recorded`: when each frame's callbacks begin and when the main
 * thread is free again; when it is free again after a run's reply; its tasks over 50 ms; and what ran in the frames
 * that took as long. In milliseconds.
 */
export function record() {
  const recorded = { frames: [], settled: {}, longTasks: [], scripts: [] };
  globalThis.recorded = recorded;
  // A message to oneself is read when the task at hand is over, and with it all that it has set off.
  const afterThis = (note) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => note(performance.now());
    port2.postMessage(null);
  };

  const request = globalThis.requestAnimationFrame;
  globalThis.requestAnimationFrame = (callback) =>
    request((time) => {
      if (recorded.frames.at(-1)?.time !== time) {
        const frame = { time, begun: performance.now() };
        recorded.frames.push(frame);
        afterThis((now) => (frame.over = now));
      }
      callback(time);
    });

  const mark = performance.mark;
  performance.mark = (name) => {
    const [what, run] = name.split(" ");
    if (what === "headlight:received") afterThis((now) => (recorded.settled[run] = now));
    return mark.call(performance, name);
  };

  const watch = (type, note) => new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type });
  watch("longtask", ({ startTime, duration }) => recorded.longTasks.push({ startTime, duration }));
  watch("long-animation-frame", ({ scripts }) =>
    recorded.scripts.push(...scripts.map(({ startTime, duration, invoker }) => ({ startTime, duration, invoker }))),
  );
}

/** How many tasks took over 50 ms, and the longest of them with the script that took most of it: two cells. */
export function longTaskCells({ longTasks, scripts }) {
  if (longTasks.length === 0) return [0, "–"];
  const longest = longTasks.reduce((a, b) => (a.duration >= b.duration ? a : b));
  const end = longest.startTime + longest.duration;
  const inIt = scripts.filter(({ startTime }) => startTime >= longest.startTime && startTime < end);
  const { invoker, duration } = inIt.sort((a, b) => b.duration - a.duration)[0] ?? { invoker: "scripts", duration: 0 };
  return [longTasks.length, `${fixed(longest.duration)}, of which ${invoker} ${fixed(duration)}`];
}

export const ENGINES = ["cpu", "webgpu"];

export const median = (numbers) => percentile(numbers, 50);

/** The smallest number that so many per cent of all do not pass. */
export function percentile(numbers, percent) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
}

/** One decimal. */
export const fixed = (number) => number.toFixed(1);

/** Prints rows of cells under their headings, the first column to the left, the others to the right. */
export function printTable(title, headings, rows) {
  const lines = [headings, ...rows].map((row) => row.map(String));
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const padded = (cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  console.log(`\n${title}\n${lines.map((line) => line.map(padded).join("  ").trimEnd()).join("\n")}`);
}
