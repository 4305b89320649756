//// levels
console.log("l");
console.info("i");
console.warn("w");
console.error("e");
console.debug("d");

//// many arguments
console.log("a", "b", "c");

//// no arguments
console.log();

//// values
console.log(1, true, null, undefined, { a: 1 }, [1, 2]);

//// special values
console.log(NaN, -0, 10n, Symbol("s"), /re/g, new Date(0));
console.log(new Map([["a", 1]]), new Set([1]), new Error("e"), function named() {});

//// a cycle
const o = { a: 1 }; o.o = o;
console.log(o);

//// format signs stay
console.log("%s is %d", "x", 5);

//// unicode
console.log("\u{1F600} äöü", "line\nbreak");

//// between tests
console.log("before");
pm.test("t", () => console.log("inside"));
console.log("after");

//// in timers
setTimeout(() => console.log("late"), 5);

//// many lines
for (let i = 0; i < 50; i++) console.log("line " + i);

//// a method on its own
const { log } = console;
log("alone");

//// the deprecation of old names is told once
tests.a = true;
tests.b = true;
responseHeaders.x;
postman.setEnvironmentVariable("a", "b");
_.VERSION;

//// no deprecation of what is a scalar
responseBody.length;
responseTime + 1;
iteration;

//// deprecation of functions
atob("YQ==");
xml2Json("<a/>");
cheerio.load("<p>");
tv4.validate(1, {});
CryptoJS.MD5("x");
data.row;
globals.g;
environment.who;
request.method;
responseCode.code;
responseCookies.length;

//// objects of the API
console.log(pm.response);
console.log(pm.request.url);
console.log(pm.environment);

//// trace is not there
pm.test("table", () => pm.expect(console.table).to.equal(undefined));
