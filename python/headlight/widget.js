// The page in a frame, in a notebook's output. The kernel is asked for the page once in a notebook, and for the tensors of the
// layer that is shown; a still picture stands there until the page does, and where no kernel answers.

// Promises of addresses of pages, by what they hold.
const pages = (globalThis.headlightPages ??= new Map());

/** How long a kernel may take: it may have much to do before. */
const PATIENCE = 20_000;

function render({ model, el }) {
  const hasFiles = model.get("_has_files");
  const [label, select] = layerChoice();
  const place = element("div", { style: "position: relative" });
  const frame = element("iframe", {
    title: "Headlight: attention, step by step",
    style: "width: 100%; height: 100%; border: 0; border-radius: 8px; opacity: 0",
  });
  const still = element("img", {
    alt: "The same as a still picture",
    style: "position: absolute; inset: 0; margin: auto; max-width: 100%; max-height: 100%",
  });
  const said = element("p", { hidden: true });
  said.setAttribute("role", "status");
  place.append(frame, still);
  el.append(label, place, said);

  // What the frame shows now, so that it is not told what it said itself.
  let shown = themed(model.get("link"));
  let isThere = false;

  const listeners = {
    "msg:custom": receive,
    "change:link": () => {
      if (model.get("link") === shown) return;
      tell({ link: (shown = themed(model.get("link"))) });
      // A link shows a sentence; the tensors come after it.
      if (model.get("_has_files")) model.send({ wants: "files" });
    },
    "change:layer": () => (select.value = model.get("layer")),
    "change:_still": showStill,
  };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  addEventListener("message", hear);
  showStill();
  framed(true);
  const patience = setTimeout(() => framed(false), PATIENCE);
  page().then((address) => {
    clearTimeout(patience);
    framed(true);
    frame.src = `${address}#${shown}`;
  });

  return () => {
    clearTimeout(patience);
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
    removeEventListener("message", hear);
  };

  // The page's address: the first who wants it asks the kernel.
  function page() {
    const name = model.get("_page");
    if (!pages.has(name)) {
      const asked = new Promise((done) => {
        const listen = (content, buffers) => {
          if (content.page !== name) return;
          model.off("msg:custom", listen);
          done(URL.createObjectURL(new Blob(buffers, { type: "text/html" })));
        };
        model.on("msg:custom", listen);
        model.send({ wants: "page" });
      });
      pages.set(name, asked);
      // From a kernel that has gone nothing comes: whoever is next asks again.
      const forget = setTimeout(() => pages.delete(name), PATIENCE);
      asked.then(() => clearTimeout(forget));
    }
    return pages.get(name);
  }

  // Whether the place is the frame's, or the still picture's alone.
  function framed(isFramed) {
    frame.style.display = isFramed ? "" : "none";
    still.style.position = isFramed ? "absolute" : "static";
    place.style.height = isFramed ? `${model.get("_height")}px` : "auto";
    say(isFramed ? "" : "A still picture, for no kernel has answered. Run the cell, and every step is there.");
  }

  // From the frame.
  function hear({ source, data }) {
    if (source !== frame.contentWindow || !data?.headlight) return;
    const { link, height, said: text, isShown } = data.headlight;
    if (link !== undefined && !isThere) {
      isThere = true;
      still.remove();
      frame.style.opacity = 1;
      if (hasFiles) model.send({ wants: "files" });
    }
    if (link !== undefined && link !== shown) {
      model.set("link", (shown = link));
      model.save_changes();
    }
    if (height > place.clientHeight) place.style.height = `${height}px`;
    if (text !== undefined) say(isShown ? "" : text);
  }

  // From the kernel.
  function receive({ files, ...asked }, buffers) {
    if (!files) return;
    const bytes = ({ buffer, byteOffset, byteLength }) => buffer.slice(byteOffset, byteOffset + byteLength);
    tell({ ...asked, files: files.map((name, index) => ({ name, bytes: bytes(buffers[index]) })) });
  }

  function tell(message) {
    if (isThere) frame.contentWindow.postMessage({ headlight: message }, "*");
  }

  function say(text) {
    said.textContent = text;
    said.hidden = !text;
  }

  function showStill() {
    still.src = model.get("_still");
    still.hidden = !model.get("_still");
  }

  // The kernel sends the numbers of the layer that is chosen. Counted from 1, as everything on the page.
  function layerChoice() {
    const select = element("select", { style: "margin-left: 6px" });
    for (let layer = 0; layer < model.get("_layers"); layer++) select.append(new Option(layer + 1, layer));
    select.value = model.get("layer");
    select.addEventListener("change", () => {
      model.set("layer", Number(select.value));
      model.save_changes();
    });
    const display = model.get("_layers") > 1 ? "block" : "none";
    const label = element("label", { textContent: "Layer", style: `display: ${display}; margin: 4px 8px` });
    label.append(select);
    return [label, select];
  }
}

// In JupyterLab's own colours, where the link asks for none.
function themed(link) {
  const { jpThemeLight } = document.body.dataset;
  if (!jpThemeLight || /[&#]theme=/.test(link)) return link;
  return `${link || "v=1"}&theme=${jpThemeLight === "true" ? "light" : "dark"}`;
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

export default { render };
