package run_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
)

// echo answers with what it got, one fact to a line.
type echo struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
	body []string
}

func newEcho(t *testing.T, routes map[string]http.HandlerFunc) *echo {
	t.Helper()
	e := &echo{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		e.seen, e.body = append(e.seen, r), append(e.body, string(body))
		e.mu.Unlock()
		if h, ok := routes[r.URL.Path]; ok {
			h(w, r)
			return
		}
		fmt.Fprintf(w, "%s %s", r.Method, r.RequestURI)
	}))
	t.Cleanup(e.Close)
	return e
}

// last is the latest request with its body.
func (e *echo) last() (*http.Request, string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.seen[len(e.seen)-1], e.body[len(e.body)-1]
}

func (e *echo) paths() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]string, len(e.seen))
	for i, r := range e.seen {
		list[i] = strings.TrimPrefix(r.URL.Path, "/")
	}
	return strings.Join(list, " ")
}

// scripted is a sandbox whose scripts are the names of Go functions.
type scripted map[string]func(ctx context.Context, in script.Input) script.Output

func (s scripted) factory() (script.Sandbox, error) { return s, nil }

func (s scripted) Run(ctx context.Context, in script.Input) script.Output {
	if f, ok := s[in.Source]; ok {
		return f(ctx, in)
	}
	return script.Output{Assertions: []script.Assertion{{Name: in.Source}}}
}

func (scripted) Close() {}

// nowhere is a resolver whose name server knows no name at all.
func nowhere(t *testing.T) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			b[2], b[3] = b[2]|0x80, b[3]&0xf0|3 // an answer: no such name
			_, _ = server.WriteTo(b[:n], from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func parse(t *testing.T, format string, args ...any) *postman.Collection {
	t.Helper()
	c, err := postman.ParseCollection(fmt.Appendf(nil, format, args...))
	require.NoError(t, err)
	return c
}

// journal writes events down in short.
type journal struct{ lines []string }

func (j *journal) Report(e run.Event) {
	switch e := e.(type) {
	case run.IterationStarted:
		j.add("iteration %d", e.Cursor.Iteration)
	case run.ItemStarted:
		j.add("item %s", e.Item.Name)
	case run.AssertionsDone:
		for _, a := range e.Assertions {
			j.add("%s %s", e.Phase, a.Name)
		}
	case run.ScriptFinished:
		if e.Error != nil {
			j.add("error %s", e.Error)
		}
	case run.ResponseReceived:
		if e.Err != nil {
			j.add("%s failed: %s", e.Source, e.Err.Code)
		} else {
			j.add("%s %d", e.Source, e.Response.Code)
		}
	case run.Warning:
		j.add("warning: %s", e.Message)
	case run.ItemFinished:
		if e.Skipped {
			j.add("skipped")
		}
	case run.RunFinished:
		j.add("%s", e.Result.Outcome)
	}
}

func (j *journal) add(format string, args ...any) {
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) String() string { return strings.Join(j.lines, "; ") }

func execute(t *testing.T, c *postman.Collection, o run.Options) (*run.Result, *journal) {
	t.Helper()
	j := &journal{}
	o.Reporters = append(o.Reporters, j)
	res, err := run.Run(t.Context(), c, o)
	require.NoError(t, err)
	return res, j
}

const flow = `{"item": [
	{"name": "a", "request": "%[1]s/a", "event": [{"listen": "test", "script": "a"}]},
	{"name": "folder", "item": [
		{"name": "b", "id": "id-b", "request": "%[1]s/b"},
		{"name": "c", "request": "%[1]s/c", "event": [{"listen": "test", "script": "c"}]}]},
	{"name": "d", "request": "%[1]s/d"}, {"name": "b", "request": "%[1]s/b2"}]}`

func TestControlFlow(t *testing.T) {
	t.Parallel()
	next := func(name string) func(context.Context, script.Input) script.Output {
		return func(context.Context, script.Input) script.Output {
			return script.Output{Next: &script.Next{Name: name}}
		}
	}
	once := func(name string) func(context.Context, script.Input) script.Output {
		done := false
		return func(context.Context, script.Input) script.Output {
			if done {
				return script.Output{}
			}
			done = true
			return script.Output{Next: &script.Next{Name: name}}
		}
	}
	stop := func(context.Context, script.Input) script.Output {
		return script.Output{Next: &script.Next{Stop: true}}
	}
	for name, tt := range map[string]struct {
		scripts scripted
		options run.Options
		want    string
	}{
		"in order":        {scripted{}, run.Options{}, "a b c d b2"},
		"by name":         {scripted{"a": next("d")}, run.Options{}, "a d b2"},
		"last of a name":  {scripted{"a": next("b")}, run.Options{}, "a b2"},
		"by id":           {scripted{"a": next("id-b")}, run.Options{}, "a b c d b2"},
		"back":            {scripted{"c": once("a")}, run.Options{}, "a b c a b c d b2"},
		"null":            {scripted{"a": stop}, run.Options{Iterations: 2}, "a a"},
		"unknown":         {scripted{"a": next("nobody")}, run.Options{Iterations: 2}, "a a"},
		"a folder's name": {scripted{"a": next("folder")}, run.Options{}, "a"},
		"folder":          {scripted{}, run.Options{Folders: []string{"folder"}}, "b c"},
		"request":         {scripted{}, run.Options{Folders: []string{"d"}}, "d"},
		"several":         {scripted{}, run.Options{Folders: []string{"d", "folder"}}, "b c d"},
		"as listed":       {scripted{}, run.Options{Order: []string{"d", "folder", "d"}}, "d b c d"},
		"rows":            {scripted{}, run.Options{Folders: []string{"d"}, Data: make([]postman.Row, 3)}, "d d d"},
		"fewer rows":      {scripted{}, run.Options{Folders: []string{"d"}, Data: make([]postman.Row, 3), Iterations: 2}, "d d"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newEcho(t, nil)
			tt.options.Sandbox = tt.scripts.factory
			res, _ := execute(t, parse(t, flow, server.URL), tt.options)
			require.Equal(t, tt.want, server.paths())
			require.Equal(t, run.Successful, res.Outcome)
		})
	}
	_, err := run.Run(t.Context(), parse(t, flow, "x"), run.Options{Folders: []string{"nobody"}})
	require.ErrorContains(t, err, "unable to find a folder or request: nobody")
	_, err = run.Run(t.Context(), parse(t, flow, "x"), run.Options{Order: []string{"d", "nobody"}})
	require.ErrorContains(t, err, "nobody")
	_, err = run.Run(t.Context(), parse(t, flow, "x"), run.Options{Folders: []string{"d", "nobody"}})
	require.ErrorContains(t, err, "nobody")
}

const inherited = `{"event": [{"listen": "prerequest", "script": "c pre"}, {"listen": "test", "script": "c test"}],
	"item": [{"name": "f", "event": [{"listen": "prerequest", "script": "f pre"}, {"listen": "test", "script": "f test"}],
		"item": [{"name": "r", "request": "%[1]s/r", "event": [{"listen": "test", "script": "r test"}, {"listen": "prerequest", "script": "r pre"}]}]},
		{"name": "s", "request": "%[1]s/s"}]}`

func TestScriptsAndBail(t *testing.T) {
	t.Parallel()
	throws := func(context.Context, script.Input) script.Output {
		return script.Output{Error: &script.Error{Name: "TypeError", Message: "x"}}
	}
	fails := func(context.Context, script.Input) script.Output {
		return script.Output{Assertions: []script.Assertion{{Name: "bad", Error: &script.Error{Name: "AssertionError", Message: "no"}}}}
	}
	skips := func(context.Context, script.Input) script.Output { return script.Output{Skip: true} }
	for name, tt := range map[string]struct {
		scripts scripted
		bail    run.Bail
		want    string
	}{
		"order": {scripted{}, run.BailNever, "iteration 0; item r; prerequest c pre; prerequest f pre; prerequest r pre; collection 200; test c test; test f test; test r test; " +
			"item s; prerequest c pre; collection 200; test c test; successful"},
		"throws": {scripted{"f pre": throws}, run.BailNever, "iteration 0; item r; prerequest c pre; error TypeError: x; prerequest r pre; collection 200; test c test; test f test; test r test; " +
			"item s; prerequest c pre; collection 200; test c test; error"},
		"throws and bails": {scripted{"f pre": throws}, run.BailOnFailure, "iteration 0; item r; prerequest c pre; error TypeError: x; error"},
		"fails":            {scripted{"r test": fails}, run.BailOnFailure, "iteration 0; item r; prerequest c pre; prerequest f pre; prerequest r pre; collection 200; test c test; test f test; test bad; error AssertionFailure: bad; failure"},
		"skips":            {scripted{"f pre": skips}, run.BailNever, "iteration 0; item r; prerequest c pre; skipped; item s; prerequest c pre; collection 200; test c test; successful"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newEcho(t, nil)
			_, j := execute(t, parse(t, inherited, server.URL), run.Options{Sandbox: tt.scripts.factory, Bail: tt.bail})
			require.Equal(t, tt.want, j.String())
		})
	}
	server := newEcho(t, nil)
	_, j := execute(t, parse(t, inherited, server.URL), run.Options{})
	require.Contains(t, j.String(), "warning: scripts are not run: there is no sandbox")
	res, _ := execute(t, parse(t, inherited, server.URL), run.Options{Sandbox: func() (script.Sandbox, error) { return nil, io.ErrUnexpectedEOF }})
	require.ErrorIs(t, res.Err, io.ErrUnexpectedEOF)
	require.Equal(t, run.Errored, res.Outcome)
}

func TestCounts(t *testing.T) {
	t.Parallel()
	server := newEcho(t, nil)
	s := scripted{"pre": func(ctx context.Context, in script.Input) script.Output {
		_, err := in.Host.Send(ctx, json.RawMessage(`"`+server.URL+`/sent"`))
		return script.Output{Assertions: []script.Assertion{{Name: "sent", Error: asError(err)}, {Name: "later", Skipped: true}}}
	}}
	c := parse(t, `{"item": [{"name": "a", "request": "%s/a", "event": [{"listen": "prerequest", "script": "pre"}, {"listen": "test", "script": "x"}]},
		{"name": "gone", "request": "http://nobody.invalid", "event": [{"listen": "test", "script": "y"}]}]}`, server.URL)
	res, _ := execute(t, c, run.Options{Sandbox: s.factory, Iterations: 2, Resolver: nowhere(t)})
	require.Equal(t, run.Errored, res.Outcome)
	n := res.Counts
	require.Equal(t, run.Count{Total: 6, Failed: 2}, n.Requests)
	require.Equal(t, run.Count{Total: 8}, n.Assertions)
	require.Equal(t, 2, n.SkippedAssertions)
	require.Equal(t, []run.Count{{Total: 2}, {Total: 4}, {Total: 6}, {Total: 2}, {Total: 4}}, []run.Count{n.Iterations, n.Items, n.Scripts, n.PrerequestScripts, n.TestScripts})
	require.Equal(t, run.ClassNetwork, res.FirstFailure.Class)
	require.Equal(t, "ENOTFOUND", res.FirstFailure.Request.Code)
	require.Equal(t, []string{"gone"}, res.FirstFailure.Path())
	require.Equal(t, 4, res.Response.N)
	require.GreaterOrEqual(t, res.Response.Max, res.Response.Min)
	require.Equal(t, 1, n.Connections, "connections are kept")
}

func asError(err error) *script.Error {
	if err == nil {
		return nil
	}
	return &script.Error{Name: "Error", Message: err.Error()}
}
