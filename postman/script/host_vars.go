package script

import (
	"encoding/json"
	"strings"

	"modernc.org/quickjs"

	"github.com/picket-api/picket/postman/vars"
)

// The pm layer names scopes by letters: (g)lobals, (e)nvironment, (c)ollection,
// (d)ata, (l)ocal, and (v)ariables for all of them.

// scope finds a scope by its letter. Data is the script's own copy: what a script
// changes there is gone after it.
func (s *sandbox) scope(letter string, write bool) *vars.Scope {
	sc := &s.in.Scopes
	switch letter {
	case "g":
		return sc.Globals
	case "e":
		return sc.Environment
	case "c":
		return sc.Collection
	case "d":
		if write && !s.ownData {
			sc.Data, s.ownData = vars.NewScope(sc.Data.Name(), sc.Data.All()...), true
		}
		return sc.Data
	}
	return sc.Local
}

// layers are those that pm.variables looks through, the nearest first.
func (s *sandbox) layers() []*vars.Scope {
	sc := s.in.Scopes
	return []*vars.Scope{sc.Local, sc.Data, sc.Environment, sc.Collection, sc.Globals}
}

func (s *sandbox) lookup(letter, key string) (any, bool) {
	if letter != "v" {
		return s.scope(letter, false).Lookup(key)
	}
	for _, l := range s.layers() {
		if v, ok := l.Lookup(key); ok {
			return v, true
		}
	}
	return nil, false
}

// variable is the text that a scope has under a name, by the scope's name in pm.
func (s *sandbox) variable(scope, key string) string {
	letter, ok := map[string]string{"globals": "g", "environment": "e", "collectionVariables": "c", "iterationData": "d", "variables": "v"}[scope]
	if !ok {
		return ""
	}
	v, _ := s.lookup(letter, key)
	text, _ := v.(string)
	return text
}

// varGet gives scalars as they are, the rest as {json: text}.
func (s *sandbox) varGet(a []any) (any, error) {
	v, ok := s.lookup(text(a, 0), text(a, 1))
	if !ok {
		return quickjs.Undefined{}, nil
	}
	switch v := v.(type) {
	case nil, string, bool, float64:
		return v, nil
	case int:
		return float64(v), nil
	case vars.Undefined:
		return quickjs.Undefined{}, nil
	}
	b, err := json.Marshal(v)
	return map[string]any{"json": string(b)}, err
}

// settleUndefined makes null of what a script set to undefined: that is what it
// is when the next one sees it, in newman too.
func (s *sandbox) settleUndefined() {
	for _, k := range s.undefined {
		if v, ok := k.scope.Lookup(k.key); ok {
			if _, still := v.(vars.Undefined); still {
				k.scope.Set(k.key, nil)
			}
		}
	}
	s.undefined = nil
}

type undefinedKey struct {
	scope *vars.Scope
	key   string
}

// setVar stores a value, and remembers one that is undefined.
func (s *sandbox) setVar(letter, key string, v any) {
	scope := s.scope(letter, true)
	if _, none := v.(vars.Undefined); none {
		s.undefined = append(s.undefined, undefinedKey{scope, key})
	}
	scope.Set(key, v)
}

func (s *sandbox) varHas(a []any) (any, error) {
	_, ok := s.lookup(text(a, 0), text(a, 1))
	return ok, nil
}

func (s *sandbox) varSet(a []any) (any, error) {
	v := a[2]
	switch n := v.(type) {
	case int:
		v = float64(n)
	case quickjs.Undefined:
		v = vars.Undefined{}
	}
	s.setVar(text(a, 0), text(a, 1), v)
	return nil, nil
}

// varSetJSON sets what JSON has; what JSON has not is undefined.
func (s *sandbox) varSetJSON(a []any) (any, error) {
	var v any = vars.Undefined{}
	if t := text(a, 2); t != "" {
		if err := json.Unmarshal([]byte(t), &v); err != nil {
			return nil, err
		}
	}
	s.setVar(text(a, 0), text(a, 1), v)
	return nil, nil
}

func (s *sandbox) varUnset(a []any) (any, error) {
	s.scope(text(a, 0), true).Unset(text(a, 1))
	return nil, nil
}

func (s *sandbox) varClear(a []any) (any, error) {
	s.scope(text(a, 0), true).Clear()
	return nil, nil
}

func (s *sandbox) replaceIn(a []any) (any, error) {
	if s.options.ReplaceIn == nil {
		return text(a, 0), nil
	}
	return s.options.ReplaceIn(s.in.Scopes, text(a, 0)), nil
}

// varAll gives a scope as a whole: its "name", its variables as a "list", as an
// "object" of all or of those "enabled", in their order.
func (s *sandbox) varAll(a []any) (any, error) {
	letter, how := text(a, 0), text(a, 1)
	own := s.scope(letter, false)
	switch how {
	case "name":
		return own.Name(), nil
	case "list":
		return listJSON(own.All())
	}
	var all []vars.Variable
	if letter == "v" {
		layers := s.layers()
		for i := len(layers) - 1; i >= 0; i-- {
			all = append(all, layers[i].All()...)
		}
	} else {
		all = own.All()
	}
	return objectJSON(all, how == "enabled")
}

func listJSON(all []vars.Variable) (string, error) {
	type item struct {
		Type     string `json:"type"`
		Value    any    `json:"value"`
		Key      string `json:"key"`
		Disabled bool   `json:"disabled,omitempty"`
	}
	items := make([]item, len(all))
	for i, v := range all {
		items[i] = item{v.Type, v.Value, v.Key, v.Disabled}
		if v.Type == "" {
			items[i].Type = "any"
		}
	}
	b, err := json.Marshal(items)
	return string(b), err
}

// objectJSON keeps the order; of duplicates the last value counts, in the place
// of the first.
func objectJSON(all []vars.Variable, onlyEnabled bool) (string, error) {
	place := make(map[string]int, len(all))
	members := make([]string, 0, len(all))
	for _, v := range all {
		if onlyEnabled && v.Disabled {
			continue
		}
		if _, ok := v.Value.(vars.Undefined); ok {
			continue
		}
		key, err := json.Marshal(v.Key)
		if err != nil {
			return "", err
		}
		value, err := json.Marshal(v.Value)
		if err != nil {
			return "", err
		}
		member := string(key) + ":" + string(value)
		if i, ok := place[v.Key]; ok {
			members[i] = member
			continue
		}
		place[v.Key] = len(members)
		members = append(members, member)
	}
	return "{" + strings.Join(members, ",") + "}", nil
}
