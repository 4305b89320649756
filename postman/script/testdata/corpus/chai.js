//// equality
pm.test("equal", () => pm.expect({ a: 1 }).to.equal({ a: 1 }));
pm.test("eql", () => pm.expect({ a: [1, { b: 2 }] }).to.eql({ a: [1, { b: 2 }] }));
pm.test("eql fails", () => pm.expect({ a: 1, b: 2 }).to.eql({ a: 1, b: 3 }));
pm.test("deep.equal arrays", () => pm.expect([1, 2, 3]).to.deep.equal([1, 2, 4]));

//// negation
pm.test("not equal", () => pm.expect(1).to.not.equal(1));
pm.test("not include", () => pm.expect("abc").to.not.include("b"));
pm.test("not null", () => pm.expect(null).to.not.be.null);
pm.test("not exist", () => pm.expect(0).to.not.exist);

//// negation does not stick to an assertion
const a = pm.expect(5);
pm.test("negated", () => a.to.not.equal(6));
pm.test("not negated", () => a.to.equal(5));
const b = pm.expect([1]).to;
pm.test("of a word: negated", () => b.not.include(2));
pm.test("of a word: still negated", () => b.include(2));

//// types
pm.test("a string", () => pm.expect(1).to.be.a("string"));
pm.test("an array", () => pm.expect([]).to.be.an("array"));
pm.test("an object", () => pm.expect([]).to.be.an("object"));
pm.test("null", () => pm.expect(null).to.be.a("null"));
pm.test("promise", () => pm.expect(Promise.resolve()).to.be.a("promise"));
pm.test("regexp", () => pm.expect(/a/).to.be.a("regexp"));
pm.test("date", () => pm.expect(new Date(0)).to.be.a("date"));
pm.test("nan", () => pm.expect(NaN).to.be.a("number"));
pm.test("function", () => pm.expect(() => {}).to.be.a("function"));

//// truth
pm.test("ok", () => pm.expect("").to.be.ok);
pm.test("true", () => pm.expect(1).to.be.true);
pm.test("false", () => pm.expect(false).to.be.false);
pm.test("undefined", () => pm.expect(null).to.be.undefined);
pm.test("NaN", () => pm.expect(3).to.be.NaN);
pm.test("empty", () => pm.expect([1]).to.be.empty);
pm.test("empty object", () => pm.expect({}).to.be.empty);

//// comparisons
pm.test("above", () => pm.expect(3).to.be.above(5));
pm.test("least", () => pm.expect(5).to.be.at.least(5));
pm.test("below", () => pm.expect(9).to.be.below(2));
pm.test("most", () => pm.expect(5).to.be.at.most(4));
pm.test("within", () => pm.expect(7).to.be.within(1, 5));
pm.test("closeTo", () => pm.expect(1.5).to.be.closeTo(1, 0.4));
pm.test("above of undefined", () => pm.expect(undefined).to.be.above(5));
pm.test("above a text", () => pm.expect(5).to.be.above("4"));

//// include
pm.test("text", () => pm.expect("foobar").to.include("baz"));
pm.test("array", () => pm.expect([1, 2]).to.include(3));
pm.test("object", () => pm.expect({ a: 1, b: 2 }).to.include({ a: 1 }));
pm.test("deep", () => pm.expect([{ a: 1 }]).to.deep.include({ a: 1 }));
pm.test("of undefined", () => pm.expect(undefined).to.include("x"));
pm.test("nested", () => pm.expect({ a: { b: ["x", "y"] } }).to.nested.include({ "a.b[1]": "y" }));
pm.test("contain", () => pm.expect("abc").to.contain("z"));

//// properties
pm.test("has", () => pm.expect({ a: 1 }).to.have.property("a"));
pm.test("has not", () => pm.expect({ a: 1 }).to.have.property("b"));
pm.test("with value", () => pm.expect({ a: 1 }).to.have.property("a", 2));
pm.test("nested", () => pm.expect({ a: { b: 1 } }).to.have.nested.property("a.b", 1));
pm.test("own", () => pm.expect({}).to.have.own.property("toString"));
pm.test("of undefined", () => pm.expect(undefined).to.have.property("x"));
pm.test("chain", () => pm.expect({ a: "text" }).to.have.property("a").that.is.a("string").and.equals("other"));
pm.test("big", () => pm.expect({ a: 1, b: "two", c: [1, 2, 3], d: { e: 1 }, f: null, g: undefined }).to.have.property("z"));

//// keys
pm.test("all", () => pm.expect({ a: 1, b: 2 }).to.have.all.keys("a", "b"));
pm.test("missing", () => pm.expect({ a: 1 }).to.have.all.keys("a", "b"));
pm.test("any", () => pm.expect({ a: 1 }).to.have.any.keys("x", "y"));
pm.test("array of keys", () => pm.expect({ a: 1 }).to.have.keys(["a"]));
pm.test("contain", () => pm.expect({ a: 1, b: 2 }).to.contain.keys("a"));
pm.test("no keys", () => pm.expect({ a: 1 }).to.have.keys());

//// length
pm.test("lengthOf", () => pm.expect([1, 2]).to.have.lengthOf(3));
pm.test("length of text", () => pm.expect("abc").to.have.length(3));
pm.test("above", () => pm.expect([1]).to.have.lengthOf.above(2));
pm.test("at.least", () => pm.expect("abcd").to.have.length.at.least(2));
pm.test("of a number", () => pm.expect(5).to.have.lengthOf(1));

//// match and strings
pm.test("match", () => pm.expect("foo").to.match(/^b/));
pm.test("string", () => pm.expect("foobar").to.have.string("bar"));
pm.test("match of number", () => pm.expect(12).to.match(/1/));

//// members and oneOf
pm.test("members", () => pm.expect([1, 2, 3]).to.have.members([3, 1, 2]));
pm.test("not all", () => pm.expect([1, 2]).to.include.members([3]));
pm.test("deep", () => pm.expect([{ a: 1 }]).to.have.deep.members([{ a: 1 }]));
pm.test("ordered", () => pm.expect([1, 2]).to.have.ordered.members([2, 1]));
pm.test("oneOf", () => pm.expect(3).to.be.oneOf([1, 2]));

//// throws
pm.test("throws", () => pm.expect(() => { throw new TypeError("bad thing"); }).to.throw(TypeError, /bad/));
pm.test("throws nothing", () => pm.expect(() => {}).to.throw());
pm.test("throws another", () => pm.expect(() => { throw new Error("x"); }).to.throw("y"));
pm.test("not throw", () => pm.expect(() => { throw new Error("x"); }).to.not.throw());

//// instances and functions
class Animal {}
class Dog extends Animal {}
pm.test("instance", () => pm.expect(new Dog()).to.be.instanceof(Animal));
pm.test("no instance", () => pm.expect({}).to.be.an.instanceOf(Dog));
pm.test("respondTo", () => pm.expect([]).to.respondTo("fly"));
pm.test("satisfy", () => pm.expect(3).to.satisfy((n) => n > 5));

//// changes
const counter = { n: 0 };
pm.test("increase", () => pm.expect(() => { counter.n += 2; }).to.increase(counter, "n").by(2));
pm.test("change", () => pm.expect(() => {}).to.change(counter, "n"));
pm.test("frozen", () => pm.expect(Object.freeze({})).to.be.frozen);
pm.test("sealed", () => pm.expect({}).to.be.sealed);
pm.test("finite", () => pm.expect(Infinity).to.be.finite);

//// unknown words
pm.test("word", () => pm.expect(1).to.be.tru);
pm.test("no suggestion", () => pm.expect(1).to.be.somethingElse);
pm.test("length after a word", () => pm.expect([1]).to.be.lengthh(1));
pm.test("on a method", () => pm.expect(1).to.equal.nothing);
pm.test("call of a property", () => pm.expect(true).to.be.true());

//// values in messages
pm.test("undefined", () => pm.expect(undefined).to.equal("x"));
pm.test("null", () => pm.expect(null).to.equal("x"));
pm.test("zero", () => pm.expect(-0).to.equal(0));
pm.test("long text", () => pm.expect("x".repeat(100)).to.equal("y"));
pm.test("long array", () => pm.expect(Array.from({ length: 50 }, (_, i) => i)).to.equal(1));
pm.test("nested", () => pm.expect({ a: { b: { c: { d: 1 } } } }).to.equal(1));
pm.test("date", () => pm.expect(new Date(0)).to.equal(1));
pm.test("function", () => pm.expect(function named() {}).to.equal(1));
pm.test("symbol", () => pm.expect(Symbol("s")).to.equal(1));
pm.test("map", () => pm.expect(new Map([["a", 1]])).to.equal(1));
pm.test("set", () => pm.expect(new Set([1])).to.equal(1));
pm.test("error", () => pm.expect(new Error("e")).to.equal(1));
pm.test("regexp", () => pm.expect(/a/g).to.equal(1));
pm.test("quotes", () => pm.expect("it's").to.equal('"'));
pm.test("class instance", () => pm.expect(new (class Foo { constructor() { this.a = 1; } })()).to.equal(1));
pm.test("null prototype", () => pm.expect(Object.create(null)).to.equal(1));

//// a big integer in a message
pm.test("bigint", () => pm.expect(10n).to.equal(11n));

//// deep equality of odd values
pm.test("NaN", () => pm.expect(NaN).to.eql(NaN));
pm.test("dates", () => pm.expect(new Date(5)).to.eql(new Date(5)));
pm.test("maps", () => pm.expect(new Map([[1, { a: 1 }]])).to.eql(new Map([[1, { a: 1 }]])));
pm.test("undefined member", () => pm.expect({ a: undefined }).to.eql({}));
pm.test("zero", () => pm.expect(0).to.eql(-0));
pm.test("cycles", () => { const x = {}; x.x = x; const y = {}; y.x = y; pm.expect(x).to.eql(y); });

//// chai of one's own
const { expect, assert } = require("chai");
pm.test("expect", () => expect(2).to.equal(3));
pm.test("assert", () => assert.strictEqual(1, "1", "told"));
pm.test("deepEqual", () => assert.deepEqual([1], [2]));
pm.test("isTrue", () => assert.isTrue(false));
pm.test("should", () => { require("chai").should(); (5).should.equal(6); });

//// a plugin
require("chai").use(function (c) { c.Assertion.addMethod("even", function () { this.assert(this._obj % 2 === 0, "expected #{this} to be even", "expected #{this} to be odd"); }); });
pm.test("even", () => pm.expect(3).to.be.even());
pm.test("odd", () => pm.expect(3).to.not.be.even());

//// words kept for later
const e = pm.expect(1), to = e.to, be = to.be;
pm.test("not of the first", () => e.not.equal(2));
pm.test("to", () => to.equal(1));
pm.test("be", () => be.equal(1));
pm.test("first again", () => e.equal(1));
const deep = pm.expect({ a: [1] }).to;
pm.test("deep", () => deep.deep.equal({ a: [1] }));
pm.test("still deep", () => deep.equal({ a: [1] }));
pm.test("contain", () => { const c = pm.expect([1, 2]); c.to.contain(1); c.to.have.members([1, 2]); c.to.include.members([1]); c.to.have.members([1]); });
const an = pm.expect([1]).to.be.an("array"), and = an.and;
pm.test("negated and", () => { an.not.to.be.empty; and.be.empty; });
