// What browsers and Node have beside the language itself.

// Timers. The host asks for the next one that is due, and calls it.
const timers = new Map();
let timerSeq = 0;
const addTimer = (f, ms, args, repeat) => {
  if (typeof f !== "function") throw new TypeError('The "callback" argument must be of type function. Received ' + inspect(f));
  ms = Math.max(0, Math.min(Number(ms) || 0, 2147483647));
  const id = ++timerSeq;
  timers.set(id, { id, f, args, due: __now() + ms, every: repeat ? Math.max(1, ms) : 0 });
  return id;
};
globalThis.setTimeout = (f, ms, ...args) => addTimer(f, ms, args, false);
globalThis.setInterval = (f, ms, ...args) => addTimer(f, ms, args, true);
globalThis.setImmediate = (f, ...args) => addTimer(f, 0, args, false);
globalThis.clearTimeout = globalThis.clearInterval = globalThis.clearImmediate = (id) => { timers.delete(id); };
globalThis.queueMicrotask = (f) => { Promise.resolve().then(f); };

const nextTimer = () => {
  let first = null;
  for (const t of timers.values()) if (first === null || t.due < first.due) first = t;
  return first;
};
const runTimer = () => {
  const t = nextTimer();
  if (t === null || t.due > __now()) return;
  if (t.every) t.due = __now() + t.every;
  else timers.delete(t.id);
  t.f(...t.args);
};

// Text and bytes. Bytes cross to the host as base64.
const utf8 = (s) => Uint8Array.from(__utf8(String(s)), (c) => c.charCodeAt(0));
globalThis.TextEncoder = class TextEncoder {
  get encoding() { return "utf-8"; }
  encode(s = "") { return utf8(s); }
};
const binary = (bytes) => {
  let s = "";
  for (let i = 0; i < bytes.length; i += 8192) s += String.fromCharCode.apply(null, bytes.subarray(i, i + 8192));
  return s;
};
const asBytes = (v) => v instanceof Uint8Array ? v
  : ArrayBuffer.isView(v) ? new Uint8Array(v.buffer, v.byteOffset, v.byteLength) : new Uint8Array(v);
globalThis.TextDecoder = class TextDecoder {
  constructor(label = "utf-8") {
    if (!/^(utf-?8|unicode-1-1-utf-8)$/i.test(label)) throw new RangeError(`The "${label}" encoding is not supported`);
  }
  get encoding() { return "utf-8"; }
  decode(v) { return v === undefined ? "" : __fromUTF8(globalThis.btoa(binary(asBytes(v)))); }
};
const B64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const invalidCharacter = () => {
  const e = new Error("Invalid character");
  e.name = "InvalidCharacterError";
  return e;
};
globalThis.btoa = (s) => {
  s = String(s);
  let out = "";
  for (let i = 0; i < s.length; i += 3) {
    const a = s.charCodeAt(i), b = s.charCodeAt(i + 1), c = s.charCodeAt(i + 2);
    if (a > 255 || b > 255 || c > 255) throw invalidCharacter();
    out += B64[a >> 2] + B64[((a & 3) << 4) | (b >> 4)] +
      (i + 1 < s.length ? B64[((b & 15) << 2) | (c >> 6)] : "=") + (i + 2 < s.length ? B64[c & 63] : "=");
  }
  return out;
};
globalThis.atob = (s) => {
  s = String(s).replace(/[\t\n\f\r ]/g, "");
  if (s.length % 4 === 0) s = s.replace(/==?$/, "");
  if (s.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(s)) throw invalidCharacter();
  let out = "", bits = 0, n = 0;
  for (const c of s) {
    bits = (bits << 6) | B64.indexOf(c);
    n += 6;
    if (n >= 8) { n -= 8; out += String.fromCharCode((bits >> n) & 255); }
  }
  return out;
};

// structuredClone for what scripts clone: data, dates, maps, sets, bytes, cycles.
globalThis.structuredClone = (value) => {
  const seen = new Map();
  const clone = (v) => {
    if (typeof v === "function" || typeof v === "symbol") {
      const e = new Error(`${String(v)} could not be cloned.`);
      e.name = "DataCloneError";
      throw e;
    }
    if (v === null || typeof v !== "object") return v;
    if (seen.has(v)) return seen.get(v);
    const keep = (c) => { seen.set(v, c); return c; };
    if (v instanceof Date) return keep(new Date(v));
    if (v instanceof RegExp) return keep(new RegExp(v.source, v.flags));
    if (v instanceof ArrayBuffer) return keep(v.slice(0));
    if (ArrayBuffer.isView(v)) return keep(new v.constructor(v));
    if (v instanceof Map) { const m = keep(new Map()); v.forEach((x, k) => m.set(clone(k), clone(x))); return m; }
    if (v instanceof Set) { const s = keep(new Set()); v.forEach((x) => s.add(clone(x))); return s; }
    if (v instanceof Error) { const e = keep(new v.constructor(v.message)); e.stack = v.stack; return e; }
    const c = keep(Array.isArray(v) ? [] : {});
    for (const k of Object.keys(v)) c[k] = clone(v[k]);
    return c;
  };
  return clone(value);
};

// Web Crypto, as far as scripts use it: random values, digests, HMAC.
const toBytes = (b64) => Uint8Array.from(globalThis.atob(b64), (c) => c.charCodeAt(0));
const toBase64 = (v) => globalThis.btoa(binary(asBytes(v)));
const hashName = (a) => String(a && a.name ? a.name : a);
globalThis.crypto = {
  getRandomValues(a) {
    asBytes(a).set(toBytes(__random(a.byteLength)));
    return a;
  },
  randomUUID: () => __uuid(),
  subtle: {
    digest: async (algorithm, data) => toBytes(__digest(hashName(algorithm), toBase64(data))).buffer,
    importKey: async (format, key, algorithm, extractable, usages) => {
      if (format !== "raw" || hashName(algorithm) !== "HMAC") throw new Error("only raw HMAC keys are supported");
      return { type: "secret", algorithm: { name: "HMAC", hash: { name: hashName(algorithm.hash) } }, extractable, usages, __raw: toBase64(key) };
    },
    sign: async (algorithm, key, data) => toBytes(__hmac(key.algorithm.hash.name, key.__raw, toBase64(data))).buffer,
    verify: async (algorithm, key, signature, data) => __hmac(key.algorithm.hash.name, key.__raw, toBase64(data)) === toBase64(signature),
  },
};

lazy("URL", () => __require("whatwg-url").URL);
lazy("URLSearchParams", () => __require("whatwg-url").URLSearchParams);
lazy("Buffer", () => __require("buffer").Buffer);
