package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestItRunsACollection(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	for status, code := range map[string]int{"404": 0, "200": 1} {
		file := filepath.Join(t.TempDir(), "c.json")
		require.NoError(t, os.WriteFile(file, []byte(`{"info":{"name":"c"},"item":[{"name":"a","request":"`+server.URL+`",
			"event":[{"listen":"test","script":{"exec":["pm.test('status', () => pm.response.to.have.status(`+status+`))"]}}]}]}`), 0o600))
		cmd := exec.CommandContext(t.Context(), "go", "run", ".", file)
		out, _ := cmd.CombinedOutput()
		require.Equal(t, code, cmd.ProcessState.ExitCode(), string(out))
		require.Contains(t, string(out), "status")
	}
}
