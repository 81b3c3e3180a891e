// `cargo xtask bench load`: how soon a first visit shows its first heatmap, and what is sent for it.
import { ENGINES, fixed, median, percentile, printTable, visit, withEngines } from "./common.js";

const VISITS = 15;

const rows = [];
let sent;

await withEngines(ENGINES, async (browser, engine) => {
  // The first page warms up the browser, as a person's is; the page itself is always new to it.
  await firstVisit(browser, engine);
  const visits = [];
  for (let i = 0; i < VISITS; i++) visits.push(await firstVisit(browser, engine));
  const times = (name) => visits.map((visit) => visit.times[name]);
  const names = ["here", "painted", "received", "drawn", "own"];
  const stages = names.map((name) => fixed(median(times(name))));
  const drawn = times("drawn");
  rows.push([engine, ...stages, fixed(percentile(drawn, 90)), fixed(Math.max(...drawn)), "≤ 1000"]);
  sent = visits.at(-1).files;
});

printTable(
  `First visits, ${VISITS} for each engine: milliseconds from the start of the navigation, medians`,
  ["engine", "app.wasm", "first paint", "reply", "heatmap drawn", "by itself", "p90", "longest", "aim"],
  rows,
);
console.log("By itself: drawn from this engine's numbers. The mouse moves after the first heatmap, which opens the GPU.");
const total = (files) => files.reduce((sum, [, bytes]) => sum + bytes, 0);
printTable("Bytes sent, with WebGPU", ["file", "bytes"], [
  ...sent.map(([name, bytes, when]) => [`${name}${when}`, bytes]),
  ["for the first heatmap", total(sent.filter(([, , when]) => when === ""))],
  ["unasked (bar: ≤ 330000)", total(sent.filter(([name]) => !name.startsWith("gpu")))],
  ["in all", total(sent)],
]);

/** Opens the page with nothing cached: when what happened, and the bytes that each file took, compressed. */
async function firstVisit(browser, engine) {
  const page = await visit(browser, engine);
  const inPage = await page.evaluate(() => {
    const first = (type, name) => performance.getEntriesByType(type).find((entry) => entry.name.startsWith(name));
    return {
      origin: performance.timeOrigin,
      painted: first("paint", "first-contentful-paint").startTime,
      received: first("mark", "headlight:received").startTime,
      drawn: first("mark", "headlight:drawn").startTime,
      begun: first("mark", "begun").startTime,
      own: performance
        .getEntriesByType("mark")
        .filter((mark) => mark.name.startsWith("headlight:drawn"))
        .at(-1).startTime,
    };
  });
  const files = [];
  for (const realm of [page, ...page.workers()]) {
    files.push(
      ...(await realm.evaluate((pageOrigin) =>
        ["navigation", "resource"]
          .flatMap((type) => performance.getEntriesByType(type))
          // What came from the cache, or from this very page, was not sent again.
          .filter((entry) => entry.transferSize > 0)
          .map((entry) => ({
            url: entry.name,
            bytes: entry.encodedBodySize,
            asked: entry.startTime + performance.timeOrigin - pageOrigin,
            here: entry.responseEnd,
          })),
        inPage.origin,
      )),
    );
  }
  await page.context().close();
  return {
    times: { ...inPage, here: files.find((file) => fileName(file.url) === "app_bg.wasm").here },
    files: files.map(({ url, bytes, asked }) => [fileName(url), bytes, whenAsked(asked, inPage)]),
  };
}

function whenAsked(asked, { drawn, begun }) {
  if (asked > begun) return ", after the mouse moved";
  return asked > drawn ? ", after the first heatmap" : "";
}

/** Without the content's hash. */
function fileName(url) {
  return new URL(url).pathname.split("/").at(-1).replace(/-[0-9a-f]{16}/, "") || "index.html";
}
