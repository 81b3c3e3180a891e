// `cargo xtask test e2e` serves the site and runs these; `cargo xtask test e2e -- -g "policy"` runs some.
import { defineConfig } from "@playwright/test";

const { CHROMIUM, HEADLIGHT_URL } = process.env;
if (!CHROMIUM || !HEADLIGHT_URL) throw new Error("Run the tests with `cargo xtask test e2e`, which serves the site.");

// Nothing but the page may use the network.
const quiet = ["background-networking", "component-update", "quic", "sync"].map((feature) => `--disable-${feature}`);
const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const browser = (...options) => ({
  launchOptions: { executablePath: CHROMIUM, args: ["--no-first-run", ...quiet, ...sandbox, ...options] },
});

export default defineConfig({
  testDir: ".",
  outputDir: "../../test-results",
  forbidOnly: true,
  // Of some thousand starts of a browser on a busy machine, one shows nothing for long. What needed a second try is listed
  // as flaky, and few may (xtask/src/checks.rs); what fails twice has failed.
  retries: 1,
  fullyParallel: true,
  workers: 3,
  // Nothing takes long; but two busy cores may keep anything waiting.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: "list",
  use: { baseURL: HEADLIGHT_URL, trace: { mode: "retain-on-failure", screenshots: false, snapshots: false, sources: false } },
  projects: [
    {
      name: "webgpu",
      metadata: { engine: "WebGPU" },
      use: browser("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"),
    },
    // Without the flag this browser has no adapter, so the fallback is the real one; there is no GPU to lose.
    { name: "cpu", metadata: { engine: "CPU" }, testIgnore: "lost.spec.js", use: browser() },
  ],
});
