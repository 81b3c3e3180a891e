// `cargo xtask bench attention`: attention beside onnxruntime-web's, in one Chromium, with the weights as an output.
//
// Both sides get the same standard normal numbers, [1, 12, S, 64], as Float32Arrays, and are waited for until both
// outputs are Float32Arrays again. They take turns, so that what else runs here slows down both. onnxruntime-web's
// session is open before. The bars are for the form that exporters write; where another of those that
// `attention/model.js` writes is faster, it has a row of its own.
//
//   -- --engine cpu   on one engine
//   -- --size 512     at one size
//   -- --runs 50      so many timed runs instead of 20
//   -- --all          WebGPU at S = 1024 too, which takes SwiftShader minutes
//   -- --plain        onnxruntime-web only in the form that exporters write, without a search for a faster one
//   -- --worker       onnxruntime-web's wasm in a worker as well (its `proxy`), as Headlight's is
import { DEPTH, HEADS, forms } from "./attention/model.js";
import { openOurs, openTheirs, prepare } from "./attention/pages.js";
import { install, serve } from "./attention/server.js";
import { ENGINES, median, percentile, printTable, withEngines } from "./common.js";
import config from "../playwright.config.js";
import { parseArgs } from "node:util";

const SIZES = [6, 32, 128, 512, 1024];
const TOLERANCE = 1e-4;
// A page's clock goes by tenths of a millisecond: so long takes one measurement, of one call or of more.
const LONG_ENOUGH = 5;

const { values: options } = parseArgs({
  options: {
    engine: { type: "string" },
    size: { type: "string" },
    runs: { type: "string", default: "20" },
    all: { type: "boolean", default: false },
    plain: { type: "boolean", default: false },
    worker: { type: "boolean", default: false },
  },
});
const runs = Number(options.runs);

const version = install();
const { server, url } = await serve();
const far = [];
await withEngines(options.engine ? [options.engine] : ENGINES, async (browser, engine) => {
  const theirs = await open(browser, url);
  const ours = await open(browser, config.use.baseURL);
  const hasOurs = await has(ours, () => globalThis.headlight?.attend);
  if (!hasOurs) console.log("This page has no window.headlight.attend: Headlight's side is left out.");
  if (engine === "webgpu") console.log(`Adapter: ${await theirs.evaluate(adapter)}`);

  const rows = [];
  for (const size of sizes(engine)) {
    for (const causal of [false, true]) {
      const worker = options.worker && engine === "cpu";
      const settings = { engine, causal, shape: [1, HEADS, size, DEPTH], worker };
      if (hasOurs) await ours.evaluate(openOurs, settings);
      const sides = hasOurs ? [ours, theirs] : [theirs];
      for (const { form, estimate } of await plainAndFastest(theirs, settings)) {
        await theirs.evaluate(openTheirs, { ...settings, form });
        const difference = hasOurs ? await compare(ours, theirs) : null;
        const times = await takeTurns(sides, Math.max(1, Math.ceil(LONG_ENOUGH / estimate)));
        rows.push(row(settings, form, times.get(theirs), times.get(ours), difference));
        if (difference !== null && !(difference <= TOLERANCE)) far.push(`${engine} ${size}: ${difference}`);
      }
    }
  }
  printTable(
    `${engine}, beside onnxruntime-web ${version}, ${runs} runs each: milliseconds, median (p10–p90). GFLOP/s count
the hidden half too. Blocks: of rows, each with only the keys that it may see`,
    ["S", "causal", "onnxruntime-web", "form", "Headlight", "ratio", "bar", "aim", "its GFLOP/s", "ours", "difference"],
    rows,
  );
});
server.close();
server.closeAllConnections();
if (far.length > 0) throw new Error(`The two sides differ by more than ${TOLERANCE}: ${far.join(", ")}`);

function sizes(engine) {
  if (options.size) return [Number(options.size)];
  if (engine === "cpu" || options.all) return SIZES;
  console.log("WebGPU at S = 1024 is left out; `-- --all` measures it too.");
  return SIZES.filter((size) => size < 1024);
}

async function open(browser, address) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`The page failed: ${error}`));
  await page.addInitScript(prepare);
  await page.goto(address);
  return page;
}

/** Whether the page soon has it. */
function has(page, it) {
  const soon = page.waitForFunction(it, null, { timeout: 10_000 });
  return soon.then(
    () => true,
    () => false,
  );
}

/** Runs in the page. */
async function adapter() {
  const { info } = await navigator.gpu.requestAdapter();
  return [info.vendor, info.architecture, info.description].filter(Boolean).join(" ");
}

/** The form that exporters write, and the one that is fastest here if that is another; each with its time. */
async function plainAndFastest(page, settings) {
  const size = settings.shape[2];
  const candidates = forms(settings.engine, size, settings.causal).slice(0, options.plain ? 1 : undefined);
  const tried = [];
  for (const form of candidates) {
    await page.evaluate(openTheirs, { ...settings, form });
    await page.evaluate(() => bench.warmUp());
    const calls = size < 128 ? 20 : 1;
    const times = [];
    for (let i = 0; i < 3; i++) times.push(await page.evaluate((calls) => bench.time(calls), calls));
    tried.push({ form, estimate: Math.max(Math.min(...times), 0.01) });
  }
  const fastest = tried.reduce((a, b) => (b.estimate < a.estimate ? b : a));
  return [...new Set([tried[0], fastest])];
}

/** The largest difference between the two sides' numbers. */
async function compare(ours, theirs) {
  await Promise.all([ours, theirs].map((page) => page.evaluate(() => bench.keep())));
  let largest = 0;
  for (const name of ["weights", "output"]) {
    for (let head = 0; head < HEADS; head++) {
      const part = (page) => page.evaluate(([name, head, heads]) => bench.head(name, head, heads), [name, head, HEADS]);
      const [a, b] = [await part(ours), await part(theirs)];
      if (a.length !== b.length) return NaN;
      // What is not a number remains so.
      for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
  }
  return largest;
}

/** Each warmed-up side's times, run by run in turn. */
async function takeTurns(pages, calls) {
  for (const page of pages) await page.evaluate(() => bench.warmUp());
  const times = new Map(pages.map((page) => [page, []]));
  for (let run = 0; run < runs; run++) {
    for (const page of pages) times.get(page).push(await page.evaluate((calls) => bench.time(calls), calls));
  }
  return times;
}

function row({ engine, causal, shape }, form, theirs, ours, difference) {
  const size = shape[2];
  const gigaflop = (4 * size * size * DEPTH * HEADS) / 1e9;
  const speed = (times) => (gigaflop / (median(times) / 1000)).toPrecision(3);
  const isPlain = form.blocks === 1 && form.product === "MatMul";
  const { bar, aim } = isPlain ? wanted(engine, size, causal) : {};
  return [
    size,
    causal ? "yes" : "no",
    spread(theirs),
    form.blocks === 1 ? form.product : `${form.blocks} blocks`,
    ours ? spread(ours) : "–",
    ours ? (median(ours) / median(theirs)).toFixed(2) : "–",
    bar ? `≤ ${bar}` : "",
    aim ? `≤ ${aim}` : "",
    speed(theirs),
    ours ? speed(ours) : "–",
    difference?.toExponential(1) ?? "–",
  ];
}

/** How much of onnxruntime-web's time ours may take, and how little it should. */
function wanted(engine, size, causal) {
  if (engine === "webgpu") return { bar: 0.7, aim: 0.4 };
  if (size < 128) return { bar: 1 };
  return causal ? { bar: 0.7, aim: 0.5 } : { bar: 1, aim: 0.75 };
}

function spread(times) {
  const [low, middle, high] = [10, 50, 90].map((percent) => shown(percentile(times, percent)));
  return `${middle} (${low}–${high})`;
}

function shown(milliseconds) {
  return milliseconds < 1 ? milliseconds.toFixed(3) : milliseconds.toPrecision(3);
}
