package script_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

// differences are the scripts that do something else in Postman's sandbox, with
// the reason. One that agrees after all fails the test.
var differences = map[string]string{
	"chai/a big integer in a message":                  "Postman's can't carry the assertion's error over its bridge and fails the script",
	"errors/throw null":                                "Postman's takes it for no error; QuickJS throws it when memory runs out",
	"errors/property by a variable":                    "QuickJS doesn't tell the key, and the source has only its name",
	"errors/spread of undefined":                       "V8's text has a fault in this version of Node",
	"errors/destructuring null":                        "QuickJS tells neither the value nor the place",
	"errors/destructuring a parameter":                 "QuickJS tells neither the value nor the place",
	"errors/in of a text":                              "QuickJS doesn't tell the operands",
	"errors/instanceof nothing":                        "QuickJS doesn't tell what the operand is",
	"errors/class called":                              "QuickJS notes no place for the call",
	"errors/syntax: template":                          "another of V8's texts for the same fault",
	"legacy/strict tests":                              "Postman's proxy of tests[] fails in strict functions",
	"variables/set of a typed value":                   "Postman's runtime carries over the value as it was set; the sandbox shows it converted",
	"variables/methods on their own need their object": "other names inside",
}

// compatDifferences are those of --script-compat.
var compatDifferences = map[string]string{
	"chai/a big integer in a message":  "newman's bridge can't carry the assertion's error and fails the script",
	"errors/JSON with a cycle":         "QuickJS doesn't tell where the cycle is",
	"errors/class called":              "QuickJS doesn't tell the class",
	"errors/destructuring a parameter": "QuickJS tells neither the value nor the place",
	"errors/destructuring null":        "QuickJS tells neither the value nor the place",
	"errors/in of a text":              "QuickJS doesn't tell the operands",
	"errors/instanceof nothing":        "QuickJS doesn't tell what the operand is",
	"errors/property by a variable":    "QuickJS doesn't tell the key, and the source has only its name",
	"errors/spread of undefined":       "V8's text has a fault in this version of Node",
	"errors/syntax: template":          "another of V8's texts for the same fault",
	"json/parse of undefined":          "QuickJS's text",
	"legacy/strict tests":              "QuickJS's text",
	"response/no response came":        "QuickJS's text",
}

// oracleResult is what testdata/oracle.cjs tells of a script.
type oracleResult struct {
	Assertions          []script.Assertion
	Console             []oracleConsole
	Error               *script.Error
	Next                json.RawMessage
	Skip                bool
	Environment         [][2]any
	Globals             [][2]any
	CollectionVariables [][2]any
	Variables           [][2]any `json:"_variables"`
	Request             json.RawMessage
}

// TestOracle runs the corpus in the sandbox that newman has, and compares.
func TestOracle(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	if _, err := os.Stat(filepath.Join(root, "node_modules/postman-sandbox")); err != nil {
		t.Skip("postman-sandbox is not installed: run make setup")
	}
	areas := corpus(t)
	results := askOracle(t, node, root, areas)
	page, err := os.ReadFile(filepath.Join(root, "docs", "newman-differences.md"))
	require.NoError(t, err)
	for _, list := range []map[string]string{differences, compatDifferences} {
		for _, name := range slices.Sorted(maps.Keys(list)) {
			require.Contains(t, string(page), "| "+name+" | "+list[name]+" |", "docs/newman-differences.md lists them all")
		}
	}
	for name, engine := range map[string]struct {
		options script.Options
		known   map[string]string
		every   int // area is compared
	}{
		"ours":   {script.Options{Newman: true, ReplaceIn: replaceIn}, differences, sampled},
		"compat": {script.Options{Compat: true}, compatDifferences, sampled * sampled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agree(t, areas, results, engine.options, engine.known, engine.every)
		})
	}
}

// agree compares what an engine makes of the corpus with the oracle's results.
func agree(t *testing.T, areas []corpusArea, results [][]oracleResult, o script.Options, known map[string]string, every int) {
	t.Helper()
	same, scripts := 0, 0
	seen := make(map[string]bool)
	for i, area := range areas {
		s, err := script.New(o)
		require.NoError(t, err)
		defer s.Close()
		for j, c := range area.cases {
			name := area.name + "/" + c.name
			require.False(t, seen[name], "two scripts are called %s", name)
			seen[name] = true
			if i%every != 0 {
				continue
			}
			scripts++
			ours, theirs := runCase(t.Context(), s, c), theirOutcome(c, results[i][j])
			alignConsole(&ours, theirs)
			_, expected := known[name]
			switch equal := ours.String() == theirs.String(); {
			case equal && expected:
				t.Errorf("%s agrees: take it off the list of differences", name)
			case !equal && !expected:
				t.Errorf("%s\n--- source\n%s\n--- Postman\n%s--- ours\n%s", name, c.source, theirs, ours)
			case equal:
				same++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		require.True(t, seen[name], "differences has %s, the corpus has not", name)
	}
	t.Logf("%d of %d scripts agree with Postman's sandbox; %d known differences", same, scripts, len(known))
}

func theirOutcome(c corpusCase, r oracleResult) outcome {
	o := outcome{
		Assertions: r.Assertions, Console: r.Console, Error: r.Error, Next: r.Next, Skip: r.Skip,
		Scopes: [4][][2]any{r.Environment, r.Globals, r.CollectionVariables, r.Variables},
	}
	if o.Skip { // what came after it counts for nothing
		o.Error = nil
	}
	for i := range o.Scopes {
		if o.Scopes[i] == nil {
			o.Scopes[i] = [][2]any{}
		}
	}
	if got := sortedJSON(r.Request); c.phase == script.PreRequest && got != unchangedRequest && !o.Skip {
		o.Request = got
	}
	return o
}

// unchangedRequest is how the library exports the request of the corpus.
var unchangedRequest = func() string {
	var r map[string]any
	_ = json.Unmarshal([]byte(corpusRequest), &r)
	url := r["url"].(map[string]any)
	url["variable"] = []any{map[string]any{"key": "id", "type": "any", "value": "7"}}
	r["description"] = map[string]any{"content": r["description"], "type": "text/plain"}
	b, _ := json.Marshal(r)
	return string(b)
}()

// alignConsole leaves out of ours what is no text in theirs.
func alignConsole(ours *outcome, theirs outcome) {
	for i := range min(len(ours.Console), len(theirs.Console)) {
		for j := range min(len(ours.Console[i].Args), len(theirs.Console[i].Args)) {
			if theirs.Console[i].Args[j] == nil {
				ours.Console[i].Args[j] = nil
			}
		}
	}
}

func askOracle(t *testing.T, node, root string, areas []corpusArea) [][]oracleResult {
	t.Helper()
	type question struct {
		Name  string           `json:"name"`
		Cases []map[string]any `json:"cases"`
	}
	var questions []question
	for _, area := range areas {
		q := question{Name: area.name}
		for _, c := range area.cases {
			q.Cases = append(q.Cases, questionOf(c))
		}
		questions = append(questions, q)
	}
	in, err := json.Marshal(map[string]any{"areas": questions})
	require.NoError(t, err)
	oracle, err := filepath.Abs("testdata/oracle.cjs")
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), node, oracle)
	cmd.Stdin = bytes.NewReader(in)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	cmd.Dir, cmd.Env = root, []string{"NODE_PATH=" + filepath.Join(root, "node_modules")}
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	require.NotEmpty(t, out, stderr.String())
	var results [][]oracleResult
	require.NoError(t, json.Unmarshal(out, &results))
	return results
}

func questionOf(c corpusCase) map[string]any {
	sc := corpusScopes()
	scope := func(s *vars.Scope) map[string]any {
		var values []map[string]any
		for _, v := range s.All() {
			values = append(values, map[string]any{"key": v.Key, "value": v.Value, "type": "any"})
		}
		return map[string]any{"name": s.Name(), "values": values}
	}
	data := make(map[string]any)
	for _, v := range corpusData {
		data[v.Key] = v.Value
	}
	q := map[string]any{
		"source": c.source, "phase": c.phase, "iteration": 1, "cycles": 3, "requestId": "id-1", "requestName": "Request",
		"location": []string{"Collection", "Folder", "Request"}, "url": corpusURL, "request": json.RawMessage(corpusRequest),
		"globals": scope(sc.Globals), "environment": scope(sc.Environment), "collectionVariables": scope(sc.Collection), "variables": scope(sc.Local), "data": data,
	}
	var jar [][2]string
	for _, k := range newCorpusHost().jar {
		text := fmt.Sprintf("%s=%s; Path=/", k.Name, k.Value)
		if k.HTTPOnly {
			text += "; HttpOnly"
		}
		jar = append(jar, [2]string{"http://api.example.test/", text})
	}
	q["jar"] = jar
	if c.phase == script.Test && !c.noResponse {
		q["response"] = map[string]any{
			"code": 201, "status": "Created", "header": corpusHeaders, "responseTime": 42,
			"stream": map[string]any{"type": "Base64", "data": []byte(corpusBody)},
		}
	}
	return q
}
