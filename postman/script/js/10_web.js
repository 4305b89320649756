// What browsers and Node have beside the language itself.

// Timers, in the order in which they are due. The host asks when the first one
// is, and calls it then.
let timers = [];
let timerSeq = 0;
const later = (a, b) => a.due > b.due || (a.due === b.due && a.id > b.id);
const insertTimer = (t) => {
  let low = 0, high = timers.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (later(timers[mid], t)) high = mid; else low = mid + 1;
  }
  timers.splice(low, 0, t);
};
const addTimer = (f, ms, args, repeat) => {
  if (!isFunction(f) || run === null || run.skip) return undefined;
  ms = Number(ms);
  ms = ms >= 1 && ms <= 2147483647 ? ms : 1;
  const t = { id: ++timerSeq, f, args, due: hostNow() + ms, every: repeat ? ms : 0 };
  insertTimer(t);
  return t.id;
};
const clearTimer = (id) => {
  const i = timers.findIndex((t) => t.id === id);
  if (i >= 0) timers.splice(i, 1);
};
const runTimer = () => {
  const t = timers[0];
  if (t === undefined || t.due > hostNow()) return;
  timers.shift();
  if (t.every > 0) {
    t.due = hostNow() + t.every;
    insertTimer(t);
  }
  t.f(...t.args);
};
hidden(globalThis, "setTimeout", (f, ms, ...args) => addTimer(f, ms, args, false));
hidden(globalThis, "setInterval", (f, ms, ...args) => addTimer(f, ms, args, true));
hidden(globalThis, "setImmediate", (f, ...args) => {
  if (!isFunction(f) || run === null || run.skip) return undefined;
  const t = { id: ++timerSeq, f, args, due: hostNow(), every: 0 };
  insertTimer(t);
  return t.id;
});
for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) hidden(globalThis, name, clearTimer);

const resolved = Promise.resolve();
const then = Promise.prototype.then;
hidden(globalThis, "queueMicrotask", (f) => {
  if (!isFunction(f)) throw new TypeError('The "callback" argument must be of type function. Received ' + inspect(f));
  then.call(resolved, () => guarded(f));
});

// DOMException has a name and a legacy number.
class DOMException extends Error {
  #name;
  constructor(message = "", name = "Error") { super(message); this.#name = String(name); }
  get name() { return this.#name; }
  get code() { return { InvalidCharacterError: 5, NotSupportedError: 9, SyntaxError: 12, DataCloneError: 25, QuotaExceededError: 22, OperationError: 0 }[this.#name] ?? 0; }
}
hidden(globalThis, "DOMException", DOMException);

// Base 64 of texts whose characters are bytes. As in Postman, what is none is
// passed over.
const B64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const toBase64Text = (s) => {
  const out = [];
  for (let i = 0; i < s.length; i += 3) {
    const a = s.charCodeAt(i) & 255, b = s.charCodeAt(i + 1) & 255, c = s.charCodeAt(i + 2) & 255;
    out.push(B64[a >> 2], B64[((a & 3) << 4) | (b >> 4)],
      i + 1 < s.length ? B64[((b & 15) << 2) | (c >> 6)] : "=", i + 2 < s.length ? B64[c & 63] : "=");
  }
  return out.join("");
};
const fromBase64Text = (s) => {
  s = s.replace(/=[\s\S]*$/, "").replaceAll("-", "+").replaceAll("_", "/").replace(/[^A-Za-z0-9+/]/g, "");
  const out = [];
  let bits = 0, n = 0;
  for (let i = 0; i < s.length; i++) {
    bits = ((bits << 6) | B64.indexOf(s[i])) & 0xffff;
    n += 6;
    if (n >= 8) { n -= 8; out.push(String.fromCharCode((bits >> n) & 255)); }
  }
  return out.join("");
};
const btoa = (s) => toBase64Text(String(s));
const atob = (s) => fromBase64Text(String(s));

// Bytes cross to the host as base 64.
const asBytes = (v) => {
  if (v instanceof Uint8Array) return v;
  if (ArrayBuffer.isView(v)) return new Uint8Array(v.buffer, v.byteOffset, v.byteLength);
  if (v instanceof ArrayBuffer || v instanceof SharedArrayBuffer) return new Uint8Array(v);
  throw new TypeError("The argument must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView. Received " + inspect(v));
};
const binary = (bytes) => {
  let s = "";
  for (let i = 0; i < bytes.length; i += 8192) s += String.fromCharCode.apply(null, bytes.subarray(i, i + 8192));
  return s;
};
const bytesToBase64 = (v) => toBase64Text(binary(asBytes(v)));
const base64ToBytes = (s) => Uint8Array.from(fromBase64Text(s), (c) => c.charCodeAt(0));

// utf8 encodes a text; lone surrogates become U+FFFD.
const utf8 = (s) => {
  const out = [];
  for (let i = 0; i < s.length; i++) {
    let c = s.charCodeAt(i);
    if (c >= 0xd800 && c < 0xe000) {
      const low = s.charCodeAt(i + 1);
      if (c < 0xdc00 && low >= 0xdc00 && low < 0xe000) { c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00); i++; } else c = 0xfffd;
    }
    if (c < 0x80) out.push(c);
    else if (c < 0x800) out.push(0xc0 | (c >> 6), 0x80 | (c & 63));
    else if (c < 0x10000) out.push(0xe0 | (c >> 12), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63));
    else out.push(0xf0 | (c >> 18), 0x80 | ((c >> 12) & 63), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63));
  }
  return Uint8Array.from(out);
};
hidden(globalThis, "TextEncoder", class TextEncoder {
  get encoding() { return "utf-8"; }
  encode(s = "") { return utf8(String(s)); }
  encodeInto(s, into) {
    let read = 0, written = 0;
    for (const c of String(s)) {
      const bytes = utf8(c);
      if (written + bytes.length > into.length) break;
      into.set(bytes, written);
      written += bytes.length;
      read += c.length;
    }
    return { read, written };
  }
});
hidden(globalThis, "TextDecoder", class TextDecoder {
  #label; #fatal; #keepBOM;
  constructor(label = "utf-8", options = {}) {
    this.#label = hostDecode("", String(label), "name");
    if (this.#label === "") throw new RangeError(`The "${label}" encoding is not supported`);
    this.#fatal = Boolean(options && options.fatal);
    this.#keepBOM = Boolean(options && options.ignoreBOM);
  }
  get encoding() { return this.#label; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#keepBOM; }
  decode(v) {
    if (v === undefined) return "";
    const text = hostDecode(bytesToBase64(v), this.#label, this.#fatal ? "fatal" : "");
    if (text === false) {
      const e = new TypeError(`The encoded data was not valid for encoding ${this.#label}`);
      e.code = "ERR_ENCODING_INVALID_ENCODED_DATA";
      throw e;
    }
    return !this.#keepBOM && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
});

lazy("URL", () => load("whatwg-url").URL);
lazy("URLSearchParams", () => load("whatwg-url").URLSearchParams);
lazy("Buffer", () => load("buffer").Buffer);
