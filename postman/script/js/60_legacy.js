// The API from before pm: globals that old collections use.
const makeLegacy = (pm, input) => {
  const warnings = {};
  const postman = {
    setEnvironmentVariable: (k, v) => pm.environment.set(k, v),
    getEnvironmentVariable: (k) => pm.environment.get(k),
    clearEnvironmentVariable: (k) => pm.environment.unset(k),
    clearEnvironmentVariables: () => pm.environment.clear(),
    setGlobalVariable: (k, v) => pm.globals.set(k, v),
    getGlobalVariable: (k) => pm.globals.get(k),
    clearGlobalVariable: (k) => pm.globals.unset(k),
    clearGlobalVariables: () => pm.globals.clear(),
    setNextRequest: (name) => pm.execution.setNextRequest(name),
    getResponseHeader: (name) => (input.hasResponse ? pm.response.headers.get(name) : undefined),
    getResponseCookie: (name) => {
      const c = cookieList(input.url).one(name);
      return c;
    },
    __execution: warnings,
  };
  const request = () => {
    const r = pm.request.toJSON();
    const headers = {};
    for (const h of r.header || []) if (!h.disabled) headers[h.key] = h.value;
    const body = r.body || {};
    let data = {};
    if (body.mode === "raw") data = body.raw;
    else if (body.mode === "urlencoded" || body.mode === "formdata") for (const p of body[body.mode] || []) data[p.key] = p.value;
    return { id: input.info.requestId, name: input.info.requestName, description: undefined, method: r.method, url: pm.request.url.toString(), headers, data, dataMode: body.mode };
  };
  const names = {
    postman: () => postman,
    request,
    environment: () => live("e"), globals: () => live("g"),
    data: () => pm.iterationData.toObject(), iteration: () => input.info.iteration,
    tests: () => run.tests,
    xml2Json: () => xml2Json,
  };
  if (input.hasResponse) {
    Object.assign(names, {
      responseBody: () => pm.response.text(),
      responseCode: () => ({ code: pm.response.code, name: pm.response.reason(), detail: "" }),
      responseHeaders: () => pm.response.headers.toObject(),
      responseTime: () => pm.response.responseTime,
      responseCookies: () => cookieList(input.url).all(),
    });
  }
  return names;
};

// environment.x and globals.x read and write the scope.
const live = (name) => new Proxy({}, {
  get: (_, k) => (typeof k === "string" ? __varGet(name, k) : undefined),
  set: (_, k, v) => { scope(name).set(k, v); return true; },
  has: (_, k) => typeof k === "string" && __varHas(name, k),
  deleteProperty: (_, k) => { __varUnset(name, k); return true; },
  ownKeys: () => Object.keys(JSON.parse(__varAll(name))),
  getOwnPropertyDescriptor: (_, k) => (__varHas(name, k) ? { value: __varGet(name, k), enumerable: true, configurable: true, writable: true } : undefined),
});

const xml2Json = (text) => {
  let json = {};
  __require("xml2js").parseString(text, { explicitArray: false, async: false, trim: true, mergeAttrs: false }, (error, result) => {
    if (error) throw error;
    json = result;
  });
  return json;
};

lazy("_", () => __require("lodash"));
lazy("CryptoJS", () => __require("crypto-js"));
lazy("tv4", () => __require("tv4"));
lazy("cheerio", () => __require("cheerio"));
