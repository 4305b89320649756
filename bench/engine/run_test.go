package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/cookies"
	"github.com/picket-api/picket/postman/report"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
)

// BenchmarkRun is an iteration of 20 requests with 100 assertions, for profiles.
func BenchmarkRun(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(answer))
	defer s.Close()
	c, err := postman.ParseCollection(collection(s.URL, 20, 100))
	require.NoError(b, err)
	b.ResetTimer()
	j := report.NewJSON(io.Discard)
	res, err := run.Run(b.Context(), c, run.Options{Iterations: b.N, Jar: &cookies.Jar{}, Sandbox: run.Scripts(script.Options{Newman: true}), Reporters: []run.Reporter{report.NewCLI(io.Discard, report.CLIOptions{}), j}})
	require.NoError(b, err)
	require.NoError(b, j.Close())
	require.True(b, res.OK())
}
