// The GPU is taken away. Runs where there is one.
import { expect, test } from "./fixture.js";

test.beforeEach(({ page }) =>
  page.route("**/gpu-*.js", async (route) => {
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
    const { engine, batch: [{ tokens }] } = await headlight.lastRan();
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

test("a GPU that has no memory left is asked again when less is needed", async ({ headlight, page }) => {
  await headlight.open();
  await page.workers()[0].evaluate(() => (self.refuseMemory = true));
  headlight.engineName = "CPU";
  await headlight.sentence.fill("it does not fit");
  await expect(headlight.tokens).toHaveText(["it", "does", "not", "fit"]);
  await headlight.expectEngine();
  await page.getByText("why not WebGPU?").click();
  await expect(headlight.badge).toContainText("The GPU has no memory left for tensors of this size");
  await headlight.expectInspected(headlight.grid("Attention weights"));
  await expect(headlight.check()).toHaveText(/^✓ /);
  await page.workers()[0].evaluate(() => (self.refuseMemory = false));
  headlight.engineName = "WebGPU";
  await headlight.sentence.fill("now it fits");
  await headlight.expectEngine();
  await expect(headlight.tokens).toHaveText(["now", "it", "fits"]);
});

for (const kernel of ["scores", "softmax", "mix", "project", "rotate"]) {
  test(`where the kernel ${kernel} does not compile, the CPU calculates, and the badge says why`, async ({ headlight, page }) => {
    await page.route("**/gpu-*.js", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `(${breakKernel})(${JSON.stringify(kernel)});\n${await response.text()}` });
    });
    headlight.engineName = "CPU";
    await headlight.open("?engine=webgpu");
    await page.getByText("why not WebGPU?").click();
    await expect(headlight.badge).toContainText("There is a GPU, but it refused to calculate");
    await headlight.expectInspected(headlight.grid("Attention weights"));
    await expect(headlight.check()).toHaveText(/^✓ /);
    const { output } = await page.evaluate(async () => {
      const ones = { shape: [1, 1, 2, 1], data: Float32Array.of(1, 1) };
      return headlight.attend({ q: ones, k: ones, v: ones, engine: "webgpu" });
    });
    expect([...output.data]).toEqual([1, 1]);
  });
}

test("without the GPU's program the CPU calculates, and the badge says why", async ({ page, headlight }) => {
  await page.route("**/gpu_bg-*.wasm", (route) => route.fulfill({ status: 404 }));
  headlight.engineName = "CPU";
  await headlight.open();
  await page.getByText("why not WebGPU?").click();
  await expect(headlight.badge).toContainText(/the program for it could not be loaded \(.*gpu_bg-[0-9a-f]{16}\.wasm answered 404/);
});

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
  // As the browser would say it.
  const { pushErrorScope, popErrorScope } = GPUDevice.prototype;
  const filters = [];
  GPUDevice.prototype.pushErrorScope = function (filter) {
    filters.push(filter);
    return pushErrorScope.call(this, filter);
  };
  GPUDevice.prototype.popErrorScope = async function () {
    const filter = filters.pop();
    const error = await popErrorScope.call(this);
    return self.refuseMemory && filter === "out-of-memory" ? new GPUOutOfMemoryError("no memory") : error;
  };
}

/** Runs in the worker before the engine: one kernel's source becomes nonsense. */
function breakKernel(kernel) {
  const { createShaderModule } = GPUDevice.prototype;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    const code = descriptor.label === kernel ? `${descriptor.code}\nnonsense` : descriptor.code;
    return createShaderModule.call(this, { ...descriptor, code });
  };
}
