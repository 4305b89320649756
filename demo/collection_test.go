package demo_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/demo"
)

type item struct {
	Name    string `json:"name"`
	Items   []item `json:"item"`
	Request any    `json:"request"`
}

func TestTheCollectionIsRealistic(t *testing.T) {
	t.Parallel()
	var doc struct {
		Info struct{ Schema string }
		Item []item
	}
	require.NoError(t, json.Unmarshal(demo.Collection(), &doc))
	require.Contains(t, doc.Info.Schema, "v2.1.0")

	names := map[string]bool{}
	for _, folder := range doc.Item {
		require.NotEmpty(t, folder.Items, folder.Name)
		for _, request := range folder.Items {
			require.NotNil(t, request.Request, request.Name)
			require.False(t, names[request.Name], "%s: setNextRequest needs unique names", request.Name)
			names[request.Name] = true
		}
	}
	require.GreaterOrEqual(t, len(doc.Item), 3)
	require.GreaterOrEqual(t, len(names), 10)
}

func TestTheEnvironmentPointsAtTheService(t *testing.T) {
	t.Parallel()
	var doc struct {
		Values []struct{ Key, Value, Type string }
	}
	require.NoError(t, json.Unmarshal(demo.Environment("http://10.0.0.7:81"), &doc))
	values, secrets := map[string]string{}, 0
	for _, v := range doc.Values {
		values[v.Key] = v.Value
		if v.Type == "secret" {
			secrets++
		}
	}
	require.Equal(t, "http://10.0.0.7:81", values["baseUrl"])
	require.Equal(t, key, values["apiKey"])
	require.Equal(t, 2, secrets)
}

func TestCallersGetTheirOwnCopy(t *testing.T) {
	t.Parallel()
	clear(demo.Collection())
	require.Contains(t, string(demo.Collection()), "Larkspur")
}

// The collection is Postman's before it is ours: newman must agree with it. Of
// five iterations the first four are green and the fifth has one failure.
func TestNewmanRunsTheCollection(t *testing.T) {
	t.Parallel()
	newman := filepath.Join("..", "node_modules", ".bin", "newman")
	if _, err := os.Stat(newman); err != nil {
		t.Skip("newman is not installed: run `make setup`")
	}
	server := httptest.NewServer(demo.New(demo.Options{}))
	defer server.Close()

	dir := t.TempDir()
	collection, environment, report := filepath.Join(dir, "c.json"), filepath.Join(dir, "e.json"), filepath.Join(dir, "r.json")
	require.NoError(t, os.WriteFile(collection, demo.Collection(), 0o600))
	require.NoError(t, os.WriteFile(environment, demo.Environment(server.URL), 0o600))
	out, err := exec.CommandContext(t.Context(), newman, "run", collection, "-e", environment, "-n", "5",
		"--reporters", "cli,json", "--reporter-json-export", report).CombinedOutput()
	require.Error(t, err, "the fifth iteration fails: exit 1")

	var result struct {
		Run struct {
			Stats struct {
				Requests, Assertions struct{ Total, Failed int }
			}
			Failures []struct {
				Error  struct{ Test string }
				Cursor struct{ Iteration int }
			}
		}
	}
	raw, err := os.ReadFile(report)
	require.NoError(t, err, string(out))
	require.NoError(t, json.Unmarshal(raw, &result))
	require.Len(t, result.Run.Failures, 1, string(out))
	require.Equal(t, "the carrier gives a quote", result.Run.Failures[0].Error.Test)
	require.Equal(t, 4, result.Run.Failures[0].Cursor.Iteration)
	require.Equal(t, 5*13, result.Run.Stats.Requests.Total)
	require.GreaterOrEqual(t, result.Run.Stats.Assertions.Total, 5*25)
}
