// --script-compat: Postman's own sandbox, unmodified, in this engine. This file
// stands in for what it talks to in newman: the bridge, the run's variables,
// requests and cookies. The host calls the same functions as those of the pm layer.
let run = null;
let skipped = null; // of the pm layer, which the console asks for
const sends = new Map();
const jarCalls = [];
let sendSeq = 0;
let ids = 0;

// plain is a value as it is on the other side of newman's bridge.
const plain = (v) => (v === undefined ? undefined : nativeParse(nativeStringify(v) ?? "null"));

const listeners = new Map();
const emit = (name, ...args) => {
  for (const f of [...(listeners.get(name) ?? [])]) f.apply(bridge, args);
};
const bridge = {
  on(name, f) { if (isFunction(f)) listeners.set(name, [...(listeners.get(name) ?? []), f]); },
  once(name, f) {
    const once = (...args) => { bridge.off(name, once); f.apply(bridge, args); };
    bridge.on(name, once);
  },
  off(name, f) {
    const rest = f === undefined ? [] : (listeners.get(name) ?? []).filter((x) => x !== f);
    if (rest.length > 0) listeners.set(name, rest); else listeners.delete(name);
  },
  emit,
  dispatch(name, ...args) {
    if (run === null || typeof name !== "string") return;
    const [, kind] = name.split(".");
    const handler = handlers[kind];
    if (handler !== undefined) handler(run, name, ...args);
  },
};

const errorOf = (e) => (isObject(e) ? plainError(e) : { name: "", message: "", stack: "" });
const handlers = {
  console(mine, name, cursor, level, args) {
    if (level === "clear") return;
    mine.console.push({ level, args: load("teleport-javascript").parse(args).map(safely) });
  },
  assertion(mine, name, cursor, list) {
    if (name !== "execution.assertion") return; // the same comes under the run's own name
    for (const a of list) {
      const failed = a.error ? errorOf(a.error) : { name: "", message: "", stack: "" };
      mine.assertions.push({ name: String(a.name), skipped: a.skipped === true, error: a.passed ? null : failed, after: mine.answered });
    }
  },
  error(mine, name, cursor, e) {
    if (name === "execution.error") mine.told ??= errorOf(e); // the script itself failed if its result says so
  },
  skipRequest(mine) { mine.skip = true; },
  request(mine, name, cursor, id, event, request) {
    const number = ++sendSeq;
    sends.set(number, event);
    hostSend(number, nativeStringify(request));
  },
  cookies(mine, name, event, action, method, args) { jarCalls.push({ event, method, args: plain(args) }); },
  result(mine, name, e, result) {
    if (e) mine.error ??= errorOf(e);
    mine.finished = true;
    mine.result = plain(result) ?? null;
  },
};

// Cookies: the jar is asked by URL, as the host knows it.
const cookieURL = (c) => `${c.secure ? "https" : "http"}://${String(c.domain).replace(/^\./, "")}${c.path || "/"}`;
const fromJar = (c) => ({
  key: c.name, value: c.value, domain: c.domain, path: c.path, httpOnly: c.httpOnly, secure: c.secure, hostOnly: true,
  ...(c.expires ? { expires: c.expires } : {}),
});
const toJar = (c) => nativeStringify({
  name: c.key, value: c.value, path: c.path, httpOnly: c.httpOnly === true, secure: c.secure === true,
  ...(c.hostOnly === false ? { domain: c.domain } : {}), ...(c.expires && c.expires !== "Infinity" ? { expires: c.expires } : {}),
});
const inJar = (domain, path) => nativeParse(hostCookies(`https://${domain}${path || "/"}`)).map(fromJar);
const jar = {
  findCookie: (domain, path, key) => inJar(domain, path).find((c) => c.key === key) ?? null,
  findCookies: (domain, path) => inJar(domain, path),
  getAllCookies: () => nativeParse(hostCookies(run.input.url)).map(fromJar),
  putCookie: (c) => { hostSetCookie(cookieURL(c), toJar(c)); },
  updateCookie: (old, c) => { hostSetCookie(cookieURL(c), toJar(c)); },
  removeCookie: (domain, path, key) => { hostDeleteCookie(`https://${domain}${path || "/"}`, key); },
  removeCookies: (domain, path) => { hostDeleteCookie(`https://${domain}${path || "/"}`, ""); },
  removeAllCookies: () => { hostDeleteCookie(run.input.url, ""); },
};
const answerJar = ({ event, method, args }) => {
  let error = null, found;
  try { found = jar[method](...args); } catch (e) { error = e.message; }
  emit(`execution.cookies.${run.id}`, event, error, plain(found));
};

// Variables, before and after.
const scopes = { globals: "g", environment: "e", collectionVariables: "c", _variables: "l" };
const writeBack = (letter, before, after) => {
  const old = new Map(before.filter((v) => !v.disabled).map((v) => [v.key, v.value]));
  const now = new Map();
  for (const v of after) if (!v.disabled) now.set(v.key, v.value);
  for (const key of old.keys()) if (!now.has(key)) hostUnset(letter, key);
  for (const [key, value] of now) {
    if (old.has(key) && nativeStringify(old.get(key)) === nativeStringify(value)) continue;
    hostSetJSON(letter, key, value === undefined ? "" : nativeStringify(value));
  }
};

const responseFor = (head) => ({
  id: hostUUID(), code: head.code, status: head.status, header: head.headers, responseTime: head.time,
  stream: { type: "Base64", data: hostBody(head.body) },
});

const begin = (source, meta) => {
  const input = nativeParse(meta);
  const id = `x${++ids}`;
  const mine = run = {
    input, id, before: {}, assertions: [], console: [], error: null, told: null, next: null, skip: false, finished: false, result: null, answered: 0,
  };
  timers = [];
  sends.clear();
  jarCalls.length = 0;
  rejected.clear();
  const context = { data: nativeParse(hostAll("d", "object")), request: nativeParse(hostRequest() || "{}"), cookies: nativeParse(hostCookies(input.url)) };
  for (const [name, letter] of Object.entries(scopes)) {
    mine.before[name] = nativeParse(hostAll(letter, "list"));
    context[name] = { name: hostAll(letter, "name") || undefined, values: plain(mine.before[name]) };
  }
  if (input.hasResponse) {
    const head = nativeParse(hostResponse());
    if (head.code !== 0) context.response = responseFor(head);
  }
  const { info, location } = input;
  emit("execute", id, { listen: input.phase, script: { exec: source.split("\n") } }, context, {
    cursor: { iteration: info.iteration, cycles: info.iterationCount, ref: id, execution: id },
    legacy: { _itemId: info.requestId, _itemName: info.requestName, _itemPath: location, _eventItemName: location.at(-1) },
  });
};

const rejected = new Map();
const onRejection = (promise, reason, handled) => {
  if (handled) rejected.delete(promise); else rejected.set(promise, reason);
};

const state = () => {
  for (const reason of rejected.values()) run.error ??= plainError(reason);
  rejected.clear();
  if (run.finished) return -1;
  if (jarCalls.length > 0) return 0;
  if (timers.length > 0) return Math.max(0, timers[0].due - hostNow());
  return sends.size > 0 ? -2 : -1;
};

const settle = (number, json) => {
  const told = nativeParse(json);
  const event = sends.get(number);
  sends.delete(number);
  run.answered++;
  if (told.error) {
    emit(`execution.response.${run.id}`, event, told.error);
    return;
  }
  const cookies = told.response.headers.filter((h) => h.key.toLowerCase() === "set-cookie").map((h) => {
    const [, name, value] = /^([^=;]*)=?([^;]*)/.exec(h.value);
    return { name: name.trim(), value: value.trim() };
  });
  emit(`execution.response.${run.id}`, event, null, responseFor(told.response), { cookies });
};

const takeResult = () => {
  const mine = run;
  const out = { assertions: mine.assertions, console: mine.console, next: null, skip: mine.skip, error: mine.error ?? mine.told, late: mine.error === null && mine.told !== null, nothing: false, request: null };
  if (mine.result !== null) {
    for (const [name, letter] of Object.entries(scopes)) writeBack(letter, mine.before[name], mine.result[name]?.values ?? []);
    const next = mine.result.return?.nextRequest;
    if (next !== undefined) out.next = next === null ? { stop: true } : { name: String(next) };
    if (mine.input.phase === "prerequest" && !mine.skip && mine.result.request) {
      const exported = (r) => new sdk.Request(r).toJSON();
      const after = exported(mine.result.request);
      if (nativeStringify(after) !== nativeStringify(exported(nativeParse(hostRequest() || "{}")))) out.request = after;
    }
  }
  timers = [];
  sends.clear();
  run = null;
  return nativeStringify(out);
};

const turn = () => {
  if (jarCalls.length > 0) answerJar(jarCalls.shift()); else runTimer();
};
const guarded = (f) => {
  try { f(); } catch (e) { if (run !== null) run.error ??= plainError(e); }
};

// Starting: the sandbox listens on the bridge that it finds.
hidden(globalThis, "bridge", bridge);
hidden(globalThis, "console", { ...plainConsole }); // libraries write to it while they load
let sdk = null; // postman-collection, as the sandbox has it
const start = () => {
  run = { skip: false };
  hidden(globalThis, "require", load("postman-sandbox"));
  sdk = globalThis.require("postman-collection");
  emit("initialize", {});
  run = null;
};

const entries = {
  __begin: begin, __state: state, __result: takeResult, __rejection: onRejection,
  __timer: () => guarded(turn),
  __settle: (id, json) => guarded(() => settle(id, json)),
  __start: start,
};
for (const name of [...keys(entries), "__define"]) {
  defineProperty(globalThis, name, { value: entries[name] ?? globalThis.__define, enumerable: false, configurable: false, writable: false });
}
