// Starts the engine's worker and the app side by side, before anything else has loaded.
//
// The worker is a classic one made from a blob, because such a worker inherits the page's Content-Security-Policy; one
// loaded from a URL has none. The files' names stand in this script's own tag. Where the engine was handed over as
// `globalThis.headlightEngineBytes = { script: string | Blob, wasm: ArrayBuffer }`, nothing of it is fetched.
"use strict";

(() => {
  const files = document.currentScript.dataset;
  const handedOver = globalThis.headlightEngineBytes;

  const workerUrl = URL.createObjectURL(
    new Blob(
      handedOver ? [handedOver.script, `\n(${runEngine})();`] : [`(${runEngine})(${JSON.stringify(url(files.engine))});`],
      { type: "text/javascript" },
    ),
  );
  let engineModule;
  let engine = launchEngine();
  let engineTaken = false;

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
  };

  const appModule = fetch(url(files.appWasm)).then(compiled);
  const scriptsLoaded = new Promise((done) => document.addEventListener("DOMContentLoaded", done));
  Promise.all([appModule, scriptsLoaded])
    .then(([module]) => wasm_bindgen({ module_or_path: module }))
    .catch(async (error) => {
      await scriptsLoaded;
      const trouble = document.getElementById("trouble");
      trouble.append(String(error));
      trouble.hidden = false;
      throw error;
    });

  function launchEngine() {
    const worker = new Worker(workerUrl, { name: "engine" });
    engineModule ??= handedOver ? WebAssembly.compile(handedOver.wasm) : fetch(url(files.engineWasm)).then(compiled);
    engineModule.then(
      (module) => worker.postMessage(module),
      (error) => {
        engineModule = undefined; // so that a restart tries again
        worker.postMessage(String(error));
      },
    );
    return worker;
  }

  function url(file) {
    return new URL(file, document.baseURI).href;
  }

  async function compiled(response) {
    if (!response.ok) throw new Error(`${response.url} answered ${response.status} ${response.statusText}`);
    return WebAssembly.compile(await response.arrayBuffer());
  }

  // Runs in the worker. From this page come the compiled module or, as a string, why there is none; all other messages
  // are the app's and wait in `headlightInbox` until the engine takes over `onmessage`. Where the engine can't be
  // loaded, each of them is answered with a string that says why.
  function runEngine(scriptUrl) {
    const inbox = (self.headlightInbox = []);
    const fromPage = (data) => typeof data === "string" || data instanceof WebAssembly.Module;
    const fail = (error) => {
      const answer = (data) => fromPage(data) || self.postMessage(String(error));
      self.onmessage = ({ data }) => answer(data);
      inbox.splice(0).forEach(answer);
    };
    self.onmessage = ({ data }) => {
      if (!fromPage(data)) inbox.push(data);
      else if (typeof data === "string") fail(data);
      else wasm_bindgen({ module_or_path: data }).catch(fail);
    };
    try {
      if (scriptUrl) importScripts(scriptUrl);
    } catch (error) {
      fail(error);
    }
  }
})();
