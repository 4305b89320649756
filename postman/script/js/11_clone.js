// structuredClone, Web Crypto, Blob and File: what scripts use of them.

const clonable = (v, seen) => {
  if (isFunction(v) || typeof v === "symbol") throw new DOMException(`${String(v)} could not be cloned.`, "DataCloneError");
  if (!isObject(v)) return v;
  if (seen.has(v)) return seen.get(v);
  const keep = (c) => { seen.set(v, c); return c; };
  if (v instanceof Date) return keep(new Date(v.getTime()));
  if (v instanceof RegExp) return keep(new RegExp(v.source, v.flags));
  if (v instanceof ArrayBuffer) return keep(v.slice(0));
  if (v instanceof DataView) return keep(new DataView(v.buffer.slice(0), v.byteOffset, v.byteLength));
  if (ArrayBuffer.isView(v)) {
    const C = globalThis[Object.prototype.toString.call(v).slice(8, -1)];
    return keep(new C(v));
  }
  if (v instanceof Boolean || v instanceof Number || v instanceof String) return keep(Object(v.valueOf()));
  if (v instanceof Map) {
    const m = keep(new Map());
    v.forEach((x, k) => m.set(clonable(k, seen), clonable(x, seen)));
    return m;
  }
  if (v instanceof Set) {
    const s = keep(new Set());
    v.forEach((x) => s.add(clonable(x, seen)));
    return s;
  }
  if (v instanceof Error) {
    const C = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }[v.name] || Error;
    const e = keep(new C(v.message));
    if (owns(v, "cause")) hidden(e, "cause", clonable(v.cause, seen));
    return e;
  }
  if (v instanceof WeakMap || v instanceof WeakSet || v instanceof Promise) throw new DOMException(`${Object.prototype.toString.call(v).replace("[object ", "#<").replace("]", ">")} could not be cloned.`, "DataCloneError");
  const c = keep(Array.isArray(v) ? new Array(v.length) : {});
  for (const k of keys(v)) c[k] = clonable(v[k], seen);
  return c;
};
hidden(globalThis, "structuredClone", (value) => clonable(value, new Map()));

const algorithm = (a) => String(isObject(a) ? a.name : a).toUpperCase();
class CryptoKey {
  #raw;
  constructor(raw, hash, extractable, usages) {
    this.#raw = raw;
    assign(this, { type: "secret", extractable, algorithm: { name: "HMAC", length: asBytes(raw).length * 8, hash: { name: hash } }, usages });
  }
  static raw(key) { return key.#raw; }
}
const hmac = (key, data) => hostHMAC(key.algorithm.hash.name, bytesToBase64(CryptoKey.raw(key)), bytesToBase64(data));
const unsupported = (what) => new DOMException(`${what} is not supported: only digests and HMAC are`, "NotSupportedError");
const subtle = {
  digest: async (a, data) => base64ToBytes(hostDigest(algorithm(a), bytesToBase64(data))).buffer,
  importKey: async (format, key, a, extractable, usages) => {
    if (format !== "raw" || algorithm(a) !== "HMAC") throw unsupported(`importKey of ${algorithm(a)} as ${format}`);
    return new CryptoKey(Uint8Array.from(asBytes(key)), algorithm(a.hash), Boolean(extractable), [...usages]);
  },
  exportKey: async (format, key) => {
    if (!key.extractable) throw new DOMException("key is not extractable", "InvalidAccessError");
    if (format !== "raw") throw unsupported(`exportKey as ${format}`);
    return Uint8Array.from(CryptoKey.raw(key)).buffer;
  },
  generateKey: async (a, extractable, usages) => {
    if (algorithm(a) !== "HMAC") throw unsupported(`generateKey of ${algorithm(a)}`);
    const size = a.length ? a.length >> 3 : { "SHA-384": 128, "SHA-512": 128 }[algorithm(a.hash)] ?? 64;
    return new CryptoKey(base64ToBytes(hostRandom(size)), algorithm(a.hash), Boolean(extractable), [...usages]);
  },
  sign: async (a, key, data) => base64ToBytes(hmac(key, data)).buffer,
  verify: async (a, key, signature, data) => hmac(key, data) === bytesToBase64(signature),
};
for (const name of ["encrypt", "decrypt", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"]) {
  subtle[name] = async () => { throw unsupported(name); };
}
hidden(globalThis, "crypto", {
  getRandomValues(a) {
    if (!ArrayBuffer.isView(a)) throw new TypeError("argument 1 of getRandomValues is no typed array");
    if (a.byteLength > 65536) {
      throw new DOMException(`The ArrayBufferView's byte length (${a.byteLength}) exceeds the number of bytes of entropy available via this API (65536)`, "QuotaExceededError");
    }
    asBytes(a).set(base64ToBytes(hostRandom(a.byteLength)));
    return a;
  },
  randomUUID: () => hostUUID(),
  subtle,
});

const partBytes = (p) => (p instanceof Blob ? Blob.bytes(p) : p instanceof ArrayBuffer || ArrayBuffer.isView(p) ? asBytes(p) : utf8(String(p)));
class Blob {
  #bytes;
  constructor(parts = [], options = {}) {
    const all = [...parts].map(partBytes);
    this.#bytes = new Uint8Array(all.reduce((n, b) => n + b.length, 0));
    let at = 0;
    for (const b of all) { this.#bytes.set(b, at); at += b.length; }
    hidden(this, "type", String((options && options.type) || "").toLowerCase());
  }
  static bytes(blob) { return blob.#bytes; }
  get size() { return this.#bytes.length; }
  async arrayBuffer() { return this.#bytes.slice().buffer; }
  async bytes() { return this.#bytes.slice(); }
  async text() { return new TextDecoder().decode(this.#bytes); }
  slice(from, to, type) { return new Blob([this.#bytes.slice(from, to)], { type }); }
}
hidden(globalThis, "Blob", Blob);
hidden(globalThis, "File", class File extends Blob {
  constructor(parts, name, options = {}) {
    super(parts, options);
    hidden(this, "name", String(name));
    hidden(this, "lastModified", options.lastModified ?? Date.now());
  }
});
