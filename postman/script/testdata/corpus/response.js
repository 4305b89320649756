//// code, status, times
pm.test("code", () => pm.expect(pm.response.code).to.equal(201));
pm.test("status", () => pm.expect(pm.response.status).to.equal("Created"));
pm.test("time", () => pm.expect(pm.response.responseTime).to.equal(42));
pm.test("size", () => pm.expect(pm.response.responseSize).to.equal(112));
pm.test("reason", () => pm.expect(pm.response.reason()).to.equal("Created"));

//// text and json
pm.test("text", () => pm.expect(pm.response.text()).to.be.a("string").and.include('"name":"ann"'));
pm.test("json", () => pm.expect(pm.response.json().nested.deep[1].x).to.equal(2));
pm.test("same value", () => pm.expect(pm.response.json()).to.eql(JSON.parse(pm.response.text())));
pm.test("not the same object", () => pm.expect(pm.response.json()).to.not.equal(pm.response.json()));

//// json with a reviver
pm.test("reviver", () => pm.expect(pm.response.json((k, v) => (k === "id" ? v + 1 : v)).id).to.equal(8));

//// headers
const h = pm.response.headers;
pm.test("get", () => pm.expect(h.get("x-trace")).to.equal("abc"));
pm.test("get none", () => pm.expect(h.get("nope")).to.equal(undefined));
pm.test("has", () => pm.expect([h.has("X-TRACE"), h.has("x-trace", "abc"), h.has("x-trace", "abd"), h.has("nope")]).to.eql([true, true, false, false]));
pm.test("one", () => pm.expect(h.one("Set-Cookie").value).to.equal("b=2; Path=/; HttpOnly"));
pm.test("count", () => pm.expect(h.count()).to.equal(4));
pm.test("idx", () => pm.expect(h.idx(1).key).to.equal("X-Trace"));
pm.test("all", () => pm.expect(h.all().map((x) => x.key)).to.eql(["Content-Type", "X-Trace", "Set-Cookie", "Set-Cookie"]));
pm.test("toObject", () => pm.expect(h.toObject()).to.eql({ "content-type": "application/json; charset=utf-8", "x-trace": "abc", "set-cookie": ["a=1; Path=/", "b=2; Path=/; HttpOnly"] }));
pm.test("toJSON", () => pm.expect(h.toJSON()[1]).to.eql({ key: "X-Trace", value: "abc" }));

//// walking over headers
const seen = [];
pm.response.headers.each((x) => { seen.push(x.key); });
const some = [];
pm.response.headers.each((x) => { some.push(x.key); return some.length < 2; });
pm.test("each", () => pm.expect(seen).to.have.lengthOf(4));
pm.test("each stops", () => pm.expect(some).to.eql(["Content-Type", "X-Trace"]));
pm.test("map", () => pm.expect(pm.response.headers.map((x) => x.value.length)).to.eql([31, 3, 11, 21]));
pm.test("filter", () => pm.expect(pm.response.headers.filter((x) => x.key === "Set-Cookie")).to.have.lengthOf(2));
pm.test("find", () => pm.expect(pm.response.headers.find({ key: "X-Trace" }).value).to.equal("abc"));
pm.test("reduce", () => pm.expect(pm.response.headers.reduce((n, x) => n + x.key.length, 0)).to.equal(39));
pm.test("no iterator", () => { for (const x of pm.response.headers) pm.expect(x).to.be.an("object"); });

//// header members
const one = pm.response.headers.one("x-trace");
pm.test("toString", () => pm.expect(String(one)).to.equal("X-Trace: abc"));
pm.test("valueOf", () => pm.expect(one.valueOf()).to.equal("abc"));
pm.test("of the list", () => pm.expect(String(pm.response.headers)).to.include("X-Trace: abc\r\n"));
pm.test("indexOf", () => pm.expect([pm.response.headers.indexOf("x-trace"), pm.response.headers.indexOf(one), pm.response.headers.indexOf("nope")]).to.eql([1, 1, -1]));

//// sizes
const s = pm.response.size();
pm.test("body", () => pm.expect(s.body).to.equal(112));
pm.test("total", () => pm.expect(s.total).to.equal(s.body + s.header));
pm.test("header", () => pm.expect(s.header).to.be.above(80));

//// details
const d = pm.response.details();
pm.test("details", () => pm.expect({ name: d.name, code: d.code, standardName: d.standardName }).to.eql({ name: "Created", code: 201, standardName: "Created" }));
pm.test("detail", () => pm.expect(d.detail).to.be.a("string"));

//// content info
pm.test("info", () => pm.expect(pm.response.contentInfo()).to.eql({ contentType: "application/json", mimeType: "text", mimeFormat: "json", charset: "utf-8", fileExtension: "json", fileName: "response.json" }));

//// stream is a buffer
pm.test("buffer", () => pm.expect(Buffer.isBuffer(pm.response.stream)).to.be.true);
pm.test("bytes", () => pm.expect(pm.response.stream.toString("utf8")).to.equal(pm.response.text()));
pm.test("first", () => pm.expect(pm.response.stream[0]).to.equal(123));

//// body is not there
pm.test("body", () => pm.expect(pm.response.body).to.equal(undefined));

//// data URI
pm.test("uri", () => pm.expect(pm.response.dataURI()).to.match(/^data:application\/json;base64, eyJpZCI6/));

//// encoding
pm.test("encoding", () => pm.expect(pm.response.encoding()).to.eql({ format: undefined, source: undefined }));

//// mime is gone
pm.test("mime", () => pm.response.mime());

//// cookies of the response
pm.test("cookies", () => pm.expect(pm.response.cookies).to.be.an("object"));

//// fields can be changed
pm.response.code = 500;
pm.test("code", () => pm.expect(pm.response.code).to.equal(500));
pm.test("have.status", () => pm.response.to.have.status(500));

//// the property cannot be replaced
pm.response = { code: 1 };
pm.test("still there", () => pm.expect(pm.response.code).to.equal(201));

//// no response came [none]
pm.test("object", () => pm.expect(pm.response).to.be.an("object"));
pm.test("code", () => pm.expect(pm.response.code).to.equal(undefined));
pm.test("status", () => pm.expect(pm.response.status).to.equal(undefined));
pm.test("text", () => pm.expect(pm.response.text()).to.equal(undefined));
pm.test("time", () => pm.expect(pm.response.responseTime).to.equal(undefined));
pm.test("headers", () => pm.expect(pm.response.headers.count()).to.equal(0));
pm.test("get", () => pm.expect(pm.response.headers.get("x")).to.equal(undefined));
pm.test("json", () => pm.response.json());
pm.test("have.status", () => pm.response.to.have.status(200));
pm.test("be.ok", () => pm.response.to.be.ok);

//// in a pre-request script [prerequest]
pm.test("undefined", () => pm.expect(pm.response).to.equal(undefined));
pm.test("type", () => pm.expect(typeof pm.response).to.equal("undefined"));
pm.response.json();
