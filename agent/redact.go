package agent

import (
	"fmt"
	"reflect"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/postman/redact"
)

const (
	mask      = "••••••"
	cut       = "…" // end of a text that was longer; package redact knows it
	minSecret = 4   // bytes; nothing shorter holds one
)

// redactor masks secrets in what leaves the runner: the values that it was told,
// in the encodings that they commonly turn up in, and whatever stands where a
// secret usually does. It is a safety net, not a boundary: who writes a
// collection can always send a value somewhere in pieces.
type redactor struct {
	fixed         *redact.Set // what the run's documents say
	recent, older *redact.Set // what was seen in requests; the older half is forgotten in time
}

// mostSeen bounds what is remembered of requests: a run of many iterations may
// get a new token in each.
const mostSeen = 500

func newRedactor() *redactor {
	return &redactor{fixed: redact.NewSet(), recent: redact.NewSet(), older: redact.NewSet()}
}

// add tells a secret: a string, number or anything else that JSON has.
func (r *redactor) add(value any) {
	switch v := value.(type) {
	case nil, bool:
	case string:
		r.fixed.Add(v)
	case []any:
		for _, e := range v {
			r.add(e)
		}
	case map[string]any:
		for _, e := range v {
			r.add(e)
		}
	default:
		r.fixed.Add(fmt.Sprint(v))
	}
}

// seen tells a secret that a request carried.
func (r *redactor) seen(secret string) {
	if r.fixed.Has(secret) || r.recent.Has(secret) {
		return
	}
	if r.recent.Len() >= mostSeen {
		r.older, r.recent = r.recent, redact.NewSet()
	}
	r.recent.Add(secret)
}

// text masks secrets in a text.
func (r *redactor) text(s string) string {
	if len(s) < minSecret {
		return s
	}
	return redact.Replace(s, places(s, redact.Find(s, r.fixed, r.recent, r.older)), mask)
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
