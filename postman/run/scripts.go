package run

import (
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

// Scripts is the usual value of Options.Sandbox: the engine of package script,
// with the run's variables.
func Scripts(o script.Options) func() (script.Sandbox, error) {
	if o.ReplaceIn == nil {
		o.ReplaceIn = ReplaceIn
	}
	return func() (script.Sandbox, error) { return script.New(o) }
}

// ReplaceIn fills in {{names}} with the precedence of a run: local, data,
// environment, collection, globals, dynamic.
func ReplaceIn(s script.Scopes, text string) string {
	return vars.Expand(text, s.Local, s.Data, s.Environment, s.Collection, s.Globals)
}
