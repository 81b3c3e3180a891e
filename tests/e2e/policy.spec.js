// The page may talk to its own origin alone, from everywhere; and it needs nothing more than a folder of files.
import { expect, test } from "./fixture.js";
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { gzipSync } from "node:zlib";

const DIST = new URL("../../dist/", import.meta.url);

test("a request to a foreign host fails by the policy, from the page and from the worker", async ({ page, trouble }) => {
  const foreign = await plainServer();
  trouble.expect(/Connecting to '.*' violates .*connect-src 'self'/);
  trouble.expect(/Refused to connect because it violates the document's Content Security Policy/);
  trouble.expect(/In the worker, connect-src refused/);
  await page.goto("");
  for (const realm of [page, await engineWorker(page)]) {
    for (const host of ["https://example.com/", foreign.url]) {
      expect(await realm.evaluate(tryFetch, host)).toEqual({ answered: false, violated: ["connect-src", host] });
    }
    expect(await realm.evaluate(tryFetch, page.url())).toEqual({ answered: true, violated: null });
  }
  expect(foreign.requests).toEqual([]);
  foreign.close();
});

test("any file server can host the page from any path, and sends each file once", async ({ page, trouble }) => {
  const server = await plainServer("/courses/attention/");
  trouble.setHome(server.url);
  await page.goto(server.url, { waitUntil: "networkidle" });
  await expectEngineToRun(await engineWorker(page));
  const paths = (await sentFiles()).map((name) => (name === "index.html" ? server.path : server.path + name));
  await expect.poll(() => server.requests.toSorted()).toEqual(paths.toSorted());
  server.close();
});

test("the whole page is sent in 300 KB", async () => {
  const files = (await sentFiles()).map((name) => new URL(name, DIST));
  const sizes = await Promise.all(files.map(async (file) => gzipSync(await readFile(file)).length));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`The whole page: ${total} bytes, gzip`);
  expect(total).toBeLessThanOrEqual(300_000);
});

test("an engine that was handed over as bytes is not fetched", async ({ page, baseURL }) => {
  const names = (await readdir(DIST)).filter((name) => name.startsWith("engine"));
  const script = await readFile(new URL(names.find((name) => name.endsWith(".js")), DIST), "utf8");
  const wasm = await readFile(new URL(names.find((name) => name.endsWith(".wasm")), DIST));
  // The page's hints would fetch it all the same; a page saved as one file has none.
  await page.route(baseURL, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace(/<link rel="preload".*/g, "") });
  });
  await page.addInitScript(
    ([script, wasm]) => {
      globalThis.headlightEngineBytes = { script, wasm: Uint8Array.from(atob(wasm), (c) => c.charCodeAt(0)).buffer };
    },
    [script, wasm.toString("base64")],
  );
  const fetched = [];
  page.on("request", (request) => fetched.push(request.url()));
  await page.goto("");
  await expectEngineToRun(await engineWorker(page));
  expect(fetched.filter((url) => /\/engine/.test(url))).toEqual([]);
});

test("a second engine takes the place of the first", async ({ page }) => {
  await page.goto("");
  const first = await engineWorker(page);
  await expectEngineToRun(first);
  const ended = first.waitForEvent("close");
  // Whether or not the page has taken the first, after two calls it is gone.
  await page.evaluate(() => [headlightBoot.startEngine(), headlightBoot.startEngine()].length);
  await ended;
  await expect.poll(() => page.workers().length).toBe(1);
  await expectEngineToRun(page.workers()[0]);
});

for (const file of ["engine-*.js", "engine_bg-*.wasm"]) {
  test(`without ${file} the engine's worker says so to every message`, async ({ page, trouble }) => {
    // The page fetches the one, the worker the other, and only the page's failures are on the console.
    if (file.endsWith(".wasm")) trouble.expect(/404/);
    await page.route(`**/${file}`, (route) => route.fulfill({ status: 404 }));
    await page.goto("");
    // Before that, the page may start an engine again itself, which ends this test's.
    await expect(page.getByRole("alert")).toContainText("The engine stopped again");
    const answers = await page.evaluate(async () => {
      const worker = headlightBoot.startEngine();
      const answers = [];
      worker.onmessage = ({ data }) => answers.push(data);
      worker.postMessage(new ArrayBuffer(1));
      while (answers.length < 1) await new Promise((done) => setTimeout(done, 10));
      worker.postMessage(new ArrayBuffer(1));
      while (answers.length < 2) await new Promise((done) => setTimeout(done, 10));
      return answers;
    });
    const [stem, extension] = file.split("-*");
    for (const answer of answers) expect(answer).toMatch(new RegExp(`${stem}-[0-9a-f]{16}\\${extension}`));
  });
}

test("without the app's wasm the page says so", async ({ page, trouble }) => {
  trouble.expect(/404/);
  await page.route("**/app_bg-*.wasm", (route) => route.fulfill({ status: 404 }));
  await page.goto("");
  await expect(page.getByRole("alert")).toContainText(/Headlight could not start.*app_bg-[0-9a-f]{16}\.wasm answered 404/);
});

/** The names of the files that a visit loads: type declarations are for editors. */
async function sentFiles() {
  return (await readdir(DIST)).filter((name) => !name.endsWith(".d.ts"));
}

/** The plainest file server there is, on an origin of its own: nothing compressed, nothing cached, open to all. */
async function plainServer(path = "/") {
  const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
  const requests = [];
  const server = createServer(async (request, response) => {
    requests.push(request.url);
    const name = request.url === path ? "index.html" : request.url.replace(path, "");
    const body = await readFile(new URL(name, DIST)).catch(() => null);
    response.writeHead(body ? 200 : 404, {
      "Access-Control-Allow-Origin": "*",
      "Cache-Control": "no-store",
      "Content-Type": types[extname(name)] ?? "application/octet-stream",
    });
    response.end(body);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}${path}`, path, requests, close: () => server.close() };
}

async function engineWorker(page) {
  return page.workers()[0] ?? page.waitForEvent("worker");
}

/** The engine's wasm has started: it has taken the worker's messages over from www/boot.js. */
async function expectEngineToRun(worker) {
  await expect.poll(() => worker.evaluate(() => String(self.onmessage).includes("headlightInbox"))).toBe(false);
}

/** Runs in the page or the worker: whether a fetch was answered, and which rule of the policy it broke. */
async function tryFetch(url) {
  let violated = null;
  const note = (event) => (violated = [event.effectiveDirective, event.blockedURI]);
  self.addEventListener("securitypolicyviolation", note);
  const answered = await fetch(url).then(
    () => true,
    () => false,
  );
  // The event comes after the answer.
  for (let i = 0; i < 50 && !answered && !violated; i++) await new Promise((done) => setTimeout(done, 20));
  self.removeEventListener("securitypolicyviolation", note);
  return { answered, violated };
}
