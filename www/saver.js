// Writes the page as one file that works by itself, from a disk and without a network: its programs lie in it, compressed and
// in letters, and its policy lets it fetch nothing.
"use strict";

globalThis.headlightSaver = async (files, fragment) => {
  const page = location.href.split(/[?#]/)[0];
  const saved = new DOMParser().parseFromString(await (await got(page)).text(), "text/html");
  const all = (selector) => saved.querySelectorAll(selector);

  // The programs, under the names of boot.js's tag, and the two scripts that are always there.
  const { embed, saver, ...programs } = files;
  const [boot, api] = all("script[src]");
  const named = { ...programs, boot: boot.getAttribute("src"), api: api.getAttribute("src") };
  const packed = {};
  for (const [name, url] of Object.entries(named)) packed[name] = await pack(await (await got(new URL(url, page))).blob());

  // As text: this page's own policy is against styles that come in any other way than by a link.
  const link = saved.querySelector("link[rel=stylesheet]");
  const style = await (await got(new URL(link.getAttribute("href"), page))).text();
  const icon = saved.querySelector("link[rel=icon]");
  icon.href = `data:image/svg+xml,${encodeURIComponent(await (await got(new URL(icon.getAttribute("href"), page))).text())}`;
  for (const gone of all("script, link[rel=alternate], link[rel=preload]")) gone.remove();
  saved.querySelector("meta[http-equiv]").content =
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; style-src 'unsafe-inline'; " +
    "img-src data: blob:; base-uri 'none'; form-action 'none'";
  saved.documentElement.dataset.saved = fragment;

  const data = element("script", JSON.stringify(packed));
  data.type = "application/json";
  data.id = "headlight-packed";
  saved.body.append(data, element("script", `(${unpack})();`));
  const html = saved.documentElement.outerHTML.replace(link.outerHTML, () => `<style>${style}</style>`);
  return new Blob([`<!DOCTYPE html>\n${html}`], { type: "text/html" });

  function element(name, text) {
    const element = saved.createElement(name);
    element.textContent = text;
    return element;
  }

  async function got(url) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url} answered ${response.status} ${response.statusText}`);
    return response;
  }

  async function pack(blob) {
    const bytes = new Uint8Array(await new Response(blob.stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
    let letters = "";
    const AT_ONCE = 0x8000;
    for (let at = 0; at < bytes.length; at += AT_ONCE) letters += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE));
    return btoa(letters);
  }

  // Runs in the saved page.
  async function unpack() {
    try {
      const programs = {};
      for (const [name, letters] of Object.entries(JSON.parse(document.getElementById("headlight-packed").textContent))) {
        const packed = new Blob([Uint8Array.from(atob(letters), (letter) => letter.charCodeAt())]);
        const unpacked = new Response(packed.stream().pipeThrough(new DecompressionStream("gzip")));
        const isScript = ["app", "gpu", "files", "boot", "api"].includes(name);
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
