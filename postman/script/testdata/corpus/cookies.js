//// reading
pm.test("get", () => pm.expect(pm.cookies.get("session")).to.equal("abc def"));
pm.test("none", () => pm.expect(pm.cookies.get("none")).to.equal(undefined));
pm.test("has", () => pm.expect([pm.cookies.has("theme"), pm.cookies.has("none"), pm.cookies.has("theme", "dark"), pm.cookies.has("theme", "light")]).to.eql([true, false, true, false]));
pm.test("toObject", () => pm.expect(pm.cookies.toObject()).to.eql({ session: "abc def", theme: "dark" }));
pm.test("count", () => pm.expect(pm.cookies.count()).to.equal(2));
pm.test("one", () => pm.expect(pm.cookies.one("theme").httpOnly).to.equal(true));
pm.test("case", () => pm.expect(pm.cookies.get("THEME")).to.equal("dark"));

//// walking
const names = [];
pm.cookies.each((c) => { names.push(c.name); });
pm.test("each", () => pm.expect(names).to.eql(["session", "theme"]));
pm.test("map", () => pm.expect(pm.cookies.map((c) => c.value)).to.eql(["abc%20def", "dark"]));
pm.test("all", () => pm.expect(pm.cookies.all()[0].path).to.equal("/"));

//// jar get
pm.cookies.jar().get("http://api.example.test/", "theme", (err, value) => {
  pm.test("value", () => pm.expect([err, value]).to.eql([null, "dark"]));
});

//// jar get nothing
pm.cookies.jar().get("http://api.example.test/", "none", (err, value) => pm.test("null", () => pm.expect([err, value]).to.eql([null, null])));

//// jar getAll
pm.cookies.jar().getAll("http://api.example.test/x", (err, list) => {
  pm.test("names", () => pm.expect(list.map((c) => c.name).sort()).to.eql(["session", "theme"]));
  pm.test("no error", () => pm.expect(err).to.equal(null));
});

//// jar getAll without http only
pm.cookies.jar().getAll("http://api.example.test/x", { http: false }, (err, list) => pm.test("names", () => pm.expect(list.map((c) => c.name)).to.eql(["session"])));

//// jar set
const jar = pm.cookies.jar();
jar.set("http://api.example.test/", "fresh", "new value", (err, cookie) => {
  pm.test("cookie", () => pm.expect([err, cookie.name]).to.eql([null, "fresh"]));
  jar.get("http://api.example.test/", "fresh", (e, v) => pm.test("there", () => pm.expect(v).to.equal("new value")));
});

//// jar set of a text
pm.cookies.jar().set("http://api.example.test/", "a=b; Path=/; HttpOnly", (err, cookie) => {
  pm.test("parsed", () => pm.expect([cookie.name, cookie.value, cookie.httpOnly]).to.eql(["a", "b", true]));
});

//// jar set of an object
pm.cookies.jar().set("http://api.example.test/", { name: "o", value: "1", httpOnly: true }, (err, cookie) => {
  pm.test("object", () => pm.expect([cookie.name, cookie.value]).to.eql(["o", "1"]));
});

//// jar set of another domain
pm.cookies.jar().set("http://api.example.test/", { name: "x", value: "1", domain: "other.test" }, (err) => {
  pm.test("refused", () => pm.expect(err).to.be.an("error"));
});

//// jar unset
const jar = pm.cookies.jar();
jar.unset("http://api.example.test/", "theme", (err) => {
  pm.test("no error", () => pm.expect(err).to.not.be.ok);
  jar.get("http://api.example.test/", "theme", (e, v) => pm.test("gone", () => pm.expect(v).to.equal(null)));
});

//// jar clear
const jar = pm.cookies.jar();
jar.clear("http://api.example.test/", () => {
  jar.getAll("http://api.example.test/", (e, list) => pm.test("empty", () => pm.expect(list.count()).to.equal(0)));
});

//// jar without an address
pm.test("get", () => pm.cookies.jar().get("", "a", () => {}));
pm.test("set", () => pm.cookies.jar().set(null, "a", "b"));

//// jar without a callback
pm.test("get", () => pm.cookies.jar().get("http://a.test/", "x"));
pm.test("getAll", () => pm.cookies.jar().getAll("http://a.test/"));

//// jar with a bad name
pm.test("get", () => pm.cookies.jar().get("http://a.test/", 5, () => {}));
pm.test("unset", () => pm.cookies.jar().unset("http://a.test/", null));
pm.test("set", () => pm.cookies.jar().set("http://a.test/"));

//// cookies of a library
const { Cookie } = require("postman-collection");
pm.test("parse", () => pm.expect(new Cookie("a=b; Path=/x; Secure").path).to.equal("/x"));
