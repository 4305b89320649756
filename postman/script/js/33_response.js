// pm.response. The body crosses from the host when somebody looks at it.
const reason = (code) => load("http-reasons").lookup(code);
const charsetOf = (type) => (/(?:charset|encoding)\s{0,10}=\s{0,10}['"]? {0,10}([\w-]{1,100})/i.exec(type || "") || [])[1] || "";

class PostmanResponse extends PostmanProperty {
  static get _postman_propertyName() { return "Response"; }
  static isResponse(o) { return Boolean(o) && Boolean(o.constructor) && o.constructor._postman_propertyName === "Response"; }
  #source; #text; #stream;

  // source.body gives the text or, for what is no text, the bytes as base 64.
  constructor(r, source) {
    super();
    this.#source = source;
    this.id = hostUUID();
    hidden(this, "_details", undefined);
    if (r.code) {
      this.status = r.status || reason(r.code).name;
      this.code = r.code;
    }
    if (this.status === undefined) delete this.status;
    this.headers = new PostmanHeaderList(this, r.headers);
    if (r.code) {
      defineProperty(this, "stream", {
        enumerable: true, configurable: true,
        get: () => (this.#stream ??= load("buffer").Buffer.from(source.bytes(), "base64")),
        set: (v) => { this.#stream = v; this.#text = undefined; this.#source = null; },
      });
      this.responseTime = r.time;
      this.responseSize = r.size;
    }
    let cookies;
    defineProperty(this, "cookies", { enumerable: true, configurable: true, get: () => (cookies ??= source.cookies()), set: (v) => { cookies = v; } });
  }
  reason() { return this.status || reason(this.code).name; }
  details() {
    const d = { ...reason(this.code) };
    const standardName = d.name;
    if (this._details === undefined && this.status) d.name = this.status;
    return { ...d, code: this.code, standardName };
  }
  text() {
    if (this.#source === null) return this.#stream ? this.#stream.toString() : this.body;
    if (this.code === undefined) return this.body;
    return (this.#text ??= this.#source.text(charsetOf(this.headers.get("Content-Type"))));
  }
  json(reviver, strict) { return parseJSON(this.text(), reviver, strict); }
  jsonp(reviver, strict) { return parseJSON((this.text() || "").replace(/^[^{(].*\(/, "").replace(/\)[^}].*$|\)$/, ""), reviver, strict); }
  contentInfo() {
    const { Response } = load("postman-collection");
    return new Response({ code: this.code, header: this.headers.toJSON(), stream: this.stream }).contentInfo();
  }
  mime() { throw new Error("`Response#mime` has been discontinued, use `Response#contentInfo` instead."); }
  dataURI() { return `data:${this.contentInfo().contentType};base64, ${this.stream ? this.stream.toString("base64") : ""}`; }
  size() {
    const encoding = this.headers.get("Content-Encoding"), length = this.headers.get("Content-Length");
    const packed = isString(encoding) && /gzip|deflate/i.test(encoding);
    const size = { body: 0, header: 0, total: 0 };
    if (length && packed && !isNaN(parseFloat(length)) && isFinite(length)) size.body = parseInt(length, 10);
    else size.body = this.responseSize || 0;
    size.header = `HTTP/X.X ${this.code} ${this.reason()}\r\n\r\n`.length + this.headers.contentSize();
    size.total = size.body + size.header;
    return size;
  }
  encoding() {
    let format = this.headers.get("Content-Encoding"), source = format ? "header" : undefined;
    const bytes = this.stream;
    if (!format && bytes && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8) { format = "gzip"; source = "body"; }
    return { format, source };
  }
}

// The answer to the request of the collection.
const runResponse = (url) => asserting(new PostmanResponse(nativeParse(hostResponse()), {
  text: (charset) => hostText(0, charset), bytes: () => hostBody(0), cookies: () => new PostmanCookieList(null, nativeParse(hostCookies(url))),
}));
// The answer to a request of a script.
const sentResponse = (r) => new PostmanResponse(r, {
  text: (charset) => hostText(r.body, charset), bytes: () => hostBody(r.body), cookies: () => setCookies(r.headers),
});
const noResponse = () => new PostmanResponse({ headers: [] }, { cookies: () => new PostmanCookieList(null, []) });
