// The page in a frame of another one, and as a file of its own.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { expect, test } from "./fixture.js";
import { STEPS } from "./page.js";

test("in a frame: the stage alone, as high as the frame, which says what it shows and does as it is told", async ({ headlight, page }) => {
  // The page object is of a whole page.
  await page.route("**/around.html", (route) => route.fulfill({ contentType: "text/html", body: AROUND }));
  await page.goto("/around.html");
  const frame = page.frameLocator("iframe");
  await expect(frame.getByRole("grid", { name: "Attention weights" })).toBeVisible();
  await expect(frame.getByRole("textbox", { name: "Sentence" })).toBeHidden();
  await expect(frame.getByRole("region", { name: "Inspector" })).toBeHidden();
  const said = () => page.evaluate(() => said.at(-1));
  await expect.poll(said).toMatchObject({ link: "v=1&s=Dogs+bark" });

  // All of the stage is in sight.
  for (const height of [480, 640]) {
    await page.evaluate((height) => (document.querySelector("iframe").height = height), height);
    await expect.poll(async () => (await said()).height, `in ${height}`).toBeLessThanOrEqual(height);
  }
  await expect.poll(async () => (await said()).height, "it is not small where there is room").toBeGreaterThan(440);
  // As docs/embedding.md has it: a frame that grows to what it is told settles.
  await page.evaluate(() => (grows = true));
  await page.evaluate(() => (document.querySelector("iframe").height = 380));
  await expect.poll(async () => (await said()).height - (await page.evaluate(() => document.querySelector("iframe").clientHeight))).toBeLessThanOrEqual(0);
  const settled = await page.evaluate(() => document.querySelector("iframe").clientHeight);
  await headlight.frames(20);
  expect(await page.evaluate(() => document.querySelector("iframe").clientHeight)).toBe(settled);
  expect(settled).toBeLessThan(640);
  await page.evaluate(() => (grows = false));
  await page.evaluate(() => (document.querySelector("iframe").height = 640));

  await page.evaluate(() => document.querySelector("iframe").contentWindow.postMessage({ headlight: { link: "v=1&step=scores", play: true } }, "*"));
  await expect(frame.getByRole("grid", { name: "Scores", exact: true })).toBeVisible();
  await expect(frame.getByRole("button", { name: "Pause" }), "and then it plays").toBeVisible();
  await frame.getByRole("button", { name: "Pause" }).click();
  await frame.getByRole("button", { name: STEPS[5], exact: true }).click();
  await expect.poll(said).toMatchObject({ link: "v=1&step=mask" });
  await expect(frame.getByRole("link", { name: "Headlight" })).toHaveAttribute("href", "/?lang=en#v=1&step=mask");
  expect(await page.evaluate(() => history.length), "nothing is added to the history of the page around").toBe(await page.evaluate(() => begun));

  await page.evaluate(() => document.querySelector("iframe").contentWindow.postMessage({ headlight: { play: true } }, "*"));
  await expect(frame.getByRole("button", { name: "Pause" })).toBeVisible();
  await page.evaluate(() => document.querySelector("iframe").contentWindow.postMessage({ headlight: { play: false } }, "*"));
  await expect(frame.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  // Not by anybody else.
  await page.frames()[1].evaluate(() => postMessage({ headlight: { link: "v=1&step=output" } }, "*"));
  await headlight.frames(5);
  await expect(frame.getByRole("grid", { name: "Output", exact: true })).toBeHidden();
});

const AROUND = `<!DOCTYPE html><title>Around</title><script>
  const said = [];
  let begun;
  let grows = false;
  addEventListener("message", ({ data }) => {
    if (!data.headlight) return;
    said.push(data.headlight);
    const frame = document.querySelector("iframe");
    if (grows && data.headlight.height > frame.clientHeight) frame.height = data.headlight.height;
    begun ??= history.length;
  });
</script><iframe width="900" height="640" src="/?embed&lang=en#v=1&s=Dogs+bark"></iframe>`;

test("the saved page opens from disk, without a network, as it was, and calculates", async ({ headlight, page, context }, info) => {
  test.setTimeout(90_000);
  await headlight.openLink("#v=1&s=Dogs+bark+at+night&step=mask&mask=causal");
  const numbers = await headlight.lastRan();
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save page" }).click()]);
  const path = info.outputPath(download.suggestedFilename());
  await download.saveAs(path);
  const { length } = readFileSync(path);
  await expect(page.locator("#page-said")).toHaveText(/^headlight\.html is saved: \d+ KB\.$/);
  console.log(`headlight.html: ${length} bytes`);

  await context.setOffline(true);
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(path).href + (headlight.engineName === "CPU" ? "?engine=cpu" : ""));
  await expect(headlight.grid("Masked scores")).toBeVisible();
  await headlight.expectEngine();
  await expect(headlight.sentence).toHaveValue("Dogs bark at night");
  expect(new URL(page.url()).hash).toContain("step=mask");
  const again = await headlight.lastRan();
  expect(again.setup).toEqual(numbers.setup);
  // Its parts are in it, too.
  await headlight.sentence.fill("It still works");
  await expect(headlight.tokens).toHaveText(["It", "still", "works"]);
  await headlight.goTo("Softmax");
  await headlight.expectInspected(headlight.grid("Attention weights"));
  await headlight.openTable();
  await page.getByRole("button", { name: "Glossary", exact: true }).click();
  await expect(headlight.glossary).toBeVisible();
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await expect(page.getByRole("button", { name: "Save page" }), "it is saved already").toBeHidden();
  const tensors = page.getByRole("group", { name: "Tensors", exact: true });
  const [file] = await Promise.all([page.waitForEvent("download"), tensors.getByRole("button", { name: "Save", exact: true }).click()]);
  expect(file.suggestedFilename()).toBe("headlight-softmax.zip");
  expect(asked.filter((url) => !/^(file|blob|data):/.test(url))).toEqual([]);
});

test("as a file for frames: from a blob it shows tensors that it is handed, and outside of a frame it is a whole page", async ({ headlight, page, context }) => {
  await page.route("**/around.html", (route) => route.fulfill({ contentType: "text/html", body: AROUND.replace(/ src="[^"]*"/, "") }));
  await page.goto("/around.html");
  await page.evaluate(async () => {
    const got = async (name) => {
      const response = await fetch(new URL(name, location));
      if (!response.ok) throw new Error(`${name}: ${response.status}`);
      return response;
    };
    const html = await (await got("index.html")).text();
    (0, eval)(await (await got(html.match(/data-saver="([^"]*)"/)[1])).text());
    const read = async (name) => (await got(name)).arrayBuffer();
    const saved = await headlightSaver({ html, read, fragment: "", isFramed: true });
    const address = URL.createObjectURL(new Blob([saved], { type: "text/html" }));
    document.querySelector("iframe").src = `${address}#v=1&s=Dogs+bark&step=softmax`;
  });
  const frame = page.frameLocator("iframe");
  await expect(frame.getByRole("grid", { name: "Attention weights" })).toBeVisible();
  await expect(frame.getByRole("textbox", { name: "Sentence" })).toBeHidden();
  const said = () => page.evaluate(() => said.at(-1));
  await frame.getByRole("button", { name: STEPS[3], exact: true }).click();
  await expect.poll(said, "its address follows").toMatchObject({ link: "v=1&s=Dogs+bark&step=scores" });
  const whole = frame.getByRole("link", { name: "Headlight" });
  const [opened] = await Promise.all([context.waitForEvent("page"), whole.click()]);
  await expect(opened.getByRole("textbox", { name: "Sentence" })).toHaveValue("Dogs bark");
  await opened.close();

  // Queries and keys of two heads: the scores are 1 and 0.
  const tell = (message) => page.evaluate((message) => {
    const bytes = (value) => new TextEncoder().encode(JSON.stringify(value)).buffer;
    const files = Object.entries(message.files).map(([name, value]) => ({ name, bytes: bytes(value) }));
    document.querySelector("iframe").contentWindow.postMessage({ headlight: { ...message, files } }, "*");
  }, message);
  const one = [[[1, 0], [0, 1]], [[0, 1], [1, 0]]];
  const tokens = ["left", "right"];
  const saidOfFiles = () => page.evaluate(() => said.findLast((message) => "said" in message));
  await tell({ files: { "qkv.json": { q: one, k: one, v: one }, "tokens.json": tokens }, head: 1, causal: true, scaled: false });
  await expect.poll(saidOfFiles).toMatchObject({ isShown: true, said: expect.stringContaining("2 heads · 2 tokens") });
  await frame.getByRole("button", { name: STEPS[6], exact: true }).click();
  await frame.getByRole("grid", { name: "Attention weights" }).focus();
  await expect(frame.getByRole("gridcell", { name: "query left, key left: 1.000" }), "what comes later is hidden").toBeAttached();
  await expect(frame.getByRole("gridcell", { name: "query right, key right: 0.731" }), "e / (1 + e)").toBeAttached();
  await expect(whole, "tensors are in no link").toBeHidden();

  await tell({ files: { "qkv.json": { q: one, k: one } } });
  await expect.poll(saidOfFiles).toMatchObject({ isShown: false, said: expect.stringContaining("V, values is missing") });
});
