// Running one script: the host calls begin, turns the loop until nothing is left
// to happen, then takes the result.
let run = null;
let newman = false;
let namesOfResponse = true;
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
  const words = new Set(source.match(/[A-Za-z_$][\w$]*/g));
  for (const name of names) {
    if (!words.has(name)) continue;
    try {
      new Function(name, prefix + source + "\n;");
    } catch (e) {
      throw new SyntaxError(`Identifier '${name}' has already been declared`);
    }
  }
};

const fail = (mine, e, late) => {
  if (e === skipped || mine !== run || mine.skip || mine.error !== null) return;
  if (!e && e !== null && !late) return; // as Postman has it
  mine.nothing = e === null; // thrown by the engine when it has no memory left for an error
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
    input, pm: new Postman(), made: {}, own: { __proto__: null, require }, assertions: [], console: [], tests: {}, snapshots: {}, warned: [], objects: null,
    next: null, skip: false, error: null, late: false, nothing: false, finished: false, answered: 0, request: null, before: null,
  };
  mine.own.pm = mine.pm;
  mine.own.console = Object.create(newman ? plainConsole : fullConsole);
  if (timers.length > 0) timers = [];
  if (sends.size > 0) sends.clear();
  if (rejected.size > 0) rejected.clear();
  if (input.hasResponse !== namesOfResponse) {
    namesOfResponse = input.hasResponse;
    for (const name of ofResponse) if (namesOfResponse) defineName(name); else delete globalThis[name];
  }
  if (input.sugar) sweeten(input.sugar);
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
const ofResponse = keys(legacy).filter((name) => name.startsWith("response"));
const defineName = (name) => {
  defineProperty(globalThis, name, {
    configurable: true, enumerable: false,
    get() {
      if (run === null) return undefined;
      const own = run.own;
      if (name in own) return own[name];
      let value = legacy[name](run);
      if (isObject(value) || isFunction(value)) value = watched(run, name, value);
      own[name] = value;
      return value;
    },
    set(value) { if (run !== null) run.own[name] = value; },
  });
};
for (const name of ["pm", "console", "require", ...keys(legacy)]) defineName(name);

// The host says which promises were rejected with nobody to hear it.
const rejected = new Map();
const onRejection = (promise, reason, handled) => {
  if (handled) rejected.delete(promise); else rejected.set(promise, reason);
};
// state: how many milliseconds until the next timer; -1 when nothing can happen
// any more, -2 when only the host can go on (a request is under way).
const state = () => {
  if (rejected.size > 0) {
    for (const reason of rejected.values()) fail(run, reason, true);
    rejected.clear();
  }
  if (run.skip) return -1;
  if (timers.length > 0) return Math.max(0, timers[0].due - hostNow());
  return sends.size > 0 ? -2 : -1;
};

const result = () => {
  const mine = run;
  const out = { assertions: mine.assertions, console: mine.console, next: mine.next, skip: mine.skip, error: mine.error, late: mine.late, nothing: mine.nothing, request: null };
  if (out.next && out.next.unset) out.next = null;
  if (mine.before !== null && !mine.skip) {
    const after = nativeStringify(mine.request);
    if (after !== mine.before) out.request = new PostmanRequest(mine.request.toJSON()).toJSON();
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
