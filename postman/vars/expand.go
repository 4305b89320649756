package vars

import (
	"strings"

	"github.com/picket-api/picket/postman/internal/jsonx"
)

const (
	maxRounds = 19      // as Postman
	maxText   = 8 << 20 // bytes; a text that grows past it is left as it is
)

// Expand fills in every {{name}} of a text, in the order of precedence in which
// the scopes are given (nil ones are passed over), then from the dynamic
// variables; those get a fresh value at each place. What is filled in may hold
// names again, up to 19 rounds. Unknown names stay as they are.
func Expand(s string, scopes ...*Scope) string {
	for range maxRounds {
		next, changed := expandOnce(s, scopes)
		if !changed {
			return s
		}
		if len(next) > maxText {
			return s
		}
		s = next
	}
	return s
}

// Expander binds the scopes, for where a function of one text is wanted.
func Expander(scopes ...*Scope) func(string) string {
	return func(s string) string { return Expand(s, scopes...) }
}

// expandOnce replaces the innermost names once.
func expandOnce(s string, scopes []*Scope) (string, bool) {
	var b strings.Builder
	changed := false
	for rest := s; ; {
		start, end := find(rest)
		if start < 0 {
			if !changed {
				return s, false
			}
			b.WriteString(rest)
			return b.String(), true
		}
		b.WriteString(rest[:start])
		if value, ok := lookup(rest[start+2:end-2], scopes); ok {
			b.WriteString(value)
			changed = true
		} else {
			b.WriteString(rest[start:end])
		}
		if b.Len() > maxText {
			b.WriteString(rest[end:])
			return b.String(), true
		}
		rest = rest[end:]
	}
}

// find is the place of the first {{name}} whose name has no braces.
func find(s string) (start, end int) {
	open := -1 // where the last "{{" began
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{':
			open = -1
			if i+1 < len(s) && s[i+1] == '{' {
				for i+2 < len(s) && s[i+2] == '{' {
					i++
				}
				open = i
				i++
			}
		case '}':
			if open >= 0 && i+1 < len(s) && s[i+1] == '}' {
				return open, i + 2
			}
			open = -1
		}
	}
	return -1, -1
}

func lookup(name string, scopes []*Scope) (string, bool) {
	for _, scope := range scopes {
		if scope == nil {
			continue
		}
		value, ok := scope.Lookup(name)
		if !ok {
			continue
		}
		if value == nil && scope.name == "iterationData" {
			return "", false // a null of a data file fills in nothing, and hides the name
		}
		return Text(value), true
	}
	if value, ok := Dynamic(name); ok {
		return value, true
	}
	return "", false
}

// Undefined is JavaScript's undefined as a value: unlike null it is filled in as
// nothing.
type Undefined struct{}

// MarshalJSON gives null, the nearest that JSON has.
func (Undefined) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// Text is a value as it is filled in: as JavaScript makes a text of it.
func Text(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case Undefined:
		return ""
	}
	return jsonx.Of(value).Str()
}
