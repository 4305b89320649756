package vars_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/vars"
)

func TestExpand(t *testing.T) {
	t.Parallel()
	local := vars.NewScope("variables", vars.Variable{Key: "who", Value: "local"}, vars.Variable{Key: "off", Value: "no", Disabled: true})
	data := vars.NewScope("iterationData", vars.Variable{Key: "row", Value: 5.0}, vars.Variable{Key: "null", Value: nil})
	env := vars.NewScope("environment",
		vars.Variable{Key: "who", Value: "environment"}, vars.Variable{Key: "off", Value: "yes"}, vars.Variable{Key: "null", Value: "hidden"},
		vars.Variable{Key: "a1", Value: "nested"}, vars.Variable{Key: "n", Value: "1"}, vars.Variable{Key: "loop", Value: "{{loop}}x"},
		vars.Variable{Key: "bomb", Value: strings.Repeat("{{bomb}}", 10)}, vars.Variable{Key: "nil", Value: nil}, vars.Variable{Key: "undef", Value: vars.Undefined{}},
		vars.Variable{Key: "obj", Value: map[string]any{"a": 1}}, vars.Variable{Key: "list", Value: []any{1.0, "b", nil}}, vars.Variable{Key: "bool", Value: false},
		vars.Variable{Key: "float", Value: 1.5e-7}, vars.Variable{Key: "big", Value: 1e21}, vars.Variable{Key: "dup", Value: "1"}, vars.Variable{Key: "dup", Value: "2"},
		vars.Variable{Key: "a.b/c", Value: "odd"}, vars.Variable{Key: "$guid", Value: "mine"})
	for in, want := range map[string]string{
		"plain":                 "plain",
		"{{who}} {{row}}":       "local 5",
		"{{off}}":               "yes",
		"{{null}}":              "{{null}}",
		"{{nobody}} {{ who }}":  "{{nobody}} {{ who }}",
		"{{a{{n}}}}":            "nested",
		"{{{who}}}":             "{local}",
		"{{who}":                "{{who}",
		"{{}}":                  "{{}}",
		"{{wh{o}}":              "{{wh{o}}",
		"{{nil}}|{{undef}}|":    "null||",
		"{{obj}} {{list}}":      "[object Object] 1,b,",
		"{{bool}}":              "false",
		"{{float}} {{big}}":     "1.5e-7 1e+21",
		"{{dup}} {{a.b/c}}":     "2 odd",
		"{{$guid}}":             "mine",
		"{{loop}}":              "{{loop}}" + strings.Repeat("x", 19),
		"{{$unknown}}":          "{{$unknown}}",
		"{{{{who}}}}":           "{{local}}",
		"é {{who}} {{nobody}}é": "é local {{nobody}}é",
	} {
		require.Equal(t, want, vars.Expand(in, local, nil, data, env), in)
	}
	require.Less(t, len(vars.Expand("{{bomb}}", env)), 64<<20, "a variable that grows is stopped")
}

func TestDynamic(t *testing.T) {
	t.Parallel()
	require.Len(t, vars.DynamicNames(), 118)
	forms := map[string]string{
		"$guid": `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, "$randomUUID": `^[0-9a-f-]{36}$`,
		"$timestamp": `^\d{10}$`, "$isoTimestamp": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, "$randomInt": `^(\d{1,3}|1000)$`, "$randomBoolean": `^(true|false)$`,
		"$randomPhoneNumber": `^\d{3}-\d{3}-\d{4}$`, "$randomPhoneNumberExt": `^\d{1,2}-\d{3}-\d{3}-\d{4}$`, "$randomLatitude": `^-?\d{1,2}\.\d{4}$`,
		"$randomDatePast": `^\w{3} \w{3} \d\d \d{4} \d\d:\d\d:\d\d GMT\+0000 \(Coordinated Universal Time\)$`, "$randomPrice": `^\d+\.\d\d$`,
		"$randomBankAccountIban": `^[A-Z]{2}\d\d[A-Z]{4}\d{10,18}$`, "$randomBankAccountBic": `^[A-Z]{8}1\d{3}$|^[A-Z]{6}`, "$randomIP": `^(\d{1,3}\.){3}\d{1,3}$`,
		"$randomIPV6": `^([0-9a-f]{4}:){7}[0-9a-f]{4}$`, "$randomMACAddress": `^([0-9a-f]{2}:){5}[0-9a-f]{2}$`, "$randomHexColor": `^#[0-9a-f]{6}$`,
		"$randomPassword": `^\w{15}$`, "$randomEmail": `^[\w.]+@[\w.]+$`, "$randomUrl": `^https?://\w+\.\w+$`, "$randomSemver": `^\d\.\d\.\d$`,
		"$randomFileName": `^[\w-]+\.\w+$`, "$randomLoremSlug": `^\w+-\w+-\w+$`, "$randomAlphaNumeric": `^[0-9a-z]$`, "$randomFilePath": `^/\S+\.\w+$`,
	}
	for _, name := range vars.DynamicNames() {
		value, ok := vars.Dynamic(name)
		require.True(t, ok)
		require.NotEmpty(t, value, name)
		require.NotContains(t, value, "%!", name)
		if form, ok := forms[name]; ok {
			require.Regexp(t, form, value, name)
		}
	}
	_, ok := vars.Dynamic("guid")
	require.False(t, ok)
	two := strings.Fields(vars.Expand("{{$guid}} {{$guid}}"))
	require.NotEqual(t, two[0], two[1], "fresh at each place")
}

func FuzzExpand(f *testing.F) {
	f.Add("{{a{{b}}}} {{c}}", "{{b}}x")
	f.Fuzz(func(t *testing.T, text, value string) {
		scope := vars.NewScope("environment", vars.Variable{Key: "a", Value: value}, vars.Variable{Key: "b", Value: "1"})
		once := vars.Expand(text, scope)
		if !strings.Contains(once, "{{") {
			require.Equal(t, once, vars.Expand(once, scope))
		}
	})
}
