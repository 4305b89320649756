// Errors as the report shows them, in V8's words as far as they can be had.
const rewordings = [
  [/^cannot read property '(.*)' of (undefined|null)$/s, (_, p, what) => `Cannot read properties of ${what} (reading '${p}')`],
  [/^cannot set property '(.*)' of (undefined|null)$/s, (_, p, what) => `Cannot set properties of ${what} (setting '${p}')`],
  [/^'(.*)' is not defined$/s, (_, v) => `${v} is not defined`],
  [/^'(.*)' is read-only$/s, () => "Assignment to constant variable."],
  [/^(\S+) is not initialized$/, (_, v) => `Cannot access '${v}' before initialization`],
];
const wording = (message) => {
  for (const [from, to] of rewordings) if (from.test(message)) return message.replace(from, to);
  return message;
};

// plainError is what is told of a thrown value: what has no name or message gets
// none.
const plainError = (e) => {
  if (!isObject(e) && !isFunction(e)) return { name: "", message: "", stack: "" };
  const field = (k) => { try { const v = e[k]; return isNil(v) ? "" : String(v); } catch { return ""; } };
  return { name: field("name"), message: wording(field("message")), stack: field("stack") };
};
