package script_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/script"
)

// FuzzScript runs any text as a script, against any answer: it ends in time, and
// the sandbox says when it can't go on.
func FuzzScript(f *testing.F) {
	f.Add(`pm.test("a", () => pm.expect(pm.response.json()).to.eql(1))`, []byte("1"), "application/json")
	f.Add(`pm.environment.set("a", {b: [1, null]}); pm.sendRequest("x", (e, r) => console.log(e, r))`, []byte{}, "")
	f.Add(`require("crypto-js").MD5(pm.response.text()).toString()`, []byte{0xff, 0}, "text/plain; charset=utf-16")
	f.Add(`pm.request.headers.add({key: "a\r\nb", value: "\u0000"}); postman.setNextRequest(null)`, []byte("x"), "\x00")
	f.Add(`Object.prototype.toJSON = () => { throw 1 }; JSON.parse = null; pm.test("", function () {})`, []byte("{"), "a/b")
	f.Add(`__result(); __begin("1", "{}"); eval("(".repeat(1e5))`, []byte("{"), "a/b")
	f.Fuzz(func(t *testing.T, source string, body []byte, kind string) {
		if len(source) > 10_000 || len(body) > 10_000 {
			t.Skip()
		}
		s, err := script.New(script.Options{Memory: 16 << 20})
		require.NoError(t, err)
		defer s.Close()
		in := with(source, &jarHost{})
		in.Timeout = 200 * time.Millisecond
		in.Phase = script.Test
		in.Response = &script.Response{Code: 200, Headers: []script.Header{{Key: "Content-Type", Value: kind}}, Body: body}
		out := s.Run(t.Context(), in)
		if out.Request != nil {
			require.True(t, json.Valid(out.Request))
		}
		if !out.Fatal {
			next := s.Run(t.Context(), with(`1`, &jarHost{}))
			require.False(t, next.Fatal && next.Error == nil)
		}
	})
}
