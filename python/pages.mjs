// Makes the pages of the package out of a built site, one a language: `node pages.mjs SITE INTO`. It is what "Save page" does
// in a browser, by the same script, for a frame.
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [site, into] = process.argv.slice(2).map((path) => resolve(path));
const files = await readdir(site);
const saver = files.find((name) => /^saver-\w+\.js$/.test(name));
if (!saver) throw new Error(`${site} has no saver.js. Is it a built site?`);
await import(pathToFileURL(join(site, saver)));
await mkdir(into, { recursive: true });
for (const name of files.filter((name) => name.endsWith(".html"))) {
  const html = await readFile(join(site, name), "utf8");
  const page = await globalThis.headlightSaver({ html, read: (file) => readFile(join(site, file)), fragment: "", isFramed: true });
  const language = html.match(/<html lang="(\w+)"/)[1];
  await writeFile(join(into, `${language}.html`), page);
  console.log(`${language}.html: ${Math.round(page.length / 1000)} KB`);
}
