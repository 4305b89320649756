package postman

import (
	"github.com/picket-api/picket/postman/internal/jsonx"
	"github.com/picket-api/picket/postman/vars"
)

// Environment is a named set of variables; globals are one too.
type Environment struct {
	ID     string
	Name   string
	Values []vars.Variable
}

// Scope makes the variables usable; a copy, so that the environment stays as it
// is. It may be called on nil.
func (e *Environment) Scope() *vars.Scope {
	if e == nil {
		return vars.NewScope("")
	}
	return vars.NewScope(e.Name, e.Values...)
}

// ParseEnvironment reads an exported environment, alone or inside of
// {"environment": …}. The error is a *ParseError.
func ParseEnvironment(data []byte) (*Environment, error) {
	return parseEnvironment(data, "environment")
}

// ParseGlobals reads exported globals. The error is a *ParseError.
func ParseGlobals(data []byte) (*Environment, error) {
	return parseEnvironment(data, "globals")
}

func parseEnvironment(data []byte, kind string) (*Environment, error) {
	what := "not a Postman environment"
	if kind == "globals" {
		what = "not Postman globals"
	}
	n, err := parseJSON(data, what)
	if err != nil {
		return nil, err
	}
	path := "$"
	if inner := n.Get(kind); inner.Is(jsonx.Object) && !n.Has("values") {
		n, path = inner, "$."+kind
	}
	if n.Is(jsonx.Array) { // the bare list of variables
		return &Environment{Values: parseVariables(n)}, nil
	}
	if !n.Is(jsonx.Object) {
		return nil, parseError(what, path, n, "expected an object, found %v", n.Kind)
	}
	values := n.Get("values")
	if values != nil && !values.Is(jsonx.Array) && !values.Is(jsonx.Object) && !values.Is(jsonx.Null) {
		return nil, parseError(what, path+".values", values, "expected an array, found %v", values.Kind)
	}
	if values == nil && !n.Has("name") && !n.Has("id") && len(n.Keys) > 0 {
		return nil, parseError(what, path, n, `"values" is missing`)
	}
	return &Environment{ID: n.Get("id").Str(), Name: n.Get("name").Str(), Values: parseVariables(values)}, nil
}
