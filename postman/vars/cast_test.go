package vars_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/vars"
)

func TestCast(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind        string
		value, want any
	}{
		{"number", "7", 7.0},
		{"number", " 1e3 ", 1000.0},
		{"number", "0x1F", 31.0},
		{"number", "", 0.0},
		{"number", true, 1.0},
		{"number", nil, 0.0},
		{"number", "seven", nil},
		{"number", "1_000", nil},
		{"number", "Infinity", nil},
		{"number", "nan", nil},
		{"number", vars.Undefined{}, nil},
		{"number", []any{"5"}, 5.0},
		{"Boolean", "false", true},
		{"boolean", "", false},
		{"boolean", 0.0, false},
		{"boolean", nil, false},
		{"boolean", []any{}, true},
		{"string", 5.0, "5"},
		{"string", nil, "null"},
		{"string", vars.Undefined{}, "undefined"},
		{"string", true, "true"},
		{"array", `[1,"a"]`, []any{1.0, "a"}},
		{"array", `{"a":1}`, vars.Undefined{}},
		{"array", []any{1.0}, []any{1.0}},
		{"array", "[", vars.Undefined{}},
		{"object", `{"a":1}`, map[string]any{"a": 1.0}},
		{"object", "[1]", vars.Undefined{}},
		{"any", "5", "5"},
		{"secret", 5.0, 5.0},
		{"", nil, nil},
	} {
		require.Equal(t, tt.want, vars.Cast(tt.kind, tt.value), "%s of %#v", tt.kind, tt.value)
	}
}

func TestTypedVariablesConvertWhatTheyAreSetTo(t *testing.T) {
	t.Parallel()
	s := vars.NewScope("environment", vars.Variable{Key: "n", Value: 5.0, Type: "number"}, vars.Variable{Key: "b", Value: true, Type: "boolean"}, vars.Variable{Key: "a", Value: "x", Type: "any"})
	for _, key := range []string{"n", "b", "a", "new"} {
		s.Set(key, "7")
	}
	for key, want := range map[string]any{"n": 7.0, "b": true, "a": "7", "new": "7"} {
		got, _ := s.Lookup(key)
		require.Equal(t, want, got, key)
	}
}

func TestUnsetKeepsDisabledOnes(t *testing.T) {
	t.Parallel()
	s := vars.NewScope("environment", vars.Variable{Key: "k", Value: "1"}, vars.Variable{Key: "k", Value: "2", Disabled: true}, vars.Variable{Key: "k", Value: "3"})
	s.Unset("k")
	require.Equal(t, []vars.Variable{{Key: "k", Value: "2", Disabled: true}}, s.All())
}

func TestChangesMakeScopesEqual(t *testing.T) {
	t.Parallel()
	one := []vars.Variable{{Key: "a", Value: "1"}, {Key: "n", Value: 1.0, Type: "number"}, {Key: "a", Value: "2", Disabled: true}}
	s, copied := vars.NewScope("x", one...), vars.NewScope("x", one...)
	var changes []vars.Change
	s.Watch(func(c vars.Change) { changes = append(changes, c) })
	s.Set("a", "3")
	s.Set("n", "4")
	s.Unset("a")
	s.Set("b", nil)
	require.Equal(t, uint64(4), s.Revision())
	for _, c := range changes {
		copied.Apply(c)
	}
	require.Equal(t, s.All(), copied.All())
	s.Watch(nil)
	s.Clear()
	require.Len(t, changes, 4)
	copied.Apply(vars.Change{Op: vars.OpClear})
	require.Empty(t, copied.All())
}
