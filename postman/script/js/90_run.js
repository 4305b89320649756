// Running one script: the host calls begin, turns the loop until nothing is left
// to happen, then takes the result.
let run = null;
let newman = false;
const AsyncFunction = (async () => {}).constructor;
const prefix = ";var arguments = undefined;\n";
const compiled = new Map();
const maxCompiled = 256;

// compile makes a function of a script. The usual one ends when its code does;
// one with an await goes on.
const compile = (source) => {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  let f;
  if (!/\bawait\b/.test(source)) f = new Function(prefix + source + "\n;");
  else if (newman) f = compileNewman(source);
  else f = new AsyncFunction("__picketDone", prefix + source + "\n;__picketDone();");
  if (newman) checkNames(source);
  if (compiled.size >= maxCompiled) compiled.clear();
  compiled.set(source, f);
  return f;
};
const compileNewman = (source) => {
  try {
    return new Function(prefix + source + "\n;");
  } catch (e) {
    try { new AsyncFunction(prefix + source + "\n;"); } catch { throw e; }
    throw new SyntaxError("await is only valid in async functions and the top level bodies of modules");
  }
};
// In newman the names of the API are parameters: let and const can't take them.
const checkNames = (source) => {
  if (!/\b(let|const|class)\b/.test(source)) return;
  const names = [...keys(legacy), "pm", "console", "Buffer", "setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"];
  try {
    new Function(...names, prefix + source + "\n;");
  } catch (e) {
    const m = /(?:invalid )?redefinition of (?:parameter|lexical)? ?(?:name|identifier)?/.exec(e.message);
    throw m ? new SyntaxError("Identifier has already been declared") : e;
  }
};

const fail = (mine, e, late) => {
  if (e === skipped || mine !== run || mine.skip || mine.error !== null) return;
  mine.error = plainError(e);
  mine.late = late;
};
// guarded runs what a timer or an answer starts.
const guarded = (f) => {
  const mine = run;
  try { f(); } catch (e) { fail(mine, e, true); }
};

const begin = (source, meta) => {
  const input = nativeParse(meta);
  newman = input.newman;
  const mine = run = {
    input, pm: null, own: new Map(), assertions: [], console: [], tests: {}, snapshots: {}, warned: new Set(), objects: new Map(), rejected: new Map(),
    next: null, skip: false, error: null, late: false, finished: false, request: null, before: null,
  };
  timers = [];
  sends.clear();
  mine.pm = makePM(mine, input);
  mine.own.set("pm", mine.pm);
  mine.own.set("console", makeConsole((level, args) => { if (!mine.skip) mine.console.push({ level, args }); }));
  mine.own.set("require", require);
  takeSnapshots(mine, source);
  const done = () => { finishLegacy(mine); };
  const pending = () => timers.length > 0 || sends.size > 0;
  try {
    const f = compile(source);
    const result = f.call(globalThis, done);
    if (f instanceof AsyncFunction) then.call(result, done, (e) => { done(); fail(mine, e, pending()); });
    else done();
  } catch (e) {
    done();
    fail(mine, e, pending());
  }
};

// The names of the API are looked up in the script that runs.
const apiNames = ["pm", "console", "require", ...keys(legacy)];
for (const name of apiNames) {
  defineProperty(globalThis, name, {
    configurable: true, enumerable: false,
    get() {
      if (run === null) return undefined;
      const own = run.own;
      if (own.has(name)) return own.get(name);
      if (!run.input.hasResponse && name.startsWith("response")) return undefined;
      let value = legacy[name](run);
      if (isObject(value) || isFunction(value)) value = watched(run, name, value);
      own.set(name, value);
      return value;
    },
    set(value) { if (run !== null) run.own.set(name, value); },
  });
}

// rejections: the host says which promises were rejected with nobody to hear it.
const onRejection = (promise, reason, handled) => {
  if (run === null) return;
  if (handled) run.rejected.delete(promise); else run.rejected.set(promise, reason);
};
// state: how many milliseconds until the next timer; -1 when nothing can happen
// any more, -2 when only the host can go on (a request is under way).
const state = () => {
  for (const reason of run.rejected.values()) fail(run, reason, true);
  run.rejected.clear();
  if (run.skip) return -1;
  if (timers.length > 0) return Math.max(0, timers[0].due - hostNow());
  return sends.size > 0 ? -2 : -1;
};

const result = () => {
  const mine = run;
  const out = { assertions: mine.assertions, console: mine.console, next: mine.next, skip: mine.skip, error: mine.error, late: mine.late, request: null };
  if (out.next && out.next.unset) out.next = null;
  if (mine.before !== null && !mine.skip) {
    const after = nativeStringify(mine.request);
    if (after !== mine.before) out.request = mine.request.toJSON();
  }
  timers = [];
  sends.clear();
  run = null;
  return nativeStringify(out);
};

// The host calls these by name.
const entries = {
  __begin: begin, __state: state, __result: result, __rejection: onRejection,
  __timer: () => guarded(runTimer),
  __settle: (id, json) => guarded(() => settleSend(id, json)),
};
for (const name of [...keys(entries), "__define"]) {
  defineProperty(globalThis, name, { value: entries[name] ?? globalThis.__define, enumerable: false, configurable: false, writable: false });
}
