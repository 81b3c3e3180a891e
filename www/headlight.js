// window.headlight: attention from a console, a notebook or a script. headlight.d.ts says what it takes and gives.
//
// What takes some milliseconds at most is calculated in the page: a message to a worker would take longer. Everything else
// has a worker of its own, made for the first call that needs it, so that the page never waits for it.
"use strict";

(() => {
  const waiting = new Map(); // id → how to settle that call's promise
  let calls = 0;
  let worker;

  // As many products as a processor makes in some milliseconds, where a number that comes or goes counts as much as several;
  // and for how many milliseconds calls may keep the page's thread before others get their turn.
  const QUICK_PRODUCTS = 5e7;
  const PRODUCTS_A_NUMBER = 16;
  const QUICK_MS = 8;
  let spent = 0;
  let others;
  let here;
  let hasStopped = false;

  async function attend(options) {
    const message = checked(options);
    const isQuick = !hasStopped && message.engine !== "webgpu" && products(message) <= QUICK_PRODUCTS;
    if (isQuick && here && spent < QUICK_MS) return attendHere(message);
    // What is not given away is copied now: whoever called may change it afterwards.
    const tensors = tensorsOf(message);
    if (!message.transfer) for (const tensor of tensors) tensor.data = tensor.data.slice();
    return isQuick ? attendHereSoon(message) : attendInWorker(message, buffersOf(tensors));
  }

  function attendHere(message) {
    const begun = performance.now();
    let result;
    try {
      result = here(message);
    } catch (error) {
      hasStopped = true;
      throw new Error(`headlight.attend: the page's program stopped (${error}). Call again: a worker takes over.`);
    }
    result.ms = performance.now() - begun;
    spent += result.ms;
    if (message.transfer) structuredClone(null, { transfer: buffersOf(tensorsOf(message)) });
    return answered(result);
  }

  async function attendHereSoon(message) {
    if (message.transfer) {
      const tensors = tensorsOf(message);
      const taken = structuredClone(tensors.map(({ data }) => data), { transfer: buffersOf(tensors) });
      tensors.forEach((tensor, index) => (tensor.data = taken[index]));
    }
    here ??= await headlightBoot.app.then((program) => program.attend()).catch(() => void (hasStopped = true));
    while (spent >= QUICK_MS) await (others ??= othersTurn());
    // Since this call began to wait, perhaps.
    return hasStopped ? attendInWorker(message, buffersOf(tensorsOf(message))) : attendHere(message);
  }

  function attendInWorker(message, handedOver) {
    worker ??= launch();
    return new Promise((resolve, reject) => {
      const id = ++calls;
      worker.postMessage({ id, ...message }, handedOver);
      waiting.set(id, { resolve, reject });
    });
  }

  async function othersTurn() {
    const { port1, port2 } = new MessageChannel();
    await new Promise((done) => {
      port1.onmessage = done;
      port2.postMessage(null);
    });
    port1.close();
    spent = 0;
    others = undefined;
  }

  function answered(result) {
    if (result.error === undefined) return result;
    throw new Error(`headlight.attend: ${result.error}`);
  }

  function products({ q, k, v, pastKey, pastValue, mask, softcap, alibi, rotary, outputs = OUTPUTS }) {
    const [batch, heads, queries, width] = q.shape;
    const keys = k.shape[2] + (pastKey?.shape[2] ?? 0);
    const pairs = batch * heads * queries * keys;
    const come = [q, k, v, pastKey, pastValue, mask].reduce((sum, tensor) => sum + (tensor?.data.length ?? 0), 0);
    const go = outputs.length * pairs + batch * heads * queries * v.shape[3];
    // What is worked out number by number takes longest.
    const bent = softcap || alibi || mask ? pairs : 0;
    const turned = rotary ? q.data.length + k.data.length : 0;
    return pairs * (width + v.shape[3]) + PRODUCTS_A_NUMBER * (come + go + 4 * (bent + turned));
  }

  function tensorsOf(message) {
    return Object.values(message).filter((value) => value.data);
  }

  function buffersOf(tensors) {
    return [...new Set(tensors.map(({ data }) => data.buffer))];
  }

  function launch() {
    const worker = headlightBoot.launchEngine();
    worker.onmessage = ({ data }) => {
      if (data === null) return; // It has begun.
      if (typeof data === "string") return died(data);
      const { id, ...reply } = data;
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      try {
        resolve(answered(reply));
      } catch (error) {
        reject(error);
      }
    };
    worker.onerror = (event) => {
      event.preventDefault();
      died(event.message ?? "the browser did not let its worker start");
    };
    return worker;
  }

  // The next call starts a fresh one.
  function died(reason) {
    worker.terminate();
    worker = undefined;
    const message = `headlight.attend: the engine stopped (${reason}). Call again, and it starts afresh; else reload the page.`;
    for (const { reject } of waiting.values()) reject(new Error(message));
    waiting.clear();
  }

  // The options as a message to the engine; a TypeError where one is of the wrong kind. Whether they agree with each
  // other is for the engine to say, which every caller hears it from.
  function checked(options) {
    if (options === null || typeof options !== "object") refuse(`takes one object, { q, k, v, … }; ${said(options)} came`);
    const known = new Set(Object.keys(OPTIONS));
    for (const name of Object.keys(options)) {
      if (!known.has(name)) refuse(`has no option ${name}. There are ${[...known].join(", ")}`);
    }
    const message = {};
    for (const [name, check] of Object.entries(OPTIONS)) {
      const value = options[name];
      if (value !== undefined && value !== null) message[name] = check(value, name);
      else if (["q", "k", "v"].includes(name)) refuse(`needs ${name}: { shape: ${AXES[name]}, data: Float32Array }`);
    }
    if ((message.pastKey === undefined) !== (message.pastValue === undefined)) {
      const [here, missing] = message.pastKey ? ["pastKey", "pastValue"] : ["pastValue", "pastKey"];
      refuse(`has a ${here} without a ${missing}. Give both, or neither`);
    }
    if (message.pastKey && message.keyLengths) {
      refuse("has both a past (pastKey, pastValue) and keyLengths, and each says where the queries stand. Give one of them");
    }
    return message;
  }

  const AXES = {
    q: "[B, H, Sq, D]",
    k: "[B, Hk, Sk, D]",
    v: "[B, Hk, Sk, Dv]",
    pastKey: "[B, Hk, P, D]",
    pastValue: "[B, Hk, P, Dv]",
    mask: "up to [B, H, Sq, P + Sk]",
  };
  const OUTPUTS = ["scores", "scaled", "masked", "weights", "output", "presentKey", "presentValue"];
  const ENGINES = ["auto", "webgpu", "cpu"];

  const OPTIONS = {
    q: tensor,
    k: tensor,
    v: tensor,
    mask: (value, name) => tensor(value, name, ["Float32Array", "Uint8Array"]),
    causal: boolean,
    window: (value, name) => {
      if (kind(value) !== "Object") refuse(`takes ${name}: { left, right }; ${said(value)} came`);
      for (const side of Object.keys(value)) oneOf(side, name, ["left", "right"]);
      const side = (side) => (value[side] == null || value[side] === Infinity ? null : count(value[side], name, `.${side}`));
      return { left: side("left"), right: side("right") };
    },
    scale: number,
    softcap: number,
    temperature: number,
    rotary: number,
    alibi: boolean,
    pastKey: tensor,
    pastValue: tensor,
    keyLengths: counts,
    engine: (value, name) => oneOf(value, name, ENGINES),
    outputs: (value, name) => {
      if (!Array.isArray(value)) refuse(`takes ${name} as an array of names; ${said(value)} came`);
      return value.map((output, index) => oneOf(output, `${name}[${index}]`, OUTPUTS));
    },
    transfer: boolean,
  };

  function tensor(value, name, types = ["Float32Array"]) {
    const { shape, data } = Object(value);
    if (!shape || !data) {
      const came = shape ? "there is no data" : data ? "there is no shape" : `${said(value)} came`;
      refuse(`takes ${name} as { shape: ${AXES[name]}, data: ${types.join(" or ")} }; ${came}`);
    }
    const axes = counts(shape, `${name}.shape`);
    if (name !== "mask" && axes.length !== 4) {
      refuse(`takes a ${name} with four axes, ${AXES[name]}; its shape is [${axes.join(", ")}]`);
    }
    const type = kind(data);
    if (!types.includes(type)) {
      const hint = data.length === undefined ? "" : `. Try ${types.at(-1)}.from(data)`;
      refuse(`takes ${name}.data as a ${types.join(" or ")}; ${type} came${hint}`);
    }
    const numbers = axes.reduce((product, length) => product * length, 1);
    if (data.length !== numbers) {
      const gone = data.buffer.detached ? ", because it was handed over" : "";
      refuse(`has ${data.length} numbers in ${name}.data${gone}, but its shape [${axes.join(", ")}] holds ${numbers}`);
    }
    // From another frame it is of that frame's kind, which wasm does not know.
    const isOurs = data instanceof globalThis[type];
    return { shape: axes, data: isOurs ? data : new globalThis[type](data.buffer, data.byteOffset, data.length) };
  }

  function number(value, name) {
    const float = Math.fround(value);
    if (typeof value !== "number" || !Number.isFinite(float) || (float === 0 && value !== 0)) {
      refuse(`takes ${name} as a number that float32 can hold; ${said(value)} came`);
    }
    return value;
  }

  function boolean(value, name) {
    if (typeof value !== "boolean") refuse(`takes ${name} as true or false; ${said(value)} came`);
    return value;
  }

  function counts(value, name) {
    if (!Array.isArray(value) && !ArrayBuffer.isView(value)) refuse(`takes ${name} as an array; ${said(value)} came`);
    return Array.from(value, (number, index) => count(typeof number === "bigint" ? Number(number) : number, name, index));
  }

  function count(value, name, part) {
    if (!Number.isSafeInteger(value) || value < 0) {
      const of = typeof part === "number" ? `[${part}]` : part;
      refuse(`takes ${name}${of} as a whole number from 0; ${said(value)} came`);
    }
    return value;
  }

  function oneOf(value, name, names) {
    if (!names.includes(value)) refuse(`has no ${name} ${said(value)}. There are ${names.join(", ")}`);
    return value;
  }

  function said(value) {
    if (typeof value === "string") return JSON.stringify(value);
    return typeof value === "object" || typeof value === "function" ? kind(value) : String(value);
  }

  function kind(value) {
    return Object.prototype.toString.call(value).slice(8, -1);
  }

  function refuse(message) {
    throw new TypeError(`headlight.attend ${message}.`);
  }

  // Last, so that all of the above is there for whoever calls at once.
  globalThis.headlight = Object.freeze({ attend });
})();
