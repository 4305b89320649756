package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/report"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

// sandbox gives each script a fixed outcome by its name.
type sandbox map[string]script.Output

func (s sandbox) Run(ctx context.Context, in script.Input) script.Output {
	if in.Source == "send" {
		_, _ = in.Host.Send(ctx, []byte(`"http://nobody.invalid/x"`))
	}
	return s[in.Source]
}

func (sandbox) Close() {}

const collection = `{"info": {"name": "Shop"}, "item": [
	{"name": "root", "request": "%[1]s/a b", "event": [{"listen": "prerequest", "script": "send"}, {"listen": "test", "script": "tests"}]},
	{"name": "folder", "item": [
		{"name": "inner", "item": [{"name": "deep", "request": "%[1]s/deep", "event": [{"listen": "test", "script": "throws"}]}]},
		{"name": "gone", "request": "http://nobody.invalid/y"},
		{"name": "skipped", "request": "%[1]s/no", "event": [{"listen": "prerequest", "script": "skip"}]}]}]}`

func play(t *testing.T, iterations int, reporters ...run.Reporter) *run.Result {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hi") }))
	t.Cleanup(server.Close)
	c, err := postman.ParseCollection(fmt.Appendf(nil, collection, server.URL))
	require.NoError(t, err)
	s := sandbox{
		"tests": {
			Console: []script.Console{{Level: "log", Args: []string{"one", "two"}}, {Level: "warn", Args: []string{"three\nfour"}}},
			Assertions: []script.Assertion{
				{Name: "good"}, {Name: "bad", Error: &script.Error{Name: "AssertionError", Message: "expected 1 to equal 2"}}, {Name: "later", Skipped: true},
			},
			Next: &script.Next{Name: "deep"},
		},
		"throws": {Error: &script.Error{Name: "ReferenceError", Message: "x is not defined"}},
		"skip":   {Skip: true},
	}
	res, err := run.Run(t.Context(), c, run.Options{
		Iterations: iterations, Reporters: reporters, Sandbox: func() (script.Sandbox, error) { return s, nil },
		Environment: &postman.Environment{}, Resolver: nowhere(t),
	})
	require.NoError(t, err)
	return res
}

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

var volatile = regexp.MustCompile(`127\.0\.0\.1:\d+|\d+(\.\d+)?(ms|µs|s)\b|\d+B`)

func TestCLI(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	play(t, 1, report.NewCLI(&out, report.CLIOptions{}))
	text := volatile.ReplaceAllString(out.String(), "~")
	head, table, ok := strings.Cut(text, "\n┌")
	require.True(t, ok)
	require.Equal(t, `picket

Shop

→ root
  GET http://nobody.invalid/x [errored]
     getaddrinfo ENOTFOUND nobody.invalid
  GET http://~/a%20b [200 OK, ~, ~]
  ┌
  │ one, two
  │ three
  │ four
  └
  ✓  good
  2. bad
  -  [skipped] later

Attempting to set next request to deep

❏ folder / inner
↳ deep
  GET http://~/deep [200 OK, ~, ~]
  3⠄ ReferenceError in test-script

❏ folder
↳ gone
  GET http://nobody.invalid/y [errored]
     getaddrinfo ENOTFOUND nobody.invalid
↳ skipped
  [skipped]
`, head)
	require.Contains(t, table, "│              assertions │")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Contains(t, text, `
  #  failure                 detail

 1.  Error
                             getaddrinfo ENOTFOUND nobody.invalid
                             at request
                             inside "root"

 2.  AssertionError          bad
                             expected 1 to equal 2
                             at assertion:1 in test-script
                             inside "root"

 3.  ReferenceError
                             x is not defined
                             at test-script
                             inside "folder / inner / deep"
`)
	width := 0
	for _, line := range lines {
		if strings.ContainsAny(line, "┌├└│") && !strings.HasPrefix(line, "  ") {
			n := len([]rune(line))
			if width == 0 {
				width = n
			}
			require.Equal(t, width, n, "the table is straight: %s", line)
		}
	}

	out.Reset()
	play(t, 2, report.NewCLI(&out, report.CLIOptions{Color: true, Width: 80, MaxFailures: 1}))
	require.Contains(t, out.String(), "\x1b[32m")
	require.Contains(t, out.String(), "Iteration 2/2")
	require.Contains(t, out.String(), "… and 7 more failures")
}

type document struct {
	Run struct {
		Stats      map[string]struct{ Total, Failed, Pending int }
		Executions []struct {
			Cursor       struct{ Iteration, Position, Length, Cycles int }
			Item         struct{ ID, Name string }
			ID           string
			Request      json.RawMessage
			RequestError *map[string]any
			Response     *struct {
				Code   int
				Status string
				Header []map[string]string
				Stream struct{ Data []int }
			}
			TestScript []struct{ Error map[string]any }
			Assertions []struct {
				Assertion string
				Skipped   bool
				Error     *struct{ Name, Message, Test string }
			}
		}
		Failures []struct {
			Error  map[string]any
			At     string
			Source struct{ Name string }
			Parent struct{ Name string }
		}
		Timings map[string]float64
		Error   any
	}
	Environment, Globals struct{ Values []any }
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	j := report.NewJSON(&out)
	res := play(t, 1, j)
	require.NoError(t, j.Close())
	var d document
	require.NoError(t, json.Unmarshal(out.Bytes(), &d))
	var names, failures []string
	for _, e := range d.Run.Executions {
		names = append(names, e.Item.Name)
		require.Equal(t, e.Item.ID, e.ID)
	}
	for _, f := range d.Run.Failures {
		failures = append(failures, fmt.Sprintf("%v@%s in %q of %q", f.Error["name"], f.At, f.Source.Name, f.Parent.Name))
	}
	require.Equal(t, []string{"root", "root", "deep", "gone"}, names, "an execution for each request, none for what was skipped")
	require.Equal(t, []string{
		`Error@request in "" of "Shop"`, `AssertionError@assertion:1 in test-script in "root" of "Shop"`,
		`ReferenceError@test-script in "deep" of "inner"`, `Error@request in "gone" of "folder"`,
	}, failures)
	first, deep, gone := d.Run.Executions[0], d.Run.Executions[2], d.Run.Executions[3]
	require.Equal(t, 200, first.Response.Code)
	require.Equal(t, []int{'h', 'i'}, first.Response.Stream.Data)
	require.NotEmpty(t, first.Response.Header[0]["key"])
	require.Len(t, first.Assertions, 3)
	require.Equal(t, "expected 1 to equal 2", first.Assertions[1].Error.Message)
	require.True(t, first.Assertions[2].Skipped)
	require.Equal(t, "ReferenceError", deep.TestScript[0].Error["name"])
	require.Nil(t, gone.Response)
	require.Equal(t, map[string]any{"code": "ENOTFOUND", "errno": -3008.0, "syscall": "getaddrinfo", "hostname": "nobody.invalid"}, *gone.RequestError)
	require.Equal(t, res.Counts.Requests.Total, d.Run.Stats["requests"].Total)
	require.Equal(t, 2, d.Run.Stats["requests"].Failed)
	require.Positive(t, d.Run.Timings["responseAverage"])
	require.NotNil(t, d.Environment.Values)
}

func TestJSONSpillsFailures(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	var out bytes.Buffer
	j := report.NewJSON(&out)
	item := &postman.Item{ID: "1", Name: "r", Parent: &postman.Item{Name: "c"}}
	j.Report(run.RunStarted{Collection: &postman.Collection{}})
	for range 5000 {
		j.Report(run.ScriptFinished{Item: item, Phase: script.Test, Error: &script.Error{Name: "Error", Message: strings.Repeat("x", 300)}})
	}
	spilled, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, spilled, 1)
	j.Report(run.RunFinished{Result: &run.Result{Globals: vars.NewScope("globals"), Environment: vars.NewScope("environment")}})
	require.NoError(t, j.Close())
	var d document
	require.NoError(t, json.Unmarshal(out.Bytes(), &d))
	require.Len(t, d.Run.Failures, 5000)
	spilled, err = os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, spilled)
}

type broken struct{}

var errFull = errors.New("disk full")

func (broken) Write([]byte) (int, error) { return 0, errFull }

func TestJSONTellsErrors(t *testing.T) {
	t.Parallel()
	j := report.NewJSON(broken{})
	play(t, 1, j)
	require.ErrorIs(t, j.Close(), errFull)
}

func TestVerboseShowsABitOfEachBody(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := report.NewCLI(&out, report.CLIOptions{Verbose: true})
	r, err := postman.ParseRequest([]byte(`{"method":"POST","url":"http://x.test/","header":[{"key":"A","value":"1"}],"body":{"mode":"raw","raw":"one\ntwo"}}`))
	require.NoError(t, err)
	for _, body := range []string{strings.Repeat("é", 2000), "\x00\xff"} {
		c.Report(run.ResponseReceived{Request: r, Response: &run.Response{Proto: "HTTP/1.1", Code: 200, Status: "OK", Body: []byte(body)}})
	}
	c.Report(run.ResponseReceived{Request: r, Err: &run.RequestError{Message: "refused"}})
	for _, want := range []string{"> POST http://x.test/", "> A: 1", "> one\n", "> two\n", "< … 1952 more bytes", "< (2 bytes that are no text)", "refused"} {
		require.Contains(t, out.String(), want)
	}
	require.True(t, utf8.Valid(out.Bytes()))
}
