// Values as text, for the console and for messages.
const inspect = (v, depth = 0, seen = []) => {
  if (typeof v === "string") return depth === 0 ? v : `'${v.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
  if (typeof v === "bigint") return `${v}n`;
  if (typeof v === "symbol") return v.toString();
  if (typeof v === "function") return `[Function${v.name ? ": " + v.name : " (anonymous)"}]`;
  if (v === null || typeof v !== "object") return Object.is(v, -0) ? "-0" : String(v);
  if (v instanceof Error) return v.stack && depth === 0 ? `${v.name}: ${v.message}` : `[${v.name}: ${v.message}]`;
  if (v instanceof Date) return isNaN(v) ? "Invalid Date" : v.toISOString();
  if (v instanceof RegExp) return String(v);
  if (seen.includes(v)) return "[Circular *1]";
  if (depth > 2) return Array.isArray(v) ? "[Array]" : "[Object]";
  seen = [...seen, v];
  const inner = (x) => inspect(x, depth + 1, seen);
  const join = (open, items, close) => {
    if (items.length === 0) return open + close;
    const one = `${open} ${items.join(", ")} ${close}`;
    return one.length <= 76 && !one.includes("\n") ? one : `${open}\n  ${items.join(",\n").replaceAll("\n", "\n  ")}\n${close}`;
  };
  if (Array.isArray(v)) {
    const items = v.slice(0, 100).map(inner);
    if (v.length > 100) items.push(`... ${v.length - 100} more items`);
    return join("[", items, "]");
  }
  if (v instanceof Map) return `Map(${v.size}) ` + join("{", [...v].map(([k, x]) => `${inner(k)} => ${inner(x)}`), "}");
  if (v instanceof Set) return `Set(${v.size}) ` + join("{", [...v].map(inner), "}");
  if (ArrayBuffer.isView(v)) return `${v.constructor.name}(${v.length}) ` + join("[", [...v.slice(0, 100)].map(String), "]");
  if (typeof v.toJSON === "function" && v.constructor && v.constructor._postman_propertyName) v = v.toJSON();
  const key = (k) => /^[A-Za-z_$][\w$]*$/.test(k) ? k : `'${k}'`;
  const name = v.constructor && v.constructor !== Object && v.constructor.name ? v.constructor.name + " " : "";
  return name + join("{", Object.keys(v).map((k) => `${key(k)}: ${inner(v[k])}`), "}");
};

const makeConsole = (sink) => {
  const at = (level) => (...args) => { sink(level, args.map((a) => inspect(a))); };
  return { log: at("log"), info: at("info"), warn: at("warn"), error: at("error"), debug: at("debug"), trace: at("debug"), clear() { sink("clear", []); } };
};
