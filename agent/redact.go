package agent

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

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

// text masks secrets in a text.
func (r *redactor) text(s string) string {
	if len(s) < minSecret {
		return s
	}
	spans := places(s, r.values(s))
	if spans == nil {
		return s
	}
	slices.SortFunc(spans, func(x, y span) int { return x.from - y.from })
	var b strings.Builder
	end := 0
	for i, sp := range spans { // they may overlap
		if i == 0 || sp.from > end {
			b.WriteString(s[end:sp.from])
			b.WriteString(mask)
		}
		end = max(end, sp.to)
	}
	return b.String() + s[end:]
}

// values finds where the known secrets stand.
func (r *redactor) values(s string) []span {
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
	if len(r.fixed.all)+len(r.recent.all)+len(r.older.all) > 0 {
		for _, d := range decodings(s) {
			find(d.text, d.from)
		}
	}
	return spans
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
	default: // numbers and the like
	}
}
