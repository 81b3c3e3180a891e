// What happens when the engine dies.
import { expect, test } from "./fixture.js";

for (const [how, reason, kill] of [
  ["of a message that it cannot read", "a message from the page could not be read", sendNonsense],
  ["of an error that nobody catches", "something broke", throwAnError],
]) {
  test(`an engine that dies ${how} is started again on the CPU`, async ({ headlight, page }) => {
    await headlight.open();
    await headlight.sentence.fill("nothing typed is lost");
    await expect(headlight.tokens).toHaveText(["nothing", "typed", "is", "lost"]);
    headlight.engineName = "CPU";
    const runs = await headlight.countRuns();
    await kill(page);
    await expect.poll(() => headlight.countRuns()).toBe(runs + 1);
    await headlight.expectEngine();
    await expect(headlight.sentence).toHaveValue("nothing typed is lost");
    await expect(headlight.notice, "the message stays until it can be read").toContainText(reason);
    await expect(headlight.notice).toContainText("started again on the CPU");
    await headlight.sentence.fill("and it works");
    await expect(headlight.tokens).toHaveText(["and", "it", "works"]);
    await headlight.expectInspected(headlight.grid("Attention weights"));
  });
}

test("an engine that takes long is seen to be at work, and one that does not is not", async ({ headlight, page }) => {
  await headlight.open();
  const [grids, canvas, status] = [page.locator("#grids"), page.locator("#canvas"), page.locator("#working")];
  const expectBusy = async (busy) => {
    await expect(canvas).toHaveCSS("opacity", busy ? "0.45" : "1");
    await expect(status).toHaveText(busy ? "Calculating …" : "");
    await (busy ? expect(grids) : expect(grids).not).toHaveAttribute("aria-busy", "true");
  };
  await expectBusy(false);
  // The engine's replies are held back.
  const engine = page.workers()[0];
  await engine.evaluate(() => {
    const post = self.postMessage.bind(self);
    self.held = [];
    self.postMessage = (...reply) => self.held.push(() => post(...reply));
    self.release = () => self.held.splice(0).forEach((send) => send());
  });
  // The page's own clock, from the very event: on a slow machine the engine is busy long before the test is told.
  const waiting = await page.evaluateHandle(() => {
    const waited = new Promise((resolve) => {
      document.addEventListener(
        "input",
        async () => {
          const begun = performance.now();
          while (!document.querySelector("[data-busy]")) await new Promise(requestAnimationFrame);
          resolve(performance.now() - begun);
        },
        { once: true, capture: true },
      );
    });
    return { waited };
  });
  await headlight.sentence.fill("this takes a while");
  const waited = await waiting.evaluate(({ waited }) => waited);
  expect(waited, "not at once").toBeGreaterThan(100);
  await expectBusy(true);
  // Meanwhile another step, which the run has not been asked for.
  await headlight.goTo("Output");
  await expect.poll(() => engine.evaluate(() => self.held.length)).toBeGreaterThan(0);
  await expectBusy(true);
  const release = setInterval(() => engine.evaluate(() => self.release()), 100);
  await expect(headlight.tokens).toHaveText(["this", "takes", "a", "while"]);
  await headlight.expectInspected(headlight.grid("Output"));
  await expectBusy(false);
  clearInterval(release);

  // Another step, whose numbers are not here yet.
  await headlight.goTo("Embed");
  await expectBusy(true);
  await engine.evaluate(() => self.release());
  await expectBusy(false);
});

test("an address that asks for an engine that there is none of is told so", async ({ headlight }) => {
  await headlight.open("?engine=gpu");
  await expect(headlight.notice).toContainText("There is no engine “gpu”");
});

test("an engine that was on the CPU already calculates again after its death", async ({ headlight, page }) => {
  headlight.engineName = "CPU";
  await headlight.open("?engine=cpu");
  const runs = await headlight.countRuns();
  await die(page);
  await expect.poll(() => headlight.countRuns()).toBe(runs + 1);
  await headlight.goTo("Scores");
  await headlight.expectInspected(headlight.grid("Scores"));
});

test("an engine that dies again is started when asked to", async ({ headlight, page }) => {
  await headlight.open();
  headlight.engineName = "CPU";
  const runs = await headlight.countRuns();
  await die(page);
  await expect.poll(() => headlight.countRuns()).toBe(runs + 1);
  await die(page);
  await expect(headlight.notice).toContainText("The engine stopped again, on the CPU too: panicked");
  await expect(headlight.canvas).not.toHaveCSS("opacity", "1");
  await expect(headlight.badge).toContainText("stopped");
  await headlight.sentence.fill("typed meanwhile");
  await headlight.frames(60);
  await expect(page.locator("[data-busy], [aria-busy]"), "nobody is at work").toHaveCount(0);
  await headlight.notice.getByRole("button", { name: "Start it again" }).click();
  await expect(headlight.tokens).toHaveText(["typed", "meanwhile"]);
  await expect(headlight.canvas).toHaveCSS("opacity", "1");
  await expect(headlight.sentence).toHaveValue("typed meanwhile");
  await expect(headlight.sentence, "the button went, and the focus stays near").toBeFocused();
});

function sendNonsense(page) {
  return page.evaluate(() => tap.worker.postMessage(Uint8Array.of(99).buffer));
}

function throwAnError(page) {
  return inEngine(page, () => {
    setTimeout(() => {
      throw new Error("something broke");
    });
  });
}

/** As after a panic: last words, and no answer any more. */
function die(page) {
  return inEngine(page, () => {
    self.onmessage = null;
    self.postMessage("panicked");
  });
}

/** In the newest worker; an ended one may still be listed. */
function inEngine(page, act) {
  return page.workers().at(-1).evaluate(act);
}
