// The badge's check: the run on the stage once more, by other means.
import { expect, test } from "./fixture.js";

test("the check compares every stage with the other engine, or with the reference", async ({ headlight, page }) => {
  await headlight.open();
  await page.getByText("check", { exact: true }).click();
  const result = page.locator("#engine-check-result");
  await expect(result.getByRole("row")).toHaveCount(10);
  const against = { WebGPU: "Calculated once more on the CPU.", CPU: "in the slow and clear way" }[headlight.engineName];
  await expect(result).toContainText(against);
  await expect(result).toContainText("Both agree");
  await expect(result.getByRole("row")).toContainText([
    "Stage", "Queries", "Keys", "Values", "Scores", "Scaled scores", "Masked scores", "Attention weights", "Mixed values", "Output",
  ]);
  for (const row of (await result.getByRole("row").all()).slice(1)) await expect(row).toContainText("✓");
  await expect(result).toBeInViewport();
  await page.keyboard.press("Escape");
  await expect(result).toBeHidden();

  // Of a long sentence the reference does a part, which is said; an engine does it all.
  await headlight.sentence.fill(Array.from({ length: 700 }, (_, index) => `word${index}`).join(" "));
  await expect(headlight.badge).not.toContainText("Both agree");
  await page.getByText("check", { exact: true }).click();
  await expect(result).toContainText("Both agree", { timeout: 30_000 });
  await expect(result).toContainText({ WebGPU: "on the CPU.", CPU: "for 512 of the 700 tokens" }[headlight.engineName]);
  for (const row of (await result.getByRole("row").all()).slice(1)) await expect(row).toContainText("✓");
  await page.keyboard.press("Escape");

  // Another run has not been checked yet.
  await headlight.sentence.fill("another run");
  await expect(headlight.tokens).toHaveText(["another", "run"]);
  await expect(result).toBeEmpty();
  await page.getByText("check", { exact: true }).click();
  await expect(result).toContainText("Both agree");
});
