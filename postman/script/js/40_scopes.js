// Variable scopes live in the host; what is no scalar crosses as JSON. An object
// that a script sets is the same object when that script gets it.
const setVariable = (scope, key, value, type) => {
  if (run.skip) return;
  key = String(key);
  const own = `${scope} ${key}`;
  if (run.objects !== null) run.objects.delete(own);
  if (isString(type) && owns(casts, type)) (run.objects ??= new Map()).set(own, casts[type][1](casts[type][0](value)));
  if (isObject(value) || isFunction(value) || (typeof value === "number" && !isFinite(value))) {
    run.objects ??= new Map();
    if (!run.objects.has(own)) run.objects.set(own, value);
    hostSetJSON(scope, key, isFunction(value) ? "{}" : nativeStringify(value) ?? "");
  } else if (typeof value === "bigint" || typeof value === "symbol") hostSetJSON(scope, key, nativeStringify(String(value)));
  else hostSet(scope, key, value);
};
const getVariable = (scope, key) => {
  if (scope !== "v" && run.objects !== null) {
    const own = run.objects.get(`${scope} ${key}`);
    if (own !== undefined) return own;
  }
  const v = hostGet(scope, String(key));
  return isObject(v) ? nativeParse(v.json) : v;
};

const replaceIn = (v) => {
  if (isString(v)) return v.includes("{{") ? hostReplaceIn(v) : v;
  if (!isObject(v)) return v;
  if (isFunction(v.toJSON)) v = v.toJSON();
  if (!isObject(v)) return replaceIn(v);
  if (Array.isArray(v)) return v.map(replaceIn);
  return Object.fromEntries(keys(v).map((k) => [k, replaceIn(v[k])]));
};

// Letters: (g)lobals, (e)nvironment, (c)ollection, (d)ata, and (v)ariables of all.
class PostmanVariableScope extends PostmanPropertyBase {
  static get _postman_propertyName() { return "VariableScope"; }
  #letter;
  constructor(letter) {
    super();
    this.#letter = letter;
  }
  get name() { return hostAll(this.#letter, "name") || undefined; }
  get(key) { return this.#letter === "v" ? layered(String(key)) : getVariable(this.#letter, key); }
  has(key) { return hostHas(this.#letter, String(key)); }
  set(key, value, type) { setVariable(this.#letter === "v" ? "l" : this.#letter, key, value, type); }
  unset(key) {
    if (run.skip) return;
    if (run.objects !== null) run.objects.delete(`${this.#letter === "v" ? "l" : this.#letter} ${key}`);
    hostUnset(this.#letter, String(key));
  }
  clear() {
    if (run.skip) return;
    run.objects = null;
    hostClear(this.#letter);
  }
  toObject(onlyEnabled) { return nativeParse(hostAll(this.#letter, onlyEnabled ? "enabled" : "object")); }
  replaceIn(v) { return replaceIn(v); }
  get values() { return new PostmanVariableList(this, nativeParse(hostAll(this.#letter, "list"))); }
  variables() { throw new Error("`VariableScope#variables` has been discontinued, use `VariableScope#syncVariablesTo` instead."); }
  syncVariablesTo(o = {}) {
    const all = this.toObject();
    for (const k of keys(o)) if (!owns(all, k)) delete o[k];
    return assign(o, all);
  }
  syncVariablesFrom(o) { for (const k of keys(o || {})) this.set(k, o[k]); }
  toJSON() {
    const out = { values: nativeParse(hostAll(this.#letter, "list")) };
    return this.name ? { name: this.name, ...out } : out;
  }
}
const layered = (key) => {
  for (const letter of ["l", "d", "e", "c", "g"]) {
    if (hostHas(letter, key)) return getVariable(letter, key);
  }
  return undefined;
};
