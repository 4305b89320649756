package agent

import (
	"fmt"
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
	fixed         *needles // what the run's documents say
	recent, older *needles // what was seen in requests; the older half is forgotten in time
}

// mostSeen bounds what is remembered of requests: a run of many iterations may
// get a new token in each.
const mostSeen = 500

func newRedactor() *redactor {
	return &redactor{fixed: newNeedles(), recent: newNeedles(), older: newNeedles()}
}

// add tells a secret: a string, number or anything else that JSON has.
func (r *redactor) add(value any) {
	switch v := value.(type) {
	case nil, bool:
	case string:
		r.fixed.add(v)
	case []any:
		for _, e := range v {
			r.add(e)
		}
	case map[string]any:
		for _, e := range v {
			r.add(e)
		}
	default:
		r.fixed.add(fmt.Sprint(v))
	}
}

// seen tells a secret that a request carried.
func (r *redactor) seen(secret string) {
	if r.fixed.known[secret] || r.recent.known[secret] {
		return
	}
	if len(r.recent.known) >= mostSeen {
		r.older, r.recent = r.recent, newNeedles()
	}
	r.recent.add(secret)
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
	var spans []span
	find := func(text string, from []int) {
		first := len(spans)
		for _, n := range []*needles{r.fixed, r.recent, r.older} {
			spans = n.find(text, spans)
		}
		for i := first; from != nil && i < len(spans); i++ {
			spans[i] = span{from[spans[i].from], from[spans[i].to]}
		}
	}
	find(s, nil)
	for _, d := range decodings(s) {
		find(d.text, d.from)
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
