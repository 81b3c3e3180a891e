// `cargo xtask bench frames`: how evenly Play runs from the first step to the last.
//
//   -- --fast                                       at the highest speed
//   -- --strip FILE.png [--step NAME] [--tokens N]  instead, a strip of one step's frames, to look at
import {
  ENGINES,
  fixed,
  longTaskCells,
  median,
  percentile,
  printTable,
  putSentence,
  record,
  visit,
  withEngines,
} from "./common.js";
import { parseArgs } from "node:util";

const TOKENS = [6, 32];
const STRIP_FRAMES = 12;

const { values: options } = parseArgs({
  options: {
    fast: { type: "boolean", default: false },
    strip: { type: "string" },
    step: { type: "string", default: "Scores" },
    tokens: { type: "string", default: "6" },
  },
});
await (options.strip ? makeStrip() : measure());

async function measure() {
  const speed = options.fast ? "4×" : "1×";
  const totals = [];
  const steps = new Map();
  const columns = [];
  await withEngines(ENGINES, async (browser, engine) => {
    for (const tokens of TOKENS) {
      const page = await visit(browser, engine, record);
      if (tokens !== 6) await putSentence(page, tokens);
      await page.getByRole("combobox", { name: "Speed" }).selectOption(speed);
      const played = await play(page);
      const { frames, busy } = played;
      await page.context().close();

      columns.push(`${engine} ${tokens}`);
      totals.push([
        columns.at(-1),
        frames.length,
        shareLate(frames),
        fixed(Math.max(...frames.map((frame) => frame.interval))),
        ...[50, 95, 100].map((percent) => fixed(percentile(frames.map((frame) => frame.work), percent))),
        fixed(busy / frames.length),
        ...longTaskCells(played),
      ]);
      for (const step of new Set(frames.map((frame) => frame.step))) {
        const inStep = frames.filter((frame) => frame.step === step);
        const work = fixed(median(inStep.map((frame) => frame.work)));
        steps.set(step, [...(steps.get(step) ?? []), `${shareLate(inStep)} · ${work}`]);
      }
    }
  });
  printTable(
    `Play at ${speed} from the first step to the last, in milliseconds: the intervals between frames; the main thread's
work in each, to the end of its painting; its time on the processor. Aim: ≤ 5 % over 20 ms, none over 50`,
    ["tokens", "frames", "> 20 ms", "longest", "work", "p95", "longest", "processor", "tasks > 50 ms", "longest"],
    totals,
  );
  printTable(
    "By step: frames over 20 ms · the work in one, median",
    ["step", ...columns],
    [...steps].map(([step, cells]) => [step, ...cells]),
  );
}

function shareLate(frames) {
  const late = frames.filter((frame) => frame.interval > 20);
  return `${fixed((late.length / frames.length) * 100)} %`;
}

/** Plays everything. Each frame's interval, work and step; the long tasks; the main thread's time on the processor. */
async function play(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find((metric) => metric.name === "TaskDuration").value * 1000;
  };
  const button = await page.getByRole("button", { name: "Play" }).elementHandle();
  const before = await busy();
  const recording = await button.evaluate(async (button) => {
    const now = document.querySelector("[aria-current=step]").closest("ol");
    recorded.frames.length = 0;
    recorded.longTasks.length = recorded.scripts.length = 0;
    recorded.steps = [];
    const noteStep = () => {
      const step = now.querySelector("[aria-current=step]");
      recorded.steps.push({ name: step.lastChild.textContent, at: performance.now() });
    };
    new MutationObserver(noteStep).observe(now, { subtree: true, attributeFilter: ["aria-current"] });
    button.click();
    await new Promise((done) => {
      const isOver = () => button.textContent.includes("Play") && done();
      new MutationObserver(isOver).observe(button, { subtree: true, childList: true, characterData: true });
    });
    return recorded;
  });
  const { longTasks, scripts, steps } = recording;
  const frames = recording.frames.slice(1).map((frame, index) => ({
    interval: frame.time - recording.frames[index].time,
    work: (frame.over ?? frame.begun) - frame.begun,
    step: steps.findLast((step) => step.at <= frame.begun)?.name,
  }));
  return { frames, longTasks, scripts, busy: (await busy()) - before };
}

/** A picture of one step's frames, evenly apart, composed by the browser itself. */
async function makeStrip() {
  await withEngines(["cpu"], async (browser, engine) => {
    const tokens = Number(options.tokens);
    const page = await visit(browser, engine);
    if (tokens !== 6) await putSentence(page, tokens);
    await page.getByRole("button", { name: options.step, exact: true }).click();
    const stage = page.locator("#stage");
    const slider = page.getByRole("slider", { name: "Position in step" });
    await settled(stage);
    const frames = [];
    for (let i = 0; i < STRIP_FRAMES; i++) {
      const position = i / (STRIP_FRAMES - 1);
      await slider.fill(String(Math.round(position * 1000)));
      frames.push({ position, image: await settled(stage) });
    }
    const strip = await browser.newPage({ viewport: { width: 2400, height: 1200 } });
    const shown = frames.map(
      ({ position, image }) =>
        `<figure><img src="data:image/png;base64,${image}"><figcaption>${position.toFixed(2)}</figcaption></figure>`,
    );
    await strip.setContent(
      `<style>
        body { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; margin: 8px; font: 16px sans-serif }
        figure { margin: 0 } img { width: 100% } figcaption { text-align: center }
      </style>${shown.join("")}`,
    );
    await strip.screenshot({ path: options.strip, fullPage: true });
    console.log(`${options.strip} shows ${STRIP_FRAMES} frames of ${options.step}`);
  });
}

/** What an element looks like once it has stopped changing. */
async function settled(element) {
  for (let last; ; ) {
    const image = (await element.screenshot()).toString("base64");
    if (image === last) return image;
    last = image;
  }
}
