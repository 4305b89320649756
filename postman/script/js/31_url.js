// URLs and bodies as pm.request has them, with postman-collection's surface.
const escapeReserved = (s, name) => {
  s = s.replaceAll("&", "%26").replaceAll("#", "%23");
  return name ? s.replaceAll("=", "%3D") : s;
};
// What has a meaning in a query is encoded but within {{names}}.
const encodeParam = (s, name) => {
  if (!s || !/[&#=]/.test(s)) return s;
  let out = "", from = 0;
  for (const m of s.matchAll(/{{[^{}]*[&#=][^{}]*}}/g)) {
    out += escapeReserved(s.slice(from, m.index), name) + m[0];
    from = m.index + m[0].length;
  }
  return out + escapeReserved(s.slice(from), name);
};

class PostmanQueryParam extends PostmanProperty {
  static get _postman_propertyName() { return "QueryParam"; }
  static get _postman_propertyIndexKey() { return "key"; }
  static get _postman_propertyAllowsMultipleValues() { return true; }
  static parse(text) { return isString(text) ? text.split("&").map(PostmanQueryParam.parseSingle) : []; }
  static parseSingle(text, i, all) {
    if (text === "" && typeof i === "number" && Array.isArray(all) && i !== all.length - 1) return { key: null, value: null };
    const at = isString(text) ? text.indexOf("=") : -1;
    return at < 0 ? { key: text, value: null } : { key: text.slice(0, at), value: text.slice(at + 1) };
  }
  static unparse(params) {
    if (!params) return "";
    if (!Array.isArray(params) && !PostmanPropertyList.isPropertyList(params)) params = keys(params).map((key) => ({ key, value: params[key] }));
    return params.filter((p) => p.disabled !== true).map(PostmanQueryParam.unparseSingle).join("&");
  }
  static unparseSingle(p) {
    if (!p) return "";
    return (isString(p.key) ? encodeParam(p.key, true) : "") + (isString(p.value) ? "=" + encodeParam(p.value, false) : "");
  }
  constructor(d) {
    super(d);
    this.update(d);
  }
  update(d) {
    const { key, value } = isString(d) ? PostmanQueryParam.parseSingle(d) : d || {};
    this.key = key;
    this.value = value;
    if (isObject(d) && owns(d, "system")) this.system = d.system;
  }
  valueOf() { return isString(this.value) ? this.value : ""; }
  toString() { return PostmanQueryParam.unparseSingle(this); }
}

// A variable of a scope, of a path, or a parameter of an auth.
const casts = {
  string: [String, String], boolean: [Boolean, Boolean], number: [Number, Number],
  array: [(v) => (isString(v) ? v : nativeStringify(v)), (v) => { try { const a = nativeParse(v); return Array.isArray(a) ? a : undefined; } catch { return undefined; } }],
  object: [(v) => (isString(v) ? v : nativeStringify(v)), (v) => { try { const o = nativeParse(v); return isObject(o) && !Array.isArray(o) ? o : undefined; } catch { return undefined; } }],
};
class PostmanVariable extends PostmanProperty {
  static get _postman_propertyName() { return "Variable"; }
  static get _postman_propertyIndexKey() { return "key"; }
  constructor(d) {
    super(d);
    this.type = "any";
    this.value = undefined;
    if (isObject(d) && owns(d, "key")) this.key = d.key;
    this.update(d);
  }
  update(d) {
    if (!isObject(d)) return;
    if (owns(d, "type")) this.valueType(d.type, owns(d, "value"));
    if (owns(d, "value")) this.set(d.value);
    for (const k of ["system", "disabled"]) if (owns(d, k)) this[k] = d[k];
    if (owns(d, "description")) this.describe(d.description);
  }
  valueType(type, keep) {
    type = isNil(type) ? "" : String(type).toLowerCase();
    if (type !== "any" && !owns(casts, type)) return this.type;
    this.type = type;
    if (!keep) this.set(this.get());
    return type;
  }
  get() { const v = isFunction(this.value) ? this.value() : this.value; return owns(casts, this.type) ? casts[this.type][1](v) : v; }
  set(v) { this.value = !isFunction(v) && owns(casts, this.type) ? casts[this.type][0](v) : v; }
  valueOf(...args) { if (args.length > 0) this.set(args[0]); return this.get(); }
  toString() { const v = this.get(); return v === null ? "null" : isNil(v) ? "" : String(v); }
}
class PostmanVariableList extends PostmanPropertyList {
  static get _postman_propertyName() { return "VariableList"; }
  constructor(parent, items) { super(PostmanVariable, parent, items); }
  syncFromObject(o, track, prune) {
    if (!isObject(o)) return;
    for (const k of keys(o)) if (this.has(k)) this.one(k).set(o[k]); else this.add({ key: k, value: o[k] });
    if (prune !== false) for (const k of keys(this.reference)) if (!owns(o, k)) this.remove(k);
  }
  syncToObject(o = {}) {
    this.each((v) => { o[v.key] = v.valueOf(); });
    return o;
  }
  replace(s) { return replaceIn(s); }
  substitute(o) { return replaceIn(o); }
}

// parseURL takes an address apart without judging it; {{names}} stay whole.
const parseURL = (text) => {
  const names = [];
  let s = text.trimStart().replace(/{{[^{}]*[.:/?#@&\]][^{}]*}}/g, (m) => { names.push(m); return `\u0000${names.length - 1}\u0000`; });
  const back = (v) => (Array.isArray(v) ? v.map(back) : isString(v) ? v.replace(/\u0000(\d+)\u0000/g, (_, i) => names[i]) : v);
  const url = {};
  const cut = (mark) => {
    const i = s.indexOf(mark);
    if (i < 0) return undefined;
    const rest = s.slice(i + mark.length);
    s = s.slice(0, i);
    return rest;
  };
  url.hash = cut("#");
  url.query = cut("?")?.split("&");
  s = s.replaceAll("\\", "/");
  const at = s.indexOf("://");
  if (at >= 0) {
    url.protocol = s.slice(0, at);
    s = s.slice(at + 3).replace(/^\/+/, url.protocol.toLowerCase() === "file" ? "/" : "");
  }
  url.path = cut("/")?.split("/");
  const sign = s.lastIndexOf("@");
  if (sign >= 0) {
    const auth = s.slice(0, sign), colon = auth.indexOf(":");
    url.auth = colon < 0 ? [auth] : [auth.slice(0, colon), auth.slice(colon + 1)];
    s = s.slice(sign + 1);
  }
  const colon = s.lastIndexOf(":");
  if (colon >= 0 && !s.slice(colon + 1).includes("]")) {
    url.port = s.slice(colon + 1);
    s = s.slice(0, colon);
  }
  if (s) url.host = s.split(".");
  for (const k of keys(url)) url[k] = back(url[k]);
  return url;
};
const pathVariable = (segment) => {
  if (!String(segment).startsWith(":")) return null;
  const dot = segment.indexOf(".");
  return segment.slice(1, dot < 0 ? undefined : dot) || null;
};

class PostmanUrl extends PostmanPropertyBase {
  static get _postman_propertyName() { return "Url"; }
  static isUrl(o) { return Boolean(o) && Boolean(o.constructor) && o.constructor._postman_propertyName === "Url"; }
  static parse(text) {
    const u = parseURL(text);
    if (u.auth) u.auth = { user: u.auth[0], password: u.auth[1] };
    if (u.query) u.query = u.query.map(PostmanQueryParam.parseSingle);
    const names = new Set((u.path || []).map(pathVariable).filter(Boolean));
    if (names.size > 0) u.variable = [...names].map((key) => ({ key }));
    return u;
  }
  constructor(d) {
    super();
    this.update(d);
  }
  update(d) {
    const u = isString(d) ? PostmanUrl.parse(d) : d || {};
    let { query, path, host, variable } = u;
    if (PostmanPropertyList.isPropertyList(query)) query = query.toJSON();
    if (isString(query)) query = PostmanQueryParam.parse(query);
    if (isObject(query) && !Array.isArray(query)) query = keys(query).map((key) => ({ key, value: u.query[key] }));
    if (Array.isArray(variable)) variable = variable.map((v) => (isObject(v) ? { ...v, key: v.key || v.id } : v));
    else if (!variable && PostmanPropertyList.isPropertyList(u.variables)) variable = u.variables.toJSON();
    if (isString(path)) {
      path = path.replace(/^\/((.+))$/, "$1");
      path = path ? (path === "/" ? [""] : path.split("/")) : undefined;
    }
    if (isString(host)) host = host.split(/\.(?![^{]*\}{2})/g);
    assign(this, {
      auth: u.auth, protocol: u.protocol, port: u.port, path, hash: u.hash, host,
      query: new PostmanPropertyList(PostmanQueryParam, this, query || []),
      variables: new PostmanVariableList(this, variable || []),
    });
  }
  addQueryParams(params) { this.query.populate(isString(params) ? PostmanQueryParam.parse(params) : params); }
  removeQueryParams(params) {
    const names = (Array.isArray(params) ? params : [params]).map((p) => (p && p.key ? p.key : p));
    this.query.remove((p) => names.includes(p.key));
  }
  getRaw() { throw new Error("`Url#getRaw` has been discontinued, use `Url#toString` instead."); }
  getHost() { return this.host ? (Array.isArray(this.host) ? this.host.join(".") : String(this.host)) : ""; }
  getPath(unresolved) {
    if (unresolved) return "/" + this.path.join("/");
    const segments = (this.path || []).map((segment) => {
      const name = pathVariable(segment);
      const value = this.variables.get(name);
      return isString(value) && value !== "" ? value + segment.slice(name.length + 1) : segment;
    });
    return "/" + segments.join("/");
  }
  getQueryString() { return this.query.count() ? PostmanQueryParam.unparse(this.query.members) : ""; }
  getPathWithQuery() {
    const q = this.getQueryString();
    return this.getPath() + (q ? "?" + q : "");
  }
  getRemote(force) {
    let port = this.port && String(this.port);
    if (force && !port) port = this.protocol === "https" ? "443" : "80";
    return port ? `${this.getHost()}:${port}` : this.getHost();
  }
  getOAuth1BaseUrl() {
    const protocol = this.protocol || "http", port = this.port ? String(this.port) : undefined;
    const remote = port === undefined || port === "80" || port === "443" ? this.host.join(".") : `${this.host.join(".")}:${port}`;
    return (protocol.endsWith("://") ? protocol : protocol + "://").toLowerCase() + remote.toLowerCase() + this.getPath();
  }
  toString(force) {
    const protocol = this.protocol || (force ? "http://" : "");
    let s = protocol ? (protocol.endsWith("://") ? protocol : protocol + "://") : "";
    if (this.auth) {
      const { user, password } = this.auth;
      if (isString(user) || isString(password)) s += (isString(user) ? user : "") + (isString(password) ? ":" + password : "") + "@";
    }
    if (this.host) s += this.getHost();
    if (!isNil(this.port)) s += ":" + String(this.port);
    if (this.path) s += this.getPath();
    if (this.query && this.query.count() && this.query.members.some((p) => !(p && p.disabled))) s += "?" + this.getQueryString();
    if (isString(this.hash)) s += "#" + this.hash;
    return s;
  }
}
