// `cargo xtask bench growth`: what a run costs as the sentence grows, in time and memory, on both engines.
//
// Each sentence is a visit of its own. The time is the engine's, as the badge has it: every head's attention, and what the
// page shows of it. Memory is what the browser's processes have in use (Linux tells; elsewhere the column is empty): the
// renderer holds the page and its worker, the GPU's process what WebGPU keeps, and a software GPU itself.
import { ENGINES, fixed, printTable, putSentence, visit, withEngines } from "./common.js";
import { readFileSync } from "node:fs";

const SIZES = [64, 128, 256, 512, 1024, 2048, 4096];

const rows = [];
await withEngines(ENGINES, async (browser, engine) => {
  let before;
  for (const tokens of SIZES) {
    const page = await visit(browser, engine);
    const empty = await memory(browser);
    await putSentence(page, tokens);
    const milliseconds = await page.evaluate(ranIn);
    const full = await memory(browser);
    const grown = (type) => (full[type] && empty[type] ? fixed(full[type] - empty[type]) : "–");
    const times = before ? fixed(milliseconds / before) : "–";
    rows.push([`${engine} ${tokens}`, fixed(milliseconds), times, grown("renderer"), grown("GPU")]);
    before = milliseconds;
    await page.context().close();
  }
});
printTable(
  `A run of four heads, 64 wide, as the sentence grows: the engine's time, how many times that of half as many tokens,
and how much memory the processes have in use more than before, in MiB`,
  ["tokens", "ms", "times", "renderer", "GPU"],
  rows,
);

/** Runs in the page: the time that the badge tells. */
function ranIn() {
  return Number(document.getElementById("engine-detail").textContent.match(/([\d.]+) ms/)[1]);
}

/** The memory in use by the largest process of each type, in MiB. */
async function memory(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const used = {};
  for (const { type, id } of processInfo) {
    try {
      const kibibytes = Number(readFileSync(`/proc/${id}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]);
      used[type] = Math.max(used[type] ?? 0, kibibytes / 1024);
    } catch {
      // Another system, or a process that has just ended.
    }
  }
  return used;
}
