//// callback
pm.sendRequest("http://echo.test/get?a=1", (err, res) => {
  pm.test("no error", () => pm.expect(err).to.equal(null));
  pm.test("code", () => pm.expect(res.code).to.equal(200));
  pm.test("json", () => pm.expect(res.json().url).to.equal("http://echo.test/get?a=1"));
  pm.test("assertions", () => pm.expect(res).to.have.status(200));
  pm.test("to", () => res.to.be.ok);
});

//// three arguments
pm.sendRequest("http://echo.test/", function (err, res, history) {
  pm.test("count", () => pm.expect(arguments.length).to.equal(3));
  pm.test("cookies", () => pm.expect(history.cookies.get("sid")).to.equal("s1"));
});

//// request object
pm.sendRequest({ url: "http://echo.test/post", method: "POST", header: { "Content-Type": "application/json", "X-A": "1" }, body: { mode: "raw", raw: JSON.stringify({ a: 1 }) } }, (err, res) => {
  console.log(res.text());
  pm.test("method", () => pm.expect(res.json().method).to.equal("POST"));
});

//// header as a list
pm.sendRequest({ url: "http://echo.test/", header: [{ key: "A", value: "1" }, { key: "B", value: "2", disabled: true }] }, (err, res) => console.log(res.text()));

//// header as a text
pm.sendRequest({ url: "http://echo.test/", header: "A: 1\nB: 2" }, (err, res) => console.log(res.text()));

//// header as a list of texts
pm.sendRequest({ url: "http://echo.test/", header: ["A:1", "B: two"] }, (err, res) => console.log(res.text()));

//// lower case method
pm.sendRequest({ url: "http://echo.test/", method: "put" }, (err, res) => console.log(res.text()));

//// form
pm.sendRequest({ url: "http://echo.test/", method: "POST", body: { mode: "urlencoded", urlencoded: [{ key: "a", value: "1" }, { key: "b", value: "x y" }] } }, (err, res) => console.log(res.text()));

//// form as a text
pm.sendRequest({ url: "http://echo.test/", method: "POST", body: { mode: "urlencoded", urlencoded: "a=1&b=2" } }, (err, res) => console.log(res.text()));

//// body as a text
pm.sendRequest({ url: "http://echo.test/", method: "POST", body: "raw text" }, (err, res) => console.log(res.text()));

//// body that is an object
pm.sendRequest({ url: "http://echo.test/", method: "POST", body: { mode: "raw", raw: { a: 1 } } }, (err, res) => console.log(res.text()));

//// form data
pm.sendRequest({ url: "http://echo.test/", method: "POST", body: { mode: "formdata", formdata: [{ key: "a", value: "1" }] } }, (err, res) => console.log(res.text()));

//// address of parts
pm.sendRequest({ url: { protocol: "https", host: ["a", "test"], path: ["x", "y"], query: [{ key: "q", value: "1" }] } }, (err, res) => console.log(res.text()));

//// of the library
const { Request } = require("postman-collection");
pm.sendRequest(new Request({ url: "http://sdk.test/", method: "DELETE" }), (err, res) => console.log(res.text()));

//// the request of the collection
pm.sendRequest(pm.request, (err, res) => pm.test("method", () => pm.expect(res.json().method).to.equal("POST")));

//// error
pm.sendRequest("http://refused.test/", (err, res) => {
  pm.test("error", () => pm.expect(err).to.be.ok);
  pm.test("code", () => pm.expect(err.code).to.equal("ECONNREFUSED"));
  pm.test("response", () => pm.expect(res.code).to.equal(undefined));
});

//// nothing to request
pm.sendRequest(null, (err) => pm.test("message", () => pm.expect(err.message).to.equal("sendrequest: nothing to request")));
pm.sendRequest("", (err) => pm.test("empty", () => pm.expect(err).to.be.an("error")));

//// without a callback
pm.sendRequest("http://echo.test/");
pm.test("goes on", () => {});

//// returns pm
pm.test("pm", () => pm.expect(pm.sendRequest("http://echo.test/", () => {})).to.equal(pm));

//// one after the other
pm.sendRequest("http://echo.test/1", (e, r1) => {
  pm.sendRequest("http://echo.test/2", (e2, r2) => {
    pm.test("both", () => pm.expect([r1.json().url, r2.json().url]).to.eql(["http://echo.test/1", "http://echo.test/2"]));
  });
});

//// variables in a callback
pm.sendRequest("http://echo.test/", (err, res) => { pm.environment.set("sent", res.code); });

//// error in a callback
pm.sendRequest("http://echo.test/", () => { throw new Error("in the callback"); });

//// error while it is on its way
pm.sendRequest("http://echo.test/", () => pm.test("still called", () => {}));
throw new Error("meanwhile");

//// assertion in a callback outside of tests
pm.sendRequest("http://echo.test/", (err, res) => { pm.expect(res.code).to.equal(404); });

//// inside a test with done
pm.test("async", (done) => {
  pm.sendRequest("http://echo.test/", (err, res) => {
    try { pm.expect(res.code).to.equal(500); done(); } catch (e) { done(e); }
  });
});

//// headers of the answer
pm.sendRequest("http://echo.test/", (err, res) => {
  pm.test("header", () => pm.expect(res.headers.get("content-type")).to.equal("application/json"));
  pm.test("time", () => pm.expect(res.responseTime).to.equal(5));
  pm.test("status", () => pm.expect(res.status).to.equal("OK"));
});

//// in a pre-request script [prerequest]
pm.sendRequest("http://echo.test/", (err, res) => { pm.request.headers.add({ key: "X-Code", value: String(res.code) }); });

//// names stay
pm.sendRequest("http://{{host}}/x", (err, res) => console.log(res.json().url));

//// promise around it
new Promise((resolve, reject) => pm.sendRequest("http://echo.test/p", (e, r) => (e ? reject(e) : resolve(r)))).then((r) => pm.test("resolved", () => pm.expect(r.code).to.equal(200)));
