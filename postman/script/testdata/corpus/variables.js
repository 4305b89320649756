//// environment
pm.test("get", () => pm.expect(pm.environment.get("who")).to.equal("ann"));
pm.test("none", () => pm.expect(pm.environment.get("none")).to.equal(undefined));
pm.test("number", () => pm.expect(pm.environment.get("num")).to.equal(7));
pm.test("has", () => pm.expect([pm.environment.has("who"), pm.environment.has("none")]).to.eql([true, false]));
pm.test("toObject", () => pm.expect(pm.environment.toObject()).to.eql({ who: "ann", shared: "from environment", num: 7 }));

//// environment set
pm.environment.set("new", "value");
pm.environment.set("who", "bob");
pm.test("seen at once", () => pm.expect(pm.environment.get("who")).to.equal("bob"));

//// environment unset and clear
pm.environment.unset("who");
pm.environment.unset("none");
pm.test("gone", () => pm.expect(pm.environment.has("who")).to.be.false);

//// environment cleared
pm.environment.clear();
pm.test("empty", () => pm.expect(pm.environment.toObject()).to.eql({}));

//// globals
pm.globals.set("x", "y");
pm.globals.unset("g");
pm.test("get", () => pm.expect([pm.globals.get("x"), pm.globals.get("g")]).to.eql(["y", undefined]));

//// globals cleared
pm.globals.clear();

//// collection variables
pm.collectionVariables.set("base", "https://new.test");
pm.collectionVariables.set("made", "here");
pm.test("get", () => pm.expect(pm.collectionVariables.get("base")).to.equal("https://new.test"));
pm.test("has", () => pm.expect(pm.collectionVariables.has("made")).to.be.true);

//// iteration data
pm.test("get", () => pm.expect(pm.iterationData.get("row")).to.equal("r1"));
pm.test("number", () => pm.expect(pm.iterationData.get("count")).to.equal(3));
pm.test("has", () => pm.expect([pm.iterationData.has("row"), pm.iterationData.has("x")]).to.eql([true, false]));
pm.test("toObject", () => pm.expect(pm.iterationData.toObject()).to.eql({ row: "r1", count: 3, shared: "from data" }));
pm.iterationData.unset("row");
pm.test("unset", () => pm.expect(pm.iterationData.get("row")).to.equal(undefined));

//// data is whole again
pm.test("get", () => pm.expect(pm.iterationData.get("row")).to.equal("r1"));

//// precedence
pm.test("data wins", () => pm.expect(pm.variables.get("shared")).to.equal("from data"));
pm.test("environment", () => pm.expect(pm.variables.get("who")).to.equal("ann"));
pm.test("collection", () => pm.expect(pm.variables.get("base")).to.equal("http://example.test"));
pm.test("globals", () => pm.expect(pm.variables.get("g")).to.equal("glob"));
pm.variables.set("shared", "local");
pm.test("local wins", () => pm.expect(pm.variables.get("shared")).to.equal("local"));
pm.test("others stay", () => pm.expect([pm.environment.get("shared"), pm.iterationData.get("shared")]).to.eql(["from environment", "from data"]));

//// local variables
pm.variables.set("tmp", 1);
pm.test("has", () => pm.expect([pm.variables.has("tmp"), pm.variables.has("who"), pm.variables.has("no")]).to.eql([true, true, false]));
pm.variables.unset("tmp");
pm.test("unset", () => pm.expect(pm.variables.has("tmp")).to.be.false);
pm.variables.unset("who");
pm.test("of others not", () => pm.expect(pm.variables.get("who")).to.equal("ann"));

//// all variables as an object
pm.variables.set("l", "x");
pm.test("toObject", () => pm.expect(pm.variables.toObject()).to.eql({ g: "glob", shared: "from data", base: "http://example.test", who: "ann", num: 7, row: "r1", count: 3, l: "x" }));

//// kinds of values
pm.environment.set("text", "t");
pm.environment.set("int", 5);
pm.environment.set("float", 1.25);
pm.environment.set("yes", true);
pm.environment.set("no", false);
pm.environment.set("null", null);
pm.environment.set("empty", "");
pm.environment.set("zero", 0);
pm.test("types", () => pm.expect(["text", "int", "float", "yes", "no", "null", "empty", "zero"].map((k) => pm.environment.get(k))).to.eql(["t", 5, 1.25, true, false, null, "", 0]));

//// objects as values
const o = { a: [1, { b: 2 }] };
pm.environment.set("o", o);
pm.environment.set("a", [1, 2]);
pm.test("same object", () => pm.expect(pm.environment.get("o")).to.equal(o));
pm.test("array", () => pm.expect(pm.environment.get("a")).to.eql([1, 2]));

//// odd values
pm.environment.set("undefined", undefined);
pm.environment.set("nan", NaN);
pm.environment.set("infinite", Infinity);
pm.environment.set("date", new Date(0));
pm.environment.set("fn", function () { return 1; });
pm.test("undefined", () => pm.expect(pm.environment.get("undefined")).to.equal(undefined));
pm.test("nan", () => pm.expect(pm.environment.get("nan")).to.be.NaN);
pm.test("date", () => pm.expect(pm.environment.get("date").getTime()).to.equal(0));
pm.test("has undefined", () => pm.expect(pm.environment.has("undefined")).to.be.true);

//// large texts
pm.environment.set("large", "x".repeat(20000));
pm.test("length", () => pm.expect(pm.environment.get("large")).to.have.lengthOf(20000));
pm.environment.unset("large");

//// names
pm.environment.set("with space", 1);
pm.environment.set("späße", 2);
pm.environment.set("", "empty name");
pm.test("get", () => pm.expect([pm.environment.get("with space"), pm.environment.get("späße"), pm.environment.get("")]).to.eql([1, 2, "empty name"]));

//// unicode
pm.environment.set("emoji", "\u{1F600} äöü \u0000 end");
pm.test("kept", () => pm.expect(pm.environment.get("emoji")).to.equal("\u{1F600} äöü \u0000 end"));

//// set of a typed value
pm.environment.set("t", "5", "number");
pm.environment.set("j", { a: 1 }, "object");

//// changes before an error stay
pm.environment.set("kept", "yes");
throw new Error("later");

//// changes in timers stay
setTimeout(() => pm.environment.set("late", "yes"), 5);

//// values list
pm.test("values", () => pm.expect(pm.environment.values.map((v) => v.key)).to.eql(["who", "shared", "num"]));
pm.test("one", () => pm.expect(pm.environment.values.one("who").value).to.equal("ann"));

//// JSON of scopes
pm.test("values", () => pm.expect(JSON.parse(JSON.stringify(pm.environment)).values[0]).to.eql({ type: "any", value: "ann", key: "who" }));

//// replaceIn
pm.test("environment", () => pm.expect(pm.environment.replaceIn("hi {{who}}")).to.equal("hi ann"));
pm.test("variables", () => pm.expect(pm.variables.replaceIn("{{base}}/{{g}}/{{shared}}")).to.equal("http://example.test/glob/from data"));
pm.test("unknown stays", () => pm.expect(pm.variables.replaceIn("{{none}} {{who}}")).to.equal("{{none}} ann"));
pm.test("object", () => pm.expect(pm.variables.replaceIn({ a: "{{who}}", b: ["{{g}}", 1, null, true], c: { d: "{{num}}" } })).to.eql({ a: "ann", b: ["glob", 1, null, true], c: { d: "7" } }));
pm.test("array", () => pm.expect(pm.variables.replaceIn(["{{who}}"])).to.eql(["ann"]));
pm.test("number", () => pm.expect(pm.variables.replaceIn(5)).to.equal(5));
pm.test("null", () => pm.expect(pm.variables.replaceIn(null)).to.equal(null));

//// replaceIn goes deep
pm.variables.set("one", "{{two}}");
pm.variables.set("two", "{{who}}!");
pm.variables.set("key", "who");
pm.test("chain", () => pm.expect(pm.variables.replaceIn("{{one}}")).to.equal("ann!"));
pm.test("name of a name", () => pm.expect(pm.variables.replaceIn("{{{{key}}}}")).to.equal("ann"));

//// dynamic variables
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
pm.test("guid", () => pm.expect(pm.variables.replaceIn("{{$guid}}")).to.match(uuid));
pm.test("fresh each time", () => { const [a, b] = pm.variables.replaceIn("{{$guid}} {{$guid}}").split(" "); pm.expect(a).to.not.equal(b); });
pm.test("timestamp", () => pm.expect(Number(pm.variables.replaceIn("{{$timestamp}}"))).to.be.closeTo(Date.now() / 1000, 5));
pm.test("randomInt", () => pm.expect(Number(pm.variables.replaceIn("{{$randomInt}}"))).to.be.within(0, 1000));
pm.test("isoTimestamp", () => pm.expect(pm.variables.replaceIn("{{$isoTimestamp}}")).to.match(/^\d{4}-\d\d-\d\dT/));
pm.test("randomUUID", () => pm.expect(pm.variables.replaceIn("{{$randomUUID}}")).to.match(uuid));
pm.test("no such", () => pm.expect(pm.variables.replaceIn("{{$nope}}")).to.equal("{{$nope}}"));

//// methods on their own need their object
const { get } = pm.environment;
get("who");

//// assignment is no change
pm.environment.who = "carl";
pm.test("not changed", () => pm.expect(pm.environment.get("who")).to.equal("ann"));
