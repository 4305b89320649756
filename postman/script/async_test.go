package script_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/script"
)

// What newman's sandbox has not, or has otherwise: Postman's own goes further, and
// so do we.
func TestBeyondNewman(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ source, want string }{
		"await":                             {`const r = await pm.sendRequest("http://echo.test/"); pm.test("code", () => pm.expect(r.code).to.equal(200));`, "pass \"code\"\n"},
		"await in parentheses":              {`await (async () => { await null; pm.test("inner", () => {}); })(); pm.test("outer", () => {});`, "pass \"inner\"\npass \"outer\"\n"},
		"await only inside":                 {`(async () => { await null; pm.test("later", () => {}); })(); tests.old = true;`, "pass \"old\"\npass \"later\"\nconsole.warn \"Using \\\"tests\\\" is deprecated. Use \\\"pm.test()\\\" instead.\"\n"},
		"await and an early return":         {`tests.old = true; await null; if (true) return; tests.never = true;`, "pass \"old\"\nconsole.warn \"Using \\\"tests\\\" is deprecated. Use \\\"pm.test()\\\" instead.\"\n"},
		"await of a rejection":              {`await Promise.reject(new TypeError("no")); pm.test("never", () => {});`, "ERROR TypeError: \"no\"\n"},
		"await of a failed request":         {`try { await pm.sendRequest("http://refused.test/"); } catch (e) { pm.test(e.code, () => {}); }`, "pass \"ECONNREFUSED\"\n"},
		"the word in a text":                {`const s = "await"; pm.test(s, () => {});`, "pass \"await\"\n"},
		"a syntax error beside it":          {`await 1; const = 2;`, "ERROR SyntaxError: \"Unexpected token '='\"\n"},
		"a test that is async":              {`pm.test("a", async () => { await new Promise((r) => setTimeout(r, 5)); pm.expect(1).to.equal(2); }); pm.test("b", () => {});`, "FAIL \"a\" AssertionError: \"expected 1 to equal 2\"\npass \"b\"\n"},
		"a test that gives a promise":       {`pm.test("a", () => pm.sendRequest("http://echo.test/").then((r) => pm.expect(r.code).to.equal(200)));`, "pass \"a\"\n"},
		"a test that is rejected with text": {`pm.test("a", () => Promise.reject("why"));`, "FAIL \"a\" : \"\"\n"},
		"a test that never ends":            {`pm.test("a", () => new Promise(() => {})); pm.test("b", () => {});`, "FAIL \"a\" Error: \"The test did not finish: its promise was never settled.\"\npass \"b\"\n"},
		"names of the API as variables":     {`const data = pm.response.json(), _ = require("lodash"), tests = 1; let request = 2; pm.test(_.VERSION[0] + data.id + tests + request, () => {});`, "pass \"4712\"\n"},
		"arguments of timers":               {`setTimeout((a, b) => pm.test(a + b, () => {}), 1, "x", "y");`, "pass \"xy\"\n"},
		"a rejection of nothing":            {`Promise.reject();`, "ERROR : \"\"\n"},
		"a rejection that is heard late":    {`const p = Promise.reject(new Error("x")); p.catch(() => pm.test("heard", () => {}));`, "pass \"heard\"\n"},
		"a rejection that nobody hears":     {`pm.test("a", () => {}); new Promise((_, no) => setTimeout(() => no(new RangeError("x")), 5)); setTimeout(() => pm.test("b", () => {}), 20);`, "pass \"a\"\npass \"b\"\nERROR RangeError: \"x\"\n"},
		"sendRequest of nothing":            {`await pm.sendRequest().catch((e) => pm.test(e.message, () => {}));`, "pass \"sendrequest: nothing to request\"\n"},
		"console.table":                     {`console.table([1]); console.trace("t"); console.assert(false, "no");`, "console.log \"[ 1 ]\"\nconsole.debug \"t\"\nconsole.error \"Assertion failed\" \"no\"\n"},
		"pm.require":                        {`pm.require("@team/lib")`, "ERROR Error: \"Cannot find package '@team/lib': pm.require loads nothing here; require() has the built-in libraries\"\n"},
		"the vault":                         {`await pm.vault.get("x")`, "ERROR Error: \"pm.vault.get is not supported here: scripts have no vault\"\n"},
		"runRequest":                        {`await pm.execution.runRequest("x")`, "ERROR Error: \"pm.execution.runRequest is not supported here\"\n"},
		"tests in strict functions":         {`(function () { "use strict"; tests.a = true; })();`, "pass \"a\"\nconsole.warn \"Using \\\"tests\\\" is deprecated. Use \\\"pm.test()\\\" instead.\"\n"},
		"names inside modules":              {`pm.test([typeof process, typeof __varGet, typeof __load].join(), () => {});`, "pass \"undefined,undefined,undefined\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, runCase(t.Context(), newSandbox(t), corpusCase{source: c.source, phase: script.Test}).String())
		})
	}
}

func TestSkipRequestCannotBeCaught(t *testing.T) {
	t.Parallel()
	in := input(`
		pm.test("before", () => {});
		try { pm.test("inside", () => pm.execution.skipRequest()); } catch (e) {}
		pm.test("after", () => {}); pm.environment.set("after", 1); console.log("after"); setTimeout(() => pm.globals.set("later", 1), 0);
	`)
	in.Phase, in.Response = script.PreRequest, nil
	out := newSandbox(t).Run(t.Context(), in)
	require.True(t, out.Skip)
	require.Nil(t, out.Error)
	require.Len(t, out.Assertions, 1)
	require.Empty(t, out.Console)
	require.False(t, out.Fatal)
	_, set := in.Scopes.Environment.Lookup("after")
	require.False(t, set)
	require.Zero(t, in.Scopes.Globals.Len())
}

func TestErrorsThatNewmanOverlooksAreLate(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	for source, late := range map[string]bool{
		`throw new Error("x")`:                                                 false,
		`setTimeout(() => {}, 1); throw new Error("x")`:                        true,
		`setTimeout(() => { throw new Error("x"); }, 1)`:                       true,
		`pm.sendRequest("http://a.test", () => {}); throw new Error("x")`:      true,
		`pm.sendRequest("http://a.test", () => { throw new Error("x"); })`:     true,
		`Promise.reject(new Error("x"))`:                                       true,
		`await null; throw new Error("x")`:                                     false,
		`setTimeout(() => { throw new Error("later"); }); throw Error("x")`:    true,
		`setImmediate(() => { throw new Error("x"); }); pm.test("y", () => 1)`: true,
	} {
		out := s.Run(t.Context(), with(source, &jarHost{}))
		require.NotNil(t, out.Error, source)
		require.Equal(t, "x", out.Error.Message, source)
		require.Equal(t, late, out.Late, source)
	}
}

func TestAssertionsKnowWhichAnswersCameBefore(t *testing.T) {
	t.Parallel()
	out := newSandbox(t).Run(t.Context(), with(`
		pm.test("zero", () => {});
		pm.sendRequest("http://a.test", () => {
			pm.test("one", () => {});
			pm.sendRequest("http://refused.test", () => pm.test("two", () => {}));
			pm.test("one again", () => {});
		});
	`, &jarHost{}))
	after := make(map[string]int)
	for _, a := range out.Assertions {
		after[a.Name] = a.After
	}
	require.Equal(t, map[string]int{"zero": 0, "one": 1, "one again": 1, "two": 2}, after)
}

func TestBodiesOfManyKinds(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	for name, c := range map[string]struct {
		contentType string
		body        []byte
		want        string
	}{
		"utf-8":                    {"text/plain; charset=utf-8", []byte("Größe €"), "Größe €"},
		"none":                     {"", []byte("Größe"), "Größe"},
		"latin1":                   {"text/plain; charset=ISO-8859-1", []byte{'G', 'r', 0xF6, 0xDF, 'e', 0x80}, "Größe\u0080"},
		"windows-1252":             {"text/plain;charset=windows-1252", []byte{0x80, 0xE4}, "€ä"},
		"utf-16":                   {"text/plain; charset=utf-16le", []byte{'h', 0, 'i', 0}, "hi"},
		"gbk":                      {`text/plain; charset="gbk"`, []byte{0xC4, 0xE3}, "你"},
		"shift_jis":                {"text/plain; charset=Shift_JIS", []byte{0x82, 0xA0}, "あ"},
		"unknown":                  {"text/plain; charset=klingon", []byte("x"), "x"},
		"byte order mark":          {"application/json", []byte("\uFEFF{}"), "{}"},
		"not utf-8":                {"text/plain", []byte{'a', 0xFF, 'b', 0xE2, 0x82, 'c', 0xF0, 0x9F}, "a\uFFFDb\uFFFDc\uFFFD"},
		"empty":                    {"text/plain", nil, ""},
		"null bytes":               {"text/plain", []byte("a\x00b"), "a\x00b"},
		"surrogates in disguise":   {"text/plain", []byte{0xED, 0xA0, 0x80}, "\uFFFD\uFFFD\uFFFD"},
		"overlong":                 {"text/plain", []byte{0xC0, 0x80}, "\uFFFD\uFFFD"},
		"outside of the first 64k": {"text/plain", []byte("😀"), "😀"},
	} {
		in := input(`pm.environment.set("text", pm.response.text()); pm.environment.set("bytes", pm.response.stream.toString("hex")); pm.environment.set("size", pm.response.responseSize)`)
		in.Response = &script.Response{Code: 200, Status: "OK", Headers: []script.Header{{Key: "content-type", Value: c.contentType}}, Body: c.body}
		out := s.Run(t.Context(), in)
		require.Nil(t, out.Error, "%s: %+v", name, out.Error)
		text, _ := in.Scopes.Environment.Lookup("text")
		require.Equal(t, c.want, text, name)
		size, _ := in.Scopes.Environment.Lookup("size")
		require.InDelta(t, len(c.body), size, 0, name)
	}
}

func TestASandboxKeepsWhatARunKeeps(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	s.Run(t.Context(), input(`shared = {n: 1}; var own = 1; const other = 2; pm.variables.set("l", 1); console.log = () => {}; pm.expect = null; pm.mine = 1; responseBody = "x"`))
	out := s.Run(t.Context(), input(`
		pm.test("kept", () => pm.expect(shared.n).to.equal(1));
		pm.test("gone", () => pm.expect([typeof own, typeof other, pm.mine]).to.eql(["undefined", "undefined", undefined]));
		pm.test("as before", () => pm.expect(responseBody).to.include("ann"));
		console.log("heard");
	`))
	require.Nil(t, out.Error)
	require.Len(t, out.Assertions, 3)
	for _, a := range out.Assertions {
		require.Nil(t, a.Error, a.Name)
	}
	require.Len(t, out.Console, 1)
}

func TestHostErrorsReachTheScript(t *testing.T) {
	t.Parallel()
	out := newSandbox(t).Run(t.Context(), input(`
		pm.sendRequest("http://a.test", (err) => pm.test(err.message, () => {}));
		pm.cookies.jar().set("http://a.test", "a", "b", (err) => pm.test(err.message, () => {}));
		try { crypto.getRandomValues(new Uint8Array(70000)); } catch (e) { pm.test(e.name, () => {}); }
	`))
	require.Nil(t, out.Error)
	names := make([]string, len(out.Assertions))
	for i, a := range out.Assertions {
		names[i] = a.Name
	}
	require.ElementsMatch(t, []string{"requests can't be sent here", "CookieStore: no store found", "QuotaExceededError"}, names)
}

// orderedHost notes the order in which requests come to it.
type orderedHost struct {
	jarHost
	tells bool
}

func (h *orderedHost) Send(ctx context.Context, req json.RawMessage) (script.Response, error) {
	r, err := h.jarHost.Send(ctx, req)
	if h.tells {
		script.Sent(ctx)
		<-ctx.Done()
	}
	return r, err
}

func TestRequestsGoOutInOrder(t *testing.T) {
	t.Parallel()
	const source = `for (let i = 0; i < 20; i++) pm.sendRequest("http://a.test/" + i, () => {})`
	for _, tells := range []bool{false, true} {
		h := &orderedHost{tells: tells}
		in := with(source, h)
		in.Timeout = 500 * slow * time.Millisecond // those that tell are never answered
		newSandbox(t).Run(t.Context(), in)
		require.Len(t, h.sent, 20)
		for i, r := range h.sent {
			require.Contains(t, r, fmt.Sprintf(`"path":["%d"]`, i))
		}
	}
	script.Sent(t.Context()) // of no request: nothing happens
}

func TestWhatIsSentIsAPostmanRequest(t *testing.T) {
	t.Parallel()
	h := &jarHost{}
	newSandbox(t).Run(t.Context(), with(`pm.sendRequest({url: "https://{{h}}:8443/a/:b?c=d", method: "post", header: {A: "1"}, auth: {type: "basic", basic: [{key: "username", value: "u"}]}, body: {mode: "raw", raw: "x"}}, () => {})`, h))
	require.Len(t, h.sent, 1)
	require.JSONEq(t, `{"url":{"protocol":"https","port":"8443","path":["a",":b"],"host":["{{h}}"],"query":[{"key":"c","value":"d"}],"variable":[{"type":"any","key":"b"}]},
		"method":"POST","header":[{"key":"A","value":"1"}],"auth":{"type":"basic","basic":[{"type":"any","value":"u","key":"username"}]},"body":{"mode":"raw","raw":"x"}}`, h.sent[0])
}

func TestWithoutTheLibraries(t *testing.T) {
	t.Parallel()
	require.True(t, script.Bundled())
	require.ErrorContains(t, script.ErrNoBundle, "make bundle")
}

func TestMemoryIsAnOption(t *testing.T) {
	t.Parallel()
	s, err := script.New(script.Options{Memory: 16 << 20})
	require.NoError(t, err)
	s.Close()
	s.Close()
	require.True(t, s.Run(t.Context(), input(`1`)).Fatal, "it is closed")
	s, err = script.New(script.Options{Memory: 16 << 20})
	require.NoError(t, err)
	defer s.Close()
	out := s.Run(t.Context(), input(`const a = new Uint8Array(20 << 20)`))
	require.Equal(t, "the script used more memory than the 16 MiB that it may", out.Error.Message)
	_, err = script.New(script.Options{Memory: 1 << 10})
	require.Error(t, err)
}

func TestAnErrorSaysWhereItWas(t *testing.T) {
	t.Parallel()
	out := newSandbox(t).Run(t.Context(), input("const a = 1;\nfunction inner() {\n  a.b.c();\n}\ninner();"))
	require.Equal(t, "    at inner (script:3:6)\n    at (script:5:6)\n", out.Error.Stack)
	require.Equal(t, "TypeError: Cannot read properties of undefined (reading 'c')", out.Error.Error())
	require.Equal(t, "only this", (&script.Error{Message: "only this"}).Error())
	var e *script.Error
	require.ErrorAs(t, error(out.Error), &e)
	require.NotErrorIs(t, out.Error, script.ErrNoBundle)
}

func TestLargeBodies(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(map[string]any{"list": make([]map[string]int, 20000), "text": string(make([]byte, 1<<20))})
	require.NoError(t, err)
	in := input(`pm.test("list", () => pm.expect(pm.response.json().list).to.have.lengthOf(20000)); pm.test("size", () => pm.expect(pm.response.responseSize).to.be.above(1e6));`)
	in.Response.Body, in.Timeout = body, 20*slow*time.Second
	out := newSandbox(t).Run(t.Context(), in)
	require.Nil(t, out.Error)
	require.Len(t, out.Assertions, 2)
	require.Nil(t, out.Assertions[0].Error)
}
