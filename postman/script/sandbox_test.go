package script_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

func scopes() script.Scopes {
	return script.Scopes{
		Globals: vars.NewScope("globals"), Environment: vars.NewScope("environment", vars.Variable{Key: "who", Value: "ann"}),
		Collection: vars.NewScope("collectionVariables"), Data: vars.NewScope("iterationData"), Local: vars.NewScope("variables"),
	}
}

func newSandbox(tb testing.TB) script.Sandbox {
	tb.Helper()
	s, err := script.New(script.Options{})
	require.NoError(tb, err)
	tb.Cleanup(s.Close)
	return s
}

func input(source string) script.Input {
	return script.Input{
		Phase: script.Test, Source: source, Info: script.Info{RequestName: "r", RequestID: "1", IterationCount: 1}, Location: []string{"C", "r"},
		Request:  json.RawMessage(`{"method":"GET","url":"http://example.test/a?b=1","header":[{"key":"X-A","value":"1"}]}`),
		Response: &script.Response{Code: 200, Status: "OK", Headers: []script.Header{{Key: "Content-Type", Value: "application/json"}}, Body: []byte(`{"who":"ann","n":3}`), Time: 12 * time.Millisecond, Size: 19},
		Scopes:   scopes(), Timeout: 5 * slow * time.Second,
	}
}

func TestSmoke(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	out := s.Run(t.Context(), input(`
		pm.test("status", () => pm.response.to.have.status(200));
		pm.test("who", () => pm.expect(pm.response.json().who).to.eql(pm.environment.get("who")));
		pm.test("fails", () => pm.expect(1).to.equal(2));
		tests["old"] = false;
		console.log("hello", {a: 1});
		pm.environment.set("n", pm.response.json().n);
		await new Promise((r) => setTimeout(r, 10));
		pm.test("later", async () => { await Promise.resolve(); });
		nothing.here();
	`))
	b, _ := json.MarshalIndent(out, "", " ")
	t.Log(string(b))
	require.NotNil(t, out.Error)
	require.Equal(t, "ReferenceError", out.Error.Name)
	require.Len(t, out.Assertions, 5)
}
