// The page in German: a page and a program of its own, and nothing is lost on the way between the two.
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "./fixture.js";
import { EXAMPLE } from "./page.js";

const STEPS = ["Tokens", "Einbetten", "Q K V", "Scores", "Skalieren", "Maske", "Softmax", "Mischen", "Ausgabe"];
const GERMAN = /\/(app_de[-_]|de\.html)/;
const ENGLISH = /\/(app[-_](?!de)|index\.html)/;

test("?lang=de is the German page, and says so", async ({ page }) => {
  await page.goto("?lang=de&engine=cpu");
  await expectGerman(page);
  expect(new URL(page.url()).pathname).toMatch(/\/de\.html$/);
  expect(new URL(page.url()).searchParams.get("engine"), "the rest of the address comes along").toBe("cpu");
  await expect(page).toHaveTitle("Headlight: jeden Schritt der Attention sehen");
  await expect(page.locator("meta[name=description]")).toHaveAttribute("content", /^Einen Satz eingeben/);
  await expect(page.getByRole("textbox", { name: "Satz" })).toHaveValue(EXAMPLE);
  await expect(page.locator("#check")).toHaveText(/^✓ exp ÷ Summe ergibt die gespeicherte Zahl/);
  await page.goto("?lang=fr");
  await expectEnglish(page);
});

test("each page fetches its own program, and nothing of the other", async ({ page }) => {
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto("");
  await expectEnglish(page);
  expect(asked.filter((url) => GERMAN.test(url))).toEqual([]);
  asked.length = 0;
  await page.goto("de.html");
  await expectGerman(page);
  expect(asked.filter((url) => ENGLISH.test(url))).toEqual([]);
  expect(asked.filter((url) => GERMAN.test(url)).length).toBeGreaterThanOrEqual(3);
});

test.describe("in a browser that speaks German", () => {
  test.use({ locale: "de-AT" });

  test("German is shown, until English is chosen", async ({ page }) => {
    await page.goto("");
    await expectGerman(page);
    await page.getByRole("button", { name: "English", exact: true }).click();
    await expectEnglish(page);
    await page.goto("");
    await expectEnglish(page);
    expect(new URL(page.url()).search).toBe("");
    await page.goto("?lang=de");
    await expectGerman(page);
  });

  test("and where the browser keeps nothing, the address does", async ({ page }) => {
    await page.addInitScript(() => {
      for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(globalThis, name, { get: () => { throw new DOMException("no", "SecurityError"); } });
      }
    });
    await page.goto("");
    await expectGerman(page);
    await page.getByRole("button", { name: "English", exact: true }).click();
    await expectEnglish(page);
    await expect(page.getByRole("textbox", { name: "Sentence" })).toHaveValue(EXAMPLE);
  });
});

test("sentence, set-up, step, position, kept cell and colours go along, by keyboard and back", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.sentence.fill("the größere “Hund” saw the 犬");
  await expect(headlight.tokens).toHaveCount(8);
  await headlight.choose("Mask", "causal");
  await headlight.choose("Weights", "viridis");
  await page.getByRole("button", { name: "Switch to dark" }).click();
  await headlight.heads.nth(2).click();
  await headlight.goTo("Scores");
  const scores = headlight.grid("Scores");
  await scores.focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Enter");
  await headlight.expectInspected(scores);
  const kept = await headlight.value().textContent();
  const numbersOf = (rows) => rows.map((row) => row.match(/−?\d+\.\d+/g));
  const terms = numbersOf(await headlight.terms().allTextContents());
  await headlight.scrubTo(640);

  const language = page.getByRole("button", { name: "Deutsch", exact: true });
  await expect(language).toHaveAttribute("lang", "de");
  await language.focus();
  await page.keyboard.press("Enter");
  await expectGerman(page);
  await expect(page.getByRole("textbox", { name: "Satz" })).toHaveValue("the größere “Hund” saw the 犬");
  await expect(headlight.tokens).toHaveCount(8);
  await expect(page.locator("[aria-current=step]")).toHaveText(/Scores$/);
  await expect(page.getByRole("slider", { name: "Stelle im Schritt" })).toHaveValue("640");
  await expect(page.getByRole("combobox", { name: "Maske", exact: true }).locator("option:checked")).toHaveText("kausal");
  await expect(page.getByRole("combobox", { name: "Gewichte", exact: true }).locator("option:checked")).toHaveText("viridis");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  const inspector = page.getByRole("region", { name: "Inspektor" });
  await expect(inspector.getByRole("button", { name: "Loslassen" })).toBeVisible();
  await expect(inspector.locator(".big")).toHaveText(kept);
  expect(numbersOf(await inspector.locator("tbody tr").allTextContents())).toEqual(terms);
  await expect(inspector.locator("#why")).toHaveText(/^„\S?犬\S?“ und „\S?犬\S?“ (ziehen sich an|stoßen sich ab), denn /);

  await page.getByRole("button", { name: "English", exact: true }).click();
  await expectEnglish(page);
  await expect(headlight.sentence).toHaveValue("the größere “Hund” saw the 犬");
  await headlight.expectStep("Scores");
  await expect(headlight.value()).toHaveText(kept);
  // What was handed over is used up; the address says what is shown.
  await page.reload();
  await expect(headlight.sentence).toHaveValue("the größere “Hund” saw the 犬");
  await headlight.expectStep("Scores");
});

test("the tour goes on in the other language, and still gives back what was there", async ({ headlight, page }) => {
  await headlight.open();
  await headlight.sentence.fill("my own words");
  await page.getByRole("button", { name: "Tour", exact: true }).click();
  await headlight.tour.getByRole("button", { name: "Next" }).click();
  await headlight.tour.getByRole("button", { name: "Next" }).click();
  await expect(headlight.tour).toContainText("Tour · 3 of 12");
  await page.getByRole("button", { name: "Deutsch", exact: true }).click();
  await expectGerman(page);
  await expect(headlight.tour).toContainText("Rundgang · 3 von 12");
  await expect(headlight.tour).toContainText(/die Zeilen der beiden „the“, um bis zu \d\.\d{3}\./);
  await headlight.tour.getByRole("button", { name: "Verlassen" }).click();
  await expect(page.getByRole("textbox", { name: "Satz" })).toHaveValue("my own words");
});

test("what was handed over and can't be read is left behind", async ({ page }) => {
  await page.addInitScript(() => sessionStorage.setItem("headlight-luggage", "100,101,118,1,2,3"));
  await page.goto("?lang=de");
  await expectGerman(page);
  await expect(page.getByRole("textbox", { name: "Satz" })).toHaveValue(EXAMPLE);
});

for (const viewport of [
  { width: 390, height: 844 },
  { width: 768, height: 1024 },
  { width: 1440, height: 900 },
]) {
  test(`nothing is cut off, and axe finds nothing, at ${viewport.width} px`, async ({ page, headlight }) => {
    await page.setViewportSize(viewport);
    // Each engine's browser has a theme.
    await page.emulateMedia({ colorScheme: headlight.engineName === "CPU" ? "light" : "dark", reducedMotion: "reduce" });
    await page.goto("de.html");
    await expectGerman(page);
    await page.getByRole("button", { name: "Tabelle", exact: true }).click();
    await page.getByRole("combobox", { name: "Maske", exact: true }).selectOption("kausal");
    for (const step of STEPS) {
      await page.getByRole("navigation", { name: "Schritte" }).getByRole("button", { name: step, exact: true }).click();
      await expect(page.locator("#check")).toHaveText(/^✓ /);
      expect(await page.evaluate(cutOff), step).toEqual([]);
    }
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  });
}

async function expectGerman(page) {
  await expect(page.getByRole("grid", { name: "Attention-Gewichte" }).or(page.getByRole("grid", { name: "Scores", exact: true })).or(page.getByRole("grid", { name: "Eingabe", exact: true })).first()).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await expect(page.getByRole("button", { name: "English", exact: true })).toHaveAttribute("lang", "en");
}

async function expectEnglish(page) {
  await expect(page.getByRole("button", { name: "Deutsch", exact: true })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page.getByRole("grid").first()).toBeVisible();
}

/** Runs in the page: what does not have the room that its text takes, or is not in the window. */
function cutOff() {
  const seen = [...document.querySelectorAll("button, summary, label, select, h1, h2, h3, p, th, td, .caption, .badge")].filter(
    (part) => part.checkVisibility({ visibilityProperty: true }) && !part.matches(".skip"),
  );
  const measure = document.createElement("canvas").getContext("2d");
  const isCut = (part) => {
    const { left, right } = part.getBoundingClientRect();
    const strip = part.parentElement.closest("ol, .over, .heads, .table-box, [data-strip], .chips, table");
    if (!strip && (left < -1 || right > innerWidth + 1)) return "out of the window";
    const style = getComputedStyle(part);
    if (part.localName === "select") {
      measure.font = style.font;
      const arrow = 20;
      const room = part.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight) - arrow;
      return measure.measureText(part.selectedOptions[0].text).width > room && "its choice";
    }
    return style.overflowX !== "auto" && part.clientWidth > 0 && part.scrollWidth > part.clientWidth + 1 && "its text";
  };
  // What stands beside the lead leaves it its place.
  const lead = document.createRange();
  lead.selectNodeContents(document.getElementById("stage-lead"));
  const beside = [...document.querySelectorAll("main label, main summary, main .segments, main button")].filter((part) =>
    [...lead.getClientRects()].some((line) => {
      const { left, right, top, bottom } = part.getBoundingClientRect();
      const isOver = left < line.right - 1 && right > line.left + 1 && top < line.bottom - 1 && bottom > line.top + 1;
      return isOver && part.checkVisibility() && !document.getElementById("stage-lead").contains(part);
    }),
  );
  const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth ? ["the page scrolls sideways"] : [];
  wide.push(...beside.map((part) => `over the lead: ${part.outerHTML.slice(0, 120)}`));
  return wide.concat(seen.flatMap((part) => (isCut(part) ? [`${isCut(part)}: ${part.outerHTML.slice(0, 120)}`] : [])));
}
