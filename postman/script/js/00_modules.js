// Modules: what require() finds, loaded at first use. __load runs a library's
// bytecode, which leaves its function in __factories.
globalThis.__factories = Object.create(null);
const __cache = Object.create(null);
const __require = (name) => {
  name = String(name);
  if (name.startsWith("node:")) name = name.slice(5);
  if (name.endsWith("/") && name.length > 1) name = name.slice(0, -1);
  if (name in __cache) return __cache[name].exports;
  if (!__load(name)) {
    const e = new Error(`Cannot find module '${name}'`);
    e.code = "MODULE_NOT_FOUND";
    throw e;
  }
  const module = { exports: {} };
  __cache[name] = module;
  const factory = __factories[name];
  delete __factories[name];
  try {
    factory(module.exports, __require, module);
  } catch (e) {
    delete __cache[name];
    throw e;
  }
  return module.exports;
};

// Some of the libraries look for a process.
globalThis.process = { env: {}, nextTick: (f, ...args) => queueMicrotask(() => f(...args)), version: "", versions: {}, argv: [], browser: true };
globalThis.global = globalThis;

// lazy makes a global of what a module exports, when somebody looks at it.
const lazy = (name, get) => {
  Object.defineProperty(globalThis, name, {
    configurable: true, enumerable: false,
    get() {
      const value = get();
      Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
      return value;
    },
    set(value) { Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true }); },
  });
};
