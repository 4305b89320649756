package report

import (
	"cmp"
	"encoding/json"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/picket-api/picket/postman/vars"
)

// ExportOptions are what an exported file says beside its variables.
type ExportOptions struct {
	ID      string // empty = a new one
	Name    string // empty = the scope's
	Version string // of Picket
	At      time.Time
}

type exported struct {
	ID     string             `json:"id"`
	Name   string             `json:"name"`
	Values []exportedVariable `json:"values"`
	Scope  string             `json:"_postman_variable_scope"`
	At     string             `json:"_postman_exported_at"`
	Using  string             `json:"_postman_exported_using"`
}

type exportedVariable struct {
	Key     string `json:"key"`
	Value   any    `json:"value"`
	Type    string `json:"type"`
	Enabled bool   `json:"enabled"`
}

// ExportEnvironment writes an environment as Postman exports it, secrets included:
// the file is there to be imported again.
func ExportEnvironment(w io.Writer, s *vars.Scope, o ExportOptions) error {
	return export(w, s, "environment", o)
}

// ExportGlobals writes globals as Postman exports them.
func ExportGlobals(w io.Writer, s *vars.Scope, o ExportOptions) error {
	return export(w, s, "globals", o)
}

func export(w io.Writer, s *vars.Scope, scope string, o ExportOptions) error {
	out := exported{
		ID: o.ID, Name: o.Name, Values: []exportedVariable{}, Scope: scope,
		At: o.At.UTC().Format("2006-01-02T15:04:05.000Z"), Using: "Picket/" + o.Version,
	}
	if out.ID == "" {
		out.ID = uuid.NewString()
	}
	if out.Name == "" {
		out.Name = cmp.Or(s.Name(), scope)
	}
	for _, v := range s.All() {
		if v.Type == "" {
			v.Type = "any"
		}
		out.Values = append(out.Values, exportedVariable{Key: v.Key, Value: v.Value, Type: v.Type, Enabled: !v.Disabled})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	return e.Encode(out)
}
