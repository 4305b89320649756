// Values as text, for the console and for messages: as Node's util.inspect
// writes them, on as many lines as needed.
const quoted = (s) => {
  const mark = !s.includes("'") ? "'" : !s.includes('"') ? '"' : !s.includes("`") && !s.includes("${") ? "`" : "'";
  s = s.replace(/[\\\n\r\t\b\f\v]/g, (c) => ({ "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\v": "\\v" })[c]);
  return mark + (mark === "'" ? s.replaceAll("'", "\\'") : s) + mark;
};
const inspectFunction = (f) => {
  const kind = getPrototypeOf(f)?.constructor?.name || "Function";
  if (/^class\b/.test(Function.prototype.toString.call(f))) return `[class ${f.name || "(anonymous)"}]`;
  return `[${kind}${f.name ? ": " + f.name : " (anonymous)"}]`;
};
const inspectError = (e, depth) => {
  const text = e.message ? `${e.name}: ${wording(String(e.message))}` : String(e.name);
  return depth === 0 ? text : `[${text}]`;
};
const inspectKey = (k) => (typeof k === "symbol" ? `[${k.toString()}]` : /^[A-Za-z_$][\w$]*$/.test(k) ? k : quoted(k));
const inspectProperties = (v, inner) => keys(v).map((k) => {
  const d = Object.getOwnPropertyDescriptor(v, k);
  if (d && (d.get || d.set)) return `${inspectKey(k)}: ${d.get ? (d.set ? "[Getter/Setter]" : "[Getter]") : "[Setter]"}`;
  return `${inspectKey(k)}: ${inner(v[k])}`;
});
const inspectList = (list, inner, more = []) => {
  const items = Array.from(list.slice(0, 100), inner);
  if (list.length > 100) items.push(`... ${list.length - 100} more item${list.length > 101 ? "s" : ""}`);
  return [...items, ...more];
};
const joined = (open, items, close) => {
  if (items.length === 0) return open + close;
  const one = `${open} ${items.join(", ")} ${close}`;
  return one.length <= 76 && !one.includes("\n") ? one : `${open}\n  ${items.join(",\n").replaceAll("\n", "\n  ")}\n${close}`;
};
const inspectObject = (v, depth, seen) => {
  const inner = (x) => inspect(x, depth + 1, seen);
  const name = v.constructor && isString(v.constructor.name) ? v.constructor.name : "";
  if (Array.isArray(v)) {
    const extra = keys(v).filter((k) => !/^\d+$/.test(k)).map((k) => `${inspectKey(k)}: ${inner(v[k])}`);
    return joined("[", inspectList(v, inner, extra), "]");
  }
  if (v instanceof Map) return `Map(${v.size}) ` + joined("{", [...v].map(([k, x]) => `${inner(k)} => ${inner(x)}`), "}");
  if (v instanceof Set) return `Set(${v.size}) ` + joined("{", [...v].map(inner), "}");
  if (v instanceof ArrayBuffer) return `ArrayBuffer { byteLength: ${v.byteLength} }`;
  if (ArrayBuffer.isView(v) && !(v instanceof DataView)) return `${name}(${v.length}) ` + joined("[", inspectList(v, String), "]");
  if (v instanceof Promise) return "Promise {}";
  if (v instanceof Boolean || v instanceof Number || v instanceof String) return `[${name}: ${inner(v.valueOf())}]`;
  const prefix = getPrototypeOf(v) === null ? "[Object: null prototype] " : name && name !== "Object" ? name + " " : "";
  return prefix + joined("{", inspectProperties(v, inner), "}");
};
const inspect = (v, depth = 0, seen = []) => {
  if (isString(v)) return depth === 0 ? v : quoted(v);
  if (typeof v === "bigint") return `${v}n`;
  if (typeof v === "symbol") return v.toString();
  if (isFunction(v)) return inspectFunction(v);
  if (!isObject(v)) return Object.is(v, -0) ? "-0" : String(v);
  if (v instanceof Error) return inspectError(v, depth);
  if (v instanceof Date) return isNaN(v) ? "Invalid Date" : v.toISOString();
  if (v instanceof RegExp) return String(v);
  if (v instanceof WeakMap || v instanceof WeakSet) return `${v.constructor.name} { <items unknown> }`;
  if (seen.includes(v)) return "[Circular *1]";
  // What belongs to the API shows what it exports.
  if (isFunction(v.toJSON) && isString(v.constructor?._postman_propertyName)) v = v.toJSON();
  if (depth > 2) return Array.isArray(v) ? "[Array]" : `[${(isObject(v) && v.constructor && v.constructor.name) || "Object"}]`;
  return inspectObject(v, depth, [...seen, v]);
};

// Consoles of scripts have this one behind them, which writes to the script that
// runs.
const logged = (level) => (...args) => {
  if (run !== null && !run.skip) run.console.push({ level, args: args.map(safely) });
};
const safely = (a) => { try { return inspect(a); } catch { return "[unprintable]"; } };
const plainConsole = { log: logged("log"), info: logged("info"), warn: logged("warn"), error: logged("error"), debug: logged("debug"), clear() {} };
const fullConsole = {
  ...plainConsole, trace: logged("debug"), table: logged("log"), dir: logged("log"),
  assert(ok, ...args) { if (!ok) fullConsole.error("Assertion failed", ...args); },
  group() {}, groupEnd() {}, time() {}, timeEnd() {}, timeLog() {}, count() {},
};
