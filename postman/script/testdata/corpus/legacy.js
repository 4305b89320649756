//// tests object
tests["passes"] = true;
tests["fails"] = false;

//// values of tests
tests.one = 1;
tests.zero = 0;
tests.text = "x";
tests.empty = "";
tests.nothing = undefined;
tests["null"] = null;
tests.object = {};

//// integer-like keys first
tests.b = true;
tests["2"] = true;
tests.a = true;
tests["1"] = true;

//// after pm.test
tests.old = true;
pm.test("new", () => {});

//// before late tests
pm.test("late", (done) => setTimeout(done, 5));
tests.old = true;

//// set too late
setTimeout(() => { tests.late = true; }, 5);

//// before an error
tests.before = true;
throw new Error("stop");

//// responseBody and its kin
tests.body = responseBody.includes("ann");
tests.json = JSON.parse(responseBody).id === 7;
tests.code = responseCode.code === 201;
tests.name = responseCode.name === "Created";
tests.time = responseTime === 42;
tests.header = responseHeaders["X-Trace"] === "abc";
tests.last = responseHeaders["Set-Cookie"] === "b=2; Path=/; HttpOnly";
tests.case = responseHeaders["x-trace"] === undefined;

//// getResponseHeader and getResponseCookie
tests.header = postman.getResponseHeader("x-trace") === "abc";
tests.none = postman.getResponseHeader("none") === undefined;
tests.cookie = postman.getResponseCookie("session").value === "abc%20def";
tests.noCookie = postman.getResponseCookie("none") === undefined;

//// responseCookies
tests.count = responseCookies.count() === 2;

//// request
tests.method = request.method === "POST";
tests.url = request.url === "http://api.example.test:8080/users/7?page=2&q=a%20b";
tests.name = request.name === "Request";
tests.id = request.id === "id-1";
tests.description = request.description === "Creates a user";
tests.header = request.headers["content-type"] === "application/json";
tests.many = request.headers["x-many"].join() === "one,two";
tests.off = !("x-off" in request.headers);
tests.data = request.data === '{"name":"ann","tags":[1,2]}';

//// environment
tests.read = environment.who === "ann";
tests.none = environment.none === undefined;
environment.who = "changed";
tests.copy = pm.environment.get("who") === "ann";
tests.keys = Object.keys(environment).join() === "who,shared,num";

//// environment is of the beginning
pm.environment.set("who", "later");
tests.old = environment.who === "ann";

//// globals
tests.read = globals.g === "glob";

//// data and iteration
tests.row = data.row === "r1";
tests.count = data.count === 3;
tests.iteration = iteration === 1;

//// setEnvironmentVariable
postman.setEnvironmentVariable("text", "t");
postman.setEnvironmentVariable("number", 5);
postman.setEnvironmentVariable("false", false);
postman.setEnvironmentVariable("null", null);
postman.setEnvironmentVariable("object", { a: 1 });
postman.setEnvironmentVariable("array", [1, 2]);
tests.seen = environment.text === "t";
tests.get = postman.getEnvironmentVariable("number") === "5";

//// clearEnvironmentVariable
postman.clearEnvironmentVariable("who");
tests.gone = environment.who === undefined;

//// clearEnvironmentVariables
postman.clearEnvironmentVariables();

//// global variables
postman.setGlobalVariable("n", 1);
postman.clearGlobalVariable("g");
tests.get = postman.getGlobalVariable("n") === "1";
tests.copy = globals.n === "1";

//// clearGlobalVariables
postman.clearGlobalVariables();

//// setNextRequest
postman.setNextRequest("Other");

//// setNextRequest to nothing
postman.setNextRequest(null);

//// lodash of old
tests.pluck = _.pluck([{ a: 1 }, { a: 2 }], "a").join() === "1,2";
tests.contains = _.contains([1, 2], 2);
tests.get = _.get({ a: { b: 1 } }, "a.b") === 1;
tests.version = _.VERSION === "3.10.2" || _.VERSION === "3.10.1";
tests.flatMap = typeof _.flatMap === "undefined";

//// CryptoJS
tests.md5 = CryptoJS.MD5("a").toString() === "0cc175b9c0f1b6a831c399e269772661";
tests.sha256 = CryptoJS.SHA256("a").toString(CryptoJS.enc.Base64) === "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=";
tests.hmac = CryptoJS.HmacSHA256("m", "k").toString().length === 64;

//// tv4
tests.valid = tv4.validate({ a: 1 }, { type: "object", required: ["a"] });
tests.invalid = tv4.validate({ a: "x" }, { properties: { a: { type: "number" } } });
pm.test("error", () => pm.expect(tv4.error.message).to.equal("x"));

//// xml2Json
const o = xml2Json("<a x='1'><b>t</b><b>u</b></a>");
tests.attr = o.a.$.x === "1";
tests.list = o.a.b.join() === "t,u";

//// xml2Json of no XML
const o = xml2Json("not xml");
tests.undefined = o === undefined;

//// cheerio
const $ = cheerio.load("<ul><li class='x'>one</li><li>two</li></ul>");
tests.text = $("li.x").text() === "one";
tests.count = $("li").length === 2;

//// atob and btoa
tests.btoa = btoa("hi there") === "aGkgdGhlcmU=";
tests.atob = atob("aGkgdGhlcmU=") === "hi there";

//// in a pre-request script [prerequest]
tests.request = request.method === "POST";
postman.setEnvironmentVariable("x", "y");
pm.test("no body", () => pm.expect(typeof responseBody).to.equal("undefined"));
pm.test("no header", () => pm.expect(typeof postman.getResponseHeader).to.equal("undefined"));
responseBody.length;

//// without a response [none]
tests.body = responseBody === undefined;
tests.code = responseCode.code === undefined;
tests.time = responseTime === undefined;
tests.headers = Object.keys(responseHeaders).length === 0;

//// names may be taken by var
var responseBody = "mine";
var data = { x: 1 };
tests.body = responseBody === "mine";
tests.data = data.x === 1;

//// names may be assigned
data = 5;
tests.data = data === 5;

//// names are back in the next script
tests.data = data.row === "r1";

//// let of a name
let data = JSON.parse(responseBody);
pm.test("never", () => {});

//// const of a name
const request = 1;

//// let of a name in a block
{ let data = 1; tests.block = data === 1; }
function f() { const _ = 2; return _; }
tests.inner = f() === 2;

//// tests replaced
tests = { other: true };

//// strict tests
(function () { "use strict"; tests.a = true; })();

//// delete a test
tests.a = false;
delete tests.a;

//// body of a form
pm.request.body.update({ mode: "urlencoded", urlencoded: [{ key: "a", value: "1" }, { key: "a", value: "2" }, { key: "b", value: "3", disabled: true }] });
tests.data = JSON.stringify(request.data) !== "";
