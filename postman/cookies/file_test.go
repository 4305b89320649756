package cookies_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/cookies"
)

func TestFileRoundTrip(t *testing.T) {
	t.Parallel()
	from := cookies.URL{Scheme: "https", Host: "api.example.com", Path: "/v1/x"}
	var jar, again cookies.Jar
	for _, line := range []string{
		"plain=1", "wide=2; Domain=example.com; Path=/", "safe=3; Secure; HttpOnly; SameSite=Lax",
		"short=4; Max-Age=3600", "late=5; Expires=Wed, 01 Jan 2070 00:00:00 GMT", "empty=",
	} {
		require.True(t, jar.Receive(from, line), line)
	}
	data, err := jar.File()
	require.NoError(t, err)
	list, err := cookies.ParseFile(data)
	require.NoError(t, err)
	again.Load(list)
	require.Equal(t, jar.Header(from), again.Header(from))
	second, err := again.File()
	require.NoError(t, err)
	var a, b struct {
		Cookies []map[string]any `json:"cookies"`
	}
	require.NoError(t, json.Unmarshal(data, &a))
	require.NoError(t, json.Unmarshal(second, &b))
	for _, c := range append(a.Cookies, b.Cookies...) {
		delete(c, "creation")
		delete(c, "lastAccessed")
	}
	require.Equal(t, a, b)
}

// TestFileOfToughCookie exchanges jars with the library that newman uses.
func TestFileOfToughCookie(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "node_modules", "@postman", "tough-cookie")); err != nil {
		t.Skip("npm packages are not installed: make setup")
	}
	var jar cookies.Jar
	from := cookies.URL{Scheme: "http", Host: "api.example.com", Path: "/"}
	jar.Receive(from, "ours=1; Max-Age=600")
	data, err := jar.File()
	require.NoError(t, err)
	script := `const {CookieJar} = require("@postman/tough-cookie");
		const jar = CookieJar.deserializeSync(process.argv[1]);
		jar.setCookieSync("theirs=2; Max-Age=600; SameSite=Strict", "http://api.example.com/a/b");
		jar.setCookieSync("gone=3; Max-Age=0", "http://api.example.com/a/b");
		jar.setCookieSync("below=4; Domain=example.com; HttpOnly", "http://api.example.com/");
		console.log(JSON.stringify({header: jar.getCookieStringSync("http://api.example.com/"), jar: jar.toJSON()}));`
	cmd := exec.CommandContext(t.Context(), "node", "-e", script, string(data))
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err)
	var told struct {
		Header string
		Jar    json.RawMessage
	}
	require.NoError(t, json.Unmarshal(out, &told))
	require.Equal(t, "ours=1; below=4", told.Header)
	list, err := cookies.ParseFile(told.Jar)
	require.NoError(t, err)
	var theirs cookies.Jar
	theirs.Load(list)
	require.Equal(t, "theirs=2; ours=1; below=4", theirs.Header(cookies.URL{Scheme: "http", Host: "api.example.com", Path: "/a/b"}))
	for _, c := range theirs.All() {
		if c.Name == "theirs" {
			require.WithinDuration(t, time.Now().Add(600*time.Second), c.Expires, time.Minute)
		}
	}
}

func TestFilesThatAreNoJar(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ data, want string }{
		"text":    {"hello", "not a cookie jar"},
		"list":    {"[]", "not a cookie jar"},
		"nothing": {"{}", "no list named cookies"},
		"expires": {`{"cookies":[{"key":"a","domain":"x.test","expires":"soon"}]}`, "cookies[0] (a): expires"},
		"number":  {`{"cookies":[{"key":"a","domain":"x.test","expires":1}]}`, "cookies[0] (a): expires"},
		"domain":  {`{"cookies":[{"key":"a"}]}`, "cookies[0] (a): domain is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := cookies.ParseFile([]byte(c.data))
			require.ErrorContains(t, err, c.want)
		})
	}
}
