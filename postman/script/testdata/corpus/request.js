//// method and address
pm.test("method", () => pm.expect(pm.request.method).to.equal("POST"));
pm.test("url", () => pm.expect(pm.request.url.toString()).to.equal("http://api.example.test:8080/users/7?page=2&q=a%20b"));
pm.test("as text", () => pm.expect(`${pm.request.url}`).to.equal(pm.request.url.toString()));

//// parts of the address
const u = pm.request.url;
pm.test("protocol", () => pm.expect(u.protocol).to.equal("http"));
pm.test("host", () => pm.expect(u.host).to.eql(["api", "example", "test"]));
pm.test("port", () => pm.expect(u.port).to.equal("8080"));
pm.test("path", () => pm.expect(u.path).to.eql(["users", ":id"]));
pm.test("getHost", () => pm.expect(u.getHost()).to.equal("api.example.test"));
pm.test("getPath", () => pm.expect(u.getPath()).to.equal("/users/7"));
pm.test("unresolved", () => pm.expect(u.getPath(true)).to.equal("/users/:id"));
pm.test("getQueryString", () => pm.expect(u.getQueryString()).to.equal("page=2&q=a%20b"));
pm.test("getPathWithQuery", () => pm.expect(u.getPathWithQuery()).to.equal("/users/7?page=2&q=a%20b"));
pm.test("getRemote", () => pm.expect([u.getRemote(), u.getRemote(true)]).to.eql(["api.example.test:8080", "api.example.test:8080"]));
pm.test("oauth base", () => pm.expect(u.getOAuth1BaseUrl()).to.equal("http://api.example.test:8080/users/7"));
pm.test("getRaw", () => u.getRaw());

//// query
const q = pm.request.url.query;
pm.test("get", () => pm.expect(q.get("page")).to.equal("2"));
pm.test("get disabled", () => pm.expect(q.get("off")).to.equal("1"));
pm.test("has", () => pm.expect([q.has("q"), q.has("none")]).to.eql([true, false]));
pm.test("all", () => pm.expect(q.all().map((p) => p.key)).to.eql(["page", "q", "off"]));
pm.test("toObject", () => pm.expect(q.toObject()).to.eql({ page: "2", q: "a%20b", off: "1" }));
pm.test("enabled", () => pm.expect(q.toObject(true)).to.eql({ page: "2", q: "a%20b" }));
pm.test("toString", () => pm.expect(q.toString()).to.equal("page=2&q=a%20b"));
pm.test("param", () => pm.expect(q.idx(0).toString()).to.equal("page=2"));

//// path variables
const v = pm.request.url.variables;
pm.test("get", () => pm.expect(v.get("id")).to.equal("7"));
pm.test("toObject", () => pm.expect(v.toObject()).to.eql({ id: "7" }));
pm.test("toJSON", () => pm.expect(v.toJSON()).to.eql([{ type: "any", value: "7", key: "id" }]));

//// headers
const h = pm.request.headers;
pm.test("get", () => pm.expect(h.get("content-type")).to.equal("application/json"));
pm.test("last of many", () => pm.expect(h.get("x-many")).to.equal("two"));
pm.test("disabled", () => pm.expect(h.get("X-Off")).to.equal("no"));
pm.test("toObject", () => pm.expect(h.toObject(true, true)).to.eql({ "Content-Type": "application/json", "X-Many": ["one", "two"] }));
pm.test("getHeaders", () => pm.expect(pm.request.getHeaders({ ignoreCase: true, enabled: true })).to.eql({ "content-type": "application/json", "x-many": ["one", "two"] }));
pm.test("contentSize", () => pm.expect(h.contentSize()).to.equal(62));

//// body
pm.test("mode", () => pm.expect(pm.request.body.mode).to.equal("raw"));
pm.test("raw", () => pm.expect(JSON.parse(pm.request.body.raw).tags).to.eql([1, 2]));
pm.test("toString", () => pm.expect(pm.request.body.toString()).to.equal(pm.request.body.raw));
pm.test("isEmpty", () => pm.expect(pm.request.body.isEmpty()).to.be.false);
pm.test("options", () => pm.expect(pm.request.body.options.raw.language).to.equal("json"));

//// auth
pm.test("type", () => pm.expect(pm.request.auth.type).to.equal("bearer"));
pm.test("parameters", () => pm.expect(pm.request.auth.parameters().toObject()).to.eql({ token: "t0k" }));
pm.test("get", () => pm.expect(pm.request.auth.bearer.get("token")).to.equal("t0k"));

//// description
pm.test("description", () => pm.expect(pm.request.description.toString()).to.equal("Creates a user"));
pm.test("content", () => pm.expect(pm.request.description.content).to.equal("Creates a user"));

//// JSON
console.log(JSON.stringify(pm.request));
console.log(JSON.stringify(pm.request.url));
console.log(JSON.stringify(pm.request.headers));
console.log(JSON.stringify(pm.request.body));
console.log(JSON.stringify(pm.request.auth));

//// size
pm.test("size", () => pm.expect(pm.request.size()).to.eql({ body: 27, header: 129, total: 156, source: "COMPUTED" }));

//// a copy
const copy = pm.request.clone();
copy.method = "PUT";
pm.test("copy", () => pm.expect([pm.request.method, copy.method, copy.url.toString() === pm.request.url.toString()]).to.eql(["POST", "PUT", true]));

//// the property cannot be replaced
pm.request = null;
pm.test("there", () => pm.expect(pm.request.method).to.equal("POST"));

//// changes in a test script go nowhere
pm.request.headers.add({ key: "X-New", value: "1" });
pm.request.method = "DELETE";
pm.test("method", () => pm.expect(pm.request.method).to.equal("DELETE"));

//// forEachHeader and finding
const seen = [];
pm.request.forEachHeader((x) => seen.push(x.key));
pm.test("seen", () => pm.expect(seen).to.eql(["Content-Type", "X-Many", "X-Many", "X-Off"]));
pm.test("find", () => pm.expect(pm.request.headers.find((x) => x.disabled).key).to.equal("X-Off"));
pm.test("parent", () => pm.expect(pm.request.headers.one("X-Off").parent()).to.equal(pm.request));
