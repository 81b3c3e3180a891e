// Installs onnxruntime-web, for this measurement only, and serves it with an empty page.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const DIST = "node_modules/onnxruntime-web/dist/";
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/** Exactly what `package-lock.json` names, unless it is there. Returns onnxruntime-web's version. */
export function install() {
  const lock = readFileSync(here("package-lock.json"), "utf8");
  const { version } = JSON.parse(lock).packages["node_modules/onnxruntime-web"];
  const installed = here("node_modules/.installed-lock.json");
  if (existsSync(installed) && readFileSync(installed, "utf8") === lock) return version;
  console.log(`Installing onnxruntime-web ${version} into ${here("node_modules")} (150 MB, under a minute) …`);
  const npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
  execFileSync("npm", npm, { cwd: here("."), stdio: "inherit", shell: process.platform === "win32" });
  writeFileSync(installed, lock);
  return version;
}

/** A server on a free port of this machine, and its address. */
export async function serve() {
  const server = createServer(({ url }, response) => {
    const file = url === "/model.js" ? here("model.js") : url.startsWith("/ort/") ? here(DIST + basename(url)) : null;
    try {
      const body = file ? readFileSync(file) : '<!doctype html><html lang="en"><title>onnxruntime-web</title></html>';
      response.setHeader("Content-Type", TYPES[extname(file ?? "")] ?? "text/html").end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}
