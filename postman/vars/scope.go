// Package vars holds Postman variables: scopes, their precedence, {{name}}
// substitution and the dynamic values ({{$guid}} and its kin). The reference is the
// npm package postman-collection 4.4 (VariableScope, superstring, dynamic-variables).
package vars

import "slices"

// Variable is one named value of a scope. Value is what JSON decodes to
// (string, float64, bool, nil, map[string]any, []any).
type Variable struct {
	Key      string `json:"key"`
	Value    any    `json:"value"`
	Type     string `json:"type,omitempty"` // "default", "secret", "string", "any", …
	Disabled bool   `json:"-"`
}

// Scope is an ordered set of variables. Disabled ones are kept but never found;
// of duplicates the last enabled one wins. Not safe for concurrent use.
type Scope struct {
	name  string
	items []Variable
	index map[string]int // last enabled variable of a key

	revision uint64
	watcher  func(Change)
}

// NewScope makes a scope; name is what scripts see as pm.environment.name and the
// like, that of the file which it came from. It may be empty.
func NewScope(name string, items ...Variable) *Scope {
	s := &Scope{name: name, items: slices.Clone(items)}
	s.reindex()
	return s
}

func (s *Scope) reindex() {
	s.index = make(map[string]int, len(s.items))
	for i, v := range s.items {
		if !v.Disabled {
			s.index[v.Key] = i
		}
	}
}

// Name is what NewScope was given.
func (s *Scope) Name() string { return s.name }

// Len counts the enabled keys.
func (s *Scope) Len() int { return len(s.index) }

// Lookup finds an enabled variable.
func (s *Scope) Lookup(key string) (any, bool) {
	i, ok := s.index[key]
	if !ok {
		return nil, false
	}
	return s.items[i].Value, true
}

// Set changes the variable or adds it at the end. One that has a type converts the
// value (Cast).
func (s *Scope) Set(key string, value any) {
	defer s.changed(Change{OpSet, key, value})
	if i, ok := s.index[key]; ok {
		s.items[i].Value = Cast(s.items[i].Type, value)
		return
	}
	s.items = append(s.items, Variable{Key: key, Value: value, Type: "any"})
	s.index[key] = len(s.items) - 1
}

// Unset removes every enabled variable of that key.
func (s *Scope) Unset(key string) {
	s.items = slices.DeleteFunc(s.items, func(v Variable) bool { return v.Key == key && !v.Disabled })
	s.reindex()
	s.changed(Change{Op: OpUnset, Key: key})
}

// Clear removes all.
func (s *Scope) Clear() {
	s.items = nil
	s.reindex()
	s.changed(Change{Op: OpClear})
}

// All is a copy of the variables in order, disabled ones included.
func (s *Scope) All() []Variable { return slices.Clone(s.items) }
