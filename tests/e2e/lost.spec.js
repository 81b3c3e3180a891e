// The GPU is taken away. Runs where there is one.
import { expect, test } from "./fixture.js";

test.beforeEach(({ page }) =>
  page.route("**/engine-*.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `(${keepDevice})();\n${await response.text()}` });
  }),
);

for (const [when, lose] of [
  ["between two runs", () => self.device.destroy()],
  ["in the middle of a run", () => (self.loseDeviceInRun = true)],
]) {
  test(`a GPU that is lost ${when} is replaced by the CPU, and the badge says why`, async ({ headlight, page }) => {
    await headlight.open();
    await page.workers()[0].evaluate(lose);
    headlight.engineName = "CPU";
    await headlight.sentence.fill("nothing typed is lost");
    await expect(headlight.tokens).toHaveText(["nothing", "typed", "is", "lost"]);
    await headlight.expectEngine();
    await expect(headlight.sentence).toHaveValue("nothing typed is lost");
    const { engine, tokens } = await headlight.lastRan();
    expect(engine.insteadOfWebgpu).toMatch(/^The GPU was lost \(.+\)/);
    expect(tokens.map(({ text }) => text)).toEqual(["nothing", "typed", "is", "lost"]);
    await page.getByText("why not WebGPU?").click();
    await expect(headlight.badge).toContainText("The GPU was lost");
    await expect(headlight.badge).toContainText("The CPU carries on with the same numbers");
    const weights = headlight.grid("Attention weights");
    await expect(weights).toHaveAttribute("aria-rowcount", "4");
    await weights.focus();
    await page.keyboard.press("Control+Home");
    await headlight.expectInspected(weights);
    await expect(headlight.check()).toHaveText(/^✓ /);
    await headlight.sentence.fill("and so on");
    await expect(headlight.tokens).toHaveText(["and", "so", "on"]);
  });
}

/** Runs in the worker before the engine: keeps its device within reach. */
function keepDevice() {
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...options) {
    return (self.device = await requestDevice.apply(this, options));
  };
  const { submit } = GPUQueue.prototype;
  GPUQueue.prototype.submit = function (...commands) {
    submit.apply(this, commands);
    if (self.loseDeviceInRun) self.device.destroy();
  };
}
