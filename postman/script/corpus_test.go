package script_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

var update = flag.Bool("update", false, "rewrite testdata/corpus/*.golden")

// corpusCase is one script of testdata/corpus: what stands below a line such as
//
//	//// a name [prerequest] [none]
//
// [prerequest] is the phase (else test); [none] means that no response came.
// Scripts of one file (an area) share a sandbox.
type corpusCase struct {
	name, source string
	phase        script.Phase
	noResponse   bool
}

type corpusArea struct {
	name  string
	cases []corpusCase
}

var anyID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

var caseLine = regexp.MustCompile(`(?m)^//// (.+)\n`)

func corpus(t *testing.T) []corpusArea {
	t.Helper()
	files, err := filepath.Glob("testdata/corpus/*.js")
	require.NoError(t, err)
	areas := make([]corpusArea, len(files))
	for i, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		areas[i].name = strings.TrimSuffix(filepath.Base(f), ".js")
		places := caseLine.FindAllSubmatchIndex(b, -1)
		for j, p := range places {
			end := len(b)
			if j+1 < len(places) {
				end = places[j+1][0]
			}
			c := corpusCase{name: string(b[p[2]:p[3]]), source: strings.TrimSpace(string(b[p[1]:end])), phase: script.Test}
			for _, tag := range []string{"[prerequest]", "[none]"} {
				if strings.Contains(c.name, tag) {
					c.name = strings.TrimSpace(strings.Replace(c.name, tag, "", 1))
					c.noResponse = c.noResponse || tag == "[none]"
					if tag == "[prerequest]" {
						c.phase = script.PreRequest
					}
				}
			}
			areas[i].cases = append(areas[i].cases, c)
		}
	}
	return areas
}

// What all scripts of the corpus see.
const (
	corpusURL     = "http://api.example.test:8080/users/7?page=2&q=a%20b"
	corpusRequest = `{"method":"POST","url":{"protocol":"http","host":["api","example","test"],"port":"8080","path":["users",":id"],"query":[{"key":"page","value":"2"},{"key":"q","value":"a%20b"},{"key":"off","value":"1","disabled":true}],"variable":[{"key":"id","value":"7"}]},"header":[{"key":"Content-Type","value":"application/json"},{"key":"X-Many","value":"one"},{"key":"X-Many","value":"two"},{"key":"X-Off","value":"no","disabled":true}],"body":{"mode":"raw","raw":"{\"name\":\"ann\",\"tags\":[1,2]}","options":{"raw":{"language":"json"}}},"auth":{"type":"bearer","bearer":[{"key":"token","value":"t0k","type":"string"}]},"description":"Creates a user"}`
	corpusBody    = `{"id":7,"name":"ann","tags":["a","b"],"nested":{"deep":[{"x":1},{"x":2}]},"nil":null,"ok":true,"price":12.5}`
)

var corpusHeaders = []script.Header{
	{Key: "Content-Type", Value: "application/json; charset=utf-8"},
	{Key: "X-Trace", Value: "abc"},
	{Key: "Set-Cookie", Value: "a=1; Path=/"},
	{Key: "Set-Cookie", Value: "b=2; Path=/; HttpOnly"},
}

var corpusData = []vars.Variable{{Key: "row", Value: "r1"}, {Key: "count", Value: float64(3)}, {Key: "shared", Value: "from data"}}

func corpusScopes() script.Scopes {
	return script.Scopes{
		Globals:     vars.NewScope("globals", vars.Variable{Key: "g", Value: "glob"}, vars.Variable{Key: "shared", Value: "from globals"}),
		Environment: vars.NewScope("environment", vars.Variable{Key: "who", Value: "ann"}, vars.Variable{Key: "shared", Value: "from environment"}, vars.Variable{Key: "num", Value: float64(7)}),
		Collection:  vars.NewScope("collectionVariables", vars.Variable{Key: "base", Value: "http://example.test"}, vars.Variable{Key: "shared", Value: "from collection"}),
		Data:        vars.NewScope("iterationData", corpusData...),
		Local:       vars.NewScope("variables"),
	}
}

func (c corpusCase) input(h script.Host) script.Input {
	in := script.Input{
		Phase: c.phase, Source: c.source, Location: []string{"Collection", "Folder", "Request"}, URL: corpusURL, Host: h,
		Info:    script.Info{Iteration: 1, IterationCount: 3, RequestName: "Request", RequestID: "id-1"},
		Request: json.RawMessage(corpusRequest), Scopes: corpusScopes(), Timeout: 5 * slow * time.Second,
	}
	if c.phase == script.Test {
		in.Response = &script.Response{Code: 201, Status: "Created", Headers: corpusHeaders, Body: []byte(corpusBody), Time: 42 * time.Millisecond, Size: len(corpusBody)}
		if c.noResponse {
			in.Response = &script.Response{}
		}
	}
	return in
}

// corpusHost is the fake network; testdata/oracle.cjs has the same.
type corpusHost struct{ jar []script.Cookie }

func newCorpusHost() *corpusHost {
	return &corpusHost{jar: []script.Cookie{
		{Name: "session", Value: "abc%20def", Domain: "api.example.test", Path: "/"}, {Name: "theme", Value: "dark", Domain: "api.example.test", Path: "/", Secure: false, HTTPOnly: true},
	}}
}

type refused struct{}

func (refused) Error() string     { return "connect ECONNREFUSED" }
func (refused) ErrorCode() string { return "ECONNREFUSED" }

func (h *corpusHost) Send(_ context.Context, req json.RawMessage) (script.Response, error) {
	var r struct {
		URL    json.RawMessage
		Method string
		Header json.RawMessage
		Body   json.RawMessage
	}
	if err := json.Unmarshal(req, &r); err != nil {
		return script.Response{}, err
	}
	url := urlText(r.URL)
	if strings.Contains(url, "refused") {
		return script.Response{}, refused{}
	}
	if r.Body == nil {
		r.Body = json.RawMessage("null")
	}
	if r.Header == nil {
		r.Header = json.RawMessage("[]")
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(struct {
		URL    string          `json:"url"`
		Method string          `json:"method"`
		Header json.RawMessage `json:"header"`
		Body   json.RawMessage `json:"body"`
	}{url, r.Method, r.Header, r.Body}); err != nil {
		return script.Response{}, err
	}
	return script.Response{
		Code: 200, Status: "OK", Time: 5 * time.Millisecond, Body: bytes.TrimSpace(b.Bytes()),
		Headers: []script.Header{{Key: "Content-Type", Value: "application/json"}, {Key: "Set-Cookie", Value: "sid=s1; Path=/"}},
	}, nil
}

func urlText(raw json.RawMessage) string {
	var u struct {
		Protocol, Port string
		Host, Path     []string
		Query          []struct{ Key, Value string }
	}
	if json.Unmarshal(raw, &u) != nil {
		return string(raw)
	}
	s := strings.Join(u.Host, ".")
	if u.Protocol != "" {
		s = u.Protocol + "://" + s
	}
	if u.Port != "" {
		s += ":" + u.Port
	}
	if u.Path != nil {
		s += "/" + strings.Join(u.Path, "/")
	}
	for i, q := range u.Query {
		s += string("?&"[min(i, 1)]) + q.Key + "=" + q.Value
	}
	return s
}

func host(url string) string {
	rest := url[strings.Index(url, "://")+3:]
	return rest[:strings.IndexAny(rest+"/", ":/?#")]
}

func (h *corpusHost) Cookies(url string) []script.Cookie {
	var out []script.Cookie
	for _, c := range h.jar {
		if c.Domain == host(url) {
			out = append(out, c)
		}
	}
	return out
}

func (h *corpusHost) SetCookie(url string, c script.Cookie) error {
	if c.Domain != "" && !strings.HasSuffix(host(url), c.Domain) {
		return errors.New("Cookie not in this host's domain. Cookie:" + c.Domain + " Request:" + host(url)) // as tough-cookie says it
	}
	c.Domain = host(url)
	h.jar = slices.DeleteFunc(h.jar, func(o script.Cookie) bool { return o.Name == c.Name && o.Domain == c.Domain })
	h.jar = append(h.jar, c)
	return nil
}

func (h *corpusHost) DeleteCookie(url, name string) error {
	h.jar = slices.DeleteFunc(h.jar, func(o script.Cookie) bool { return o.Domain == host(url) && (name == "" || o.Name == name) })
	return nil
}

// outcome is what a script did, of ours and of the oracle alike.
type outcome struct {
	Assertions []script.Assertion
	Console    []oracleConsole
	Error      *script.Error
	Next       json.RawMessage
	Skip       bool
	Scopes     [4][][2]any // environment, globals, collection, local
	Request    string      // JSON, of prerequest scripts
}

type oracleConsole struct {
	Level string
	Args  []*string // nil: not a string
}

var scopeNames = [4]string{"environment", "globals", "collection", "local"}

// String has a line for each thing that differs from a script that does nothing.
func (o outcome) String() string {
	var b strings.Builder
	for _, a := range o.Assertions {
		switch {
		case a.Skipped:
			fmt.Fprintf(&b, "skip %q\n", a.Name)
		case a.Error == nil:
			fmt.Fprintf(&b, "pass %q\n", a.Name)
		default:
			fmt.Fprintf(&b, "FAIL %q %s: %q\n", a.Name, a.Error.Name, a.Error.Message)
		}
	}
	if o.Error != nil {
		fmt.Fprintf(&b, "ERROR %s: %q\n", o.Error.Name, o.Error.Message)
	}
	for _, c := range o.Console {
		fmt.Fprintf(&b, "console.%s", c.Level)
		for _, a := range c.Args {
			if a == nil {
				b.WriteString(" …")
			} else {
				fmt.Fprintf(&b, " %q", *a)
			}
		}
		b.WriteString("\n")
	}
	if len(o.Next) > 0 && string(o.Next) != `null` {
		fmt.Fprintf(&b, "next %s\n", o.Next)
	}
	if o.Skip {
		b.WriteString("skipRequest\n")
	}
	before := corpusScopes()
	for i, was := range []*vars.Scope{before.Environment, before.Globals, before.Collection, before.Local} {
		if now := fmt.Sprint(o.Scopes[i]); now != fmt.Sprint(scopeValues(was)) {
			j, _ := json.Marshal(o.Scopes[i])
			fmt.Fprintf(&b, "%s %s\n", scopeNames[i], j)
		}
	}
	if o.Request != "" {
		fmt.Fprintf(&b, "request %s\n", o.Request)
	}
	return b.String()
}

func scopeValues(s *vars.Scope) [][2]any {
	out := [][2]any{}
	for _, v := range s.All() {
		value := v.Value
		if _, ok := value.(vars.Undefined); ok {
			value = nil
		}
		out = append(out, [2]any{v.Key, value})
	}
	return out
}

func runCase(ctx context.Context, s script.Sandbox, c corpusCase) outcome {
	in := c.input(newCorpusHost())
	out := s.Run(ctx, in)
	o := outcome{Assertions: out.Assertions, Error: out.Error, Skip: out.Skip}
	for _, line := range out.Console {
		l := oracleConsole{Level: line.Level}
		for _, a := range line.Args {
			l.Args = append(l.Args, &a)
		}
		o.Console = append(o.Console, l)
	}
	if out.Next != nil {
		o.Next, _ = json.Marshal(out.Next.Name)
		if out.Next.Stop {
			o.Next = json.RawMessage(`"<stop>"`)
		}
	}
	for i, sc := range []*vars.Scope{in.Scopes.Environment, in.Scopes.Globals, in.Scopes.Collection, in.Scopes.Local} {
		o.Scopes[i] = scopeValues(sc)
	}
	if c.phase == script.PreRequest && out.Request != nil {
		o.Request = sortedJSON(out.Request)
	}
	return o
}

// sortedJSON makes JSON of the same value the same text.
func sortedJSON(raw []byte) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return string(raw)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// TestCorpus holds the engine to what it did when somebody last looked. The same
// scripts are compared with Postman's own sandbox by TestOracle.
func TestCorpus(t *testing.T) {
	t.Parallel()
	for _, area := range corpus(t) {
		t.Run(area.name, func(t *testing.T) {
			t.Parallel()
			s, err := script.New(script.Options{Newman: true, ReplaceIn: replaceIn})
			require.NoError(t, err)
			defer s.Close()
			got, golden := area.run(t.Context(), s), filepath.Join("testdata/corpus", area.name+".golden")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
				return
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err, "run: go test ./postman/script -run TestCorpus -update")
			require.Equal(t, string(want), got)
		})
	}
}

// run tells what the scripts of the area do.
func (area corpusArea) run(ctx context.Context, s script.Sandbox) string {
	var b strings.Builder
	for _, c := range area.cases {
		fmt.Fprintf(&b, "== %s\n%s\n", c.name, anyID.ReplaceAllString(runCase(ctx, s, c).String(), "<id>"))
	}
	return b.String()
}

func replaceIn(s script.Scopes, text string) string {
	return vars.Expand(text, s.Local, s.Data, s.Environment, s.Collection, s.Globals)
}
