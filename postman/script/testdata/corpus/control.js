//// setNextRequest
pm.execution.setNextRequest("Next one");

//// the last call counts
pm.execution.setNextRequest("A");
postman.setNextRequest("B");

//// null ends
pm.execution.setNextRequest(null);

//// in a timer
setTimeout(() => pm.execution.setNextRequest("Late"), 5);

//// before an error
pm.execution.setNextRequest("X");
throw new Error("after");

//// info
pm.test("eventName", () => pm.expect(pm.info.eventName).to.equal("test"));
pm.test("iteration", () => pm.expect([pm.info.iteration, pm.info.iterationCount]).to.eql([1, 3]));
pm.test("request", () => pm.expect([pm.info.requestName, pm.info.requestId]).to.eql(["Request", "id-1"]));
pm.info.iteration = 9;
pm.test("read only", () => pm.expect(pm.info.iteration).to.equal(1));

//// info of a pre-request script [prerequest]
pm.test("eventName", () => pm.expect(pm.info.eventName).to.equal("prerequest"));

//// location
pm.test("names", () => pm.expect(Array.from(pm.execution.location)).to.eql(["Collection", "Folder", "Request"]));
pm.test("current", () => pm.expect(pm.execution.location.current).to.equal("Request"));
pm.test("an array", () => pm.expect(pm.execution.location).to.be.an("array"));

//// skipRequest [prerequest]
pm.test("before", () => {});
pm.execution.skipRequest();

//// skipRequest in a test script
pm.execution.skipRequest();

//// visualizer
pm.visualizer.set("<p>{{x}}</p>", { x: 1 });
pm.visualizer.clear();
pm.test("template", () => pm.visualizer.set(5));
pm.test("data", () => pm.visualizer.set("x", "text"));
pm.test("options", () => pm.visualizer.set("x", {}, "text"));

//// pm cannot be changed
pm.environment = null;
pm.sendRequest = null;
pm.test("still there", () => pm.expect(pm.environment).to.be.ok);

//// pm in JSON
pm.test("json", () => pm.expect(JSON.stringify(pm.info)).to.equal("{}"));

//// globals are not shared by var
var mine = 1;
let alsoMine = 2;
function f() {}

//// var is gone
pm.test("var", () => pm.expect([typeof mine, typeof alsoMine, typeof f]).to.eql(["undefined", "undefined", "undefined"]));

//// undeclared names stay
implicit = { a: 1 };

//// they are there
pm.test("stays", () => pm.expect(implicit.a).to.equal(1));

//// prototypes stay
Array.prototype.second = function () { return this[1]; };

//// they do
pm.test("method", () => pm.expect([1, 2].second()).to.equal(2));
delete Array.prototype.second;

//// utilities by eval
pm.globals.set("lib", "function add(a, b) { return a + b; }");
eval(pm.globals.get("lib"));
pm.test("add", () => pm.expect(add(1, 2)).to.equal(3));

//// utilities by Function
const add = new Function("a", "b", "return a + b");
pm.test("add", () => pm.expect(add(1, 2)).to.equal(3));

//// arguments is hidden
pm.test("arguments", () => {});
const outer = typeof arguments;
pm.test("type", () => pm.expect(outer).to.equal("undefined"));

//// no Node
const there = [typeof process, typeof module, typeof exports, typeof __dirname, typeof window, typeof document, typeof self, typeof global];
pm.test("nothing", () => pm.expect(there).to.eql(Array(8).fill("undefined")));

//// this
pm.test("this", () => pm.expect(typeof this).to.equal("object"));
const that = this;
pm.test("pm of this", () => pm.expect(that.pm).to.equal(pm));

//// marker
"use sandbox2";
pm.test("works", () => {});

//// labels, commas, getters
const o = { get x() { return 5; }, ["a" + "b"]: 1, ...{ y: 2 } };
outer: for (const i of [1, 2, 3]) { for (;;) { if (i === 2) break outer; break; } }
pm.test("values", () => pm.expect([o.x, o.ab, o.y]).to.eql([5, 1, 2]));

//// modern syntax
class P { #v = 1; get v() { return this.#v; } static s = 2; }
const f = async function* () { yield 1; yield 2; };
const n = null ?? "x"; let z; z ||= 5; z **= 2;
pm.test("class", () => pm.expect([new P().v, P.s, n, z, [1, [2, [3]]].flat(Infinity), Object.fromEntries([["a", 1]])]).to.eql([1, 2, "x", 25, [1, 2, 3], { a: 1 }]));
(async () => { let s = 0; for await (const x of f()) s += x; pm.test("generator", () => pm.expect(s).to.equal(3)); })();

//// regular expressions
const m = /(?<year>\d{4})-(?<month>\d\d)/u.exec("on 2024-05");
pm.test("groups", () => pm.expect([m.groups.year, m.groups.month]).to.eql(["2024", "05"]));
pm.test("lookbehind", () => pm.expect("a1b2".replace(/(?<=b)\d/, "x")).to.equal("a1bx"));
pm.test("unicode", () => pm.expect("äß1".match(/\p{L}/gu)).to.eql(["ä", "ß"]));
pm.test("matchAll", () => pm.expect([..."a1b2".matchAll(/\d/g)].map((x) => x[0])).to.eql(["1", "2"]));
pm.test("sticky", () => pm.expect(/b/y.test("ab")).to.be.false);

//// dates
pm.test("iso", () => pm.expect(new Date("2024-02-29T12:00:00Z").toISOString()).to.equal("2024-02-29T12:00:00.000Z"));
pm.test("parts", () => pm.expect(new Date(Date.UTC(2020, 0, 31)).getUTCDay()).to.equal(5));
pm.test("invalid", () => pm.expect(new Date("nonsense").getTime()).to.be.NaN);
pm.test("rfc", () => pm.expect(Date.parse("Thu, 01 Jan 1970 00:00:01 GMT")).to.equal(1000));
pm.test("JSON", () => pm.expect(JSON.stringify({ d: new Date(0) })).to.equal('{"d":"1970-01-01T00:00:00.000Z"}'));

//// numbers as text
pm.test("texts", () => pm.expect([String(0.1 + 0.2), (1e21).toString(), (255).toString(16), (1.005).toFixed(2), String(-0), Number("0x1f"), parseInt("08"), Number("")]).to.eql(["0.30000000000000004", "1e+21", "ff", "1.00", "0", 31, 8, 0]));

//// sorting
pm.test("stable", () => pm.expect([3, 1, 2].sort()).to.eql([1, 2, 3]));
pm.test("texts", () => pm.expect([10, 9, 1].sort()).to.eql([1, 10, 9]));
pm.test("compare", () => pm.expect(["b", "a", "C"].sort((a, b) => a.localeCompare(b))).to.eql(["a", "b", "C"]));

//// typed arrays
pm.test("bytes", () => pm.expect(Array.from(new Uint8Array([1, 256, -1]))).to.eql([1, 0, 255]));
pm.test("view", () => pm.expect(new DataView(new ArrayBuffer(4)).byteLength).to.equal(4));

//// proxies and reflection
const p = new Proxy({}, { get: (t, k) => "got " + String(k) });
pm.test("proxy", () => pm.expect(p.anything).to.equal("got anything"));
pm.test("reflect", () => pm.expect(Reflect.ownKeys({ a: 1, [Symbol.iterator]: 2 })).to.have.lengthOf(2));
