//// passing test
pm.test("one", function () { pm.expect(1).to.equal(1); });

//// failing test
pm.test("one", function () { pm.expect(1).to.equal(2); });

//// test without a function passes
pm.test("nothing");

//// test with null as function passes
pm.test("null", null);

//// name is made a text
pm.test(42, function () {});
pm.test(undefined, function () {});
pm.test({ a: 1 }, function () {});

//// chained tests
pm.test("a", () => {}).test("b", () => { throw new Error("no"); }).test.skip("c");

//// skip
pm.test.skip("left out", function () { throw new Error("never"); });

//// index counts tests
const before = pm.test.index();
pm.test("a", () => {});
pm.test.skip("b");
pm.test("index", () => pm.expect([before, pm.test.index()]).to.eql([0, 3]));

//// throwing an Error of its own name
pm.test("custom", function () { const e = new Error("mine"); e.name = "MyError"; throw e; });

//// throwing a class of its own
class Bad extends TypeError {}
pm.test("class", function () { throw new Bad("so"); });

//// throwing a text
pm.test("text", function () { throw "plain text"; });

//// throwing an object
pm.test("object", function () { throw { message: "looks like an error", name: "Odd" }; });

//// throwing an object without a name
pm.test("object", function () { throw { message: "only this" }; });

//// throwing a number
pm.test("number", function () { throw 7; });

//// throwing undefined
pm.test("undefined", function () { throw undefined; });

//// throwing null
pm.test("null", function () { throw null; });

//// done
pm.test("async", function (done) { setTimeout(done, 5); });

//// done with an error
pm.test("async", function (done) { setTimeout(() => done(new Error("late")), 5); });

//// done with a text
pm.test("async", function (done) { setTimeout(() => done("why"), 5); });

//// done at once
pm.test("sync done", function (done) { done(); });

//// done never called
pm.test("never", function (done) {});
pm.test("after", function () {});

//// done called twice
pm.test("twice", function (done) { done(); done(); });

//// done after an error
pm.test("error first", function (done) { done(new Error("first")); done(); });

//// throwing before done
pm.test("throws", function (done) { setTimeout(done, 5); throw new Error("at once"); });

//// order of late tests
pm.test("late", function (done) { setTimeout(done, 10); });
pm.test("now", function () {});

//// test inside a timer
setTimeout(function () { pm.test("in a timer", function () { pm.expect(true).to.be.false; }); }, 5);

//// test inside a promise
Promise.resolve(3).then((n) => { pm.test("in a promise", () => pm.expect(n).to.equal(3)); });

//// test inside a test
pm.test("outer", () => { pm.test("inner", () => { throw new Error("in"); }); });

//// tests before an error stand
pm.test("before", () => {});
nothingOfThatName();
pm.test("after", () => {});

//// error inside a test is only that test's
pm.test("bad", () => { nothingOfThatName(); });
pm.test("good", () => {});

//// async function as test
pm.test("async function", async () => { pm.expect(1).to.equal(1); });

//// long name
pm.test("x".repeat(300), () => {});

//// name with signs
pm.test("späße \u{1F600} \"quoted\" \n line", () => {});

//// expect with a message
pm.test("message", () => pm.expect(1, "the number").to.equal(2));

//// expect.fail
pm.test("fail", () => pm.expect.fail("on purpose"));
pm.test("fail two", () => pm.expect.fail(1, 2));

//// expect outside of tests
pm.expect(1).to.equal(1);
pm.expect("a").to.equal("b");

//// many tests
for (let i = 0; i < 25; i++) pm.test("n" + i, () => pm.expect(i % 5).to.be.below(4));
