// Nothing moves that should not.
import { expect, test } from "./fixture.js";
import { STEPS } from "./page.js";

test("nothing plays by itself", async ({ headlight, page }) => {
  await headlight.open();
  for (const reducedMotion of ["no-preference", "reduce"]) {
    await page.emulateMedia({ reducedMotion });
    for (const step of STEPS) {
      await headlight.goTo(step);
      await expect(headlight.check()).toHaveText(/^✓ /);
      await headlight.frames(3);
      const picture = await headlight.picture();
      await headlight.frames(10);
      expect(await headlight.picture(), `${step}, ${reducedMotion}`).toBe(picture);
      await expect(headlight.play).toBeVisible();
    }
  }
});

test("an edited sentence goes over to the new one, and cuts where motion is not wanted", async ({ headlight, page }) => {
  for (const reducedMotion of ["no-preference", "reduce"]) {
    await page.emulateMedia({ reducedMotion });
    await headlight.open();
    const figure = page.locator("#figure");
    const changed = await figure.evaluateHandle((figure) => {
      const changed = [];
      new MutationObserver(() => changed.push(figure.hasAttribute("data-changing"))).observe(figure, {
        attributeFilter: ["data-changing"],
      });
      return changed;
    });
    const picture = await headlight.picture();
    await headlight.sentence.fill("The dog sat on the mat");
    await expect(headlight.tokens).toHaveText(["The", "dog", "sat", "on", "the", "mat"]);
    await expect(headlight.check()).toHaveText(/^✓ /);
    await headlight.frames(3);
    expect(await headlight.picture()).not.toBe(picture);
    // It begins once and ends once.
    const expected = reducedMotion === "reduce" ? [] : [true, false];
    const seen = await changed.evaluate((changed) => changed.filter((now, index) => now !== changed[index - 1]));
    expect(seen, reducedMotion).toEqual(expected);
  }
});

test("where motion is not wanted, Play cuts from step to step", async ({ headlight, page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await headlight.open();
  await headlight.speed.selectOption("4×");
  const seen = await headlight.watchSteps();
  const positions = await headlight.slider.evaluateHandle((slider) => {
    const positions = new Set();
    const note = () => {
      positions.add(slider.value);
      // What moves in the style sheet's way.
      for (const animation of document.getAnimations()) positions.add(animation.constructor.name);
      requestAnimationFrame(note);
    };
    note();
    return positions;
  });
  await headlight.play.click();
  await expect(headlight.pause).toBeVisible();
  await expect(headlight.play).toBeVisible({ timeout: 60_000 });
  expect(await seen.names()).toEqual(STEPS);
  expect(await positions.evaluate((positions) => [...positions])).toEqual(["1000"]);
});
