package agent

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/picket-api/picket/api/wire"
)

const (
	mask      = "••••••"
	cut       = "…" // end of a text that was longer
	minSecret = 4   // bytes; shorter values would mask half of every text
)

// redactor masks secrets in what leaves the runner: the values that it was told,
// in the encodings that they commonly turn up in, and whatever stands where a
// secret usually does. It is a safety net, not a boundary: who writes a
// collection can always send a value somewhere in pieces.
type redactor struct {
	known   map[string]bool
	needles []string
}

func newRedactor() *redactor { return &redactor{known: map[string]bool{}} }

// add tells a secret: a string, number or anything else that JSON has.
func (r *redactor) add(value any) {
	switch v := value.(type) {
	case nil, bool:
	case string:
		r.addText(v)
	case []any:
		for _, e := range v {
			r.add(e)
		}
	case map[string]any:
		for _, e := range v {
			r.add(e)
		}
	default:
		r.addText(fmt.Sprint(v))
	}
}

func (r *redactor) addText(secret string) {
	if r.known[secret] {
		return
	}
	r.known[secret] = true
	for _, form := range forms(secret) {
		if len(form) >= minSecret && !slices.Contains(r.needles, form) {
			r.needles = append(r.needles, form)
		}
	}
}

// forms are the ways in which a secret commonly turns up.
func forms(secret string) []string {
	trimmed := strings.TrimSpace(secret)
	if len(trimmed) < minSecret {
		return nil
	}
	list := []string{secret, trimmed}
	for _, line := range strings.Split(trimmed, "\n") { // a key file, printed by lines
		if line = strings.TrimSpace(line); len(line) >= 8 {
			list = append(list, line)
		}
	}
	for _, plain := range slices.Clone(list) {
		inJSON := quoteJSON(plain)
		list = append(list, inJSON, quoteJSON(inJSON), html.EscapeString(plain),
			hex.EncodeToString([]byte(plain)), strings.ToUpper(hex.EncodeToString([]byte(plain))))
		for _, escape := range []func(string) string{url.QueryEscape, url.PathEscape, encodeURIComponent} {
			escaped := escape(plain)
			list = append(list, escaped, lowerEscapes(escaped))
		}
	}
	return append(list, base64Forms(secret)...)
}

// quoteJSON is the inside of the JSON string, as JavaScript writes it.
func quoteJSON(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return s
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(b.String()), `"`), `"`)
}

// encodeURIComponent is JavaScript's.
func encodeURIComponent(s string) string {
	return strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(url.QueryEscape(s))
}

var escapes = regexp.MustCompile(`%[0-9A-F]{2}`)

func lowerEscapes(s string) string { return escapes.ReplaceAllStringFunc(s, strings.ToLower) }

// base64Forms is what base64 makes of the secret, alone or inside a longer text:
// the part that depends on the secret only, at each of the three alignments.
func base64Forms(secret string) []string {
	var list []string
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		list = append(list, encoding.EncodeToString([]byte(secret)))
		for shift, skip := range []int{0, 2, 3} {
			text := encoding.EncodeToString(append(make([]byte, shift), secret...))
			if (shift+len(secret))%3 != 0 {
				text = text[:len(text)-1] // its last bits are those of what follows
			}
			list = append(list, text[skip:])
		}
	}
	return list
}

const secretName = `[\w.-]*(?:token|secret|passw(?:or)?d|passphrase|pwd|api[_-]?key|access[_-]?key|private[_-]?key|credential|authorization|cookie|session[_-]?id)[\w.-]*`

// patterns find what stands where secrets do. The first group stays, the second
// is masked.
var patterns = []struct {
	hint string // lower case; a text without it can't match
	re   *regexp.Regexp
}{
	{"=", regexp.MustCompile(`(?i)([?&;#](?:` + secretName + `|key|sig|signature|auth|sid|jwt|code)=)([^&;#\s"'<>]+)`)},
	{"=", regexp.MustCompile(`(?i)((?:^|\s)` + secretName + `=)([^&;\s"'<>]+)`)},
	{`"`, regexp.MustCompile(`(?i)(\b(?:` + secretName + `)"?\s*[:=]\s*")((?:[^"\\]|\\.)+)`)},
	{`'`, regexp.MustCompile(`(?i)(\b(?:` + secretName + `)'?\s*[:=]\s*')((?:[^'\\]|\\.)+)`)},
	{`\"`, regexp.MustCompile(`(?i)(\b(?:` + secretName + `)\\"\s*:\s*\\")((?:[^"\\]|\\[^"])+)`)},
	{":", regexp.MustCompile(`(?i)(\b(?:(?:proxy-)?authorization|(?:set-)?cookie|x-api-key)\s*:\s*)([^\s"'][^\r\n"']*)`)},
	{"://", regexp.MustCompile(`(://[^/?#\s:@"']*:)([^/?#\s"'@]+)@`)},
	{"eyj", regexp.MustCompile(`()(\beyJ[\w-]{5,}\.eyJ[\w-]{5,}\.[\w-]*)`)},
}

var scheme = regexp.MustCompile(`(?i)\b(bearer|basic|negotiate|ntlm|apikey) +([\w+/.~=-]{8,})`)

// text masks secrets in a text.
func (r *redactor) text(s string) string {
	if len(s) < minSecret {
		return s
	}
	s = r.values(s)
	lower := strings.ToLower(s)
	for _, p := range patterns {
		if !strings.Contains(lower, p.hint) {
			continue
		}
		tail := ""
		if p.hint == "://" {
			tail = "@"
		}
		s = p.re.ReplaceAllString(s, "${1}"+mask+tail)
	}
	return scheme.ReplaceAllStringFunc(s, func(found string) string {
		name, value, _ := strings.Cut(found, " ")
		if !random(strings.TrimSpace(value)) {
			return found // "basic authentication"
		}
		return name + " " + mask
	})
}

// values masks every place where one of the known secrets stands. Places may
// overlap, so they are marked before anything is replaced.
func (r *redactor) values(s string) string {
	type span struct{ from, to int }
	var spans []span
	for _, needle := range r.needles {
		for at := 0; ; {
			i := strings.Index(s[at:], needle)
			if i < 0 {
				break
			}
			spans = append(spans, span{at + i, at + i + len(needle)})
			at += i + 1
		}
		if head := cutShort(s, needle); head > 0 {
			spans = append(spans, span{len(s) - len(cut) - head, len(s) - len(cut)})
		}
	}
	if spans == nil {
		return s
	}
	slices.SortFunc(spans, func(x, y span) int { return x.from - y.from })
	var b strings.Builder
	end := 0
	for i, sp := range spans {
		if i == 0 || sp.from > end {
			b.WriteString(s[end:sp.from])
			b.WriteString(mask)
		}
		end = max(end, sp.to)
	}
	return b.String() + s[end:]
}

// cutShort is how much of the secret stands at the end of a text that was cut.
func cutShort(s, secret string) int {
	s, short := strings.CutSuffix(s, cut)
	if !short {
		return 0
	}
	for n := min(len(secret), len(s)); n >= minSecret; n-- {
		if strings.HasSuffix(s, secret[:n]) {
			return n
		}
	}
	return 0
}

// random says whether it looks like a key rather than a word.
func random(s string) bool {
	if strings.ContainsAny(s, "0123456789=_+/~") {
		return true
	}
	return strings.ContainsFunc(s[1:], unicode.IsUpper) && strings.ContainsFunc(s, unicode.IsLower)
}

// report masks secrets in every text of a report, also in those that a later
// version of it may have.
func (r *redactor) report(report *wire.Report) { r.walk(reflect.ValueOf(report).Elem()) }

func (r *redactor) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(r.text(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			r.walk(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			r.walk(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			tag := v.Type().Field(i).Tag
			if tag.Get("enum") != "" || tag.Get("format") != "" {
				continue // a word of ours
			}
			r.walk(v.Field(i))
		}
	}
}
