// The API from before pm: names that old collections use. Each says once in a
// script that it is deprecated, as in Postman.
const alternatives = {
  tests: "pm.test()", globals: "pm.globals", environment: "pm.environment", data: "pm.iterationData", request: "pm.request",
  responseCookies: "pm.cookies", responseHeaders: "pm.response.headers", responseTime: "pm.response.responseTime", responseCode: "pm.response.code",
  responseBody: "pm.response.text()", iteration: "pm.info.iteration", _: "require('lodash')", CryptoJS: "require('crypto-js')",
  atob: "require('atob')", btoa: "require('btoa')", tv4: "require('ajv')", xml2Json: "require('xml2js')", cheerio: "require('cheerio')",
  "postman.setNextRequest": "pm.execution.setNextRequest()",
};
const deprecated = (mine, name) => {
  if (mine.warned.includes(name) || mine.finished) return;
  mine.warned.push(name);
  mine.console.push({ level: "warn", args: [`Using "${name}" is deprecated. Use "${alternatives[name]}" instead.`] });
};
const watched = (mine, name, value) => new Proxy(value, {
  get(target, p) { deprecated(mine, name === "postman" ? "postman.setNextRequest" : name); return target[p]; },
  set(target, p, v) { deprecated(mine, name); target[p] = v; return true; },
  apply(target, that, args) { deprecated(mine, name); return target.apply(that, args); },
});

const formData = (list) => {
  const out = {};
  for (const p of list.members) {
    if (p.disabled) continue;
    if (!out[p.key]) out[p.key] = p.value;
    else if (Array.isArray(out[p.key])) out[p.key].push(p.value);
    else out[p.key] = [out[p.key], p.value];
  }
  return out;
};
const legacyBody = (body) => {
  if (!body || body.isEmpty()) return {};
  switch (body.mode) {
    case "raw": return body.raw || {};
    case "urlencoded": case "formdata": return formData(body[body.mode]);
    case "file": return (body.file && body.file.content) || {};
    default: return {};
  }
};
const legacyRequest = (pm, input) => {
  const r = pm.request;
  return {
    id: input.info.requestId, name: input.info.requestName, description: r.description ? r.description.toString() : undefined,
    headers: r.headers.toObject(true, false, true, true), method: r.method, url: r.url.toString(), data: legacyBody(r.body),
  };
};

const asText = (v) => ((v === false || v) && isFunction(v && v.toString) ? v.toString() : v);
class PostmanLegacyInterface {
  #pm; #snapshot;
  constructor(pm, snapshot) { this.#pm = pm; this.#snapshot = snapshot; }
  setEnvironmentVariable(k, v) { this.#snapshot("environment")[k] = v = asText(v); return this.#pm.environment.set(k, v); }
  getEnvironmentVariable(k) { return this.#pm.environment.get(k); }
  clearEnvironmentVariable(k) { if (k) delete this.#snapshot("environment")[k]; return this.#pm.environment.unset(k); }
  clearEnvironmentVariables() { const o = this.#snapshot("environment"); for (const k of keys(o)) delete o[k]; return this.#pm.environment.clear(); }
  setGlobalVariable(k, v) { this.#snapshot("globals")[k] = v = asText(v); return this.#pm.globals.set(k, v); }
  getGlobalVariable(k) { return this.#pm.globals.get(k); }
  clearGlobalVariable(k) { if (k) delete this.#snapshot("globals")[k]; return this.#pm.globals.unset(k); }
  clearGlobalVariables() { const o = this.#snapshot("globals"); for (const k of keys(o)) delete o[k]; return this.#pm.globals.clear(); }
  setNextRequest(next) { this.#pm.execution.setNextRequest(next); }
}
class PostmanLegacyTestInterface extends PostmanLegacyInterface {
  #pm;
  constructor(pm, snapshot) { super(pm, snapshot); this.#pm = pm; }
  getResponseCookie(name) { return this.#pm.cookies.one(String(name)); }
  getResponseHeader(name) { const h = this.#pm.response.headers.one(name); return h ? h.value : undefined; }
}
// Methods of a class with private fields are called on a proxy.
const bound = (o) => {
  const out = {};
  for (let p = o; p !== Object.prototype; p = getPrototypeOf(p)) {
    for (const k of Object.getOwnPropertyNames(p)) if (k !== "constructor" && !owns(out, k)) out[k] = p[k].bind(o);
  }
  return out;
};

const xml2Json = (text) => {
  let json = {};
  load("xml2js").parseString(text, { explicitArray: false, async: false, trim: true, mergeAttrs: false }, (error, result) => { json = result; });
  return json;
};

// legacy has what each of the names stands for. Variables are those of the
// beginning of the script: when the source mentions them they are read then.
const legacy = {
  tests: (mine) => mine.tests,
  globals: (mine) => snapshot(mine, "globals"),
  environment: (mine) => snapshot(mine, "environment"),
  data: () => nativeParse(hostAll("d", "object")),
  request: (mine) => legacyRequest(mine.pm, mine.input),
  iteration: (mine) => mine.input.info.iteration,
  postman: (mine) => bound(new (mine.input.phase === "test" ? PostmanLegacyTestInterface : PostmanLegacyInterface)(mine.pm, (name) => snapshot(mine, name))),
  _: () => load("lodash3"),
  CryptoJS: () => load("crypto-js"),
  tv4: () => load("tv4"),
  cheerio: () => load("cheerio"),
  atob: () => atob,
  btoa: () => btoa,
  xml2Json: () => xml2Json,
  responseBody: (mine) => mine.pm.response.text(),
  responseCode: (mine) => mine.pm.response.details(),
  responseTime: (mine) => mine.pm.response.responseTime,
  responseCookies: (mine) => mine.pm.cookies,
  responseHeaders: (mine) => {
    const out = {};
    mine.pm.response.headers.each((h) => { if (!h.disabled) out[h.key] = h.value; });
    return out;
  },
};
const snapshot = (mine, name) => (mine.snapshots[name] ??= nativeParse(hostAll(name[0], "object")));
const mentioned = /(?<![.\w$])(environment|globals|postman|eval)\b/;
const takeSnapshots = (mine, source) => {
  if (!mentioned.test(source)) return;
  snapshot(mine, "environment");
  snapshot(mine, "globals");
};

// Tests of the old kind count when the script's own code is through.
const finishLegacy = (mine) => {
  if (mine.finished) return;
  mine.finished = true;
  for (const name of keys(mine.tests)) {
    const value = mine.tests[name];
    record(mine, name, false, !value, value ? undefined : { name: "AssertionError", message: `expected ${String(value)} to be truthy`, stack: "" });
  }
};
