package jsonx_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/internal/jsonx"
)

func TestKeepsOrderAndLiterals(t *testing.T) {
	t.Parallel()
	const in = `{"z":1.50,"a":[true,null,"<\u00e9\"\n"],"z2":{"b":{},"a":-0.1e5}}`
	n, err := jsonx.Parse([]byte(in))
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(in, `\u00e9`, "é"), string(n.Append(nil))) //nolint:testifylint // the order counts
	require.Equal(t, "1.5", n.Get("z").Str())
	require.Equal(t, `{"z":1.50,"a":[true,null,"!"],"z2":{"b":{},"a":-0.1e5}}`, string(n.Map(func(string) string { return "!" }).Append(nil))) //nolint:testifylint // as above
	require.Positive(t, n.Get("a").Offset)
}

func TestConversions(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct {
		text  string
		truth bool
	}{
		`"a"`: {"a", true}, `""`: {"", false}, `5`: {"5", true}, `0`: {"0", false}, `true`: {"true", true}, `false`: {"false", false},
		`null`: {"", false}, `[1,[2,null],"x"]`: {"1,2,,x", true}, `[]`: {"", true}, `{}`: {"[object Object]", true}, `1e400`: {"Infinity", true},
	} {
		n, err := jsonx.Parse([]byte(in))
		require.NoError(t, err)
		require.Equal(t, want.text, n.Str(), in)
		require.Equal(t, want.truth, n.True(), in)
	}
	var none *jsonx.Node
	require.Empty(t, none.Str())
	require.Nil(t, none.Get("a").Get("b"))
	require.Equal(t, "null", string(none.Append(nil)))
	for f, want := range map[float64]string{0: "0", 1: "1", -1.5: "-1.5", 1e21: "1e+21", 123456789012345680000: "123456789012345680000", 1e-6: "0.000001", 1e-7: "1e-7", math.Inf(-1): "-Infinity"} {
		require.Equal(t, want, jsonx.NumberText(f))
	}
	require.Equal(t, "NaN", jsonx.NumberText(math.NaN()))
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":[1,"b",{"c":null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := jsonx.Parse(data)
		if err != nil {
			return
		}
		var any1, any2 any
		out := n.Append(nil)
		require.True(t, json.Valid(out))
		again, err := jsonx.Parse(out)
		require.NoError(t, err)
		require.Equal(t, string(out), string(again.Append(nil)))
		if json.Unmarshal(jsonx.ToUTF8(data), &any2) == nil { // not for numbers beyond a float64, which JavaScript takes for infinite
			require.NoError(t, json.Unmarshal(out, &any1))
			require.Equal(t, any2, any1)
		}
	})
}
