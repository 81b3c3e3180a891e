// A link leads back to what was seen; the address follows, and back and forward do.
import { readFile } from "node:fs/promises";
import { expect, test } from "./fixture.js";

const LINKS = (await readFile(new URL("../data/links.txt", import.meta.url), "utf8"))
  .split("\n")
  .filter((line) => line && !line.startsWith("//"));

for (const link of LINKS) {
  test(`reopens to the same pixels: ${link.slice(0, 60)}`, async ({ page, headlight }) => {
    await headlight.openLink(`?lang=en#${link}`);
    await expect(headlight.notice).toHaveText("");
    const first = await headlight.picture();
    await page.getByRole("button", { name: "Export", exact: true }).click();
    const shared = await page.getByRole("textbox", { name: "Link", exact: true }).inputValue();
    expect(shared).toContain(`?lang=en#${link}`);
    await headlight.openLink(shared);
    expect(await headlight.picture()).toBe(first);
  });
}

test("the address follows what is shown, and back and forward go there", async ({ page, headlight }) => {
  await headlight.open();
  const hash = () => page.evaluate(() => location.hash);
  expect(await hash()).toBe("");
  await headlight.goTo("Mask");
  await expect.poll(hash).toBe("#v=1&step=mask");
  await page.waitForTimeout(1600);
  await headlight.choose("Mask", "causal");
  await expect.poll(hash).toBe("#v=1&step=mask&mask=causal");
  await page.waitForTimeout(1600);
  await headlight.sentence.fill("Dogs bark");
  await expect.poll(hash).toBe("#v=1&s=Dogs+bark&step=mask&mask=causal");
  await page.goBack();
  await expect(headlight.sentence).toHaveValue("The cat sat on the mat");
  await headlight.ranWith({ mask: "causal" });
  await headlight.expectStep("Mask");
  await page.goBack();
  await headlight.ranWith({ mask: "none" });
  await page.goBack();
  await headlight.expectStep("Softmax");
  await page.goForward();
  await headlight.expectStep("Mask");
  await page.goForward();
  await headlight.ranWith({ mask: "causal" });
  expect(await hash()).toBe("#v=1&step=mask&mask=causal");
});

test("what a link says and nobody understands is left out, and said to be", async ({ headlight }) => {
  await headlight.openLink("#v=2&s=Dogs+bark&step=dance&cell=attention_weights.9.70.70");
  await expect(headlight.notice).toHaveText(/later version of Headlight; “step=dance” was left out/);
  await expect(headlight.sentence).toHaveValue("Dogs bark");
  await headlight.expectStep("Softmax");
});

test("a cell that is not there, and a head, harm nothing", async ({ headlight }) => {
  await headlight.openLink("#v=1&head=40&cell=attention_weights.1.70.70&zoom=50.4,all&item=9&table=values.500.500");
  await headlight.expectStep("Softmax");
  await expect(headlight.grid("Attention weights")).toBeVisible();
});

test("a link is copied, and drawn for cameras", async ({ page, headlight, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await headlight.open();
  await headlight.goTo("Scores");
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await page.getByRole("button", { name: "Copy link" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(/\?lang=en#v=1&step=scores$/);
  const code = page.getByRole("img", { name: "QR code of this link" });
  await expect(code).toBeVisible();
  // What a camera would see, read by the browser, where it can.
  const read = await code.evaluate(async (svg) => {
    if (!globalThis.BarcodeDetector) return null;
    const image = new Image();
    image.src = URL.createObjectURL(new Blob([svg.outerHTML.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600" ')], { type: "image/svg+xml" }));
    await image.decode();
    const [code] = await new BarcodeDetector().detect(image);
    return code?.rawValue;
  });
  if (read !== null) expect(read).toBe(copied);
  await headlight.sentence.fill("word ".repeat(900));
  await expect(page.getByText("So long a link fits into no QR code.")).toBeVisible();
});
