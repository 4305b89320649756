package urls_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/urls"
)

var patternCases = []struct {
	pattern, url string
	want         bool
}{
	{"<all_urls>", "https://a.example.com/x", true},
	{"https://a.example.com/*", "https://a.example.com/x", true},
	{"https://a.example.com/*", "https://a.example.com", true},
	{"https://a.example.com/*", "http://a.example.com/x", false},
	{"https+http://a.example.com/*", "http://a.example.com/x", true},
	{"*://a.example.com/*", "http://a.example.com/x", true},
	{"https://*.example.com/*", "https://a.b.example.com/x", true},
	{"https://*.example.com/*", "https://example.com/x", true},
	{"https://*.example.com/*", "https://evilexample.com/x", false},
	{"https://*.example.com/*", "https://example.com.evil.test/x", false},
	{"https://*/*", "https://anything.test/x", true},
	{"https://h*t/*", "https://host/x", false},
	{"https://a.*/*", "https://a.example.com/x", false},
	{"a.example.com", "https://a.example.com/", false},
	{"a.example.com/*", "https://a.example.com/", false},
	{"https://a.example.com", "https://a.example.com/", false},
	{"ws://a.example.com/*", "https://a.example.com/", false},
	{"", "https://a.example.com/", false},
	{"https://a.example.com:8443/*", "https://a.example.com:8443/x", true},
	{"https://a.example.com:8443/*", "https://a.example.com/x", false},
	{"https://a.example.com/*", "https://a.example.com:8443/x", false},
	{"https://a.example.com/*", "https://a.example.com:443/x", true},
	{"https://a.example.com:443/*", "https://a.example.com/x", true},
	{"https://a.example.com:*/*", "https://a.example.com:8443/x", true},
	{"*://a.example.com:80/*", "http://a.example.com/x", true},
	{"https://a.example.com/v?/x", "https://a.example.com/v1/x", true},
	{"https://a.example.com/v?/x", "https://a.example.com/v10/x", false},
	{"https://a.example.com/v1/*", "https://a.example.com/v2/x", false},
	{"https://a.example.com/V1/*", "https://a.example.com/v1/x", false},
	{"https://a.example.com/v1.0/*", "https://a.example.com/v1x0/x", false},
	{"https://a.example.com/(v1)+/*", "https://a.example.com/(v1)+/x", true},
	{"https://A.example.com/*", "https://a.example.com/x", false},
}

func match(t *testing.T, pattern, url string) bool {
	t.Helper()
	p, err := urls.ParsePattern(pattern)
	if err != nil {
		require.ErrorContains(t, err, "is not a URL pattern")
		return false
	}
	return p.Match(urls.Parse(url).Encode(false))
}

func TestPattern(t *testing.T) {
	t.Parallel()
	for _, c := range patternCases {
		assert.Equal(t, c.want, match(t, c.pattern, c.url), "%s, %s", c.pattern, c.url)
	}
	// Each star is any text (Postman's library makes one of the first star only), and
	// an IPv6 address may stand there.
	assert.True(t, match(t, "https://a.example.com/*/b/*", "https://a.example.com/1/b/2"))
	assert.True(t, match(t, "https://[::1]:8443/*", "https://[::1]:8443/x"))
	assert.False(t, match(t, "https://[::1]:8443/*", "https://[::2]:8443/x"))
	assert.False(t, urls.Pattern{}.Match(urls.Parse("https://a.example.com/").Encode(false)))
}

// TestPatternOfPostman compares with the library that newman uses.
func TestPatternOfPostman(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "node_modules", "postman-collection")); err != nil {
		t.Skip("npm packages are not installed: make setup")
	}
	pairs := make([][2]string, 0, len(patternCases))
	for _, c := range patternCases {
		pairs = append(pairs, [2]string{c.pattern, c.url})
	}
	given, err := json.Marshal(pairs)
	require.NoError(t, err)
	script := `const {UrlMatchPattern} = require("postman-collection");
		const test = ([p, u]) => p !== "" && !!new UrlMatchPattern(p).test(u); // without a pattern the library takes all
		console.log(JSON.stringify(JSON.parse(process.argv[1]).map(test)));`
	cmd := exec.CommandContext(t.Context(), "node", "-e", script, string(given))
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err)
	var theirs []bool
	require.NoError(t, json.Unmarshal(out, &theirs))
	for i, c := range patternCases {
		assert.Equal(t, c.want, theirs[i], "%s, %s", c.pattern, c.url)
	}
}
