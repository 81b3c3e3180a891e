// `cargo xtask bench session`: five minutes of one person's work on the page: whether it answers at once, never stutters and
// keeps no memory.
//
// Rounds of everything that can be done follow one another: sentences of 3 to 64 words, the slider, Play, steps, heads,
// masks, paint, cells under the pointer, zoom, what changes, tour, glossary, table, colours. Between them everything is put
// back and garbage is collected, so that what is left can be compared. Keys and pointers are the browser's own.
//
//   -- --engine cpu     with one engine; both otherwise
//   -- --minutes 1      for so long; 5 otherwise
//   -- --seed 2         other words and places
import { ENGINES, fixed, percentile, printTable, visit, withEngines } from "./common.js";
import { generator } from "../page.js";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: { engine: { type: "string" }, minutes: { type: "string", default: "5" }, seed: { type: "string", default: "1" } },
});
const MINUTES = Number(options.minutes);
const EXAMPLE = "The cat sat on the mat";
const [P95_AIM, TASK_AIM, FRAME_AIM] = [100, 50, 20];
/** What an interaction that the browser does not report counts as: it reports none that are shorter. */
const SHORTEST_REPORTED = 16;
/** So much more than after the first minute may be in use at the end, of a heap: what a collection leaves differs by as much. */
const FLAT = { kilobytes: 256, share: 0.05 };

const summary = [];
const memory = [];
const kinds = new Map();
const verdicts = [];
await withEngines(options.engine ? [options.engine] : ENGINES, async (browser, engine) => {
  const page = await visit(browser, engine, observe);
  const session = await work(browser, page, MINUTES * 60_000, Number(options.seed));
  report(engine, session);
  await page.context().close();
});
printTable(
  `A session of ${MINUTES} minutes: interactions, in milliseconds from the key or pointer to the paint that follows it
(what takes less than ${SHORTEST_REPORTED} is counted as ${SHORTEST_REPORTED}: browsers report no less, and all in steps of 8); the main thread's tasks;
frames while Play runs or the slider is dragged`,
  ["", "interactions", "≥ 16 ms", "p50", "p75", "p95", "p98", "longest", "tasks > 50 ms", "longest", "frames", "> 20 ms"],
  summary,
);
printTable(
  "By what was done: interactions of 16 ms or more · p95 · longest · tasks over 50 ms",
  ["", ...summary.map(([engine]) => engine)],
  [...kinds].map(([kind, cells]) => [kind, ...cells]),
);
printTable(
  "In use after garbage was collected",
  ["", "JS heap, KB", "wasm, page, KB", "wasm, engine, KB", "nodes", "kept out of it", "listeners", "documents"],
  memory,
);
console.log(`\n${verdicts.join("\n")}`);

function report(engine, { events, interactionCount, longTasks, frames, points, doings, ran, waited }) {
  // Of all events of one press, release or tap the longest is what was waited for.
  const interactions = new Map();
  for (const event of events) {
    const known = interactions.get(event.id);
    if (!known || known.duration < event.duration) interactions.set(event.id, event);
  }
  const doing = (time) => doings.findLast(({ at }) => at <= time)?.name ?? "before";
  const reported = [...interactions.values()].map((event) => ({ ...event, kind: doing(event.start) }));
  const fast = Math.max(0, interactionCount - reported.length);
  const all = [...reported.map(({ duration }) => duration), ...Array(fast).fill(SHORTEST_REPORTED)];
  const tasks = longTasks.map((task) => ({ ...task, kind: doing(task.start) }));
  const late = frames.filter((interval) => interval > FRAME_AIM).length;
  const longest = Math.max(0, ...tasks.map(({ duration }) => duration));
  summary.push([
    engine,
    all.length,
    reported.length,
    ...[50, 75, 95, 98, 100].map((percent) => percentile(all, percent)),
    tasks.length,
    tasks.length ? fixed(longest) : "–",
    frames.length,
    `${fixed((late / frames.length) * 100)} %`,
  ]);
  for (const name of new Set(doings.map(({ name }) => name))) {
    const durations = reported.filter(({ kind }) => kind === name).map(({ duration }) => duration);
    const over = tasks.filter(({ kind }) => kind === name).length;
    const cell = [durations.length, percentile(durations, 95) ?? "–", percentile(durations, 100) ?? "–", over].join(" · ");
    kinds.set(name, [...(kinds.get(name) ?? []), cell]);
  }
  for (const { name, heap, page, worker, nodes, detached, listeners, documents } of points) {
    memory.push([`${engine}, ${name}`, ...[heap, page, worker].map((bytes) => Math.round(bytes / 1024)), nodes, detached, listeners, documents]);
  }
  console.log(`  The page's main thread ran for ${fixed(ran)} s, and waited ${fixed(waited)} s for a processor that others had.`);
  const worst = reported.toSorted((a, b) => b.duration - a.duration).slice(0, 5);
  for (const { kind, name, duration, delay, handling } of worst) {
    console.log(`  ${duration} ms: ${kind}, ${name}: waited ${fixed(delay)}, handled ${fixed(handling)}, then painted`);
  }
  for (const { kind, duration, scripts } of tasks.toSorted((a, b) => b.duration - a.duration).slice(0, 8)) {
    console.log(`  a task of ${fixed(duration)} ms: ${kind}${scripts ? `, in it ${scripts}` : ""}`);
  }
  const p95 = percentile(all, 95);
  const judge = (holds, text) => verdicts.push(`${holds ? "✓" : "✗"} ${engine}: ${text}`);
  judge(p95 <= P95_AIM, `interaction to next paint at the 95th percentile: ${p95} ms, aim ≤ ${P95_AIM}`);
  judge(tasks.length === 0, `tasks over ${TASK_AIM} ms on the main thread: ${tasks.length}${tasks.length ? `, the longest ${fixed(longest)}` : ""}; aim: none`);
  // The first minute fills what is kept for good: compiled code, caches, memory that is used again.
  const [from, to] = [points.at(points.length > 2 ? 1 : 0), points.at(-1)];
  const isFlat = ["heap", "page", "worker"].every((kind) => to[kind] - from[kind] <= Math.max(FLAT.kilobytes * 1024, FLAT.share * from[kind]));
  const grown = ["heap", "page", "worker"].map((kind) => `${kind} ${fixed((to[kind] - from[kind]) / 1024)}`).join(", ");
  judge(isFlat && to.nodes <= from.nodes * 1.02 && to.detached <= from.detached && to.listeners <= from.listeners, `memory from “${from.name}” to the end, KB more: ${grown}; nodes ${to.nodes - from.nodes}, kept out of it ${to.detached - from.detached}, listeners ${to.listeners - from.listeners}`);
}

/** Works for so many milliseconds. What was seen meanwhile. */
async function work(browser, page, milliseconds, seed) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  await cdp.send("DOM.enable");
  const origin = await page.evaluate(() => performance.timeOrigin);
  const random = generator(seed);
  const doings = [];
  const points = [];
  const person = personAt(page, random);
  await person.reset();
  points.push(await inUse(page, cdp, "start"));
  await page.evaluate(() => seen.begin());
  const all = { events: [], longTasks: [], frames: [] };
  // What is noted is taken out of the page, which would grow with it.
  const take = async () => {
    const { interactionCount, ...noted } = await page.evaluate(() => seen.take());
    for (const [kind, more] of Object.entries(noted)) all[kind].push(...more);
    all.interactionCount = interactionCount;
  };
  const processor = await processorOf(browser);
  const begun = Date.now();
  for (let round = 0, minute = 1; Date.now() - begun < milliseconds; round++) {
    for (const [name, act] of Object.entries(person.acts)) {
      if (Date.now() - begun >= milliseconds) break;
      doings.push({ name, at: Date.now() - origin });
      await act(round);
      await page.waitForTimeout(150);
    }
    doings.push({ name: "put back", at: Date.now() - origin });
    await person.reset();
    await take();
    if (Date.now() - begun >= minute * 60_000 && Date.now() - begun < milliseconds - 20_000) {
      // What the collection takes is not the page's.
      await page.evaluate(() => seen.pause());
      points.push(await inUse(page, cdp, `after ${fixed((Date.now() - begun) / 60_000)} min`));
      await page.evaluate(() => seen.goOn());
      minute = Math.floor((Date.now() - begun) / 60_000) + 1;
    }
  }
  await take();
  const [ran, waited] = processor();
  points.push(await inUse(page, cdp, "end"));
  return { ...all, points, doings, ran, waited };
}

/** What a person does on the page, by the browser's own keys and pointers. */
function personAt(page, random) {
  const { keyboard, mouse } = page;
  const pause = (milliseconds) => page.waitForTimeout(milliseconds);
  const button = (name) => page.getByRole("button", { name, exact: true });
  const grid = (name) => page.getByRole("grid", { name, exact: true });
  const box = async (locator) => {
    await locator.scrollIntoViewIfNeeded();
    return locator.boundingBox();
  };
  const click = async (locator, x = 0.5, y = 0.5) => {
    const place = await box(locator);
    await mouse.move(place.x + place.width * x, place.y + place.height * y, { steps: 3 });
    await mouse.down();
    await pause(30);
    await mouse.up();
    await pause(80);
  };
  /** Along a way of places within an element, a frame each. */
  const move = async (locator, way) => {
    const place = await box(locator);
    for (const [x, y] of way) {
      await mouse.move(place.x + place.width * x, place.y + place.height * y);
      await pause(16);
    }
  };
  const drag = async (locator, [first, ...way]) => {
    await move(locator, [first]);
    await mouse.down();
    await move(locator, way);
    await mouse.up();
  };
  const type = async (text, delay = 80) => {
    for (const key of text) {
      await keyboard.press(key === " " ? "Space" : key);
      await pause(delay);
    }
  };
  const sentenceBox = page.getByRole("textbox", { name: "Sentence" });
  const empty = async () => {
    await click(sentenceBox);
    await keyboard.press("ControlOrMeta+a");
  };
  /** Long ones are pasted, but for their last words. */
  const write = async (words) => {
    await empty();
    const pasted = words.slice(0, Math.max(0, words.length - 6)).join(" ");
    if (pasted) {
      await keyboard.insertText(pasted);
      await type(" ");
    }
    await type(words.slice(-6).join(" "));
  };
  /** One choice further, or back, as the arrow keys choose. */
  const choose = async (label, ...keys) => {
    await page.getByRole("combobox", { name: label, exact: true }).focus();
    for (const key of keys) {
      await keyboard.press(key);
      await pause(120);
    }
  };
  const enter = async (label, text) => {
    await click(page.getByRole("spinbutton", { name: label, exact: true }), 0.3);
    await keyboard.press("ControlOrMeta+a");
    await type(text);
  };
  const WORDS = "a student who reads these lines may ask what every word looks at and how much of it the others keep for it".split(" ");
  // The longest first: a program's memory only grows.
  const LENGTHS = [64, 6, 12, 24, 3, 9, 32];
  const words = (count) => Array.from({ length: count }, () => WORDS[Math.floor(random() * WORDS.length)]);
  const STEPS = ["Tokens", "Embed", "Q K V", "Scores", "Scale", "Mask", "Softmax", "Mix values", "Output"];
  const path = (points) => Array.from({ length: points }, (_, at) => [0.5 + 0.45 * Math.sin(at / 5), 0.5 + 0.45 * Math.cos(at / 7)]);

  const acts = {
    typing: async (round) => write(words(LENGTHS[round % LENGTHS.length])),
    hovering: async () => {
      await move(grid("Attention weights"), path(60));
      await click(grid("Attention weights"), random(), random());
      await keyboard.press("Escape");
      for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp", "End", "Home", "PageDown"]) {
        await keyboard.press(key);
        await pause(80);
      }
    },
    steps: async () => {
      for (const step of STEPS) {
        await click(page.getByRole("navigation", { name: "Steps" }).getByRole("button", { name: step, exact: true }));
        await pause(150);
      }
    },
    scrubbing: async (round) => {
      const step = STEPS[[3, 6, 7, 8, 2, 5][round % 6]];
      await click(page.getByRole("navigation", { name: "Steps" }).getByRole("button", { name: step, exact: true }));
      await page.evaluate(() => seen.watchFrames(true));
      const there = Array.from({ length: 50 }, (_, at) => [1 - at / 50, 0.5]);
      await drag(page.getByRole("slider", { name: "Position in step" }), [...there, ...there.toReversed()]);
      await page.evaluate(() => seen.watchFrames(false));
      for (const key of ["ArrowLeft", "ArrowLeft", "ArrowRight", "End"]) {
        await keyboard.press(key);
        await pause(80);
      }
    },
    playing: async (round) => {
      await choose("Speed", ...(round % 2 ? ["ArrowDown", "ArrowDown"] : ["ArrowUp", "ArrowUp"]));
      await click(button("Tokens"));
      await page.evaluate(() => seen.watchFrames(true));
      await click(button("Play"));
      await pause(5000);
      // On a slow machine, and fast, it may be over.
      await click(page.locator("#play"));
      await page.evaluate(() => seen.watchFrames(false));
    },
    heads: async () => {
      const heads = page.getByRole("group", { name: "Heads", exact: true }).getByRole("button");
      for (let head = (await heads.count()) - 1; head >= 0; head--) await click(heads.nth(head));
      await choose("Heads", "ArrowDown", "ArrowUp");
    },
    masks: async () => {
      await click(button("Mask"));
      await choose("Mask", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp");
      await enter("Padding", "2");
      await enter("Padding", "0");
    },
    painting: async () => {
      await click(button("Mask"));
      await click(button("Paint the mask"));
      await drag(grid("Masked scores"), path(40));
      await drag(grid("Masked scores"), path(20));
      await keyboard.press("Escape");
      await click(button("Clear the paint"));
    },
    changes: async () => {
      await click(button("Softmax"));
      await choose("Show change", "ArrowDown");
      await enter("Temperature", "0.5");
      await choose("Scaling", "ArrowDown", "ArrowUp");
      await choose("Positions", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp");
      await enter("Temperature", "1");
      await choose("Show change", "ArrowUp");
    },
    zooming: async (round) => {
      if (round % 3 !== 0) return;
      await write(words(64));
      const scores = grid("Attention weights");
      await move(scores, [[0.4, 0.6]]);
      await keyboard.down("Control");
      for (let notch = 0; notch < 24; notch++) {
        await mouse.wheel(0, notch < 14 ? -60 : 60);
        await pause(30);
      }
      await keyboard.up("Control");
      await click(button("Zoom in"));
      await drag(scores, path(40));
      await click(button("All tokens"));
    },
    table: async () => {
      await click(button("Table"));
      await choose("Matrix", "ArrowUp", "ArrowUp", "ArrowDown");
      await click(button("Output"));
      await click(button("Table"));
    },
    "tour and glossary": async () => {
      await click(button("Tour"));
      for (let stop = 0; stop < 5; stop++) {
        await click(page.locator("#tour-next"));
        await pause(200);
      }
      await keyboard.press("Escape");
      await click(button("Glossary"));
      const chips = page.getByRole("region", { name: "Glossary" }).locator(".chip");
      for (const chip of [3, 8, 12]) await click(chips.nth(chip));
      await keyboard.press("Escape");
    },
    colours: async () => {
      await choose("Weights", "ArrowDown", "ArrowUp");
      await choose("Signed", "ArrowDown", "ArrowUp");
      await choose("See as", "ArrowDown", "ArrowUp");
      await click(page.getByRole("button", { name: /^Switch to / }));
      await click(page.getByRole("button", { name: /^Switch to / }));
    },
  };
  return {
    acts,
    /** The example at the step it opens with. */
    async reset() {
      await empty();
      await type(EXAMPLE, 20);
      await click(button("Softmax"));
      await mouse.move(2, 2);
      await pause(400);
    },
  };
}

/**
 * Tells how many seconds the page's main thread has run since, and how many it was ready to run while others had the
 * processors: what a busy machine adds to everything measured here. Linux alone says so.
 */
async function processorOf(browser) {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
  const read = ({ id }) => {
    try {
      return readFileSync(`/proc/${id}/task/${id}/schedstat`, "utf8").split(" ", 2).map((time) => Number(time) / 1e9);
    } catch {
      return [Number.NaN, Number.NaN];
    }
  };
  const renderers = processInfo.filter(({ type }) => type === "renderer").map((process) => ({ process, before: read(process) }));
  // The browser has pages of its own, which do nothing.
  return () =>
    renderers
      .map(({ process, before }) => read(process).map((time, which) => time - before[which]))
      .toSorted(([a], [b]) => b - a)[0];
}

/** What is in use once garbage is collected. */
async function inUse(page, cdp, name) {
  for (let times = 0; times < 3; times++) await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  const { detachedNodes } = await cdp.send("DOM.getDetachedDomNodes");
  const metric = (name) => metrics.find((metric) => metric.name === name).value;
  const bytes = () => (globalThis.memories ?? []).reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
  const workers = await Promise.all(page.workers().map((worker) => worker.evaluate(bytes)));
  return {
    name,
    heap: metric("JSHeapUsedSize"),
    // The browser's own count also has what it keeps to undo typing.
    nodes: await page.evaluate(countNodes),
    detached: detachedNodes.filter(({ treeNode }) => treeNode.nodeName !== "TEMPLATE").length,
    listeners: metric("JSEventListeners"),
    documents: metric("Documents"),
    page: await page.evaluate(bytes),
    worker: workers.reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** How many nodes the document has. */
function countNodes() {
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
  let count = 1;
  while (walker.nextNode()) count++;
  return count;
}

/** Runs in the page before anything else: notes events, long tasks and frames, and every program's memory. */
function observe() {
  // The engine's worker begins with this, too.
  const keepMemories = () => {
    const { instantiate } = WebAssembly;
    globalThis.memories = [];
    WebAssembly.instantiate = async (...given) => {
      const made = await instantiate.apply(WebAssembly, given);
      const exported = Object.values((made.instance ?? made).exports);
      memories.push(...exported.filter((one) => one instanceof WebAssembly.Memory));
      return made;
    };
  };
  keepMemories();
  globalThis.Blob = class extends Blob {
    constructor(parts, options) {
      super(options?.type === "text/javascript" ? [`(${keepMemories})();`, ...parts] : parts, options);
    }
  };

  const seen = { events: [], longTasks: [], frames: [], scripts: [], paused: true };
  let [from, since, watching] = [0, 0, false];
  globalThis.seen = {
    begin() {
      from = performance.now();
      since = performance.interactionCount;
      seen.paused = false;
    },
    pause: () => (seen.paused = true),
    goOn: () => (seen.paused = false),
    /** What has been noted since the last time, and how many interactions there have been in all. */
    async take() {
      // Entries come a while after what they are of.
      await new Promise((done) => setTimeout(done, 500));
      const interactionCount = performance.interactionCount - since;
      const scriptsIn = ({ start, duration }) =>
        seen.scripts
          .filter((script) => script.start >= start && script.start < start + duration)
          .toSorted((a, b) => b.duration - a.duration)
          .slice(0, 3)
          .map(({ invoker, duration, forced }) => `${invoker} ${duration.toFixed(1)}${forced ? ` (layout ${forced.toFixed(1)})` : ""}`)
          .join(", ");
      const longTasks = seen.longTasks.splice(0).map((task) => ({ ...task, scripts: scriptsIn(task) }));
      seen.scripts.length = 0;
      return { events: seen.events.splice(0), longTasks, frames: seen.frames.splice(0), interactionCount };
    },
    /** Whether Play runs, or the slider is dragged. */
    watchFrames(watches) {
      watching = watches;
      let last;
      const next = (time) => {
        if (last !== undefined) seen.frames.push(time - last);
        last = time;
        if (watching) requestAnimationFrame(next);
      };
      if (watches) requestAnimationFrame(next);
    },
  };
  const watch = (type, note, more = {}) =>
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!seen.paused && entry.startTime >= from) note(entry);
    }).observe({ type, ...more });
  watch("longtask", ({ startTime, duration }) => seen.longTasks.push({ start: startTime, duration }));
  watch("long-animation-frame", ({ scripts }) => {
    for (const { startTime, duration, invoker, forcedStyleAndLayoutDuration } of scripts) {
      seen.scripts.push({ start: startTime, duration, invoker, forced: forcedStyleAndLayoutDuration });
    }
  });
  watch(
    "event",
    ({ interactionId, name, startTime, duration, processingStart, processingEnd }) => {
      if (!interactionId) return;
      const [delay, handling] = [processingStart - startTime, processingEnd - processingStart];
      seen.events.push({ id: interactionId, name, start: startTime, duration, delay, handling });
    },
    { durationThreshold: 16 },
  );
}
