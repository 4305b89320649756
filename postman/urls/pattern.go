package urls

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// AllURLs is the pattern that every URL matches.
const AllURLs = "<all_urls>"

// Pattern matches URLs as Postman's match patterns do: scheme://host:port/path,
// after https://developer.chrome.com/docs/extensions/develop/concepts/match-patterns.
// The scheme is one of http, https, file and ftp, or several joined by +, or *. The
// host is whole, or *, or *.suffix, which is the suffix, too. Without a port it's
// the scheme's; * is any. The path is needed; in it * is any text and ? is one
// character.
type Pattern struct {
	all     bool
	schemes []string
	host    string
	port    string // empty: the scheme's
	path    *regexp.Regexp
}

var (
	patternSchemes = []string{"http", "https", "file", "ftp"}
	patternForm    = regexp.MustCompile(`(?s)^((?:http|https|file|ftp|\*)(?:\+(?:http|https|file|ftp))*)://` +
		`(\*|\*\.[^*/:]+|\[[^\]/*]+\]|[^*/:]+)(:\*|:\d+)?(/.*)$`)
	patternAny = strings.NewReplacer(`\*`, ".*", `\?`, ".")
)

// ParsePattern reads a pattern. The error says what a pattern looks like.
func ParsePattern(text string) (Pattern, error) {
	if text == AllURLs {
		return Pattern{all: true}, nil
	}
	parts := patternForm.FindStringSubmatch(text)
	if parts == nil {
		return Pattern{}, fmt.Errorf("%q is not a URL pattern: scheme, host and path are needed, as in https://*.example.com:8443/*", text)
	}
	path, err := regexp.Compile("(?s)^" + patternAny.Replace(regexp.QuoteMeta(parts[4])) + "$")
	if err != nil {
		return Pattern{}, fmt.Errorf("%q is not a URL pattern: its path isn't text", text)
	}
	return Pattern{schemes: strings.Split(parts[1], "+"), host: parts[2], port: strings.TrimPrefix(parts[3], ":"), path: path}, nil
}

// Match tells whether the URL matches.
func (p Pattern) Match(t Target) bool {
	if p.all {
		return true
	}
	return p.path != nil && p.matchesScheme(t.Scheme) && p.matchesHost(t.Host) && p.matchesPort(t) && p.path.MatchString(t.Path)
}

func (p Pattern) matchesScheme(scheme string) bool {
	return slices.Contains(patternSchemes, scheme) && (slices.Contains(p.schemes, "*") || slices.Contains(p.schemes, scheme))
}

func (p Pattern) matchesHost(host string) bool {
	if suffix, ok := strings.CutPrefix(p.host, "*."); ok {
		return host == suffix || strings.HasSuffix(host, "."+suffix)
	}
	return p.host == "*" || p.host == host
}

func (p Pattern) matchesPort(t Target) bool {
	usual := map[string]string{"http": "80", "https": "443", "ftp": "21"}[t.Scheme]
	port, wanted := usual, usual
	if t.Port != nil && *t.Port != "" {
		port = *t.Port
	}
	if p.port != "" {
		wanted = p.port
	}
	return wanted == "*" || wanted == port
}
