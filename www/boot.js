// Starts the engine's worker and the app side by side, before anything else has loaded. Both are one program: in the page
// it is the app, in a worker the engine.
//
// The worker is a classic one made from a blob, because such a worker inherits the page's Content-Security-Policy; one
// loaded from a URL has none. The files' names stand in this script's own tag. Where the programs were handed over as
// `globalThis.headlightPrograms = { app, appWasm, gpu, gpuWasm, files, filesWasm, … }`, the scripts as strings or Blobs and
// the wasm as ArrayBuffers under the names that they have in the tag, nothing of them is fetched. All but the app's may be
// missing.
"use strict";

(() => {
  const files = document.currentScript.dataset;
  const handedOver = globalThis.headlightPrograms;

  // Each language has a page of its own, which names the other. The address may ask for one (?lang=de). index.html, where
  // everybody arrives, else goes by what was chosen last, then by the browser's language.
  const here = document.documentElement.lang;
  const other = handedOver ? null : document.querySelector("link[hreflang]");
  const asked = new URLSearchParams(location.search).get("lang");
  const wanted = asked ?? (here === "en" ? kept("localStorage", "headlight-language") ?? navigator.language : here);
  if (other && wanted.split("-")[0] === other.hreflang) {
    // Nothing more of this page is needed.
    window.stop();
    return goToOther();
  }
  const urls = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, new URL(file, document.baseURI).href]));

  const start = `(${runEngine})(${JSON.stringify(handedOver ? {} : urls)}, ${compiled});`;
  const scripts = handedOver ? ["app", "gpu", "files"].flatMap((name) => [handedOver[name] ?? "", "\n"]) : [];
  const workerUrl = URL.createObjectURL(new Blob([...scripts, start], { type: "text/javascript" }));
  let modules;
  let engine = launchEngine();
  let engineTaken = false;

  // The app waits for it, though not for long: messages to a worker that has not begun wait for the page's thread to be
  // free, and the app keeps it busy.
  const engineBegun = new Promise((done) => {
    engine.addEventListener("message", done, { once: true });
    setTimeout(done, 100);
  });
  // A page that is a file of its own has loaded everything before this.
  const scriptsLoaded =
    document.readyState === "loading" && new Promise((done) => document.addEventListener("DOMContentLoaded", done));
  const app = Promise.all([loadModules(), scriptsLoaded, engineBegun]).then(async ([{ appWasm }]) => {
    const program = globalThis.headlightApp;
    if (!program) throw new Error(`${urls.app} could not be loaded`);
    await program({ module_or_path: appWasm });
    document.getElementById("language").hidden = !other;
    return program;
  });
  app.catch(async (error) => {
    await scriptsLoaded;
    const trouble = document.getElementById("trouble");
    trouble.append(String(error));
    trouble.hidden = false;
    throw error;
  });

  const LUGGAGE = "headlight-luggage";
  const NO_CLIPBOARD = "this browser lets a page write to the clipboard only where it was sent by https";
  globalThis.headlightBoot = {
    // The engine's worker. The first call takes the one that is already running, a later one ends it and starts afresh.
    startEngine() {
      if (engineTaken) {
        engine.terminate();
        engine = launchEngine();
      }
      engineTaken = true;
      return engine;
    },
    // One more worker with an engine of its own.
    launchEngine,
    // A promise of what the program in the page can be asked.
    app,
    fileOf(content, type) {
      return new Blob([content], { type });
    },
    // What is on a canvas, as the bytes of a PNG file.
    async pngOf(canvas) {
      const file = await new Promise((done) => canvas.toBlob(done));
      if (!file) throw new Error("the canvas gave no picture");
      return new Uint8Array(await file.arrayBuffer());
    },
    async copyText(text) {
      if (!navigator.clipboard) throw new Error(NO_CLIPBOARD);
      await navigator.clipboard.writeText(text);
    },
    // Puts a file on the clipboard: the promise of one, so that it is still what the person's click has begun.
    async copyFile(file, type) {
      if (!navigator.clipboard?.write) throw new Error(NO_CLIPBOARD);
      await navigator.clipboard.write([new ClipboardItem({ [type]: file })]);
    },
    // Gives a person a file.
    save(file, name) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = name;
      link.click();
      // Not at once: the browser has yet to read it.
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    },
    // The page as one file that works by itself, and opens with this link.
    async savePage(link) {
      if (handedOver) throw new Error("this page is such a file already");
      await load("saver");
      const page = location.href.split(/[?#]/)[0];
      const got = async (name) => {
        const response = await fetch(new URL(name, page));
        if (!response.ok) throw new Error(`${response.url} answered ${response.status} ${response.statusText}`);
        return response;
      };
      const read = async (name) => (await got(name)).arrayBuffer();
      const html = await (await got(page)).text();
      const saved = await globalThis.headlightSaver({ html, read, fragment: link, isFramed: false });
      return new Blob([saved], { type: "text/html" });
    },
    // Goes to the page in the other language, which is handed these bytes.
    changeLanguage(bytes) {
      keep("localStorage", "headlight-language", other.hreflang);
      // What a browser does not keep, the tab's name takes along.
      if (!keep("sessionStorage", LUGGAGE, bytes)) globalThis.name = `${LUGGAGE}:${bytes}`;
      goToOther();
    },
    // What the page in the other language handed over, if this is the first time that it is asked for.
    takeLuggage() {
      let bytes = kept("sessionStorage", LUGGAGE);
      if (bytes) keep("sessionStorage", LUGGAGE, "");
      if (!bytes && globalThis.name.startsWith(`${LUGGAGE}:`)) {
        bytes = globalThis.name.slice(LUGGAGE.length + 1);
        globalThis.name = "";
      }
      return Uint8Array.from(bytes ? bytes.split(",") : []);
    },
  };

  // In a frame of another page. A file that is made for frames is a whole page outside of them.
  const { dataset } = document.documentElement;
  if (new URLSearchParams(location.search).has("embed") || ("embed" in dataset && parent !== window)) {
    dataset.embed = "";
    load("embed");
  } else {
    delete dataset.embed;
  }

  // One more script, by its name in this one's tag.
  function load(name) {
    const script = document.createElement("script");
    if (handedOver) {
      script.textContent = handedOver[name] ?? "";
      return document.head.append(script);
    }
    script.src = urls[name];
    document.head.append(script);
    return new Promise((done, fail) => {
      script.onload = done;
      script.onerror = () => fail(new Error(`${script.src} could not be loaded`));
    });
  }

  // In the place of this page, so that the way back leads to where it did.
  function goToOther() {
    const address = new URL(other.href);
    address.search = location.search;
    address.searchParams.set("lang", other.hreflang);
    address.hash = location.hash;
    location.replace(address);
  }

  // A browser may keep nothing, and refuse to be asked. Returns whether it keeps this.
  function keep(where, name, value) {
    try {
      globalThis[where].setItem(name, value);
      return true;
    } catch {
      return false;
    }
  }

  function kept(where, name) {
    try {
      return globalThis[where].getItem(name);
    } catch {
      return null;
    }
  }

  function launchEngine() {
    const worker = new Worker(workerUrl, { name: "engine" });
    loadModules().then(
      (modules) => worker.postMessage([modules]),
      (error) => worker.postMessage(String(error)),
    );
    return worker;
  }

  // The program's under the name `appWasm`, and all others that were handed over. What failed is tried again the next time.
  function loadModules() {
    const given = Object.entries(handedOver ?? {}).filter(([, bytes]) => bytes instanceof ArrayBuffer);
    modules ??= handedOver
      ? Promise.all(given.map(async ([name, bytes]) => [name, await WebAssembly.compile(bytes)])).then(Object.fromEntries)
      : fetch(urls.appWasm).then(async (response) => ({ appWasm: await compiled(response) }));
    modules.catch(() => (modules = undefined));
    return modules;
  }

  // For the program's script: a part of the program, compiled, which is loaded when it is asked for.
  globalThis.headlightPart = async (name) => (handedOver ? (await loadModules())[name] : compiled(await fetch(urls[name])));

  async function compiled(response) {
    if (!response.ok) throw new Error(`${response.url} answered ${response.status} ${response.statusText}`);
    return WebAssembly.compile(await response.arrayBuffer());
  }

  // Runs in the worker. Its first message, null, says that it has begun. From this page come the compiled modules or, as a
  // string, why there are none; all other messages are the app's and wait in `headlightInbox` until the engine takes over
  // `onmessage`. Where the engine can't be loaded, each of them is answered with a string that says why.
  function runEngine(urls, compiled) {
    const inbox = (self.headlightInbox = []);
    const fromPage = (data) => typeof data === "string" || Array.isArray(data);
    const fail = (error) => {
      const answer = (data) => fromPage(data) || self.postMessage(String(error));
      self.onmessage = ({ data }) => answer(data);
      inbox.splice(0).forEach(answer);
    };
    let modules = {};
    self.onmessage = ({ data }) => {
      if (!fromPage(data)) return inbox.push(data);
      if (typeof data === "string") return fail(data);
      [modules] = data;
      scriptLoaded.then(() => headlightApp({ module_or_path: modules.appWasm })).catch(fail);
    };
    // Not now: a worker has only begun when this is over.
    const scriptLoaded = new Promise((done) => setTimeout(done)).then(() => {
      self.postMessage(null);
      if (urls.app) importScripts(urls.app);
    });
    scriptLoaded.catch(fail);

    // For the engine: opens a GPU with its own program, which is loaded the first time; null where there is no GPU.
    self.headlightOpenGpu = async () => {
      if (!(await navigator.gpu?.requestAdapter().catch(() => null))) return null;
      return (await load("gpu", () => headlightGpu)).Gpu.open();
    };
    // For the engine: begins a file with the files' own program.
    self.headlightBeginFile = async (job) => {
      // The job lies in the engine's memory, which may have moved when the program is there.
      const bytes = job.slice();
      return (await load("files", () => headlightFiles)).File.begin(bytes);
    };

    // For the engine: looks into files with that program, and gives what reads on.
    self.headlightOpenFiles = async (files) => (await load("files", () => headlightFiles)).Reader.open(files);

    // As in the page.
    self.headlightPart = async (name) => modules[name] ?? compiled(await fetch(urls[name]));

    // A program, loaded the first time. What failed is tried again the next time.
    const loaded = {};
    function load(name, program) {
      loaded[name] ??= (async () => {
        const wasm = `${name}Wasm`;
        if (urls[name]) importScripts(urls[name]);
        else if (!modules[wasm]) throw new Error("it was not handed over");
        await program()({ module_or_path: await self.headlightPart(wasm) });
        return program();
      })();
      loaded[name].catch(() => delete loaded[name]);
      return loaded[name];
    }
  }
})();
