// Running one script, step by step: the host calls begin, then turn the loop
// until idle, then takes the result.
const AsyncFunction = (async () => {}).constructor;

// V8's words for the errors that scripts meet most.
const rewordings = [
  [/^cannot read property '(.*)' of (undefined|null)$/, (_, p, what) => `Cannot read properties of ${what} (reading '${p}')`],
  [/^cannot set property '(.*)' of (undefined|null)$/, (_, p, what) => `Cannot set properties of ${what} (setting '${p}')`],
  [/^'(.*)' is not defined$/, (_, v) => `${v} is not defined`],
  [/^'(.*)' is read-only$/, () => "Assignment to constant variable."],
  [/^(\S+) is not initialized$/, (_, v) => `Cannot access '${v}' before initialization`],
];
const wording = (message) => {
  for (const [from, to] of rewordings) if (from.test(message)) return message.replace(from, to);
  return message;
};

// JSON.parse in V8's words.
const jsonMessage = (text, e) => {
  if (text === undefined) return `"undefined" is not valid JSON`;
  if (text.trim() === "") return "Unexpected end of JSON input";
  return __jsonError(text) || wording(e.message);
};
const nativeParse = JSON.parse;
JSON.parse = function parse(text, reviver) {
  try {
    return nativeParse(text, reviver);
  } catch (e) {
    if (e instanceof SyntaxError) throw new SyntaxError(jsonMessage(text === undefined ? undefined : String(text), e));
    throw e;
  }
};

const begin = (input) => {
  run = { assertions: [], console: [], tests: {}, next: null, skip: false, error: null, request: null, pending: 0, settled: false, before: null };
  const mine = run;
  timers.clear();
  sends.clear();
  const pm = makePM(input);
  const console = makeConsole((level, args) => {
    if (level === "clear") { mine.console.length = 0; return; }
    mine.console.push({ level, args });
  });
  const names = makeLegacy(pm, input);
  for (const name of Object.keys(names)) lazy(name, names[name]);
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  define("pm", pm);
  define("console", console);
  define("require", __require);
  let f;
  try {
    f = new AsyncFunction(input.source + "\n");
  } catch (e) {
    mine.error = plainError(e);
    mine.settled = true;
    return;
  }
  f.call(globalThis).then(() => { mine.settled = true; }, (e) => {
    mine.settled = true;
    if (e !== skipped) mine.error = plainError(e);
  });
};

// state: how many milliseconds until the next timer; -1 when nothing can happen
// any more, -2 when only the host can go on (a request is under way).
const state = () => {
  if (run.skip || run.error !== null && run.settled && sends.size === 0 && timers.size === 0) return -1;
  const t = nextTimer();
  if (t !== null) return Math.max(0, t.due - __now());
  if (sends.size > 0) return -2;
  return -1;
};

const guarded = (f) => {
  try {
    f();
  } catch (e) {
    if (e !== skipped && run.error === null) run.error = plainError(e);
  }
};

const result = () => {
  for (const name of Object.keys(run.tests)) {
    record(name, false, run.tests[name] ? undefined : Object.assign(new Error("expected false to be truthy"), { name: "AssertionError" }));
  }
  const out = { assertions: run.assertions, console: run.console, next: run.next, skip: run.skip, error: run.error, request: null };
  if (run.before !== null) {
    const after = JSON.stringify(run.request.toJSON());
    if (after !== run.before) out.request = nativeParse(after);
  }
  timers.clear();
  sends.clear();
  run = null;
  return JSON.stringify(out);
};

// The host calls these by name.
Object.assign(globalThis, {
  __begin: begin, __state: state, __result: result,
  __timer: () => guarded(runTimer),
  __settle: (id, json) => guarded(() => settleSend(id, json)),
});
for (const name of ["__begin", "__state", "__result", "__timer", "__settle", "__factories", "process", "global"]) {
  Object.defineProperty(globalThis, name, { enumerable: false, configurable: false, writable: false });
}
