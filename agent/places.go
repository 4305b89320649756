package agent

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/picket-api/picket/postman/redact"
)

// secretWords are parts of the names of what holds a secret: variables, JSON
// members, parameters, headers. In lower case, without - and _.
var secretWords = []string{
	"token", "secret", "password", "passwd", "passphrase", "pwd", "apikey", "accesskey", "privatekey",
	"credential", "authorization", "cookie", "sessionid", "jwt",
}

// queryNames hold secrets where they are parameters of a URL.
var queryNames = []string{"key", "sig", "signature", "auth", "sid", "code"}

// headerNames are headers whose value is a secret as a whole.
var headerNames = []string{"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"}

var nameSigns = strings.NewReplacer("-", "", "_", "", ".", "")

// secretName says whether what has that name holds a secret.
func secretName(name string) bool {
	if len(name) < 3 || len(name) > 100 {
		return false
	}
	name = nameSigns.Replace(strings.ToLower(name))
	return slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(name, word) })
}

// places adds what stands where secrets do: behind a name that says so, in the
// user part of a URL, behind the name of an authentication scheme; and JWTs.
func places(s string, spans []redact.Span) []redact.Span {
	for i := 0; i < len(s); i++ {
		if s[i] == '=' || s[i] == ':' {
			if sp, ok := namedValue(s, i); ok {
				spans = append(spans, sp)
			}
		}
	}
	spans = passwordsInURLs(s, spans)
	if strings.Contains(s, "eyJ") {
		for _, at := range jwt.FindAllStringIndex(s, -1) {
			spans = append(spans, redact.Span{From: at[0], To: at[1]})
		}
	}
	return credentials(s, spans)
}

// namedValue looks at an = or a : and says where the value behind it is, if the
// name before it is that of a secret.
func namedValue(s string, sign int) (redact.Span, bool) {
	name, before := nameBefore(s, sign)
	if name == "" {
		return redact.Span{}, false
	}
	from := sign + 1
	for from < len(s) && s[from] == ' ' {
		from++
	}
	inQuery := s[sign] == '=' && strings.IndexByte("?&;#", before) >= 0
	switch secret := secretName(name); {
	case from == len(s):
		return redact.Span{}, false
	case secret && (s[from] == '"' || s[from] == '\''):
		return value(from+1, quotedEnd(s, from+1, s[from]))
	case secret && strings.HasPrefix(s[from:], `\"`):
		end := strings.Index(s[from+2:], `\"`)
		return value(from+2, from+2+end)
	case s[sign] == '=' && from == sign+1 && (secret || inQuery && slices.Contains(queryNames, strings.ToLower(name))):
		return value(from, endAt(s, from, "&;# \t\r\n\"'<>"))
	case s[sign] == ':' && slices.Contains(headerNames, strings.ToLower(name)):
		return value(from, endAt(s, from, "\r\n\"'"))
	}
	return redact.Span{}, false
}

func value(from, to int) (redact.Span, bool) { return redact.Span{From: from, To: to}, to > from }

// nameBefore is the name in front of the sign, with or without quotes, and the
// byte in front of it.
func nameBefore(s string, sign int) (name string, before byte) {
	end := sign
	for end > 0 && s[end-1] == ' ' {
		end--
	}
	for end > 0 && strings.IndexByte(`"'\`, s[end-1]) >= 0 {
		end--
	}
	start := end
	for start > 0 && end-start <= 100 && isNameByte(s[start-1]) {
		start--
	}
	if start > 0 {
		before = s[start-1]
	}
	return s[start:end], before
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}

// quotedEnd is where a quoted text ends: at the quote that no backslash escapes.
func quotedEnd(s string, from int, quote byte) int {
	for i := from; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return len(s)
}

func endAt(s string, from int, stops string) int {
	if n := strings.IndexAny(s[from:], stops); n >= 0 {
		return from + n
	}
	return len(s)
}

// passwordsInURLs finds https://user:password@host.
func passwordsInURLs(s string, spans []redact.Span) []redact.Span {
	for i := 0; ; {
		n := strings.Index(s[i:], "://")
		if n < 0 {
			return spans
		}
		i += n + 3
		end := endAt(s, i, "/?# \t\r\n\"'<>")
		user, password, found := strings.Cut(s[i:end], ":")
		if at := strings.LastIndexByte(password, '@'); found && at > 0 {
			from := i + len(user) + 1
			spans = append(spans, redact.Span{From: from, To: from + at})
		}
	}
}

var (
	jwt    = regexp.MustCompile(`eyJ[\w-]{5,}\.eyJ[\w-]{5,}\.[\w-]*`)
	scheme = regexp.MustCompile(`(?i)(?:bearer|basic|negotiate|ntlm|apikey) +([\w+/.~=-]{8,})`)
)

// credentials finds what follows the name of an authentication scheme and looks
// like a key.
func credentials(s string, spans []redact.Span) []redact.Span {
	lower := strings.ToLower(s)
	if !slices.ContainsFunc([]string{"bearer ", "basic ", "negotiate ", "ntlm ", "apikey "}, func(h string) bool { return strings.Contains(lower, h) }) {
		return spans
	}
	for _, at := range scheme.FindAllStringSubmatchIndex(s, -1) {
		if random(s[at[2]:at[3]]) {
			spans = append(spans, redact.Span{From: at[2], To: at[3]})
		}
	}
	return spans
}

// random says whether it looks like a key rather than a word.
func random(s string) bool {
	if strings.ContainsAny(s, "0123456789=_+/~") {
		return true
	}
	return strings.ContainsFunc(s[1:], unicode.IsUpper) && strings.ContainsFunc(s, unicode.IsLower)
}
