// `cargo xtask bench typing`: how soon a keystroke's new values are drawn.
//
// The wait for the next frame is taken apart: it is the display's, and would hide how long the page works.
import {
  ENGINES,
  drawn,
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

const TOKENS = [8, 32, 128];
const KEYSTROKES = 60;
const PAUSE = 100;

const rows = [];

await withEngines(ENGINES, async (browser, engine) => {
  for (const tokens of TOKENS) {
    const page = await visit(browser, engine, record);
    const keys = await type(page, tokens);
    const all = (stage) => keys.waits.map((wait) => wait[stage]);
    rows.push([
      `${engine} ${tokens}`,
      ...["answered", "taken", "painted"].map((stage) => fixed(median(all(stage)))),
      fixed(median(all("work"))),
      fixed(percentile(all("work"), 95)),
      engine === "cpu" && tokens === 32 ? "≤ 16" : "",
      fixed(median(all("shown"))),
      fixed(percentile(all("shown"), 95)),
      ...longTaskCells(keys),
    ]);
    await page.context().close();
  }
});

printTable(
  `Typing, ${KEYSTROKES} keystrokes each, one every ${PAUSE} ms: milliseconds from the key to the end of the drawing;
reply, taken in and painting (medians) make up the sum, from which only the wait for the next frame is missing`,
  ["tokens", "reply", "taken in", "painting", "sum", "p95", "aim", "with the wait", "p95", "tasks > 50 ms", "longest"],
  rows,
);
console.log("Aim: no task over 50 ms at any number of tokens.");

/** Types a letter at the end of the sentence and takes it away again, over and over. */
async function type(page, tokens) {
  const before = await putSentence(page, tokens);
  await page.getByRole("textbox", { name: "Sentence" }).press("End");
  await page.evaluate(() => {
    recorded.longTasks.length = recorded.scripts.length = 0;
    recorded.keys = [];
    addEventListener("keydown", (event) => recorded.keys.push(event.timeStamp), { capture: true });
  });
  for (let i = 0; i < KEYSTROKES; i++) {
    const next = new Promise((done) => setTimeout(done, PAUSE));
    await page.keyboard.press(i % 2 === 0 ? "s" : "Backspace");
    await next;
  }
  // Every keystroke asks for a run of its own.
  const last = before + KEYSTROKES;
  if ((await drawn(page, last)) !== last) throw new Error("There were more runs than keystrokes.");

  const { keys, frames, settled, longTasks, scripts, marks } = await page.evaluate(() => ({
    ...recorded,
    marks: performance.getEntriesByType("mark").map(({ name, startTime }) => ({ name, startTime })),
  }));
  const runs = (name) =>
    marks
      .filter((mark) => mark.name.startsWith(`headlight:${name} `))
      .map((mark) => ({ run: Number(mark.name.split(" ")[1]), at: mark.startTime }));
  const [received, shown] = [runs("received"), runs("drawn")];
  const waits = keys.map((pressed, index) => {
    // A run that a newer one has overtaken is never drawn; the newer one shows this letter too.
    const { run, at } = shown.find(({ run }) => run > before + index);
    const arrived = received.find((reply) => reply.run === run).at;
    const { begun } = frames.findLast((frame) => frame.begun <= at);
    const [answered, taken] = [arrived - pressed, Math.min(settled[run] ?? begun, begun) - arrived];
    const painted = at - begun;
    return { answered, taken, painted, work: answered + taken + painted, shown: at - pressed };
  });
  return { waits, longTasks, scripts };
}
