// The pm object of one script, and what the script leaves behind (run).
let run = null;

const readOnly = (o, properties) => {
  for (const k of Object.keys(properties)) {
    if (properties[k] !== undefined) Object.defineProperty(o, k, { value: properties[k], writable: false, enumerable: false, configurable: true });
  }
  return o;
};

// A variable scope lives in the host; values that are no scalars cross as JSON.
const scope = (name, { readonly = false } = {}) => {
  const s = {
    get: (key) => __varGet(name, String(key)),
    has: (key) => __varHas(name, String(key)),
    set: (key, value) => {
      if (typeof value === "object" && value !== null || typeof value === "bigint" || typeof value === "function") __varSetJSON(name, String(key), JSON.stringify(typeof value === "bigint" ? String(value) : value) ?? "null");
      else __varSet(name, String(key), value);
    },
    unset: (key) => { __varUnset(name, String(key)); },
    clear: () => { __varClear(name); },
    toObject: () => JSON.parse(__varAll(name)),
    toJSON: () => ({ name, values: Object.entries(JSON.parse(__varAll(name))).map(([key, value]) => ({ key, value, type: "any" })) }),
    replaceIn: (v) => replaceIn(v),
  };
  s.syncVariablesTo = (o = {}) => Object.assign(o, s.toObject());
  if (readonly) delete s.set;
  Object.defineProperty(s, "name", { value: __scopeName(name), enumerable: true });
  return s;
};

const replaceIn = (v) => {
  if (typeof v === "string") return __replaceIn(v);
  if (v === null || typeof v !== "object") return v;
  if (Array.isArray(v)) return v.map(replaceIn);
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, replaceIn(x)]));
};

// An error as the report shows it: what has no name or message gets none.
const plainError = (e) => {
  if (e === null || e === undefined || typeof e !== "object") return { name: "", message: "" };
  return { name: e.name === undefined ? "" : String(e.name), message: e.message === undefined ? "" : wording(String(e.message)), stack: String(e.stack || "") };
};

const record = (name, skipped, error) => {
  run.assertions.push({ name: String(name), skipped, error: error === undefined ? null : plainError(error) });
};

const makeTest = (pm, mine) => {
  let index = 0;
  const test = (name, f) => {
    index++;
    if (typeof f !== "function") { record(name, false); return pm; }
    const done = (error) => { if (mine === run) record(name, false, error || undefined); };
    let over = false;
    const once = (error) => { if (!over) { over = true; done(error); } };
    try {
      if (f.length > 0) {
        f(once);
        return pm;
      }
      const result = f();
      if (result && typeof result.then === "function") {
        mine.pending++;
        result.then(() => once(), (e) => once(e ?? new Error(String(e)))).then(() => { mine.pending--; });
        return pm;
      }
      once();
    } catch (e) {
      if (!over) { over = true; record(name, false, e ?? new Error(String(e))); }
    }
    return pm;
  };
  test.skip = (name) => { index++; record(name, true); return pm; };
  test.index = () => index;
  return test;
};

// Requests that scripts send. The host answers later, by number.
const sends = new Map();
let sendSeq = 0;
const send = (request, callback) => {
  const json = typeof request === "string" ? JSON.stringify(request)
    : JSON.stringify(request && typeof request.toJSON === "function" ? request.toJSON() : request);
  const go = (settle) => {
    const id = ++sendSeq;
    sends.set(id, settle);
    __send(id, json);
  };
  const promise = () => new Promise((resolve, reject) => go((error, response) => (error ? reject(error) : resolve(response))));
  if (typeof callback !== "function") return promise();
  go((error, response) => callback.call(undefined, error, response, response && { cookies: response.cookies }));
  return undefined;
};
const settleSend = (id, json) => {
  const settle = sends.get(id);
  sends.delete(id);
  if (!settle) return;
  const r = JSON.parse(json);
  if (r.error) {
    const e = new Error(r.error.message);
    if (r.error.code) e.code = r.error.code;
    settle(e, undefined);
  } else {
    settle(null, new PicketResponse(r.response));
  }
};

const makeRequest = (json) => {
  const sdk = __require("postman-collection");
  const request = new sdk.Request(json);
  Object.defineProperty(request, "to", { get() { return chai().expect(this).to; }, configurable: true });
  return request;
};

const makePM = (input) => {
  const mine = run;
  const pm = {};
  let request, response;
  readOnly(pm, {
    info: readOnly({}, input.info),
    globals: scope("g"), environment: scope("e"), collectionVariables: scope("c"), iterationData: scope("d"),
    variables: scope("v"),
    visualizer: { set() {}, clear() {} },
    sendRequest: (r, callback) => {
      if (!r) {
        const e = new Error("sendrequest: nothing to request");
        return typeof callback === "function" ? callback(e) : Promise.reject(e);
      }
      return send(r, callback);
    },
    execution: readOnly({}, {
      setNextRequest: (next) => { mine.next = next === null ? { stop: true, name: "" } : { stop: false, name: String(next) }; },
      skipRequest: input.phase === "prerequest" ? () => { mine.skip = true; throw skipped; } : () => { throw new TypeError("pm.execution.skipRequest is not a function"); },
      location: Object.defineProperty(input.location.slice(), "current", { value: input.location.at(-1), enumerable: false }),
      runRequest: () => Promise.reject(new Error("pm.execution.runRequest is not supported")),
    }),
    require: (name) => { throw new Error(`pm.require: packages of a package library can't be loaded here: '${name}'`); },
    vault: { get: () => Promise.reject(new Error("pm.vault: the runner has no vault for scripts")), set: () => Promise.reject(new Error("pm.vault is read-only")), unset: () => Promise.reject(new Error("pm.vault is read-only")) },
    expect: Object.assign((...args) => chai().expect(...args), { fail: (...args) => chai().expect.fail(...args) }),
  });
  Object.defineProperty(pm, "request", {
    configurable: true,
    get: () => {
      if (request === undefined) {
        request = mine.request = makeRequest(JSON.parse(__request()));
        if (input.phase === "prerequest") mine.before = JSON.stringify(request.toJSON());
      }
      return request;
    },
  });
  if (input.hasResponse) Object.defineProperty(pm, "response", { configurable: true, get: () => (response ??= new PicketResponse(JSON.parse(__response()))) });
  Object.defineProperty(pm, "cookies", {
    configurable: true,
    get: () => {
      const list = cookieList(input.url);
      list.jar = cookieJar;
      return list;
    },
  });
  readOnly(pm, { test: makeTest(pm, mine) });
  return pm;
};

// Thrown by skipRequest to end the script; nobody sees it.
const skipped = { picketSkip: true };
