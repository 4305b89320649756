//// texts have parts
tests.has = responseBody.has("ann");
tests.hasNot = responseBody.has("nobody");
tests.pattern = responseBody.has(/a.n/);

//// texts
pm.test("first", () => pm.expect("abc".first(2)).to.equal("ab"));
pm.test("isBlank", () => pm.expect("  ".isBlank()).to.be.true);
pm.test("capitalize", () => pm.expect("hello world".capitalize(true)).to.equal("Hello World"));
pm.test("words", () => pm.expect("a b c".words()).to.eql(["a", "b", "c"]));

//// lists
pm.test("last", () => pm.expect([1, 2, 3].last()).to.equal(3));
pm.test("sum", () => pm.expect([1, 2, 3].sum()).to.equal(6));
pm.test("average", () => pm.expect([2, 4].average()).to.equal(3));
pm.test("unique", () => pm.expect([1, 1, 2].unique()).to.eql([1, 2]));
pm.test("each", () => { let n = 0; [1, 2].each((x) => { n += x; }); pm.expect(n).to.equal(3); });

//// numbers
pm.test("times", () => { let n = 0; (3).times(() => n++); pm.expect(n).to.equal(3); });
pm.test("pad", () => pm.expect((5).pad(3)).to.equal("005"));
pm.test("format", () => pm.expect((1234567).format()).to.equal("1,234,567"));
pm.test("upto", () => pm.expect((1).upto(3)).to.eql([1, 2, 3]));

//// dates
pm.test("format", () => pm.expect(new Date(Date.UTC(2020, 1, 3)).utc(true).format("{yyyy}-{MM}-{dd}")).to.equal("2020-02-03"));
pm.test("create", () => pm.expect(Date.create("2020-05-06").getFullYear()).to.equal(2020));
pm.test("addDays", () => pm.expect(new Date(2020, 0, 31).addDays(1).getMonth()).to.equal(1));

//// objects
pm.test("merge", () => pm.expect(Object.merge({ a: 1 }, { b: 2 })).to.eql({ a: 1, b: 2 }));
pm.test("no method of objects", () => pm.expect(typeof {}.merge).to.equal("undefined"));

//// the built-in methods are as they were
pm.test("map", () => pm.expect([1, 2].map((x) => x * 2)).to.eql([2, 4]));
pm.test("for in", () => { const seen = []; for (const k in ["a"]) seen.push(k); pm.expect(seen).to.eql(["0"]); });
pm.test("keys", () => pm.expect(Object.keys({ a: 1 })).to.eql(["a"]));
