package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/redact"
	"github.com/picket-api/picket/postman/report"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

const canary = "s3cret-canary"

// secretRun has the canary in every place of a run that may hold a text.
func secretRun(t *testing.T) []run.Event {
	t.Helper()
	text := "is " + canary
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+canary))
	data, err := json.Marshal(map[string]any{
		"info": map[string]any{"name": text}, "item": []any{map[string]any{"name": text, "item": []any{map[string]any{"name": text, "request": map[string]any{
			"method": "POST", "url": "http://h.example/" + canary + "?q=" + canary, "header": []any{map[string]any{"key": "Authorization", "value": basic}},
			"body": map[string]any{"mode": "raw", "raw": text}, "auth": map[string]any{"type": "bearer", "bearer": []any{map[string]any{"key": "token", "value": canary}}},
		}}}}},
	})
	require.NoError(t, err)
	c, err := postman.ParseCollection(data)
	require.NoError(t, err)
	item := c.Requests()[0]
	scope := vars.NewScope("environment", vars.Variable{Key: text, Value: map[string]any{"a": []any{text}}}, vars.Variable{Key: "b", Value: text})
	failed := &script.Error{Name: text, Message: text, Stack: text}
	response := &run.Response{Code: 200, Status: text, Headers: []script.Header{{Key: "X-A", Value: text}}, Body: []byte(text), URL: "http://h.example/" + canary}
	at := run.Cursor{Length: 1, Cycles: 1}
	return []run.Event{
		run.RunStarted{Collection: c, Iterations: 1, Items: 1},
		run.IterationStarted{Cursor: at},
		run.ItemStarted{Cursor: at, Item: item},
		run.RequestSent{Cursor: at, Item: item, Request: item.Request},
		run.ResponseReceived{Cursor: at, Item: item, Request: item.Request, Response: response},
		run.ResponseReceived{Cursor: at, Item: item, Request: item.Request, Err: &run.RequestError{Host: text, Message: text, Err: errors.New(text)}},
		run.ConsoleLogged{Cursor: at, Item: item, Level: "log", Args: []string{text}},
		run.Warning{Cursor: at, Item: item, Message: text},
		run.AssertionsDone{Cursor: at, Item: item, Phase: script.Test, Assertions: []script.Assertion{{Name: text}, {Name: text, Error: failed}, {Name: text, Skipped: true}}},
		run.ScriptFinished{Cursor: at, Item: item, Phase: script.Test, Error: failed, Next: &script.Next{Name: text}},
		run.PhaseFinished{Cursor: at, Item: item, Phase: script.Test},
		run.ItemFinished{Cursor: at, Item: item},
		run.IterationFinished{Cursor: at},
		run.RunFinished{Result: &run.Result{Outcome: run.Errored, Err: errors.Join(run.ErrTimeout, errors.New(text)), Environment: scope, Globals: scope}},
	}
}

func TestNoReporterShowsASecret(t *testing.T) {
	t.Parallel()
	makers := map[string]func(*bytes.Buffer) (run.Reporter, func() error){
		"cli": func(b *bytes.Buffer) (run.Reporter, func() error) {
			return report.NewCLI(b, report.CLIOptions{}), func() error { return nil }
		},
		"json": func(b *bytes.Buffer) (run.Reporter, func() error) { j := report.NewJSON(b); return j, j.Close },
		"junit": func(b *bytes.Buffer) (run.Reporter, func() error) {
			j := report.NewJUnit(b, report.JUnitOptions{})
			return j, j.Close
		},
		"html": func(b *bytes.Buffer) (run.Reporter, func() error) {
			h := report.NewHTML(b, report.HTMLOptions{})
			return h, h.Close
		},
		"ndjson": func(b *bytes.Buffer) (run.Reporter, func() error) { n := report.NewNDJSON(b); return n, n.Close },
	}
	stream, err := json.Marshal([]int{'s', '3', 'c', 'r', 'e', 't'})
	require.NoError(t, err)
	forms := []string{canary, string(stream[1 : len(stream)-1]), base64.StdEncoding.EncodeToString([]byte("user:" + canary))}
	for name, make := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var plain, out bytes.Buffer
			control, end := make(&plain)
			for _, e := range secretRun(t) {
				control.Report(e)
			}
			require.NoError(t, end())
			require.Contains(t, plain.String(), canary, "the control: it is found where it is")
			next, end := make(&out)
			r := report.Redact(redact.New(canary), next)
			for _, e := range secretRun(t) {
				r.Report(e)
			}
			require.NoError(t, end())
			require.Contains(t, out.String(), redact.Mask)
			for _, form := range forms {
				require.NotContains(t, out.String(), form)
			}
		})
	}
}

func TestRedactKeepsWhatErrorsAre(t *testing.T) {
	t.Parallel()
	var got error
	r := report.Redact(redact.New(canary), run.ReporterFunc(func(e run.Event) { got = e.(run.RunFinished).Result.Err }))
	r.Report(run.RunFinished{Result: &run.Result{Err: errors.Join(run.ErrTimeout, errors.New(canary))}})
	require.ErrorIs(t, got, run.ErrTimeout)
	require.NotContains(t, got.Error(), canary)
}

func TestExportIsReadAgain(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := vars.NewScope("environment", vars.Variable{Key: "a", Value: "<1>", Type: "secret"}, vars.Variable{Key: "b", Value: 2.0, Disabled: true})
	at := time.Date(2026, 11, 23, 10, 0, 0, 5e6, time.UTC)
	require.NoError(t, report.ExportEnvironment(&out, s, report.ExportOptions{ID: "7", Name: "Staging", Version: "1.2", At: at}))
	require.JSONEq(t, `{"id": "7", "name": "Staging", "values": [
		{"key": "a", "value": "<1>", "type": "secret", "enabled": true}, {"key": "b", "value": 2, "type": "any", "enabled": false}],
		"_postman_variable_scope": "environment", "_postman_exported_at": "2026-11-23T10:00:00.005Z", "_postman_exported_using": "Picket/1.2"}`, out.String())
	e, err := postman.ParseEnvironment(out.Bytes())
	require.NoError(t, err)
	require.Equal(t, "Staging", e.Name)
	require.Len(t, e.Values, 2)
	require.True(t, e.Values[1].Disabled)
	out.Reset()
	require.NoError(t, report.ExportGlobals(&out, vars.NewScope("globals"), report.ExportOptions{At: at}))
	require.Contains(t, out.String(), `"_postman_variable_scope": "globals"`)
	require.Contains(t, out.String(), `"values": []`)
}
