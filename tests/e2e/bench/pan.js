// `cargo xtask bench pan`: how evenly the largest heatmap is zoomed and dragged, and how soon it is sharp again.
//
// 4,096 tokens, four heads, the scores: with the wheel from all of them to single numbers and back, then dragged about at
// two depths, by a pointer that moves every 8 ms. The CPU draws: the browser has no GPU to draw with.
//
//   -- --tokens 1024   with fewer tokens
import { ENGINES, fixed, longTaskCells, percentile, printTable, putSentence, record, visit, withEngines } from "./common.js";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({ options: { tokens: { type: "string", default: "4096" } } });
const rows = [];
await withEngines(ENGINES, async (browser, engine) => {
  const page = await visit(browser, engine, record);
  await putSentence(page, Number(options.tokens));
  await page.getByRole("button", { name: "Scores", exact: true }).click();
  const scores = page.getByRole("grid", { name: "Scores", exact: true });
  await scores.scrollIntoViewIfNeeded();
  await settled(page);
  const { x, y, width, height } = await scores.boundingBox();
  const middle = { x: x + width / 2, y: y + height / 2 };
  await page.mouse.move(middle.x, middle.y);

  const wheel = async (delta, notches) => {
    await page.keyboard.down("Control");
    for (let notch = 0; notch < notches; notch++) {
      await page.mouse.wheel(0, delta);
      await page.waitForTimeout(16);
    }
    await page.keyboard.up("Control");
  };
  const drag = async () => {
    await page.mouse.down();
    for (let step = 0; step < 400; step++) {
      const angle = step / 25;
      await page.mouse.move(middle.x + Math.sin(angle) * width * 0.4, middle.y + (1 - Math.cos(angle)) * height * 0.2);
      await page.waitForTimeout(8);
    }
    await page.mouse.up();
    await page.mouse.move(middle.x, middle.y);
  };
  const measured = async (name, act) => {
    await page.evaluate(() => {
      recorded.frames.length = recorded.longTasks.length = recorded.scripts.length = 0;
      recorded.watching = true;
      recorded.views = 0;
      const zoom = document.querySelector("[role=group][aria-label=Zoom]");
      let view;
      const next = () => {
        if (view !== zoom.textContent) recorded.views++;
        view = zoom.textContent;
        if (recorded.watching) requestAnimationFrame(next);
      };
      next();
    });
    await act();
    const { frames, views, longTasks, scripts } = await page.evaluate(() => {
      recorded.watching = false;
      return recorded;
    });
    const intervals = frames.slice(1).map((frame, index) => frame.time - frames[index].time);
    const late = intervals.filter((interval) => interval > 20).length;
    const work = frames.map((frame) => (frame.over ?? frame.begun) - frame.begun);
    rows.push([
      `${engine}, ${name}`,
      intervals.length,
      views,
      `${fixed((late / intervals.length) * 100)} %`,
      fixed(percentile(intervals, 95)),
      fixed(Math.max(...intervals)),
      fixed(percentile(work, 50)),
      fixed(percentile(work, 95)),
      ...longTaskCells({ longTasks, scripts }),
    ]);
    await settled(page);
  };

  await measured("zooming in", () => wheel(-60, 120));
  await measured("zooming out", () => wheel(60, 120));
  await wheel(-100, 12);
  await settled(page);
  await measured("dragging, far", drag);
  await wheel(-100, 40);
  await settled(page);
  await measured("dragging, near", drag);
  await page.context().close();
});
printTable(
  `${options.tokens} tokens: the intervals between frames, and the main thread's work in each, in milliseconds.
Aim: ≤ 5 % over 20 ms`,
  ["", "frames", "views", "> 20 ms", "p95", "longest", "work", "p95", "tasks > 50 ms", "longest"],
  rows,
);

/** Until nothing has come from the engine for a while. */
async function settled(page) {
  await page.evaluate(async () => {
    for (let quiet = 0, seen; quiet < 20; quiet++) {
      await new Promise((done) => setTimeout(done, 20));
      const now = document.getElementById("stage").textContent;
      if (now !== seen) quiet = 0;
      seen = now;
    }
  });
}
