// pm.cookies, its jar, and the cookies of an answer. The jar itself is the run's.
const ensureEncoded = (s) => {
  try { s = decodeURIComponent(s); } catch { /* it was not encoded */ }
  try { return encodeURIComponent(s); } catch { return s; }
};
const cookieAttributes = { httponly: "httpOnly", secure: "secure", domain: "domain", path: "path", "max-age": "maxAge", session: "session", expires: "expires" };
const splitParam = (s) => {
  const [key, value] = s.split("=");
  const v = isString(value) ? value.trim() : true;
  return { key: key.trim(), value: isString(v) && v[0] === '"' ? v.slice(1, -1) : v };
};

class PostmanCookie extends PostmanPropertyBase {
  static get _postman_propertyName() { return "Cookie"; }
  static get _postman_propertyIndexKey() { return "name"; }
  static get _postman_propertyIndexCaseInsensitive() { return true; }
  static get _postman_propertyAllowsMultipleValues() { return true; }
  static parse(text) {
    if (!isString(text)) return text;
    const [first, ...rest] = text.split(/; */);
    const c = splitParam(first);
    for (const pair of rest) {
      const p = splitParam(pair), known = cookieAttributes[p.key.toLowerCase()];
      if (known) c[known] = p.value; else (c.extensions ??= []).push(p);
    }
    if (!c.domain) c.hostOnly = true;
    return c;
  }
  static unparseSingle(c) {
    if (!isObject(c)) return "";
    const value = isNil(c.value) ? "" : c.value;
    return c.name ? `${c.name}=${value}` : value;
  }
  static unparse(list) { return list.map(PostmanCookie.unparseSingle).join("; "); }
  static stringify(c) { return PostmanCookie.prototype.toString.call(c); }
  constructor(d) {
    super();
    if (isString(d)) d = PostmanCookie.parse(d);
    if (d) this.update(d);
  }
  update(d) {
    const flag = (k) => (owns(d, k) ? Boolean(d[k]) : undefined);
    const fields = {
      name: d.name || d.key, expires: isString(d.expires) ? new Date(d.expires) : d.expires,
      maxAge: owns(d, "maxAge") ? Number(d.maxAge) : undefined, domain: d.domain, path: d.path,
      secure: flag("secure"), httpOnly: flag("httpOnly"), hostOnly: flag("hostOnly"), session: flag("session"),
      value: d.value ? ensureEncoded(d.value) : undefined, extensions: d.extensions || undefined,
    };
    for (const k of keys(fields)) if (fields[k] !== undefined) this[k] = fields[k];
  }
  valueOf() { try { return decodeURIComponent(this.value); } catch { return this.value; } }
  toString() {
    let s = PostmanCookie.unparseSingle(this);
    if (this.expires instanceof Date) { if (!isNaN(this.expires)) s += "; Expires=" + this.expires.toUTCString(); } else if (this.expires) s += "; Expires=" + this.expires;
    if (this.maxAge && this.maxAge !== Infinity) s += "; Max-Age=" + this.maxAge;
    if (this.domain && !this.hostOnly) s += "; Domain=" + this.domain;
    if (this.path) s += "; Path=" + this.path;
    if (this.secure) s += "; Secure";
    if (this.httpOnly) s += "; HttpOnly";
    for (const { key, value } of this.extensions || []) s += `; ${key}` + (value === true ? "" : `=${value}`);
    return s;
  }
}
class PostmanCookieList extends PostmanPropertyList {
  static get _postman_propertyName() { return "CookieList"; }
  constructor(parent, cookies) { super(PostmanCookie, parent, cookies); }
}

// The cookies that an answer sets.
const setCookies = (headers) => new PostmanCookieList(null, headers.filter((h) => h.key.toLowerCase() === "set-cookie").map((h) => h.value));

// addressOf is the URL that a jar is asked about; null when it is none.
const addressOf = (url) => {
  if (PostmanUrl.isUrl(url)) return url.toString(true);
  return isString(url) && url ? new PostmanUrl(url).toString(true) : null;
};
const jarAddress = (method, url) => {
  const address = addressOf(url);
  if (address === null) throw new TypeError(`CookieJar.${method}() requires a valid url`);
  return address;
};
// The answer of the jar comes later, as that of every store may.
const jarAnswer = (callback, work) => {
  let value, error = null;
  try { value = work(); } catch (e) { error = e instanceof Error ? e : new Error(String(e)); }
  setImmediate(() => { if (isFunction(callback)) { if (error) callback(error); else callback(null, value); } });
};
const stored = (address) => nativeParse(hostCookies(address)).map((c) => new PostmanCookie(c));

class PostmanCookieJar {
  get(url, name, callback) {
    const address = jarAddress("get", url);
    if (!isFunction(callback)) throw new TypeError("CookieJar.get() requires a callback function");
    if (!isString(name)) throw new TypeError("CookieJar.get() requires cookie name to be a string");
    jarAnswer(callback, () => {
      const c = stored(address).find((x) => x.name === name);
      return c ? c.valueOf() : null;
    });
  }
  getAll(url, options, callback) {
    const address = jarAddress("getAll", url);
    if (isFunction(options) && !callback) { callback = options; options = {}; }
    if (!isFunction(callback)) throw new TypeError("CookieJar.getAll() requires a callback function");
    if (typeof options !== "object") throw new TypeError("CookieJar.getAll() requires options to be an object");
    const { http = true, secure } = options || {};
    jarAnswer(callback, () => new PostmanCookieList(null, stored(address).filter((c) => (http || !c.httpOnly) && (secure !== false || !c.secure))));
  }
  set(url, name, value, callback) {
    const address = jarAddress("set", url);
    if (isFunction(value) && !callback) { callback = value; value = null; }
    let c;
    if (name && value) c = { name, value };
    else if (isObject(name)) c = { ...name, name: name.name || name.key };
    else if (isString(name)) c = PostmanCookie.parse(name);
    else throw new TypeError("CookieJar.set() requires a valid set cookie arguments");
    if (c.key && !c.name) c.name = c.key;
    jarAnswer(callback, () => {
      hostSetCookie(address, nativeStringify({ ...c, value: isNil(c.value) || c.value === true ? "" : String(c.value), expires: cookieExpiry(c) }));
      return new PostmanCookie(c);
    });
  }
  unset(url, name, callback) {
    const address = jarAddress("unset", url);
    if (!isString(name)) throw new TypeError("CookieJar.unset() requires cookie name to be a string");
    jarAnswer(callback, () => { hostDeleteCookie(address, name); });
  }
  clear(url, callback) {
    const address = jarAddress("clear", url);
    jarAnswer(callback, () => { hostDeleteCookie(address, ""); });
  }
}
const cookieExpiry = (c) => {
  if (!isNil(c.maxAge) && !isNaN(Number(c.maxAge))) return new Date(Date.now() + Number(c.maxAge) * 1000).toISOString();
  const d = c.expires instanceof Date ? c.expires : c.expires ? new Date(c.expires) : null;
  return d && !isNaN(d) ? d.toISOString() : undefined;
};
