// The pm object of one script.
const readOnly = (o, properties) => {
  for (const k of keys(properties)) if (properties[k] !== undefined) defineProperty(o, k, { value: properties[k], writable: false, enumerable: false, configurable: false });
  return o;
};

// Thrown by skipRequest to end the script; nobody sees it.
const skipped = { picketSkip: true };

// record notes the outcome of a test; without an error it passed.
const record = (mine, name, skip, failed, error) => {
  if (mine !== run || mine.skip) return null;
  const a = { name: String(name), skipped: skip, error: failed ? plainError(error) : null, after: mine.answered };
  mine.assertions.push(a);
  return a;
};

const unsettled = () => assign(new Error("The test did not finish: its promise was never settled."), { stack: "" });
const makeTest = (pm, mine) => {
  let index = 0;
  const promised = (name, promise) => { // its place is that of the call
    const a = record(mine, name, false, true, unsettled());
    if (a === null) return;
    promise.then(() => { a.error = null; }, (e) => { a.error = plainError(e); });
  };
  const test = function (name, f) {
    name = String(name);
    index++;
    if (!isFunction(f)) { record(mine, name, false, false); return pm; }
    if (f.length > 0) {
      let failed = false;
      try {
        f((e) => { if (!failed) record(mine, name, false, Boolean(e), e); failed ||= Boolean(e); });
      } catch (e) {
        if (e === skipped) throw e;
        failed = true;
        record(mine, name, false, true, e);
      }
      return pm;
    }
    try {
      const result = f();
      if (isObject(result) && isFunction(result.then)) promised(name, result);
      else record(mine, name, false, false);
    } catch (e) {
      if (e === skipped) throw e;
      record(mine, name, false, true, e);
    }
    return pm;
  };
  test.skip = (name) => { index++; record(mine, name, true, false); return pm; };
  test.index = () => index;
  return test;
};

// Requests that scripts send. The host answers later, by number.
const sends = new Map();
let sendSeq = 0;
const send = (mine, request, settle) => {
  const id = ++sendSeq;
  sends.set(id, settle);
  const r = request instanceof PostmanRequest ? request : new PostmanRequest(isObject(request) && isFunction(request.toJSON) ? request.toJSON() : request);
  if (mine.skip) return;
  hostSend(id, nativeStringify(r));
};
const settleSend = (id, json) => {
  const settle = sends.get(id);
  sends.delete(id);
  if (!settle) return;
  run.answered++;
  const r = nativeParse(json);
  if (r.error) {
    const e = new Error(r.error.message);
    e.stack = "";
    for (const k of keys(r.error)) if (k !== "message") e[k] = r.error[k];
    settle(e, noResponse(), undefined);
    return;
  }
  const response = sentResponse(r.response);
  settle(null, response, { cookies: response.cookies });
};
const makeSendRequest = (pm, mine) => (request, callback) => {
  if (!request) {
    const e = new Error("sendrequest: nothing to request");
    if (isFunction(callback)) return callback.call(pm, e);
    return newman ? false : Promise.reject(e);
  }
  if (isFunction(callback) || newman) {
    send(mine, request, (...args) => { if (isFunction(callback)) callback.apply(pm, args); });
    return pm;
  }
  return new Promise((resolve, reject) => send(mine, request, (e, response) => (e ? reject(e) : resolve(response))));
};

const visualizer = {
  set(template, data, options) {
    if (!isString(template)) throw new Error(`Invalid template. Template must be of type string, found ${typeof template}`);
    if (data && typeof data !== "object") throw new Error(`Invalid data. Data must be an object, found ${typeof data}`);
    if (options && typeof options !== "object") throw new Error(`Invalid options. Options must be an object, found ${typeof options}`);
  },
  clear() {},
};

const makeExecution = (mine, input) => ({
  skipRequest() {
    if (input.phase !== "prerequest") throw new TypeError("pm.execution.skipRequest is not a function");
    if (mine !== run) return;
    mine.skip = true;
    timers = [];
    throw skipped;
  },
  location: readOnly(input.location.slice(), { current: input.current || input.location.at(-1) }),
  setNextRequest(next) {
    if (mine.skip) return;
    mine.next = isNil(next) ? { stop: next === null, name: "", unset: next === undefined } : { stop: false, name: String(next) };
  },
  runRequest: () => Promise.reject(new Error("pm.execution.runRequest is not supported here")),
});
const noVault = (what) => () => Promise.reject(new Error(`pm.vault.${what} is not supported here: scripts have no vault`));
const makeVault = () => ({ get: noVault("get"), set: noVault("set"), unset: noVault("unset") });

// The members of pm belong to the script that runs; each is made when it is
// looked at.
const member = (name, make) => {
  const made = run.made;
  return owns(made, name) ? made[name] : (made[name] = make());
};
class Postman {
  get info() { return member("info", () => readOnly({}, run.input.info)); }
  get globals() { return member("globals", () => new PostmanVariableScope("g")); }
  get environment() { return member("environment", () => new PostmanVariableScope("e")); }
  get collectionVariables() { return member("collectionVariables", () => new PostmanVariableScope("c")); }
  get variables() { return member("variables", () => new PostmanVariableScope("v")); }
  get iterationData() { return member("iterationData", () => new PostmanVariableScope("d")); }
  get request() {
    return member("request", () => {
      const request = run.request = asserting(new PostmanRequest(nativeParse(hostRequest())));
      if (run.input.phase === "prerequest") run.before = nativeStringify(request);
      return request;
    });
  }
  get response() { return run.input.hasResponse ? member("response", () => runResponse(run.input.url)) : undefined; }
  get cookies() { return member("cookies", () => readOnly(new PostmanCookieList(null, nativeParse(hostCookies(run.input.url))), { jar: () => new PostmanCookieJar() })); }
  get execution() { return member("execution", () => makeExecution(run, run.input)); }
  get vault() { return member("vault", makeVault); }
  get visualizer() { return visualizer; }
  get sendRequest() { return member("sendRequest", () => makeSendRequest(run.pm, run)); }
  get test() { return member("test", () => makeTest(run.pm, run)); }
  set test(f) { run.made.test = f; }
  get expect() { return chai().expect; }
  require(name) { throw new Error(`Cannot find package '${name}': pm.require loads nothing here; require() has the built-in libraries`); }
}
