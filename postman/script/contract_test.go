package script_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/script"
)

// jarHost answers what scripts send, with a jar in memory.
type jarHost struct {
	mu      sync.Mutex
	sent    []string
	cookies map[string]string
	delay   time.Duration
}

func (h *jarHost) Send(ctx context.Context, req json.RawMessage) (script.Response, error) {
	h.mu.Lock()
	h.sent = append(h.sent, string(req))
	h.mu.Unlock()
	if strings.Contains(string(req), "refused") {
		return script.Response{}, errors.New("connect ECONNREFUSED 127.0.0.1:1")
	}
	select {
	case <-time.After(h.delay):
	case <-ctx.Done():
		return script.Response{}, ctx.Err()
	}
	return script.Response{Code: 201, Status: "Created", Body: []byte(`{"sent":true}`), Headers: []script.Header{{Key: "X-H", Value: "v"}}}, nil
}

func (h *jarHost) Cookies(string) []script.Cookie {
	var all []script.Cookie
	for n, v := range h.cookies {
		all = append(all, script.Cookie{Name: n, Value: v, Domain: "example.test", Path: "/"})
	}
	return all
}

func (h *jarHost) SetCookie(_ string, c script.Cookie) error { h.cookies[c.Name] = c.Value; return nil }

func (h *jarHost) DeleteCookie(_, name string) error { delete(h.cookies, name); return nil }

func with(source string, h script.Host) script.Input {
	in := input(source)
	in.Host, in.URL = h, "http://example.test/a?b=1"
	return in
}

// The assertions of a script that is all assertions.
func TestWhatScriptsSee(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"info":                           `pm.expect(pm.info.eventName).to.eql("test"); pm.expect(pm.info.requestName).to.eql("r"); pm.expect(pm.info.iterationCount).to.eql(1)`,
		"location":                       `pm.expect(Array.from(pm.execution.location)).to.eql(["C", "r"]); pm.expect(pm.execution.location.current).to.eql("r")`,
		"environment":                    `pm.environment.set("a", 1); pm.expect(pm.environment.get("a")).to.eql(1); pm.expect(pm.environment.has("a")).to.be.true; pm.environment.unset("a"); pm.expect(pm.environment.has("a")).to.be.false`,
		"objects as values":              `pm.globals.set("o", {x: [1, 2]}); pm.expect(pm.globals.get("o")).to.eql({x: [1, 2]})`,
		"toObject":                       `pm.expect(pm.environment.toObject()).to.eql({who: "ann"})`,
		"clear":                          `pm.environment.clear(); pm.expect(pm.environment.toObject()).to.eql({})`,
		"precedence":                     `pm.globals.set("k", "g"); pm.collectionVariables.set("k", "c"); pm.expect(pm.variables.get("k")).to.eql("c"); pm.environment.set("k", "e"); pm.expect(pm.variables.get("k")).to.eql("e"); pm.variables.set("k", "l"); pm.expect(pm.variables.get("k")).to.eql("l"); pm.expect(pm.environment.get("k")).to.eql("e")`,
		"response":                       `pm.expect(pm.response.code).to.eql(200); pm.expect(pm.response.status).to.eql("OK"); pm.expect(pm.response.responseTime).to.eql(12); pm.expect(pm.response.headers.get("content-type")).to.eql("application/json"); pm.expect(pm.response.text()).to.include("ann"); pm.expect(pm.response.json().n).to.eql(3); pm.expect(pm.response.reason()).to.eql("OK")`,
		"response assertions":            `pm.response.to.have.status(200); pm.response.to.have.status("OK"); pm.response.to.be.ok; pm.response.to.be.success; pm.response.to.be.json; pm.response.to.have.header("Content-Type", "application/json"); pm.response.to.have.jsonBody("who"); pm.response.to.have.jsonBody("n", 3); pm.response.to.not.be.error; pm.response.to.have.body({who: "ann", n: 3})`,
		"schema":                         `pm.response.to.have.jsonSchema({type: "object", required: ["who"], properties: {n: {type: "number"}}}); pm.expect(() => pm.response.to.have.jsonSchema({type: "array"})).to.throw(/schema/)`,
		"request":                        `pm.expect(pm.request.method).to.eql("GET"); pm.expect(pm.request.url.toString()).to.eql("http://example.test/a?b=1"); pm.expect(pm.request.headers.get("X-A")).to.eql("1"); pm.expect(pm.request.url.query.get("b")).to.eql("1")`,
		"lodash":                         `pm.expect(_.chunk([1, 2, 3], 2)).to.eql([[1, 2], [3]]); pm.expect(require("lodash").VERSION).to.match(/^4/)`,
		"moment":                         `pm.expect(require("moment")("2020-02-29").add(1, "year").format("YYYY-MM-DD")).to.eql("2021-02-28")`,
		"crypto-js":                      `pm.expect(CryptoJS.SHA256("a").toString()).to.match(/^ca978112/); pm.expect(CryptoJS.MD5("a").toString()).to.eql("0cc175b9c0f1b6a831c399e269772661")`,
		"ajv":                            `const Ajv = require("ajv"); pm.expect(new Ajv().validate({type: "string"}, 1)).to.be.false`,
		"tv4":                            `pm.expect(tv4.validate({a: 1}, {type: "object", required: ["a"]})).to.be.true`,
		"xml":                            `pm.expect(xml2Json("<a><b>1</b></a>").a.b).to.eql("1")`,
		"cheerio":                        `pm.expect(cheerio.load("<p class=x>hi</p>")(".x").text()).to.eql("hi")`,
		"csv":                            `pm.expect(require("csv-parse/lib/sync")("a,b\n1,2", {columns: true})[0].b).to.eql("2")`,
		"uuid":                           `pm.expect(require("uuid").v4()).to.match(/^[0-9a-f-]{36}$/)`,
		"node modules":                   `for (const m of ["assert", "buffer", "events", "path", "punycode", "querystring", "stream", "string_decoder", "timers", "url", "util"]) pm.expect(require(m), m).to.be.ok; require("assert").strictEqual(1, 1); pm.expect(require("path").join("a", "..", "b")).to.eql("b")`,
		"a module that is not":           `pm.expect(() => require("fs")).to.throw(/Cannot find module 'fs'/)`,
		"collection sdk":                 `const {Url} = require("postman-collection"); pm.expect(new Url("http://a.test/x?y=1").getQueryString()).to.eql("y=1")`,
		"url":                            `const u = new URL("http://a.test:8080/x?y=1#z"); pm.expect(u.port).to.eql("8080"); pm.expect(u.searchParams.get("y")).to.eql("1"); pm.expect(new URLSearchParams({a: "b c"}).toString()).to.eql("a=b+c")`,
		"text and bytes":                 `pm.expect(new TextDecoder().decode(new TextEncoder().encode("Größe €"))).to.eql("Größe €"); pm.expect(atob(btoa("abc"))).to.eql("abc"); pm.expect(Buffer.from("abc").toString("hex")).to.eql("616263")`,
		"clone":                          `const a = {d: new Date(0), m: new Map([[1, 2]])}; a.self = a; const b = structuredClone(a); pm.expect(b.self).to.equal(b); pm.expect(b.d.getTime()).to.eql(0); pm.expect(b.m.get(1)).to.eql(2)`,
		"random":                         `pm.expect(crypto.getRandomValues(new Uint8Array(8)).length).to.eql(8); pm.expect(crypto.randomUUID()).to.match(/^[0-9a-f-]{36}$/)`,
		"intl":                           `pm.expect((1234.5).toLocaleString("en-US")).to.eql("1,234.5")`,
		"legacy":                         `postman.setEnvironmentVariable("x", "1"); pm.expect(environment.x).to.eql("1"); pm.expect(responseCode.code).to.eql(200); pm.expect(responseBody).to.include("ann"); pm.expect(JSON.parse(responseBody).n).to.eql(3); pm.expect(request.method).to.eql("GET"); pm.expect(iteration).to.eql(0); pm.expect(responseBody.has("ann")).to.be.true`,
		"expect":                         `pm.expect([1, 2]).to.have.lengthOf(2); pm.expect({a: {b: 1}}).to.have.nested.property("a.b", 1); pm.expect("abc").to.match(/b/); pm.expect(null).to.be.null; pm.expect(2).to.be.within(1, 3); pm.expect([3, 1]).to.have.members([1, 3]); pm.expect(() => { throw new TypeError("x") }).to.throw(TypeError, "x")`,
		"a property of chai that is not": `let e; try { pm.expect(1).to.bee.ok } catch (x) { e = x } pm.expect(e).to.be.an("error")`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := newSandbox(t).Run(t.Context(), input(source))
			require.Nil(t, out.Error, "%+v", out.Error)
			require.False(t, out.Fatal)
		})
	}
}

func TestAssertionsAreRecordedInOrder(t *testing.T) {
	t.Parallel()
	out := newSandbox(t).Run(t.Context(), input(`
		pm.test("passes", () => {});
		pm.test("fails", () => pm.expect(1).to.equal(2));
		pm.test("throws", () => { throw new TypeError("boom"); });
		pm.test.skip("skipped", () => {});
		pm.test("no function");
		pm.test("done", (done) => setTimeout(done, 1));
		pm.test("done with an error", (done) => setTimeout(() => done(new Error("no")), 2));
		pm.test("never done", (done) => {});
		tests["b"] = true; tests["a"] = false; tests["1"] = true;
	`))
	require.Nil(t, out.Error)
	var got []string
	for _, a := range out.Assertions {
		s := a.Name
		if a.Skipped {
			s += " skipped"
		}
		if a.Error != nil {
			s += " " + a.Error.Name + ": " + a.Error.Message
		}
		got = append(got, s)
	}
	require.ElementsMatch(t, []string{
		"passes", "fails AssertionError: expected 1 to equal 2", "throws TypeError: boom", "skipped skipped", "no function",
		"done", "done with an error Error: no", "1", "b", "a AssertionError: expected false to be truthy",
	}, got)
	require.Equal(t, "passes", got[0])
}

func TestWhatAScriptLeavesBehind(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	in := input(`pm.request.headers.upsert({key: "X-A", value: "2"}); pm.request.url.query.add({key: "c", value: "3"}); console.warn("w", {a: 1}); pm.execution.setNextRequest("first"); postman.setNextRequest("other")`)
	in.Phase, in.Response = script.PreRequest, nil
	out := s.Run(t.Context(), in)
	require.Nil(t, out.Error)
	require.Equal(t, &script.Next{Name: "other"}, out.Next, "the last call counts")
	require.Contains(t, string(out.Request), `"2"`)
	require.Contains(t, string(out.Request), `"c"`)
	require.Contains(t, out.Console, script.Console{Level: "warn", Args: []string{"w", "{ a: 1 }"}})

	in.Source = `pm.request.method; pm.execution.setNextRequest(null)`
	out = s.Run(t.Context(), in)
	require.Nil(t, out.Request, "looking changes nothing")
	require.Equal(t, &script.Next{Stop: true}, out.Next)

	in.Source = `pm.execution.skipRequest(); pm.environment.set("after", 1)`
	out = s.Run(t.Context(), in)
	require.True(t, out.Skip)
	require.Nil(t, out.Error)
	require.LessOrEqual(t, in.Scopes.Environment.Len(), 1, "the script ends there")
}

func TestHowAScriptFails(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	for source, want := range map[string]script.Error{
		`nothing.here`:                {Name: "ReferenceError", Message: "nothing is not defined"},
		`undefined.x`:                 {Name: "TypeError", Message: "Cannot read properties of undefined (reading 'x')"},
		`throw new RangeError("r")`:   {Name: "RangeError", Message: "r"},
		`throw "text"`:                {},
		`pm.expect(1).to.equal(2)`:    {Name: "AssertionError", Message: "expected 1 to equal 2"},
		`JSON.parse("")`:              {Name: "JSONError", Message: "No data, empty input at 1:1\n\n^"},
		`const a = 1; a = 2`:          {Name: "TypeError", Message: "Assignment to constant variable."},
		`pm.require("@team/package")`: {Name: "Error"},
	} {
		out := s.Run(t.Context(), input(source))
		require.NotNil(t, out.Error, source)
		require.Equal(t, want.Name, out.Error.Name, source)
		if want.Message != "" {
			require.Equal(t, want.Message, out.Error.Message, source)
		}
		require.False(t, out.Fatal, source)
	}
	out := s.Run(t.Context(), input(`if (`))
	require.Equal(t, "SyntaxError", out.Error.Name)
	out = s.Run(t.Context(), input(`pm.test("before", () => {}); boom()`))
	require.Len(t, out.Assertions, 1, "earlier assertions stand")
}

func TestScriptsSendRequests(t *testing.T) {
	t.Parallel()
	h := &jarHost{cookies: map[string]string{"sid": "1"}}
	out := newSandbox(t).Run(t.Context(), with(`
		pm.sendRequest("http://example.test/a", (err, res) => {
			pm.test("callback", () => { pm.expect(err).to.equal(null); pm.expect(res.code).to.eql(201); pm.expect(res.json().sent).to.be.true; });
			pm.sendRequest({url: "http://example.test/refused", method: "POST"}, (err, res) => {
				pm.test("error", () => { pm.expect(err.message).to.include("ECONNREFUSED"); pm.expect(res.code).to.equal(undefined); });
			});
		});
		pm.sendRequest("http://example.test/b").then((res) => pm.test("promise", () => pm.expect(res.headers.get("x-h")).to.eql("v")));
		pm.test("cookies", () => pm.expect(pm.cookies.get("sid")).to.eql("1"));
		pm.cookies.jar().set("http://example.test/", "n", "2", () => {
			pm.cookies.jar().get("http://example.test/", "n", (err, v) => pm.test("jar", () => pm.expect(v).to.eql("2")));
		});
	`, h))
	require.Nil(t, out.Error)
	require.Len(t, h.sent, 3)
	names := map[string]bool{}
	for _, a := range out.Assertions {
		require.Nil(t, a.Error, "%s: %+v", a.Name, a.Error)
		names[a.Name] = true
	}
	require.Equal(t, map[string]bool{"callback": true, "error": true, "promise": true, "cookies": true, "jar": true}, names)
}

func TestATimeoutIsNamedAsInNewman(t *testing.T) {
	t.Parallel()
	in := input(`pm.test("before", () => {}); for (;;);`)
	in.Timeout = 100 * time.Millisecond
	s := newSandbox(t)
	out := s.Run(t.Context(), in)
	require.Equal(t, "Script execution timed out.", out.Error.Message)
	require.True(t, out.Fatal)
	require.Len(t, out.Assertions, 1, "earlier assertions stand")
	require.True(t, s.Run(t.Context(), input(`1`)).Fatal, "a sandbox that hit a limit stays closed")
}

func TestARunThatIsStoppedStopsItsScript(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	in := input(`for (;;);`)
	in.Timeout = 0
	start := time.Now()
	out := newSandbox(t).Run(ctx, in)
	require.NotNil(t, out.Error)
	require.Less(t, time.Since(start), 9*time.Second)
}
