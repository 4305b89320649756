//// setTimeout
setTimeout(() => pm.test("later", () => {}), 5);

//// order
setTimeout(() => pm.test("30", () => {}), 30);
setTimeout(() => pm.test("10", () => {}), 10);
setTimeout(() => pm.test("20", () => {}), 20);

//// nested
setTimeout(() => setTimeout(() => setTimeout(() => pm.test("deep", () => {}), 1), 1), 1);

//// setInterval
let n = 0;
const id = setInterval(() => { if (++n === 3) { clearInterval(id); pm.test("three", () => pm.expect(n).to.equal(3)); } }, 2);

//// setImmediate
setImmediate(() => pm.test("immediate", () => {}));
pm.test("first", () => {});

//// clearTimeout
const id = setTimeout(() => pm.test("never", () => {}), 5);
clearTimeout(id);
setTimeout(() => pm.test("this", () => {}), 10);

//// clearImmediate
clearImmediate(setImmediate(() => pm.test("never", () => {})));

//// clear of nothing
clearTimeout(undefined);
clearInterval(12345);
clearTimeout("x");

//// no function
pm.test("undefined", () => pm.expect(setTimeout("code", 1)).to.equal(undefined));

//// microtasks before timers
setTimeout(() => pm.test("timer", () => {}), 0);
Promise.resolve().then(() => pm.test("microtask", () => {}));
pm.test("sync", () => {});

//// error in a timer
setTimeout(() => { throw new TypeError("in a timer"); }, 5);

//// error in one timer leaves others
setTimeout(() => { throw new Error("one"); }, 2);
setTimeout(() => pm.test("two", () => {}), 10);

//// error while timers wait
setTimeout(() => pm.test("still", () => {}), 5);
throw new Error("sync");

//// promise chains
Promise.resolve(1).then((x) => x + 1).then((x) => { pm.test("chain", () => pm.expect(x).to.equal(2)); });

//// async function
(async () => {
  await new Promise((r) => setTimeout(r, 5));
  pm.test("awaited", () => {});
})();

//// Promise.all with timers
const wait = (ms, v) => new Promise((r) => setTimeout(() => r(v), ms));
Promise.all([wait(10, "a"), wait(2, "b")]).then((all) => pm.test("all", () => pm.expect(all).to.eql(["a", "b"])));

//// caught rejection
Promise.reject(new Error("caught")).catch((e) => pm.test("caught", () => pm.expect(e.message).to.equal("caught")));

//// promise never settled
new Promise(() => {}).then(() => pm.test("never", () => {}));

//// unhandled rejection
Promise.reject(new RangeError("nobody cares"));
pm.test("before", () => {});

//// unhandled rejection in an async function
(async () => { await null; throw new TypeError("in async"); })();

//// rejection of a timer's promise
setTimeout(async () => { throw new Error("late async"); }, 5);
setTimeout(() => pm.test("goes on", () => {}), 15);

//// intervals and variables
let n = 0;
const id = setInterval(() => { pm.environment.set("n", ++n); if (n >= 2) clearInterval(id); }, 1);

//// timer ids
const a = setTimeout(() => {}, 1), b = setTimeout(() => {}, 1);
pm.test("ids", () => pm.expect(a).to.not.equal(b));
pm.test("numbers", () => pm.expect(a).to.be.a("number"));

//// immediate before a long timer
setTimeout(() => pm.test("second", () => {}), 20);
setImmediate(() => pm.test("first", () => {}));
