// JSON as scripts have it: it takes a byte order mark, and its errors say where
// the text is wrong (by npm's liquid-json, as in Postman).
const jsonError = (e, message) => assign(new e.constructor(message), { name: "JSONError" });
const byteOrderMarks = [0xfeff, 0xbbbf];
const parseJSON = (text, reviver, strict) => {
  if (isString(text) && byteOrderMarks.includes(text.charCodeAt(0)) && !strict) text = text.slice(1);
  try {
    return nativeParse(text, reviver);
  } catch (e) {
    if (!(e instanceof SyntaxError)) { e.name = "JSONError"; throw e; }
    const whole = String(text);
    if (text !== undefined) load("liquid-json").parse(whole, reviver, strict);
    throw jsonError(e, text === undefined ? '"undefined" is not valid JSON' : wording(e.message));
  }
};

// How V8 tells of a cycle.
const nameOf = (o) => (o.constructor && o.constructor.name) || "Object";
const cycleText = (value) => {
  const path = [];
  const search = (o, key) => {
    if (!isObject(o)) return null;
    const at = path.findIndex((p) => p.o === o);
    if (at >= 0) return { at, key };
    path.push({ o, key });
    for (const k of keys(o)) {
      const found = search(o[k], k);
      if (found) return found;
    }
    path.pop();
    return null;
  };
  const found = search(value, "");
  if (found === null) return "Converting circular structure to JSON";
  const place = (o, k) => (Array.isArray(o) ? `index ${k}` : `property '${k}'`);
  const ring = path.slice(found.at);
  const lines = ring.slice(1).map((p, i) => `\n    |     ${place(ring[i].o, p.key)} -> object with constructor '${nameOf(p.o)}'`);
  if (lines.length > 2) lines.splice(1, lines.length - 2, "\n    |     ...");
  return `Converting circular structure to JSON\n    --> starting at object with constructor '${nameOf(ring[0].o)}'${lines.join("")}\n    --- ${place(ring.at(-1).o, found.key)} closes the circle`;
};
hidden(JSON, "parse", function parse(text, reviver) { return parseJSON(text, reviver, false); });
hidden(JSON, "stringify", function stringify(value, replacer, space) {
  try {
    return nativeStringify(value, replacer, space);
  } catch (e) {
    if (e instanceof TypeError && e.message === "circular reference") throw jsonError(e, cycleText(value));
    if (isObject(e)) e.name = "JSONError";
    throw e;
  }
});
hidden(Error.prototype, "toJSON", function toJSON() { return { type: "Error", name: this.name, message: this.message }; });
