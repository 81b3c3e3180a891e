// The page in a frame of another page (?embed): the stage alone. It and the page around it tell each other what is shown, in
// the words of links. docs/embedding.md says how.
"use strict";

(() => {
  const root = document.documentElement;
  const whole = document.createElement("a");
  whole.className = "whole-page btn small";
  whole.target = "_blank";
  whole.rel = "noopener";
  whole.textContent = "Headlight ↗";

  function tell() {
    const link = location.hash.slice(1);
    // A page that is a file of its own has no other language.
    const page = globalThis.headlightPrograms ? location.href.split("#")[0] : `${location.pathname}?lang=${root.lang}`;
    whole.href = `${page}#${link}`;
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    // Whoever it is: what stands in the link, the page around has put there, or a person has chosen in this very frame.
    if (parent !== window) parent.postMessage({ headlight: { link, height } }, "*");
  }

  // A frame's steps are no steps of the page around: nothing is added to its history.
  const { replaceState } = history;
  history.pushState = history.replaceState = (...state) => {
    replaceState.apply(history, state);
    tell();
  };

  addEventListener("message", async ({ source, data }) => {
    if (source !== parent || !data?.headlight) return;
    const { link, play, files, ...asked } = data.headlight;
    await headlightBoot.app;
    const fragment = typeof link === "string" && `#${link.replace(/^#/, "")}`;
    if (fragment && fragment !== (location.hash || "#")) {
      const shown = new Promise((done) => addEventListener("popstate", done, { once: true }));
      location.replace(fragment);
      await shown;
    }
    if (Array.isArray(files)) {
      const given = files.map(({ name, bytes }) => new File([bytes], name));
      dispatchEvent(new CustomEvent("headlight-files", { detail: { files: given, ...asked } }));
    }
    const button = document.getElementById("play");
    if (typeof play === "boolean" && play !== ("playing" in button.dataset)) button.click();
  });
  // What the app says of files.
  addEventListener("headlight-said", ({ detail: { text, isShown } }) => parent.postMessage({ headlight: { said: text, isShown } }, "*"));
  // What is no link is passed over.
  addEventListener("popstate", () => (!location.hash || /[#&]v=/.test(location.hash)) && tell());

  headlightBoot.app.then(() => {
    document.querySelector(".play").append(whole);
    new ResizeObserver(tell).observe(document.body);
  });
})();
