// Lists of named things with the surface of postman-collection's PropertyList:
// headers, query parameters, form fields, cookies, variables. The library itself
// takes long to load, and almost every script looks at one of these.
const lodash = () => load("lodash");

// exported is what toJSON of a property gives: its own fields but undefined ones,
// lists under their singular name.
const exported = (value) => {
  if (isObject(value) && isFunction(value.toJSON)) return value.toJSON();
  if (!isObject(value)) return value;
  if (Array.isArray(value)) return value.map(exported);
  const proto = getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null) return lodash().cloneDeep(value);
  const out = {};
  for (const k of keys(value)) out[k] = exported(value[k]);
  return out;
};
const exportProperty = (o) => {
  const out = {};
  for (let k of keys(o)) {
    const v = o[k];
    if (v === undefined) continue;
    if (v && v._postman_propertyIsList && k.endsWith("s")) k = k.slice(0, -1);
    out[k] = exported(v);
  }
  return out;
};

class PostmanPropertyBase {
  static get super_() { return getPrototypeOf(this); }
  toJSON() { return exportProperty(this); }
  parent() { const p = this.__parent; return (p && (p.__parent || p)) || undefined; }
  setParent(parent) { hidden(this, "__parent", parent); }
  meta() { return {}; }
  forEachParent() {}
  findInParents(name) {
    for (let o = this; o; o = o.__parent) if (o[name]) return o[name];
    return undefined;
  }
}

class PostmanDescription {
  static get _postman_propertyName() { return "Description"; }
  static of(d) { return d instanceof PostmanDescription ? d : new PostmanDescription(d); }
  constructor(d) { if (d) this.update(isString(d) ? { content: d } : d); }
  update(content, type) {
    if (isObject(content)) ({ content, type } = content);
    this.content = content;
    this.type = type || "text/plain";
  }
  toString() { return this.content || ""; }
  toJSON() { return { content: this.content, type: this.type }; }
}

// Property takes over what any definition may have.
class PostmanProperty extends PostmanPropertyBase {
  constructor(d) {
    super();
    if (!isObject(d)) return;
    if (d.id) this.id = d.id;
    if (d.name) this.name = d.name;
    if (owns(d, "disabled")) this.disabled = Boolean(d.disabled);
    if (owns(d, "description")) this.description = new PostmanDescription(d.description);
  }
  describe(content, type) { (this.description ??= new PostmanDescription()).update(content, type); }
}

class PostmanPropertyList extends PostmanPropertyBase {
  static get _postman_propertyName() { return "PropertyList"; }
  static isPropertyList(o) { return Boolean(o) && o._postman_propertyIsList === true; }

  constructor(type, parent, items) {
    super();
    this.setParent(parent);
    this.members = [];
    this.reference = {};
    this.Type = type;
    if (type._postman_propertyIndexKey) this._postman_listIndexKey = type._postman_propertyIndexKey;
    if (type._postman_propertyIndexCaseInsensitive) this._postman_listIndexCaseInsensitive = true;
    if (type._postman_propertyAllowsMultipleValues) this._postman_listAllowsMultipleValues = true;
    if (items) this.populate(items);
  }

  // indexOfItem is the name under which an item is found; "" when under none.
  _nameOf(item) {
    const k = item[this._postman_listIndexKey];
    if (!k) return "";
    return this._postman_listIndexCaseInsensitive ? String(k).toLowerCase() : String(k);
  }
  insert(item, before) {
    if (!isObject(item) && !isFunction(item)) return;
    const at = this.indexOf(item);
    if (PostmanPropertyList.isPropertyList(item.__parent) && item.__parent !== this) item.__parent.remove(item);
    hidden(item, "__parent", this);
    if (at >= 0) this.members.splice(at, 1);
    const place = before ? this.indexOf(before) : -1;
    if (place >= 0) this.members.splice(place, 0, item); else this.members.push(item);
    const name = this._nameOf(item);
    if (name === "") return;
    if (this._postman_listAllowsMultipleValues && owns(this.reference, name)) {
      const known = this.reference[name];
      if (Array.isArray(known)) known.push(item); else this.reference[name] = [known, item];
    } else this.reference[name] = item;
  }
  insertAfter(item, after) { return this.insert(item, this.idx(this.indexOf(after) + 1)); }
  append(item) { return this.insert(item); }
  prepend(item) { return this.insert(item, this.idx(0)); }
  add(item, name) {
    if (isNil(item) || Number.isNaN(item)) return;
    this.insert(item.constructor === this.Type ? item : this.Type.create ? this.Type.create(item, name) : new this.Type(item));
  }
  upsert(item) {
    if (isNil(item) || Number.isNaN(item)) return null;
    const known = this.one(item[this._postman_listIndexKey]);
    if (known) {
      if (!isFunction(known.update)) throw new Error("collection: unable to upsert into a list of Type that does not support .update()");
      known.update(item);
      return false;
    }
    this.add(item);
    return true;
  }
  remove(which, context = this) {
    let test = which;
    if (isString(which)) {
      const name = this._postman_listIndexCaseInsensitive ? which.toLowerCase() : which;
      test = (m) => {
        const k = m[this._postman_listIndexKey];
        return (this._postman_listIndexCaseInsensitive ? k.toLowerCase() : k) === name;
      };
    } else if (which instanceof this.Type) test = (m) => m === which;
    if (!isFunction(test)) return;
    const kept = [], gone = [];
    this.members.forEach((m, i) => { (test.call(context, m, i, this.members) ? gone : kept).push(m); });
    this.members.splice(0, this.members.length, ...kept);
    for (const m of gone) this._forget(m);
  }
  _forget(item) {
    const name = this._nameOf(item);
    const known = this.reference[name];
    if (name !== "" && this._postman_listAllowsMultipleValues && Array.isArray(known)) {
      const rest = known.filter((m) => m !== item);
      if (rest.length === 0) delete this.reference[name];
      else this.reference[name] = rest.length === 1 ? rest[0] : rest;
    } else if (name !== "") delete this.reference[name];
    delete item.__parent;
  }
  clear() {
    for (const m of this.members) delete m.__parent;
    this.members.length = 0;
    for (const k of keys(this.reference)) delete this.reference[k];
  }
  populate(items) {
    if (isString(items) && isFunction(this.Type.parse)) items = this.Type.parse(items);
    if (Array.isArray(items)) items.forEach((x) => this.add(x));
    else if (isObject(items) && getPrototypeOf(items) === Object.prototype && this.Type.create) for (const k of keys(items)) this.add(items[k], k);
    else this.add(items);
  }
  repopulate(items) { this.clear(); this.populate(items); }
  assimilate(source, prune) {
    const items = PostmanPropertyList.isPropertyList(source) ? source.members : source;
    if (!Array.isArray(items)) return;
    const seen = new Set();
    for (const x of items) {
      if (!x || !owns(x, this._postman_listIndexKey)) continue;
      this.upsert(x);
      seen.add(String(x[this._postman_listIndexKey]));
    }
    if (prune) for (const k of keys(this.reference)) if (!seen.has(k)) this.remove(k);
  }
  all() { return this.members.slice(); }
  one(id) {
    const v = this.reference[this._postman_listIndexCaseInsensitive ? String(id).toLowerCase() : id];
    return this._postman_listAllowsMultipleValues && Array.isArray(v) ? v.at(-1) : v;
  }
  get(key) {
    const m = this.one(key);
    return m ? m.valueOf() : undefined;
  }
  each(f, context) {
    const that = context || this.__parent;
    for (let i = 0; i < this.members.length; i++) if (f.call(that, this.members[i], i, this.members) === false) break;
  }
  filter(rule, context) { return isFunction(rule) ? this.members.filter((m, i, all) => rule.call(context, m, i, all)) : lodash().filter(this.members, rule); }
  find(rule, context) { return isFunction(rule) ? this.members.find((m, i, all) => rule.call(context, m, i, all)) : lodash().find(this.members, rule); }
  map(f, context) { return isFunction(f) ? this.members.map((m, i, all) => f.call(context || this, m, i, all)) : lodash().map(this.members, f); }
  reduce(f, start, context) {
    let sum = start;
    this.members.forEach((m, i, all) => { sum = f.call(context || this, sum, m, i, all); });
    return sum;
  }
  count() { return this.members.length; }
  idx(i) { return this.members[i]; }
  indexOf(item) { return this.members.indexOf(isString(item) ? this.one(item) : item); }
  has(item, value) {
    const found = isString(item) ? this.reference[this._postman_listIndexCaseInsensitive ? item.toLowerCase() : item] : this.members.filter((m) => m === item);
    if (!found) return false;
    if (arguments.length === 1) return Boolean(Array.isArray(found) ? found.length : found);
    if (this._postman_listAllowsMultipleValues && Array.isArray(found)) return found.some((m) => m.valueOf() === value);
    return found.valueOf() === value;
  }
  eachParent(f, context = this) {
    for (let p = this.__parent, last; p; last = p, p = p.__parent) f.call(context, p, last);
  }
  toObject(onlyEnabled, caseSensitive, multiple, sane) {
    const out = {}, key = this._postman_listIndexKey;
    const exact = !this._postman_listIndexCaseInsensitive || caseSensitive;
    for (const m of this.members) {
      if (!m || !owns(m, key) || (onlyEnabled && m.disabled) || (sane && !m[key])) continue;
      const name = exact ? m[key] : String(m[key]).toLowerCase();
      if ((this._postman_listAllowsMultipleValues || multiple) && owns(out, name)) {
        if (!Array.isArray(out[name])) out[name] = [out[name]];
        out[name].push(m.valueOf());
      } else out[name] = m.valueOf();
    }
    return out;
  }
  toString() { return this.Type.unparse ? this.Type.unparse(this.members) : Object.prototype.toString.call(this); }
  toJSON() { return this.members.map((m) => exported(m)); }
}
assign(PostmanPropertyList.prototype, {
  _postman_propertyIsList: true, _postman_listIndexKey: "id", _postman_listIndexCaseInsensitive: false, _postman_listAllowsMultipleValues: false,
});

class PostmanHeader extends PostmanProperty {
  static get _postman_propertyName() { return "Header"; }
  static get _postman_propertyIndexKey() { return "key"; }
  static get _postman_propertyIndexCaseInsensitive() { return true; }
  static get _postman_propertyAllowsMultipleValues() { return true; }
  static create(value, name) { return new PostmanHeader(value, name); }
  static parse(text) {
    return [...String(text).replace(/\r\n([ \t])/g, "$1").matchAll(/^(\S+):(.*)$/gm)].map((m) => ({ key: m[1], value: m[2].trim() }));
  }
  static parseSingle(text) {
    const i = text.indexOf(":");
    return i < 0 ? { key: text.trim(), value: "" } : { key: text.slice(0, i).trim(), value: text.slice(i + 1).trim() };
  }
  static unparse(list, end = "\r\n") { return list.reduce((s, h) => (h && !h.disabled ? s + `${h.key}: ${h.value}${end}` : s), ""); }
  constructor(d, name) {
    if (isString(d)) d = isString(name) ? { key: name, value: d } : PostmanHeader.parseSingle(d);
    super(d);
    this.update(d);
  }
  update(d) {
    this.key = (d && d.key) || "";
    this.value = isNil(d) || d.value === undefined ? "" : d.value;
    if (d && owns(d, "system")) this.system = d.system;
    if (d && owns(d, "disabled")) this.disabled = d.disabled;
  }
  toString() { return `${this.key}: ${this.value}`; }
  valueOf() { return this.value; }
}

class PostmanHeaderList extends PostmanPropertyList {
  static get _postman_propertyName() { return "HeaderList"; }
  constructor(parent, headers) { super(PostmanHeader, parent, headers); }
  contentSize() { return this.members.length === 0 ? 0 : PostmanHeader.unparse(this.members).length; }
}
