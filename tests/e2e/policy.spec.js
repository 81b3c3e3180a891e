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

test("any file server can host the page from any path, and sends each file once, the GPU’s program when a person begins", async ({ page, headlight, trouble }) => {
  const server = await plainServer("/courses/attention/");
  trouble.setHome(server.url);
  await page.goto(server.url, { waitUntil: "networkidle" });
  await expectEngineToRun(await engineWorker(page));
  const paths = (names) => names.map((name) => (name === "index.html" ? server.path : server.path + name));
  // Which of the chunks, which several parts share, is a matter of the splitter; each is sent once at most.
  const isChunk = (path) => /_chunk\d+-/.test(path);
  const requests = () => server.requests.filter((path) => !isChunk(path)).toSorted();
  const expected = (names) => paths(names).filter((path) => !isChunk(path)).toSorted();
  const unasked = await sentFiles();
  await expect.poll(requests).toEqual(expected(unasked));
  // The GPU's program is sent where there is a GPU.
  const ofGpu = headlight.engineName === "WebGPU" ? (await readdir(DIST)).filter((name) => name.startsWith("gpu")) : [];
  await page.mouse.move(200, 200);
  await headlight.expectEngine();
  await expect.poll(requests).toEqual(expected([...unasked, ...ofGpu]));
  expect(new Set(server.requests).size).toBe(server.requests.length);
  server.close();
});

// Until a person does anything.
for (const [name, most] of [["index.html", 330_000], ["de.html", 330_000]]) {
  test(`what is loaded at first of ${name} is sent in ${most / 1000} KB`, async ({ page, trouble }) => {
    const server = await plainServer();
    trouble.setHome(server.url);
    await page.goto(`${server.url}${name}?lang=${name === "index.html" ? "en" : "de"}`, { waitUntil: "networkidle" });
    // Last comes the inspector's cell.
    await expect(page.locator("#cell-value")).not.toBeEmpty();
    const names = server.requests.map((path) => new URL(path, server.url).pathname.slice(1));
    const sizes = await Promise.all(names.map(async (name) => gzipSync(await readFile(new URL(name, DIST))).length));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    console.log(`What is loaded at first of ${name}: ${total} bytes, gzip, in ${names.length} files`);
    expect(total).toBeLessThanOrEqual(most);
    server.close();
  });
}

test("programs that were handed over as bytes are not fetched, and run", async ({ page, headlight, baseURL }) => {
  // Under the names that they have in the tag of boot.js.
  const html = String(await readFile(new URL("index.html", DIST)));
  const named = html.match(/<script src="[^"]*boot[^>]*>/)[0].matchAll(/data-([\w-]+)="([^"]+)"/g);
  const programs = await Promise.all(
    [...named].map(async ([, name, file]) => {
      const key = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
      const content = await readFile(new URL(file, DIST));
      return [key, file.endsWith(".wasm"), content.toString(file.endsWith(".wasm") ? "base64" : "utf8")];
    }),
  );
  // The page's hints would fetch it all the same; a page saved as one file has none.
  await page.route(baseURL, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace(/<link rel="preload".*/g, "") });
  });
  await page.addInitScript(
    (programs) => {
      const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
      globalThis.headlightPrograms = Object.fromEntries(
        programs.map(([name, isWasm, content]) => [name, isWasm ? bytes(content) : content]),
      );
    },
    programs,
  );
  const fetched = [];
  page.on("request", (request) => fetched.push(request.url()));
  await headlight.open();
  // A file is written by a program that was handed over, too.
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const save = page.getByRole("button", { name: "Save", exact: true });
  const [download] = await Promise.all([page.waitForEvent("download"), save.click()]);
  expect(download.suggestedFilename()).toBe("headlight-softmax.zip");
  expect(fetched.filter((url) => /\.wasm|\/gpu-|\/files-/.test(url))).toEqual([]);
});

test("a part of the page that can't be loaded is said to be missing, and asked for again", async ({ page, headlight, trouble }) => {
  trouble.expect(/lessons.*404|404.*lessons|Failed to load resource/);
  trouble.expect(/answered 404/);
  await headlight.open();
  await page.route(/app_lessons/, (route) => route.fulfill({ status: 404 }));
  await page.getByRole("button", { name: "Glossary", exact: true }).click();
  await expect(headlight.notice).toHaveText(/^A part of this page could not be loaded/);
  await page.unroute(/app_lessons/);
  await headlight.glossary.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Glossary", exact: true }).click();
  await expect(headlight.glossary.locator("#entry-text")).toHaveText(/^How tokens pass something on/);
  await expect(headlight.notice).toHaveText("");
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

for (const [file, reason] of [
  ["app-*.js", /app-[0-9a-f]{16}\.js/],
  ["app_bg-*.wasm", /app_bg-[0-9a-f]{16}\.wasm answered 404/],
]) {
  test(`without ${file} the page says so, and the engine's worker to every message`, async ({ page, trouble }) => {
    trouble.expect(/console: .*404/);
    trouble.expect(reason);
    await page.route(`**/${file}`, (route) => route.fulfill({ status: 404 }));
    await page.goto("");
    await expect(page.getByRole("alert")).toContainText(/Headlight could not start/);
    await expect(page.getByRole("alert")).toContainText(reason);
    const answers = await page.evaluate(async () => {
      const worker = headlightBoot.startEngine();
      const answers = [];
      worker.onmessage = ({ data }) => data && answers.push(data);
      worker.postMessage(new ArrayBuffer(1));
      while (answers.length < 1) await new Promise((done) => setTimeout(done, 10));
      worker.postMessage(new ArrayBuffer(1));
      while (answers.length < 2) await new Promise((done) => setTimeout(done, 10));
      return answers;
    });
    for (const answer of answers) expect(answer).toMatch(reason);
    const refused = await page.evaluate(() => {
      const one = { shape: [1, 1, 1, 1], data: Float32Array.of(1) };
      return headlight.attend({ q: one, k: one, v: one }).catch((error) => error.message);
    });
    expect(refused).toMatch(/^headlight.attend: the engine stopped \(.*\)\. Call again, and it starts afresh; else reload the page\.$/);
    expect(refused).toMatch(reason);
  });
}

/** The names of the files that a visit of a page loads before a person does anything: those that it names, but for the page in the other language. */
async function sentFiles(page = "index.html") {
  const html = String(await readFile(new URL(page, DIST)));
  const isLater = (name) => /^(gpu|files|embed|saver|app(_de)?_(arcs|calls|checking|films|given|lessons|reading|sheets))/.test(name);
  const isSent = (name) => html.includes(`./${name}`) && !name.endsWith(".html") && !isLater(name);
  return (await readdir(DIST)).filter((name) => name === page || isSent(name));
}

/** The plainest file server there is, on an origin of its own: nothing compressed, open to all. */
async function plainServer(path = "/") {
  const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
  const requests = [];
  const server = createServer(async (request, response) => {
    requests.push(request.url);
    const asked = request.url.split("?")[0];
    const name = asked === path ? "index.html" : asked.replace(path, "");
    const body = await readFile(new URL(name, DIST)).catch(() => null);
    response.writeHead(body ? 200 : 404, {
      "Access-Control-Allow-Origin": "*",
      "Cache-Control": "max-age=600",
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
  await expect.poll(() => worker.evaluate(() => "_wbg_cb_unref" in (self.onmessage ?? {}))).toBe(true);
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
