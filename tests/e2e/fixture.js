// What every test shares: a page that may not get into trouble.
import { Headlight } from "./page.js";
import { test as base } from "@playwright/test";

export { expect } from "@playwright/test";

/**
 * Playwright's test, and `trouble`, always on: an error on the console, an uncaught one, a violation of the policy in
 * the page or in a worker, or a request to another origin fails the test; unless the test says that it provokes it,
 * with `trouble.expect(pattern)`, then its absence does.
 */
export const test = base.extend({
  trouble: [
    async ({ context, baseURL }, use) => {
      const seen = [];
      const expected = [];
      let home = new URL(baseURL).origin;
      context.on("console", (message) => message.type() === "error" && seen.push(`console: ${message.text()}`));
      context.on("weberror", (error) => seen.push(`uncaught: ${error.error()}`));
      context.on("request", (request) => {
        const { protocol, origin, href } = new URL(request.url());
        if (protocol.startsWith("http") && origin !== home) seen.push(`foreign request: ${href}`);
      });
      context.on("page", (page) => page.on("worker", (worker) => worker.evaluate(sayViolations).catch(ended)));

      await use({
        expect: (pattern) => expected.push(pattern),
        /** The page is served from elsewhere in this test. */
        setHome: (url) => (home = new URL(url).origin),
      });

      const unexpected = seen.filter((trouble) => !expected.some((pattern) => pattern.test(trouble)));
      const missing = expected.filter((pattern) => !seen.some((trouble) => pattern.test(trouble)));
      if (unexpected.length) throw new Error(`The page got into trouble:\n${unexpected.join("\n")}`);
      if (missing.length) throw new Error(`Expected, but not seen: ${missing.join(", ")}`);
    },
    { auto: true },
  ],

  /** The page object. At the test's end the page still has to run on the engine that it began with. */
  headlight: async ({ page }, use, { project }) => {
    const headlight = new Headlight(page, project.metadata.engine);
    await use(headlight);
    if (headlight.isOpen) await headlight.expectEngine();
  },
});

// The browser itself reports only the page's violations on the console.
function sayViolations() {
  self.addEventListener("securitypolicyviolation", (event) => {
    console.error(`In the worker, ${event.effectiveDirective} refused ${event.blockedURI}`);
  });
}

// A worker may end before it can be asked anything.
function ended() {}
