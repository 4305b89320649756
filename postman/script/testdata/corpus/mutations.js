//// nothing changed [prerequest]
pm.request.url.toString();

//// method [prerequest]
pm.request.method = "PATCH";

//// header added [prerequest]
pm.request.headers.add({ key: "X-New", value: "1" });

//// header added as text [prerequest]
pm.request.headers.add("X-Text: some value");

//// header added twice [prerequest]
pm.request.headers.add({ key: "X-Twice", value: "1" });
pm.request.headers.add({ key: "X-Twice", value: "2" });

//// header upserted [prerequest]
pm.request.headers.upsert({ key: "content-type", value: "text/plain" });
pm.request.headers.upsert({ key: "X-Other", value: "new" });

//// header removed [prerequest]
pm.request.headers.remove("x-many");

//// header removed by a rule [prerequest]
pm.request.headers.remove((h) => h.value === "one");

//// headers cleared [prerequest]
pm.request.headers.clear();

//// headers set anew [prerequest]
pm.request.headers.repopulate([{ key: "A", value: "1" }, { key: "B", value: "2", disabled: true }]);

//// headers populated of text [prerequest]
pm.request.headers.populate("C: 3\nD: 4\n");

//// headers populated of an object [prerequest]
pm.request.headers.populate({ E: "5", F: "6" });

//// headers inserted in places [prerequest]
pm.request.headers.prepend(new (require("postman-collection").Header)({ key: "First", value: "1" }));
pm.request.headers.insertAfter(new (require("postman-collection").Header)("After: 2"), "First");

//// addHeader and its kin [prerequest]
pm.request.addHeader({ key: "X-A", value: "a" });
pm.request.upsertHeader({ key: "X-A", value: "b" });
pm.request.upsertHeader({ key: "X-C", value: "c" });
pm.request.removeHeader("X-Off");
pm.request.removeHeader("x-MANY", { ignoreCase: true });

//// header value changed in place [prerequest]
pm.request.headers.one("Content-Type").value = "application/xml";

//// header disabled [prerequest]
pm.request.headers.one("Content-Type").disabled = true;

//// address as text [prerequest]
pm.request.url = "https://other.test/x?y=1#z";

//// address updated [prerequest]
pm.request.url.update("https://user:pass@other.test:444/a/:b/c?d=e&f");

//// address with names [prerequest]
pm.request.url.update("{{base}}/x/{{a.b}}?q={{c?d}}");

//// address of parts [prerequest]
pm.request.url.update({ protocol: "https", host: "a.b.test", path: "/one/two", query: { x: "1", y: "2" } });

//// parts of the address [prerequest]
pm.request.url.host = ["changed", "test"];
pm.request.url.path.push("more");
pm.request.url.port = undefined;
pm.request.url.protocol = "https";

//// query added [prerequest]
pm.request.url.query.add({ key: "sig", value: "a=b&c" });
pm.request.url.addQueryParams("x=1&y=2");
pm.request.addQueryParams([{ key: "z", value: "3" }]);

//// query removed [prerequest]
pm.request.removeQueryParams("page");
pm.request.url.query.remove("q");

//// query upserted [prerequest]
pm.request.url.query.upsert({ key: "page", value: "9" });

//// query cleared [prerequest]
pm.request.url.query.clear();

//// query member as text [prerequest]
pm.request.url.query.add("k=v=w");
pm.request.url.query.add("lonely");

//// path variable [prerequest]
pm.request.url.variables.one("id").set("99");

//// path variable upserted [prerequest]
pm.request.url.variables.upsert({ key: "id", value: "100" });

//// raw body [prerequest]
pm.request.body.raw = "changed";

//// body updated of text [prerequest]
pm.request.body.update("just text");

//// body updated to a form [prerequest]
pm.request.body.update({ mode: "urlencoded", urlencoded: [{ key: "a", value: "1" }, { key: "b", value: "2", disabled: true }] });

//// body updated to a form of text [prerequest]
pm.request.body.update({ mode: "urlencoded", urlencoded: "a=1&b=2" });

//// body updated to form data [prerequest]
pm.request.body.update({ mode: "formdata", formdata: [{ key: "a", value: "1", type: "text" }, { key: "f", type: "file", src: "/x" }] });

//// body updated to graphql [prerequest]
pm.request.body.update({ mode: "graphql", graphql: { query: "{a}", variables: "{}" } });

//// body updated to a file [prerequest]
pm.request.body.update({ mode: "file", file: "/path" });

//// form members [prerequest]
pm.request.body.update({ mode: "urlencoded", urlencoded: [] });
pm.request.body.urlencoded.add({ key: "n", value: "v" });
pm.request.body.urlencoded.upsert({ key: "n", value: "w" });
pm.test("as text", () => pm.expect(pm.request.body.toString()).to.equal("n=w"));

//// request updated [prerequest]
pm.request.update({ url: "http://u.test/", method: "put", header: [{ key: "H", value: "1" }], body: { mode: "raw", raw: "r" } });

//// auth used [prerequest]
pm.request.auth.use("basic", { username: "u", password: "p" });

//// auth updated [prerequest]
pm.request.auth.update([{ key: "token", value: "other" }]);

//// auth by authorizeUsing [prerequest]
pm.request.authorizeUsing("apikey", { key: "k", value: "v", in: "query" });

//// auth by authorizeUsing an object [prerequest]
pm.request.authorizeUsing({ type: "basic", username: "me" });

//// auth taken away [prerequest]
pm.request.authorizeUsing(null);

//// body taken away [prerequest]
delete pm.request.body;

//// changed by a timer [prerequest]
setTimeout(() => pm.request.headers.add({ key: "Late", value: "1" }), 5);

//// changed before an error [prerequest]
pm.request.headers.add({ key: "X", value: "1" });
throw new Error("after the change");
