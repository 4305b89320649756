// What the host offers is taken from the global object at once: scripts see none
// of it. Built-ins that this layer itself relies on are kept, too: a script may
// replace them.
const take = (name) => {
  const f = globalThis[name];
  delete globalThis[name];
  return f;
};
const hostLoad = take("__load");
const hostIntl = take("__intl");
const hostNow = take("__now");
const hostUUID = take("__uuid");
const hostRandom = take("__random");
const hostDigest = take("__digest");
const hostHMAC = take("__hmac");
const hostDecode = take("__decode");
const hostRequest = take("__request");
const hostResponse = take("__response");
const hostBody = take("__body");
const hostText = take("__text");
const hostSend = take("__send");
const hostCookies = take("__cookies");
const hostSetCookie = take("__setCookie");
const hostDeleteCookie = take("__deleteCookie");
const hostGet = take("__varGet");
const hostHas = take("__varHas");
const hostSet = take("__varSet");
const hostSetJSON = take("__varSetJSON");
const hostUnset = take("__varUnset");
const hostClear = take("__varClear");
const hostAll = take("__varAll");
const hostReplaceIn = take("__replaceIn");

const nativeParse = JSON.parse;
const nativeStringify = JSON.stringify;
const nativeJSON = { parse: nativeParse, stringify: nativeStringify };
const { defineProperty, setPrototypeOf, getPrototypeOf, keys, assign } = Object;
const isObject = (v) => v !== null && typeof v === "object";
const isFunction = (v) => typeof v === "function";
const isString = (v) => typeof v === "string";
const isNil = (v) => v === null || v === undefined;
const owns = (o, k) => Object.prototype.hasOwnProperty.call(o, k);
const hidden = (o, name, value) => defineProperty(o, name, { value, writable: true, configurable: true, enumerable: false });

// Libraries come one by one, at first use. The host runs the bytecode of one,
// which hands its function over to __define.
const factories = new Map();
const loaded = new Map();
hidden(globalThis, "__define", (name, factory) => { factories.set(name, factory); });

// What some libraries look for in Node; scripts don't see it.
const nodeProcess = {
  env: {}, argv: [], version: "", versions: {}, browser: true, cwd: () => "/",
  nextTick: (f, ...args) => { queueMicrotask(() => f(...args)); },
};

const notFound = (name) => assign(new Error(`Cannot find module '${name}'`), { code: "MODULE_NOT_FOUND" });
const load = (name) => {
  if (name.length > 1 && name.endsWith("/")) name = name.slice(0, -1);
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  if (owns(internal, name)) return internal[name]();
  if (!hostLoad(name)) throw notFound(name);
  const module = { exports: {} };
  const factory = factories.get(name);
  factories.delete(name);
  loaded.set(name, module);
  try {
    factory(module.exports, load, module, nodeProcess, globalThis, nativeJSON);
  } catch (e) {
    loaded.delete(name);
    throw e;
  }
  return module.exports;
};

// Modules that are no bundles of npm packages.
const internal = {
  atob: () => atob,
  btoa: () => btoa,
  json: () => load("liquid-json"),
  timers: () => ({ setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate }),
};
// Bundled for this layer's own use.
const unlisted = ["lodash3", "liquid-json", "http-reasons", "chai-postman", "whatwg-url", "sugar"];

const require = (name) => {
  name = String(name);
  if (name.startsWith("node:")) name = name.slice(5);
  if (name.length > 1 && name.endsWith("/")) name = name.slice(0, -1);
  if (name === "chai") return chai();
  if (unlisted.includes(name)) throw notFound(name);
  return load(name);
};

// lazy makes a global whose value is found out when somebody looks at it.
const lazy = (name, get) => {
  defineProperty(globalThis, name, {
    configurable: true, enumerable: false,
    get() {
      const value = get();
      hidden(globalThis, name, value);
      return value;
    },
    set(value) { hidden(globalThis, name, value); },
  });
};
