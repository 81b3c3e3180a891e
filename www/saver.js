// Writes the page as one file that works by itself, from a disk and without a network: its programs lie in it, compressed and
// in letters, and its policy lets it fetch nothing. It works on the page's text alone, so that Node can do it, too
// (`cargo xtask wheel`).
"use strict";

// `html`: the page's text, as index.html was sealed. `read`: promises the bytes of a file that it names. `fragment`: the link
// that the file opens with. `isFramed`: whether it is for a frame, as with ?embed. Promises the file's text.
globalThis.headlightSaver = async ({ html, read, fragment, isFramed }) => {
  const text = async (name) => new TextDecoder().decode(await read(name));
  const attribute = (tag, name) => tag.match(` ${name}="([^"]*)"`)[1];
  const escaped = (text) => text.replace(/[&"<>]/g, (letter) => `&#${letter.charCodeAt()};`);

  // The programs, under the names of boot.js's tag, and the two scripts that are always there.
  const [boot, api] = html.match(/<script src=[^>]*>/g);
  const named = { boot: attribute(boot, "src"), api: attribute(api, "src") };
  for (const [, name, file] of boot.matchAll(/ data-([\w-]+)="([^"]*)"/g)) {
    named[name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())] = file;
  }
  delete named.saver;
  if (!isFramed) delete named.embed;
  const packed = {};
  for (const [name, file] of Object.entries(named)) packed[name] = await pack(await read(file));

  // As text: the page's own policy is against styles that come in any other way than by a link.
  const [style] = html.match(/<link rel="stylesheet"[^>]*>/);
  const [icon] = html.match(/<link rel="icon"[^>]*>/);
  const policy =
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; style-src 'unsafe-inline'; " +
    "img-src data: blob:; base-uri 'none'; form-action 'none'";
  const put = [
    [style, `<style>${await text(attribute(style, "href"))}</style>`],
    [icon, `<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(await text(attribute(icon, "href")))}">`],
    [/<script\b[^>]*><\/script>\n?|<link rel="(alternate|preload)"[^>]*>\n?/g, ""],
    [/(<meta http-equiv="Content-Security-Policy" content=)"[^"]*"/, `$1"${policy}"`],
    ["<html", `<html data-saved="${escaped(fragment)}"${isFramed ? ' data-embed=""' : ""}`],
    ["</body>", `<script type="application/json" id="headlight-packed">${JSON.stringify(packed)}</script>\n<script>(${unpack})();</script>\n</body>`],
  ];
  // Of what is put there, only that of patterns has signs with a meaning.
  return put.reduce((page, [old, now]) => page.replace(old, typeof old === "string" ? () => now : now), html);

  async function pack(bytes) {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
    const small = new Uint8Array(await new Response(stream).arrayBuffer());
    let letters = "";
    const AT_ONCE = 0x8000;
    for (let at = 0; at < small.length; at += AT_ONCE) letters += String.fromCharCode(...small.subarray(at, at + AT_ONCE));
    return btoa(letters);
  }

  // Runs in the saved page.
  async function unpack() {
    try {
      const programs = {};
      for (const [name, letters] of Object.entries(JSON.parse(document.getElementById("headlight-packed").textContent))) {
        const packed = new Blob([Uint8Array.from(atob(letters), (letter) => letter.charCodeAt())]);
        const unpacked = new Response(packed.stream().pipeThrough(new DecompressionStream("gzip")));
        const isScript = ["app", "gpu", "files", "boot", "api", "embed"].includes(name);
        programs[name] = await (isScript ? unpacked.text() : unpacked.arrayBuffer());
      }
      // It opens as it was saved, until somebody changes something.
      if (!location.hash) location.replace(`#${document.documentElement.dataset.saved}`);
      globalThis.headlightPrograms = programs;
      for (const name of ["app", "boot", "api"]) {
        const script = document.createElement("script");
        script.textContent = programs[name];
        document.head.append(script);
      }
    } catch (error) {
      const trouble = document.getElementById("trouble");
      trouble.append(String(error));
      trouble.hidden = false;
    }
  }
};
