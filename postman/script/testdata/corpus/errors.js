//// throw an Error
throw new Error("message");

//// throw a text
throw "text";

//// throw a number
throw 5;

//// throw undefined
throw undefined;

//// throw null
throw null;

//// throw an object
throw { name: "Own", message: "made up" };

//// throw an object without anything
throw {};

//// throw an error of its own name
const e = new Error("m"); e.name = "Custom"; throw e;

//// throw a class of its own
class MyError extends Error { constructor(m) { super(m); this.name = "MyError"; } }
throw new MyError("own");

//// error with a cause
throw new Error("outer", { cause: new Error("inner") });

//// unknown name
foo.bar();

//// property of undefined
const o = {};
o.a.b;

//// property of null
const o = null;
o.name;

//// index of undefined
let list;
list[0];

//// property by a variable
let list; const k = "key";
list[k];

//// set on undefined
let o;
o.x = 1;

//// call of undefined
const o = {};
o.method();

//// call deep down
const o = { a: { b: {} } };
o.a.b.c();

//// call of a number
const n = 5;
n();

//// call of an element
const list = [1];
list[0]();

//// call of a result
const f = () => undefined;
f()();

//// call on a response
pm.response.json().filter((x) => x);

//// method of undefined
let s;
s.trim();

//// new of no constructor
const f = 5;
new f();

//// new of a member
const o = { x: {} };
new o.x();

//// constant changed
const c = 1;
c = 2;

//// used before it is there
later;
let later = 1;

//// not iterable
const [a] = 5;

//// for of undefined
for (const x of undefined) { x; }

//// for of an object
const o = { a: 1 };
for (const x of o) { x; }

//// spread of undefined
const f = (...a) => a;
f(...undefined);

//// destructuring undefined
const { a } = undefined;

//// destructuring null
const { a: { b } } = { a: null };

//// destructuring a parameter
function f({ x }) { return x; }
f();

//// in of a text
"a" in "abc";

//// instanceof nothing
({}) instanceof 5;

//// array length
new Array(-1);

//// toFixed
(1).toFixed(101);

//// repeat
"x".repeat(-1);

//// too deep
function f() { f(); }
f();

//// regexp
new RegExp("(");

//// decodeURIComponent
decodeURIComponent("%");

//// BigInt and number
1n + 1;

//// symbol to text
`${Symbol("x")}`;

//// JSON with a cycle
const o = {}; o.o = o;
JSON.stringify(o);

//// frozen in strict mode
"use strict";
const o = Object.freeze({ a: 1 });
o.a = 2;
pm.test("scripts are not strict", () => pm.expect(o.a).to.equal(1));

//// reduce of nothing
[].reduce((a, b) => a);

//// null prototype to text
String(Object.create(null));

//// getter that throws
const o = { get x() { throw new Error("from the getter"); } };
o.x;

//// private name
class A { #x = 1; static f(o) { return o.#x; } }
A.f({});

//// derived without super
class A {} class B extends A { constructor() {} }
new B();

//// class called
class A {}
A();

//// error in a callback
[1, 2].forEach((x) => { x.y.z; });

//// syntax: missing bracket
pm.test("x", () => { pm.expect(1).to.equal(1;

//// syntax: missing parenthesis
console.log("a" "b");

//// syntax: bad token
const a = 1 : 2;

//// syntax: unexpected end
if (true) {

//// syntax: unexpected text
var a = "unterminated;

//// syntax: reserved word
var class = 1;

//// syntax: redeclared
let a = 1; let a = 2;

//// syntax: missing initialiser
const a;

//// syntax: await outside
const x = await Promise.resolve(1);

//// syntax: await in a function
function f() { await 1; }

//// syntax: illegal break
break;

//// syntax: return is fine
pm.test("before", () => {});
return;
pm.test("after", () => {});

//// syntax: import
import x from "y";

//// syntax: bad assignment
1 = 2;

//// syntax: JSON as script
{ "a": 1, "b": 2 }

//// syntax: regexp
var r = /(/;

//// syntax: template
var t = `${`;

//// syntax: number
var n = 3px;

//// syntax: curly quotes
var s = “text”;

//// syntax: HTML
<html></html>

//// syntax: names in braces
var x = {{name}};

//// eval syntax
eval("1 +");

//// eval of a variable that is no code
pm.environment.set("lib", '{"a": 1, "b": 2}');
eval(pm.environment.get("lib"));

//// eval of a variable with a fault in a later line
pm.globals.set("lib", "var a = 1;\nfunction f() {\n  return a b;\n}");
eval(pm.globals.get("lib"));

//// eval of a text with a fault
eval("var a = 'unclosed");

//// error inside of eval
eval("var o; \n o.x.y");

//// Function syntax
new Function("return (");

//// eval works
pm.test("eval", () => pm.expect(eval("1 + 2")).to.equal(3));

//// eval sees and makes variables
var here = 5;
eval("var made = here + 1; function alsoMade() { return made; }");
pm.test("made", () => pm.expect([made, alsoMade()]).to.eql([6, 6]));

//// errors are errors
try { null.x; } catch (e) { pm.test("type", () => pm.expect([e instanceof TypeError, e.name, e.constructor === TypeError]).to.eql([true, "TypeError", true])); }
try { undefinedName; } catch (e) { pm.test("reference", () => pm.expect(e).to.be.instanceof(ReferenceError)); }

//// finally
try { pm.test("try", () => {}); } finally { pm.test("finally", () => {}); }

//// empty
