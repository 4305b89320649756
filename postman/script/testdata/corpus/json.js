//// parse
pm.test("object", () => pm.expect(JSON.parse('{"a":[1,2,{"b":null}]}')).to.eql({ a: [1, 2, { b: null }] }));
pm.test("reviver", () => pm.expect(JSON.parse("[1,2]", (k, v) => (typeof v === "number" ? v * 2 : v))).to.eql([2, 4]));
pm.test("scalars", () => pm.expect([JSON.parse("1"), JSON.parse('"x"'), JSON.parse("null"), JSON.parse(" true ")]).to.eql([1, "x", null, true]));

//// parse of HTML
JSON.parse("<html><body>Not found</body></html>");

//// parse of nothing
JSON.parse("");

//// parse of undefined
JSON.parse(undefined);

//// parse of null
pm.test("null", () => pm.expect(JSON.parse(null)).to.equal(null));

//// parse of an object
JSON.parse({ a: 1 });

//// parse of half a text
JSON.parse('{"a": 1, "b"');

//// parse with a trailing comma
JSON.parse('{"a": 1,}');

//// parse of single quotes
JSON.parse("{'a': 1}");

//// parse of names without quotes
JSON.parse("{a: 1}");

//// parse of a plain text
JSON.parse("Unauthorized");

//// parse of many lines
JSON.parse('{\n  "a": 1,\n  "b": oops\n}');

//// parse of control characters
JSON.parse('{"a": "line\nbreak"}');

//// parse of a number with zero
JSON.parse("01");

//// parse with a byte order mark
pm.test("mark", () => pm.expect(JSON.parse("\ufeff{\"a\":1}").a).to.equal(1));

//// parse errors in tests
pm.test("html", () => JSON.parse("<p>"));
pm.test("instance", () => { try { JSON.parse("{"); } catch (e) { pm.expect([e instanceof SyntaxError, e.name]).to.eql([true, "JSONError"]); } });
pm.test("two values", () => JSON.parse("{} {}"));
pm.test("bad escape", () => JSON.parse('"\\x"'));
pm.test("unclosed", () => JSON.parse('["a", "b"'));
pm.test("nan", () => JSON.parse("NaN"));

//// stringify
pm.test("object", () => pm.expect(JSON.stringify({ b: 1, a: [undefined, null, NaN], c: undefined, d: () => {} })).to.equal('{"b":1,"a":[null,null,null]}'));
pm.test("indent", () => pm.expect(JSON.stringify({ a: [1] }, null, 2)).to.equal('{\n  "a": [\n    1\n  ]\n}'));
pm.test("replacer", () => pm.expect(JSON.stringify({ a: 1, b: 2 }, ["b"])).to.equal('{"b":2}'));
pm.test("toJSON", () => pm.expect(JSON.stringify({ toJSON: () => "x" })).to.equal('"x"'));
pm.test("undefined", () => pm.expect(JSON.stringify(undefined)).to.equal(undefined));
pm.test("emoji", () => pm.expect(JSON.stringify("\u{1F600}\ud800")).to.equal('"\u{1F600}\\ud800"'));

//// stringify of an error
pm.test("error", () => pm.expect(JSON.stringify(new Error("m"))).to.equal('{"type":"Error","name":"Error","message":"m"}'));

//// big numbers
pm.test("lost digits", () => pm.expect(JSON.parse("12345678901234567890")).to.equal(12345678901234567000));
pm.test("exponents", () => pm.expect(JSON.parse("[1e3, 1E-2, -0]")).to.eql([1000, 0.01, -0]));

//// deep
const deep = "[".repeat(500) + "]".repeat(500);
pm.test("500 levels", () => pm.expect(JSON.stringify(JSON.parse(deep))).to.equal(deep));

//// stringify of a bigint
JSON.stringify({ a: 1n });
