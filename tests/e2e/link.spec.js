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

test("places on the page are no addresses: what was typed stays", async ({ page, headlight }) => {
  await headlight.open();
  await headlight.sentence.fill("Dogs bark");
  await headlight.ranWith({});
  await page.locator(".skip").focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#stage")).toBeFocused();
  await page.evaluate(() => (location.hash = "#stage"));
  await headlight.frames(5);
  await expect(headlight.sentence).toHaveValue("Dogs bark");
});

test("a link in other words stays as it is, and back leads out of it", async ({ page, headlight }) => {
  await headlight.openLink("#v=1&s=Hi%20there&later=1");
  await page.waitForTimeout(800);
  expect(await page.evaluate(() => location.hash)).toBe("#v=1&s=Hi%20there&later=1");
  await expect(headlight.notice).toHaveText(/“later=1” was left out/);
  await headlight.goTo("Mask");
  await expect.poll(() => page.evaluate(() => location.hash)).toBe("#v=1&s=Hi+there&step=mask");
  await expect(headlight.notice).toHaveText("");
  await page.goBack();
  await headlight.expectStep("Softmax");
  // What is changed at once does not take the place of what was gone back to.
  await headlight.goTo("Scale");
  await expect.poll(() => page.evaluate(() => location.hash)).toBe("#v=1&s=Hi+there&step=scale");
  await page.goBack();
  await headlight.expectStep("Softmax");
});

test("back leads to the words and the cell that was kept among them", async ({ page, headlight }) => {
  await headlight.openLink("#v=1&s=Dogs+bark&cell=attention_weights.1.1.0");
  await expect(headlight.unpin).toBeVisible();
  await headlight.sentence.fill("Cats sleep all day");
  await expect(headlight.unpin).toBeHidden();
  await expect.poll(() => page.evaluate(() => location.hash)).toBe("#v=1&s=Cats+sleep+all+day");
  await page.goBack();
  await expect(headlight.sentence).toHaveValue("Dogs bark");
  await expect(headlight.unpin).toBeVisible();
});

test("a cell that is not there, and a head, harm nothing", async ({ headlight }) => {
  await headlight.openLink("#v=1&heads=0&before=1&before.heads=1000000&width=99&padding=999999&temperature=x00300000");
  await headlight.expectStep("Softmax");
  await headlight.openLink("#v=1&head=40&cell=attention_weights.1.70.70&zoom=50.4-all&item=9&table=values.500.500");
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
