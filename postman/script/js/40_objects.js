// pm.response: a light stand-in for postman-collection's Response with the same
// surface, because almost every script looks at it.
class PicketHeaders {
  constructor(list) { this.members = list; }
  one(key) {
    key = String(key).toLowerCase();
    for (let i = this.members.length - 1; i >= 0; i--) if (this.members[i].key.toLowerCase() === key) return this.members[i];
    return undefined;
  }
  get(key) { const h = this.one(key); return h && h.value; }
  has(key, value) {
    if (key && typeof key === "object") ({ key, value } = key);
    const all = this.members.filter((h) => h.key.toLowerCase() === String(key).toLowerCase());
    return value === undefined ? all.length > 0 : all.some((h) => h.value === value);
  }
  each(f) { this.members.forEach((h) => f(h)); }
  all() { return this.members.slice(); }
  count() { return this.members.length; }
  idx(i) { return this.members[i]; }
  indexOf(h) { return this.members.indexOf(typeof h === "string" ? this.one(h) : h); }
  map(f, that) { return this.members.map((h) => f.call(that, h)); }
  filter(f, that) { return this.members.filter((h) => f.call(that, h)); }
  find(f, that) { return this.members.find((h) => f.call(that, h)); }
  reduce(f, start, that) { return this.members.reduce((a, h) => f.call(that, a, h), start); }
  toObject(enabled, caseInsensitive, multi) {
    const o = {};
    for (const h of this.members) {
      const k = caseInsensitive ? h.key.toLowerCase() : h.key;
      if (multi && k in o) o[k] = [].concat(o[k], h.value);
      else o[k] = h.value;
    }
    return o;
  }
  toJSON() { return this.members.map((h) => ({ key: h.key, value: h.value })); }
  toString() { return this.members.map((h) => `${h.key}: ${h.value}\r\n`).join(""); }
  contentSize() { return this.toString().length; }
  [Symbol.iterator]() { return this.members[Symbol.iterator](); }
}

class JSONError extends SyntaxError {
  constructor(message) { super(message); this.name = "JSONError"; }
}

const stripBOM = (s) => (s.charCodeAt(0) === 0xfeff ? s.slice(1) : s);

class PicketResponse {
  constructor(r) {
    this.id = __uuid();
    this.code = r.code || undefined;
    this.status = r.code ? r.status : undefined;
    this.headers = new PicketHeaders(r.headers || []);
    this.responseTime = r.code ? r.time : undefined;
    this.responseSize = r.code ? r.size : undefined;
    const hidden = (name, get) => Object.defineProperty(this, name, { enumerable: false, configurable: true, get });
    hidden("stream", () => (r.code ? __require("buffer").Buffer.from(r.base64 === undefined ? r.body : r.base64, r.base64 === undefined ? "utf8" : "base64") : undefined));
    hidden("body", () => undefined);
    hidden("__text", () => (r.code ? (r.base64 === undefined ? r.body : __decode(r.base64)) : undefined));
    hidden("cookies", () => cookieList(r.url || ""));
    hidden("to", () => chai().expect(this).to);
  }
  static get _postman_propertyName() { return "Response"; }
  text() { const t = this.__text; return t === undefined ? undefined : stripBOM(t); }
  json(reviver, strict) {
    const text = this.text();
    try {
      return JSON.parse(text, reviver);
    } catch (e) {
      throw new JSONError(jsonMessage(text, e));
    }
  }
  jsonp() {
    const m = /^[^(]*\(([\s\S]*)\)[^)]*$/.exec(this.text() || "");
    return JSON.parse(m ? m[1] : this.text());
  }
  reason() { return this.status || reasons()[this.code] || ""; }
  details() {
    const name = reasons()[this.code] || this.status || "";
    return this.code === undefined ? undefined : { name, detail: "", code: this.code, standardName: name };
  }
  size() { const header = this.headers.contentSize() + 32, body = this.responseSize || 0; return { body, header, total: body + header }; }
  contentInfo() {
    const type = String(this.headers.get("content-type") || "text/plain");
    const [mime, ...rest] = type.split(";");
    const charset = (/charset=([^\s;]+)/i.exec(rest.join(";")) || [])[1] || "utf8";
    return { mimeType: mime.includes("json") || mime.startsWith("text/") ? "text" : "embed", mimeFormat: mime.includes("json") ? "json" : "plain", charset, contentType: mime.trim(), fileExtension: mime.includes("json") ? "json" : "txt", fileName: "response" };
  }
  mime() { const c = this.contentInfo(); return { type: c.mimeType, format: c.mimeFormat, name: c.contentType, ext: c.fileExtension, charset: c.charset, _originalContentType: c.contentType, _accuratelyDetected: true, detected: null, source: "header", filename: "" }; }
  dataURI() { return `data:${this.headers.get("content-type") || "text/plain"};base64,${this.stream.toString("base64")}`; }
  encoding() { return { format: this.headers.get("content-encoding"), source: "header" }; }
  toJSON() {
    return { id: this.id, status: this.status, code: this.code, header: this.headers.toJSON(), stream: this.stream, cookie: [], responseTime: this.responseTime, responseSize: this.responseSize };
  }
}

let __reasons = null;
const reasons = () => (__reasons ??= JSON.parse(__reasonPhrases()));

// pm.cookies and pm.response.cookies.
const cookieList = (url) => {
  const members = JSON.parse(__cookies(url));
  const list = {
    members,
    one: (name) => members.filter((c) => c.name === name).at(-1),
    get: (name) => { const c = list.one(name); return c && c.value; },
    has: (name) => members.some((c) => c.name === name),
    each: (f) => members.forEach((c) => f(c)),
    all: () => members.slice(),
    count: () => members.length,
    map: (f) => members.map((c) => f(c)), filter: (f) => members.filter((c) => f(c)), find: (f) => members.find((c) => f(c)),
    reduce: (f, start) => members.reduce((a, c) => f(a, c), start),
    idx: (i) => members[i],
    toObject: () => Object.fromEntries(members.map((c) => [c.name, c.value])),
    toJSON: () => members.map((c) => ({ ...c })),
    toString: () => members.map((c) => `${c.name}=${c.value}`).join("; "),
    [Symbol.iterator]: () => members[Symbol.iterator](),
  };
  return list;
};

const cookieJar = () => {
  const answer = (callback, work) => {
    let value, error = null;
    try { value = work(); } catch (e) { error = e; }
    if (typeof callback !== "function") return error ? Promise.reject(error) : Promise.resolve(value);
    setImmediate(() => (error ? callback(error) : callback(null, value)));
    return undefined;
  };
  const at = (url) => JSON.parse(__cookies(String(url)));
  return {
    get: (url, name, callback) => answer(callback, () => { const c = at(url).filter((c) => c.name === name).at(-1); return c ? c.value : null; }),
    getAll: (url, options, callback) => answer(callback || (typeof options === "function" ? options : undefined), () => cookieList(String(url))),
    set: (url, name, value, callback) => {
      if (typeof value === "function") { callback = value; value = undefined; }
      const c = name && typeof name === "object" ? name : value === undefined ? parseCookie(String(name)) : { name: String(name), value: value && typeof value === "object" ? String(value.value) : String(value) };
      return answer(callback, () => { __setCookie(String(url), JSON.stringify(c)); return c; });
    },
    unset: (url, name, callback) => answer(callback, () => { __deleteCookie(String(url), String(name)); return undefined; }),
    clear: (url, callback) => answer(callback, () => { __deleteCookie(String(url), ""); return undefined; }),
  };
};

const parseCookie = (s) => {
  const [pair, ...attributes] = s.split(";");
  const i = pair.indexOf("=");
  const c = { name: pair.slice(0, i).trim(), value: pair.slice(i + 1).trim() };
  for (const a of attributes) {
    const [k, v = ""] = a.split("=").map((x) => x.trim());
    if (/^path$/i.test(k)) c.path = v;
    else if (/^domain$/i.test(k)) c.domain = v;
    else if (/^httponly$/i.test(k)) c.httpOnly = true;
    else if (/^secure$/i.test(k)) c.secure = true;
    else if (/^expires$/i.test(k)) c.expires = v;
  }
  return c;
};
