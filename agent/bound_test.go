package agent_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/picket-api/picket/agent"
	"github.com/picket-api/picket/api/wire"
)

// large is a report of n requests, every tenth of which failed.
func large(n, console, name int) wire.Report {
	r := wire.Report{
		Outcome: "failure", Counts: wire.Counts{Requests: n, Assertions: 2 * n, FailedAssertions: n / 10},
		FirstError: &wire.Trouble{Class: "assertion", Message: "boom"}, Requests: []wire.RequestReport{},
	}
	for i := range n {
		q := wire.RequestReport{
			Name: fmt.Sprint("request ", i), Method: "GET", URL: "http://api/" + strings.Repeat("x", name), Status: 200,
			Assertions: []wire.AssertionReport{{Name: "passes " + strings.Repeat("p", name), Passed: true}, {Name: "second", Passed: i%10 != 0}},
			Console:    []wire.ConsoleLine{{Level: "log", Text: strings.Repeat("c", console)}},
		}
		r.Requests = append(r.Requests, q)
	}
	return r
}

func size(t require.TestingT, r wire.Report) int {
	b, err := json.Marshal(r)
	require.NoError(t, err)
	return len(b)
}

func TestLargeReportsLoseTheLeastFirst(t *testing.T) {
	t.Parallel()
	r := large(100, 100, 20)
	whole := size(t, r)
	agent.Bound(&r, whole)
	require.False(t, r.Truncated)
	require.Len(t, r.Requests[0].Console, 1)

	agent.Bound(&r, whole-1)
	require.True(t, r.Truncated)
	require.Empty(t, r.Requests[0].Console)
	require.Len(t, r.Requests[0].Assertions, 2)
	require.Equal(t, []string{"the report was too large: left out console output"}, r.Warnings)

	r = large(100, 0, 2000)
	agent.Bound(&r, 250_000)
	require.Len(t, r.Requests, 100)
	require.Len(t, r.Requests[0].Assertions, 1, "the failed one stays")
	require.False(t, r.Requests[0].Assertions[0].Passed)

	agent.Bound(&r, 10_000)
	require.Len(t, r.Requests, 10, "those with trouble")
	require.Equal(t, 100, r.Counts.Requests)
	require.Equal(t, 10, r.Counts.FailedAssertions)

	r = large(5_000, 10, 10)
	agent.Bound(&r, 3_000)
	require.Empty(t, r.Requests)
	require.Equal(t, 5_000, r.Counts.Requests)
	require.Equal(t, "boom", r.FirstError.Message)
}

// TestRecordingStaysBounded records far more than a report may have, with a new
// secret in each request, and texts that JSON makes longer.
func TestRecordingStaysBounded(t *testing.T) {
	t.Parallel()
	const most = 100_000
	var list []wire.RequestReport
	var secrets []string
	for i := range 3000 {
		secrets = append(secrets, fmt.Sprintf("canary-%d-secret", i))
		list = append(list, wire.RequestReport{Name: secrets[i], Assertions: []wire.AssertionReport{{Name: secrets[i], Error: secrets[i]}}})
	}
	r := agent.Record(most, list, secrets)
	require.LessOrEqual(t, size(t, r), most)
	require.Len(t, r.Requests, 100)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	require.NotContains(t, string(text), "canary")

	r = agent.Record(most, []wire.RequestReport{{Console: []wire.ConsoleLine{{Text: strings.Repeat("\x01", most/2)}}}}, nil)
	require.LessOrEqual(t, size(t, r), most)
	require.True(t, r.Truncated)
}

func TestReportsFitTheBound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := large(rapid.IntRange(0, 300).Draw(t, "requests"), rapid.IntRange(0, 300).Draw(t, "console"), rapid.IntRange(0, 900).Draw(t, "name"))
		counts := r.Counts
		most := rapid.IntRange(4_000, 200_000).Draw(t, "most")
		before := size(t, r)
		agent.Bound(&r, most)
		require.LessOrEqual(t, size(t, r), most)
		require.Equal(t, before > most, r.Truncated)
		require.Equal(t, counts, r.Counts)
	})
}
