package script_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

func newCompat(tb testing.TB) script.Sandbox {
	tb.Helper()
	s, err := script.New(script.Options{Compat: true})
	require.NoError(tb, err)
	tb.Cleanup(s.Close)
	return s
}

// TestOracle compares what scripts come to; this is what goes beyond it.
func TestCompat(t *testing.T) {
	t.Parallel()
	s := newCompat(t)
	h := &jarHost{cookies: map[string]string{"a": "1"}}
	in := with(`
		pm.test("before", () => {});
		pm.sendRequest("http://echo.test/", (e, r) => pm.test("sent", () => pm.expect(r.code).to.equal(201)));
		pm.sendRequest("http://refused.test/", (e) => pm.test("refused", () => pm.expect(e.message).to.include("ECONNREFUSED")));
		const jar = pm.cookies.jar();
		jar.set("http://example.test/", "b", "2", (e) => pm.test("set", () => pm.expect(e).to.be.null));
		jar.get("http://example.test/", "a", (e, v) => pm.test("get", () => pm.expect(v).to.equal("1")));
		pm.environment.unset("who"); pm.environment.set("o", {a: [1]}); pm.globals.set("n", 1.5);
		pm.execution.setNextRequest("other");
	`, h)
	in.Scopes.Environment = vars.NewScope("environment", vars.Variable{Key: "who", Value: "ann"}, vars.Variable{Key: "off", Value: "x", Disabled: true})
	out := s.Run(t.Context(), in)
	require.Nil(t, out.Error)
	names := map[string]bool{}
	for _, a := range out.Assertions {
		require.Nil(t, a.Error, "%s: %+v", a.Name, a.Error)
		names[a.Name] = true
	}
	require.Len(t, names, 5)
	require.Equal(t, "2", h.cookies["b"])
	require.Len(t, h.sent, 2)
	require.Equal(t, []int{0, 1}, out.Answered)
	require.Equal(t, "other", out.Next.Name)
	require.Equal(t, []vars.Variable{{Key: "off", Value: "x", Disabled: true}, {Key: "o", Value: map[string]any{"a": []any{1.0}}, Type: "any"}}, in.Scopes.Environment.All())

	out = s.Run(t.Context(), input(`pm.test(typeof bridge + typeof __load + typeof __varGet, () => {})`))
	require.Nil(t, out.Error)
	require.Equal(t, "undefinedundefinedundefined", out.Assertions[0].Name)
}

func TestCompatHasLimits(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`for (;;);`:                             timeoutText,
		`const f = () => setTimeout(f, 1); f()`: timeoutText,
		`const a = []; for (;;) a.push(new Array(1e5).fill(1))`: memoryText,
	} {
		if sampled > 1 && source != `for (;;);` {
			continue // each takes the race detector half a minute
		}
		s := newCompat(t)
		in := input(source)
		in.Timeout = slow * time.Second
		start := time.Now()
		out := s.Run(t.Context(), in)
		require.Less(t, time.Since(start), 2*attackTime, source)
		require.True(t, out.Fatal, source)
		require.Contains(t, []string{want, timeoutText}, out.Error.Message, source)
	}
}
