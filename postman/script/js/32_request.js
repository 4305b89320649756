// pm.request.
class PostmanFormParam extends PostmanProperty {
  static get _postman_propertyName() { return "FormParam"; }
  static get _postman_propertyIndexKey() { return "key"; }
  static get _postman_propertyAllowsMultipleValues() { return true; }
  static parse() {}
  constructor(d = {}) {
    super(d);
    assign(this, { key: d.key || "", value: d.value || "", type: d.type, src: d.src, contentType: d.contentType, fileName: d.fileName });
  }
  toString() { return `${this.key}=${this.value}`; }
  valueOf() { return this.value; }
  toJSON() {
    const o = exportProperty(this);
    if (o.type === "file" && !(isString(o.value) && o.value)) delete o.value;
    return o;
  }
}

const bodyModes = ["file", "formdata", "graphql", "raw", "urlencoded"];
const listOf = (v) => (PostmanPropertyList.isPropertyList(v) ? v.toJSON() : v);
class PostmanRequestBody extends PostmanPropertyBase {
  static get _postman_propertyName() { return "RequestBody"; }
  static get MODES() { return Object.fromEntries(bodyModes.map((m) => [m, m])); }
  constructor(d) {
    super();
    if (d) this.update(d);
  }
  update(d) {
    if (isString(d)) d = { mode: "raw", raw: d };
    if (!d.mode) return;
    const wanted = String(d.mode).toLowerCase();
    const mode = bodyModes.includes(wanted) ? wanted : "raw";
    let { raw, urlencoded, formdata, graphql, file } = d;
    if (isString(urlencoded)) urlencoded = PostmanQueryParam.parse(urlencoded);
    if (urlencoded || mode === "urlencoded") urlencoded = new PostmanPropertyList(PostmanQueryParam, this, listOf(urlencoded) || []);
    if (formdata || mode === "formdata") formdata = new PostmanPropertyList(PostmanFormParam, this, listOf(formdata) || []);
    if (graphql) graphql = { query: graphql.query, operationName: graphql.operationName, variables: graphql.variables };
    if (isString(file)) file = { src: file };
    if (mode === "raw" && !raw) raw = "";
    if (mode === "graphql" && !graphql) graphql = {};
    assign(this, { mode, raw, urlencoded, formdata, file, graphql, options: isObject(d.options) ? d.options : undefined, disabled: d.disabled });
  }
  toString() {
    if (this.mode === "urlencoded") return PostmanPropertyList.isPropertyList(this.urlencoded) ? PostmanQueryParam.unparse(this.urlencoded.members) : String(this.urlencoded ?? "");
    if (this.mode === "raw") return this.raw && isFunction(this.raw.toString) ? this.raw.toString() : "";
    return "";
  }
  isEmpty() {
    const data = this.mode && this[this.mode];
    if (!data) return true;
    if (this.mode === "file") return !(data.src || data.content);
    if (isString(data)) return data.length === 0;
    if (isFunction(data.count)) return data.count() === 0;
    return !isObject(data) || keys(data).length === 0;
  }
  toJSON() {
    const o = exportProperty(this);
    if (o.file && o.file.content && !isString(o.file.content)) delete o.file.content;
    return o;
  }
}

const isAuthType = (t) => isString(t) && t !== "type";
class PostmanRequestAuth extends PostmanProperty {
  static get _postman_propertyName() { return "RequestAuth"; }
  static isValidType(t) { return isAuthType(t); }
  constructor(d, parent) {
    super(d);
    if (parent) this.setParent(parent);
    if (!isObject(d)) return;
    if (owns(d, "type")) this.use(d.type);
    for (const k of keys(d)) if (k !== "type") this.update(d[k], k);
  }
  update(values, type = this.type) {
    if (!isObject(values) || !isAuthType(type)) return;
    const list = this._list(type);
    if (Array.isArray(values) || PostmanPropertyList.isPropertyList(values)) list.assimilate(values);
    else list.syncFromObject(values, false, false);
  }
  use(type, values) {
    if (!isAuthType(type)) return;
    this.type = type;
    this._list(type);
    this.update(values, type);
  }
  _list(type) {
    if (!PostmanPropertyList.isPropertyList(this[type])) this[type] = new PostmanVariableList(this);
    return this[type];
  }
  current() { throw new Error("`Request#current` has been discontinued, use `Request#parameters` instead."); }
  parameters() { return this[this.type]; }
  clear(type) {
    if (!isAuthType(type) || !PostmanPropertyList.isPropertyList(this[type])) return;
    this[type].clear();
    if (type !== this.type) delete this[type];
  }
}

class PostmanRequest extends PostmanProperty {
  static get _postman_propertyName() { return "Request"; }
  static isRequest(o) { return Boolean(o) && Boolean(o.constructor) && o.constructor._postman_propertyName === "Request"; }
  constructor(d) {
    super(d);
    if (isString(d)) d = { url: d };
    this.url = new PostmanUrl();
    this.headers = new PostmanHeaderList(this, []);
    this.method = "GET";
    this.update(d);
  }
  update(d) {
    if (!d) return;
    if (owns(d, "url") || "url" in d) this.url.update(d.url);
    const header = d.header || (PostmanPropertyList.isPropertyList(d.headers) ? d.headers.toJSON() : undefined);
    if (header) this.headers.repopulate(header);
    if ("method" in d) this.method = isNil(d.method) ? "GET" : String(d.method).toUpperCase();
    if (owns(d, "body")) this.body = new PostmanRequestBody(d.body);
    if (d.auth) this.auth = new PostmanRequestAuth(d.auth);
    for (const k of ["proxy", "certificate"]) if (d[k]) this[k] = d[k];
  }
  authorizeUsing(type, options) {
    if (isObject(type) && isNil(options)) ({ type, ...options } = type);
    if (type === null) { delete this.auth; return; }
    if (!isAuthType(type)) return;
    if (this.auth) this.auth.clear(type); else this.auth = new PostmanRequestAuth(null, this);
    this.auth.use(type, options);
  }
  getHeaders(o = {}) { return this.headers.toObject(o.enabled, !o.ignoreCase, o.multiValue, o.sanitizeKeys); }
  forEachHeader(f) { this.headers.all().forEach((h) => f(h, this)); }
  addHeader(h) { this.headers.add(h); }
  removeHeader(which, { ignoreCase } = {}) {
    let name = isString(which) ? which : which.key;
    if (!name) return;
    if (ignoreCase) name = name.toLowerCase();
    this.headers.remove((h) => (ignoreCase ? h.key.toLowerCase() : h.key) === name);
  }
  upsertHeader(h) {
    if (!(h && h.key)) return undefined;
    const known = this.headers.find((x) => x.key === h.key);
    if (!known) return this.headers.add(h);
    known.value = h.value;
    return undefined;
  }
  addQueryParams(p) { this.url.addQueryParams(p); }
  removeQueryParams(p) { this.url.removeQueryParams(p); }
  size() {
    const length = this.headers.get("Content-Length");
    const size = { body: 0, header: 0, total: 0, source: "COMPUTED" };
    if (length && !isNaN(parseFloat(length)) && isFinite(length)) assign(size, { body: parseInt(length, 10), source: "CONTENT-LENGTH" });
    else if (this.body) size.body = utf8(this.body.toString()).length;
    size.header = `${this.method} ${this.url.getPathWithQuery()} HTTP/X.X\r\n\r\n`.length + this.headers.contentSize();
    size.total = size.body + size.header;
    return size;
  }
  toJSON() {
    const o = exportProperty(this);
    if (Array.isArray(o.header) && o.header.length === 0) delete o.header;
    return o;
  }
  clone() { return new PostmanRequest(this.toJSON()); }
}
