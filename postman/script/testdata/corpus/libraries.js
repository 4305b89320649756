//// lodash
const lodash = require("lodash");
pm.test("flatMap", () => pm.expect(lodash.flatMap([1, 2], (x) => [x, x])).to.eql([1, 1, 2, 2]));
pm.test("get", () => pm.expect(lodash.get({ a: [{ b: 1 }] }, "a[0].b")).to.equal(1));
pm.test("groupBy", () => pm.expect(lodash.groupBy([1.2, 1.8, 2.1], Math.floor)).to.eql({ 1: [1.2, 1.8], 2: [2.1] }));
pm.test("template", () => pm.expect(lodash.template("hi <%= n %>")({ n: "x" })).to.equal("hi x"));
pm.test("chain", () => pm.expect(lodash([3, 1, 2]).sortBy().map((x) => x * 2).value()).to.eql([2, 4, 6]));

//// moment
const moment = require("moment");
pm.test("format", () => pm.expect(moment.utc(0).format("YYYY-MM-DD HH:mm:ss")).to.equal("1970-01-01 00:00:00"));
pm.test("add", () => pm.expect(moment.utc("2024-01-31").add(1, "month").format("YYYY-MM-DD")).to.equal("2024-02-29"));
pm.test("diff", () => pm.expect(moment("2024-03-01").diff(moment("2024-02-01"), "days")).to.equal(29));
pm.test("valid", () => pm.expect(moment("2024-13-45", "YYYY-MM-DD", true).isValid()).to.be.false);
pm.test("fromNow", () => pm.expect(moment().subtract(3, "days").fromNow()).to.equal("3 days ago"));

//// crypto-js
const C = require("crypto-js");
pm.test("sha1", () => pm.expect(C.SHA1("abc").toString()).to.equal("a9993e364706816aba3e25717850c26c9cd0d89d"));
pm.test("sha512", () => pm.expect(C.SHA512("").toString().slice(0, 16)).to.equal("cf83e1357eefb8bd"));
pm.test("hmac", () => pm.expect(C.enc.Base64.stringify(C.HmacSHA256("message", "key"))).to.equal("bp7ym3X//Ft6uuUn1Y/a2y/kLnIZARl2kXNDBl9Y7Uo="));
pm.test("aes", () => pm.expect(C.AES.decrypt(C.AES.encrypt("secret", "pass").toString(), "pass").toString(C.enc.Utf8)).to.equal("secret"));
pm.test("base64", () => pm.expect(C.enc.Base64.stringify(C.enc.Utf8.parse("äöü"))).to.equal("w6TDtsO8"));
pm.test("pbkdf2", () => pm.expect(C.PBKDF2("p", "s", { keySize: 4, iterations: 2 }).toString()).to.have.lengthOf(32));

//// ajv
const Ajv = require("ajv");
const ajv = new Ajv({ allErrors: true });
const validate = ajv.compile({ type: "object", properties: { n: { type: "integer", minimum: 1 }, mail: { format: "email" } }, required: ["n"] });
pm.test("valid", () => pm.expect(validate({ n: 1, mail: "a@b.test" })).to.be.true);
pm.test("invalid", () => pm.expect(validate({ n: 0, mail: "x" })).to.be.false);
pm.test("errors", () => pm.expect(validate.errors.map((e) => e.keyword)).to.eql(["minimum", "format"]));
pm.test("text", () => pm.expect(ajv.errorsText(validate.errors)).to.equal("data.n should be >= 1, data.mail should match format \"email\""));
pm.test("bad schema", () => ajv.compile({ type: "nonsense" }));

//// tv4
const tv4 = require("tv4");
pm.test("result", () => pm.expect(tv4.validateResult({ a: 1 }, { required: ["b"] }).valid).to.be.false);

//// xml2js
const { parseString } = require("xml2js");
parseString("<a><b>1</b></a>", (err, res) => pm.test("parsed", () => pm.expect(res).to.eql({ a: { b: ["1"] } })));
parseString("<a>", (err) => pm.test("error", () => pm.expect(err).to.be.an("error")));

//// xml2js builder
const { Builder } = require("xml2js");
pm.test("built", () => pm.expect(new Builder({ headless: true }).buildObject({ a: { b: 1 } })).to.equal("<a>\n  <b>1</b>\n</a>"));

//// cheerio
const cheerio = require("cheerio");
const $ = cheerio.load("<table><tr><td>1</td><td>2</td></tr></table><p id='p'>text <b>bold</b></p>");
pm.test("text", () => pm.expect($("td").map((i, e) => $(e).text()).get()).to.eql(["1", "2"]));
pm.test("html", () => pm.expect($("#p").html()).to.equal("text <b>bold</b>"));
pm.test("attr", () => pm.expect($("p").attr("id")).to.equal("p"));

//// csv-parse
const parse = require("csv-parse/lib/sync");
pm.test("rows", () => pm.expect(parse("a,b\n1,\"x,y\"\n")).to.eql([["a", "b"], ["1", "x,y"]]));
pm.test("columns", () => pm.expect(parse("a,b\n1,2\n", { columns: true })).to.eql([{ a: "1", b: "2" }]));

//// uuid
const uuid = require("uuid");
pm.test("v4", () => pm.expect(uuid.v4()).to.match(/^[0-9a-f-]{36}$/));
pm.test("call", () => pm.expect(uuid()).to.match(/^[0-9a-f-]{36}$/));

//// postman-collection
const sdk = require("postman-collection");
pm.test("url", () => pm.expect(new sdk.Url("http://a.test/x?y=1").getQueryString()).to.equal("y=1"));
pm.test("isRequest", () => pm.expect(sdk.Request.isRequest(pm.request)).to.be.true);
pm.test("isResponse", () => pm.expect(sdk.Response.isResponse(pm.response)).to.be.true);
pm.test("isHeaderList", () => pm.expect(sdk.HeaderList.isHeaderList(pm.request.headers)).to.be.true);
pm.test("isVariableScope", () => pm.expect(sdk.VariableScope.isVariableScope(pm.environment)).to.be.true);
pm.test("scope", () => pm.expect(new sdk.VariableScope([{ key: "a", value: "1" }]).get("a")).to.equal("1"));
pm.test("collection", () => pm.expect(new sdk.Collection({ item: [{ name: "x", request: "http://a.test" }] }).items.count()).to.equal(1));

//// buffer
const { Buffer: B } = require("buffer");
pm.test("same", () => pm.expect(B.from("é").toString("hex")).to.equal("c3a9"));
pm.test("global", () => pm.expect(Buffer.from("aGk=", "base64").toString()).to.equal("hi"));
pm.test("concat", () => pm.expect(Buffer.concat([Buffer.from("a"), Buffer.from([98])]).toString("base64")).to.equal("YWI="));
pm.test("byteLength", () => pm.expect(Buffer.byteLength("äöü")).to.equal(6));
pm.test("json", () => pm.expect(JSON.stringify(Buffer.from("a"))).to.equal('{"type":"Buffer","data":[97]}'));
pm.test("alloc", () => pm.expect(Buffer.alloc(3).toString("hex")).to.equal("000000"));

//// atob and btoa
const atob = 1 && require("atob"), btoa = 1 && require("btoa");
pm.test("atob", () => pm.expect(atob("w6Q=")).to.equal("\u00c3\u00a4"));

//// atob and btoa by other names
const dec = require("atob"), enc = require("btoa");
pm.test("atob", () => pm.expect(dec("w6Q=")).to.equal("\u00c3\u00a4"));
pm.test("btoa", () => pm.expect(enc("abc")).to.equal("YWJj"));
pm.test("odd", () => pm.expect([dec("YW Jj"), dec("YWJj!"), dec("YQ")]).to.eql(["abc", "abc", "a"]));
pm.test("wide", () => pm.expect(enc("\u20ac")).to.equal("rA=="));

//// assert
const assert = require("assert");
pm.test("ok", () => assert.ok(true));
pm.test("equal", () => assert.equal(1, 2));
pm.test("deepEqual", () => assert.deepEqual({ a: 1 }, { a: 1 }));
pm.test("throws", () => assert.throws(() => { throw new Error("x"); }));
pm.test("message", () => assert(false, "told you"));

//// events
const Events = require("events");
const e = new Events(); let got = 0;
e.on("x", (n) => { got += n; }); e.once("x", (n) => { got += n; });
e.emit("x", 2); e.emit("x", 3);
pm.test("sum", () => pm.expect(got).to.equal(7));

//// path
const path = require("path");
pm.test("join", () => pm.expect(path.join("/a", "../b", "c.txt")).to.equal("/b/c.txt"));
pm.test("base", () => pm.expect([path.basename("/x/y.z"), path.extname("y.z"), path.dirname("/x/y")]).to.eql(["y.z", ".z", "/x"]));

//// querystring
const qs = require("querystring");
pm.test("stringify", () => pm.expect(qs.stringify({ a: [1, 2], b: "x y" })).to.equal("a=1&a=2&b=x%20y"));
pm.test("parse", () => pm.expect({ ...qs.parse("a=1&a=2&b=x+y") }).to.eql({ a: ["1", "2"], b: "x y" }));

//// url
const url = require("url");
pm.test("parse", () => pm.expect(url.parse("http://u:p@h.test:80/p?q=1#f").host).to.equal("h.test:80"));
pm.test("query", () => pm.expect({ ...url.parse("http://h.test/?a=1", true).query }).to.eql({ a: "1" }));
pm.test("resolve", () => pm.expect(url.resolve("http://a.test/b/c", "../d")).to.equal("http://a.test/d"));
pm.test("format", () => pm.expect(url.format({ protocol: "http", host: "x.test", pathname: "/y" })).to.equal("http://x.test/y"));

//// util
const util = require("util");
pm.test("format", () => pm.expect(util.format("%s %d %j", "a", 1, { b: 2 })).to.equal('a 1 {"b":2}'));
pm.test("inspect", () => pm.expect(util.inspect({ a: [1] })).to.equal("{ a: [ 1 ] }"));
pm.test("inherits", () => pm.expect(util.inherits).to.be.a("function"));

//// string_decoder
const { StringDecoder } = require("string_decoder");
const d = new StringDecoder("utf8");
pm.test("pieces", () => pm.expect(d.write(Buffer.from([0xe2, 0x82])) + d.write(Buffer.from([0xac]))).to.equal("\u20ac"));

//// stream
const { Readable, PassThrough } = require("stream");
pm.test("classes", () => pm.expect([typeof Readable, typeof PassThrough]).to.eql(["function", "function"]));

//// punycode
pm.test("toASCII", () => pm.expect(require("punycode").toASCII("mañana.com")).to.equal("xn--maana-pta.com"));

//// timers
const t = require("timers");
pm.test("there", () => pm.expect(t.setTimeout).to.be.a("function"));

//// same each time
pm.test("same", () => pm.expect(require("lodash")).to.equal(require("lodash")));

//// unknown
require("left-pad");

//// unknown in a test
pm.test("error", () => require("./file"));
pm.test("code", () => { try { require("nope"); } catch (e) { pm.expect(e.code).to.equal("MODULE_NOT_FOUND"); throw e; } });

//// fs and the like
pm.test("child_process", () => require("child_process"));
pm.test("http", () => require("http"));
