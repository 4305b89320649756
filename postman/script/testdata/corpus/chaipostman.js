//// status
pm.test("code", () => pm.response.to.have.status(201));
pm.test("wrong code", () => pm.response.to.have.status(200));
pm.test("reason", () => pm.response.to.have.status("Created"));
pm.test("wrong reason", () => pm.response.to.have.status("OK"));
pm.test("not", () => pm.response.to.not.have.status(201));
pm.test("statusCode", () => pm.response.to.have.statusCode(404));
pm.test("statusReason", () => pm.response.to.have.statusReason("Teapot"));
pm.test("statusCodeClass", () => pm.response.to.have.statusCodeClass(4));

//// classes
pm.test("success", () => pm.response.to.be.success);
pm.test("info", () => pm.response.to.be.info);
pm.test("redirection", () => pm.response.to.be.redirection);
pm.test("clientError", () => pm.response.to.be.clientError);
pm.test("serverError", () => pm.response.to.be.serverError);
pm.test("error", () => pm.response.to.be.error);
pm.test("not error", () => pm.response.to.not.be.error);

//// names of codes
pm.test("ok", () => pm.response.to.be.ok);
pm.test("accepted", () => pm.response.to.be.accepted);
pm.test("withoutContent", () => pm.response.to.be.withoutContent);
pm.test("badRequest", () => pm.response.to.be.badRequest);
pm.test("unauthorized", () => pm.response.to.be.unauthorized);
pm.test("unauthorised", () => pm.response.to.be.unauthorised);
pm.test("forbidden", () => pm.response.to.be.forbidden);
pm.test("notFound", () => pm.response.to.be.notFound);
pm.test("notAcceptable", () => pm.response.to.be.notAcceptable);
pm.test("rateLimited", () => pm.response.to.be.rateLimited);
pm.test("not ok", () => pm.response.to.not.be.ok);

//// ok of other values
pm.test("true", () => pm.expect(true).to.be.ok);
pm.test("zero", () => pm.expect(0).to.be.ok);

//// header
pm.test("has", () => pm.response.to.have.header("x-trace"));
pm.test("has not", () => pm.response.to.have.header("x-none"));
pm.test("value", () => pm.response.to.have.header("X-Trace", "abc"));
pm.test("other value", () => pm.response.to.have.header("X-Trace", "xyz"));
pm.test("not", () => pm.response.to.not.have.header("X-Trace"));

//// body
pm.test("any", () => pm.response.to.have.body());
pm.test("withBody", () => pm.response.to.be.withBody);
pm.test("text", () => pm.response.to.have.body("nope"));
pm.test("pattern", () => pm.response.to.have.body(/ann/));
pm.test("other pattern", () => pm.response.to.have.body(/bob/));
pm.test("object", () => pm.response.to.have.body({ id: 7 }));
pm.test("same object", () => pm.response.to.have.body(pm.response.json()));

//// json
pm.test("json", () => pm.response.to.be.json);
pm.test("not json", () => pm.response.to.not.be.json);
pm.test("jsonBody", () => pm.response.to.have.jsonBody());

//// jsonBody with a path
pm.test("path", () => pm.response.to.have.jsonBody("nested.deep[0].x"));
pm.test("no path", () => pm.response.to.have.jsonBody("nested.none"));
pm.test("value", () => pm.response.to.have.jsonBody("name", "ann"));
pm.test("other value", () => pm.response.to.have.jsonBody("name", "bob"));
pm.test("array value", () => pm.response.to.have.jsonBody("tags", ["a", "b"]));
pm.test("null", () => pm.response.to.have.jsonBody("nil", null));
pm.test("not", () => pm.response.to.not.have.jsonBody("name"));

//// jsonSchema
const schema = { type: "object", required: ["id", "name"], properties: { id: { type: "number" }, name: { type: "string" } } };
pm.test("valid", () => pm.response.to.have.jsonSchema(schema));
pm.test("invalid", () => pm.response.to.have.jsonSchema({ type: "object", required: ["email"], properties: { id: { type: "string" } } }));
pm.test("of a value", () => pm.expect({ a: 1 }).to.have.jsonSchema({ properties: { a: { type: "string" } } }));
pm.test("not", () => pm.expect([]).to.not.have.jsonSchema({ type: "object" }));
pm.test("no schema", () => pm.response.to.have.jsonSchema("text"));
pm.test("options", () => pm.expect({ a: 1, b: 2 }).to.have.jsonSchema({ properties: { a: { type: "string" }, b: { type: "string" } } }, { allErrors: false }));

//// response time
pm.test("below", () => pm.expect(pm.response.responseTime).to.be.below(10));
pm.test("have", () => pm.response.to.have.responseTime.below(100));
pm.test("above", () => pm.response.to.have.responseTime.above(100));
pm.test("exact", () => pm.response.to.have.responseTime(41));
pm.test("size", () => pm.response.to.have.responseSize.below(1000));

//// what it is
pm.test("response", () => pm.response.to.be.a.postmanResponse);
pm.test("request", () => pm.request.to.be.a.postmanRequest);
pm.test("either", () => pm.request.to.be.a.postmanRequestOrResponse);
pm.test("not", () => pm.request.to.not.be.a.postmanResponse);
pm.test("text is none", () => pm.expect("x").to.be.a.postmanResponse);
pm.test("status of a text", () => pm.expect("x").to.have.status(200));
pm.test("header of a number", () => pm.expect(5).to.have.header("a"));

//// expect(pm.response)
pm.test("status", () => pm.expect(pm.response).to.have.status(201));
pm.test("property", () => pm.expect(pm.response).to.have.property("code", 201));
pm.test("headers", () => pm.expect(pm.response.headers).to.be.an("object"));

//// request header
pm.test("has", () => pm.request.to.have.header("content-type"));
pm.test("value", () => pm.request.to.have.header("Content-Type", "text/plain"));
pm.test("none", () => pm.request.to.not.have.header("x-none"));
