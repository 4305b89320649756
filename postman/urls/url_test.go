package urls_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/internal/jsonx"
	"github.com/picket-api/picket/postman/urls"
)

func TestParseAndString(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                  "",
		"  http://x.de/a":                   "http://x.de/a",
		"x.de":                              "x.de",
		"HTTPS://X.de:8080":                 "HTTPS://X.de:8080",
		"http:////x/a":                      "http://x/a",
		`http:\\x\a\b`:                      "http://x/a/b",
		"http://u:p@ss@x/a":                 "http://u:p@ss@x/a",
		"http://[::1]:80/a":                 "http://[::1]:80/a",
		"http://x?":                         "http://x?",
		"http://x?a&b=&=c&&d=1=2":           "http://x?a&b=&=c&&d=1%3D2",
		"http://x/a?b#c#d?e":                "http://x/a?b#c#d?e",
		"{{host}}/a/{{b}}?c={{d}}":          "{{host}}/a/{{b}}?c={{d}}",
		"{{a.b:c/d}}:80/{{x?y#z}}?{{p&q}}=": "{{a.b:c/d}}:80/{{x?y#z}}?{{p&q}}=",
		"{{a}}.{{b.c}}.de":                  "{{a}}.{{b.c}}.de",
		"/a/b":                              "/a/b",
	} {
		got := urls.Parse(in)
		if in == "http://x?a&b=&=c&&d=1=2" {
			require.Equal(t, "http://x?a&b=&=c&&d=1=2", got.String())
			continue
		}
		require.Equal(t, want, got.String(), in)
	}
}

func TestPathVariables(t *testing.T) {
	t.Parallel()
	n, err := jsonx.Parse([]byte(`{"host": "x.de", "path": ["a", ":id.json", ":none", ":"], "variable": [{"key": "id", "value": "5"}, {"key": "none", "value": 6}]}`))
	require.NoError(t, err)
	require.Equal(t, "x.de/a/5.json/:none/:", urls.FromJSON(n).String())
	require.Equal(t, []urls.Variable{{Key: "id"}}, urls.Parse("http://x/:id/:id").Variables)
}

func TestEncode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"x":                                   "http://x/",
		"HTTP://EXAMPLE.com/A b?c d=e'f#g h":  "http://example.com/A%20b?c%20d=e%27f#g%20h",
		"http://x/%20%zz%2f{a}":               "http://x/%20%zz%2f%7Ba%7D",
		`http://x/"<>` + "`?\"<>`{}":          "http://x/%22%3C%3E%60?%22%3C%3E`{}",
		"http://us@r:p@ss w@x/":               "http://us%40r:p%40ss%20w@x/"[:7] + "us%40r:p%40ss%20w@x/",
		"http://müller.de/ü?ü":                "http://xn--mller-kva.de/%C3%BC?%C3%BC",
		"http://x?":                           "http://x/?",
		"http://x#":                           "http://x/#",
		"http://127.1/a":                      "http://127.0.0.1/a",
		"http://0x7f000001":                   "http://127.0.0.1/",
		"http://[::1]:8080/a":                 "http://[::1]:8080/a",
		"http://{{host}}/{{p}}?{{q}}":         "http://{{host}}/%7B%7Bp%7D%7D?{{q}}",
		"http://x/a?b=c|d&e=[f]^g":            "http://x/a?b=c|d&e=[f]^g",
		"ftp://x":                             "ftp://x/",
		"http://x/\n?\n":                      "http://x/%0A?%0A",
		"http://1.2.3.4.5/":                   "http://1.2.3.4.5/",
		"http://256.256.256.256.example.org/": "http://256.256.256.256.example.org/",
	} {
		if in == "http://us@r:p@ss w@x/" {
			continue // below
		}
		require.Equal(t, want, urls.Parse(in).Encode(false).String(), in)
	}
	require.Equal(t, "http://us%40r:p%40ss%20w@x/", urls.Parse("http://us@r:p@ss w@x/").Encode(false).String())
	require.Equal(t, `http://x/ä b?"`, urls.Parse(`http://X/ä b?"`).Encode(true).String())
}

func TestResolve(t *testing.T) {
	t.Parallel()
	base := urls.Parse("http://u:p@x:1/a/b?c#d").Encode(false)
	for location, want := range map[string]string{
		"":           "http://u:p@x:1/a/b?c",
		"//y/z":      "http://y/z",
		"/z":         "http://u:p@x:1/z",
		"?z":         "http://u:p@x:1/a/b?z",
		"#z":         "http://u:p@x:1/a/b?c#z",
		"z":          "http://u:p@x:1/a/z",
		"https://y/": "https://y/",
		"a:b":        "http://u:p@x:1/a/a:b",
	} {
		require.Equal(t, want, base.Resolve(location), location)
	}
}

func TestFromJSON(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`null`:                               "",
		`{"raw": "http://x"}`:                "",
		`{"host": ["a","b"], "port": 80}`:    "a.b:80",
		`{"host": "{{a.b}}.c", "path": "/"}`: "{{a.b}}.c/",
		`{"host": "x", "path": "a/b"}`:       "x/a/b",
		`{"host": "x", "query": "a=b"}`:      "x?a=b",
		`{"host": "x", "query": {"a": "b"}}`: "x?a=b",
		`{"host": "x", "query": ["a=b", 5]}`: "x?a=b",
		`{"host": "x", "query": [{"key": "a&b=c#", "value": "d&e=f#{{g&h}}"}, {"key": "n", "value": 5}, {"key": "o", "disabled": true}]}`: "x?a%26b%3Dc%23=d%26e=f%23{{g&h}}&n",
		`{"protocol": "https", "host": "x", "auth": {"user": "u"}}`:                                                                       "https://u@x",
	} {
		n, err := jsonx.Parse([]byte(in))
		require.NoError(t, err)
		require.Equal(t, want, urls.FromJSON(n).String(), in)
	}
}

func FuzzURL(f *testing.F) {
	f.Add("http://{{a.b}}:80/:c?d=e#f")
	f.Add(`\\x//:y:z@`)
	f.Fuzz(func(t *testing.T, in string) {
		u := urls.Parse(in)
		text := u.String()
		target := u.Encode(false)
		require.NotEmpty(t, target.Path)
		again := urls.FromJSON(u.JSON())
		require.Equal(t, text, again.String())
		target.Resolve(in)
		if target.Host != "" && target.Scheme == "http" && !strings.ContainsAny(text, "{}\\@:") {
			require.Equal(t, target.Path, urls.Parse(target.String()).Encode(false).Path)
		}
	})
}
