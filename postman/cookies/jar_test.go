package cookies_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/cookies"
)

func at(raw string) cookies.URL {
	scheme, host, path := "http", raw, "/"
	if raw[0] == '!' {
		scheme, host = "https", raw[1:]
	}
	for i := range host {
		if host[i] == '/' {
			host, path = host[:i], host[i:]
			break
		}
	}
	return cookies.URL{Scheme: scheme, Host: host, Path: path}
}

func TestJar(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		from, set string
		want      map[string]string // where to what
	}{
		"host only":         {"a.example.com", "x=1", map[string]string{"a.example.com": "x=1", "b.a.example.com": "", "example.com": ""}},
		"domain":            {"a.example.com", "x=1; Domain=.example.com", map[string]string{"b.example.com": "x=1", "example.com": "x=1", "badexample.com": ""}},
		"foreign domain":    {"a.example.com", "x=1; Domain=other.com", map[string]string{"a.example.com": "", "other.com": ""}},
		"public suffix":     {"a.example.com", "x=1; Domain=com", map[string]string{"a.example.com": "", "b.com": ""}},
		"private suffix":    {"a.github.io", "x=1; Domain=github.io", map[string]string{"a.github.io": "", "b.github.io": ""}},
		"intranet":          {"shop.corp", "x=1; Domain=corp", map[string]string{"shop.corp": "x=1"}},
		"localhost":         {"localhost", "x=1; Domain=localhost", map[string]string{"localhost": "x=1"}},
		"address":           {"127.0.0.1", "x=1", map[string]string{"127.0.0.1": "x=1", "1.127.0.0.1": ""}},
		"path":              {"x.de/a/b", "x=1", map[string]string{"x.de/a": "x=1", "x.de/a/c": "x=1", "x.de/ab": "", "x.de": ""}},
		"given path":        {"x.de/a/b", "x=1; Path=/", map[string]string{"x.de": "x=1"}},
		"secure":            {"!x.de", "x=1; Secure", map[string]string{"x.de": "", "!x.de": "x=1"}},
		"max-age":           {"x.de", "x=1; Max-Age=0; Expires=Wed, 01 Jan 2099 00:00:00 GMT", map[string]string{"x.de": ""}},
		"expired":           {"x.de", "x=1; Expires=Thu, 01-Jan-1970 00:00:01 GMT", map[string]string{"x.de": ""}},
		"expires":           {"x.de", "x=1; expires=Wed Jan 01 2098 00:00:00", map[string]string{"x.de": "x=1"}},
		"broken date":       {"x.de", "x=1; Expires=soon", map[string]string{"x.de": "x=1"}},
		"no name":           {"x.de", "value", map[string]string{"x.de": "value"}},
		"quotes and equals": {"x.de", `x="a=b"; HttpOnly; SameSite=Lax`, map[string]string{"x.de": `x="a=b"`}},
		"empty value":       {"x.de", "x=", map[string]string{"x.de": "x="}},
		"control character": {"x.de", "x=a\x01b", map[string]string{"x.de": ""}},
		"nothing":           {"x.de", " ; Path=/", map[string]string{"x.de": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var jar cookies.Jar
			jar.Receive(at(tt.from), tt.set)
			for where, want := range tt.want {
				require.Equal(t, want, jar.Header(at(where)), where)
			}
		})
	}
}

func TestJarChanges(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	jar := cookies.Jar{Now: func() time.Time { return now }}
	jar.Receive(at("x.de/a/b"), "deep=1")
	jar.Receive(at("x.de"), "one=1")
	jar.Receive(at("x.de"), "two=2; Max-Age=10; Secure")
	require.Equal(t, "deep=1; one=1; two=2", jar.Header(at("!x.de/a/b")), "longer paths first, then older ones")
	jar.Receive(at("x.de"), "one=changed")
	require.Equal(t, "one=changed", jar.Header(at("x.de")))
	now = now.Add(11 * time.Second)
	require.Equal(t, "one=changed", jar.Header(at("!x.de")))
	jar.Receive(at("x.de"), "three=3; Secure")
	jar.Delete(at("x.de"), "three")
	require.Equal(t, "one=changed", jar.Header(at("!x.de")))
	other := cookies.Jar{}
	other.Load(jar.All())
	require.Equal(t, "one=changed", other.Header(at("x.de")))
	jar.Delete(at("x.de/a/b"), "")
	require.Empty(t, jar.All())
	require.False(t, jar.Set(at("x.de"), cookies.Cookie{Name: "big", Value: string(make([]byte, 70_000))}))
}

func FuzzParse(f *testing.F) {
	f.Add("a=b; Path=/; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Max-Age=5; Secure")
	f.Fuzz(func(t *testing.T, line string) {
		c, ok := cookies.Parse(line, time.Unix(0, 0))
		if ok {
			require.True(t, c.Name != "" || c.Value != "")
			var jar cookies.Jar
			jar.Receive(at("x.de"), line)
			jar.Header(at("!x.de"))
		}
	})
}
