package run_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/cookies"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
)

// meeting answers when n requests have come, and fails those that wait too long.
func meeting(n int32) http.HandlerFunc {
	var come atomic.Int32
	all := make(chan struct{})
	return func(w http.ResponseWriter, _ *http.Request) {
		if come.Add(1) == n {
			close(all)
		}
		select {
		case <-all:
			w.WriteHeader(http.StatusOK)
		case <-time.After(10 * time.Second):
			w.WriteHeader(http.StatusGatewayTimeout)
		}
	}
}

func TestIterationsBesideEachOther(t *testing.T) {
	t.Parallel()
	e := newEcho(t, map[string]http.HandlerFunc{"/meet": meeting(4), "/login": func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("session"); err == nil {
			w.WriteHeader(http.StatusConflict) // the cookie of another iteration
		}
		w.Header().Set("Set-Cookie", "session=1")
	}})
	var mu sync.Mutex
	seen := map[int]string{}
	scripts := scripted{"note": func(_ context.Context, in script.Input) script.Output {
		mu.Lock()
		defer mu.Unlock()
		before, _ := in.Scopes.Environment.Lookup("note")
		in.Scopes.Environment.Set("note", in.Info.Iteration)
		row, _ := in.Scopes.Data.Lookup("row")
		seen[in.Info.Iteration] = fmt.Sprint(before, " ", row)
		return script.Output{Assertions: []script.Assertion{{Name: fmt.Sprint("row ", row)}}}
	}}
	c := parse(t, `{"info":{"name":"c"},"item":[
		{"name":"meet","request":"%[1]s/meet","event":[{"listen":"test","script":{"exec":["note"]}}]},
		{"name":"login","request":"%[1]s/login"}]}`, e.URL)
	data := make([]postman.Row, 12)
	for i := range data {
		data[i] = postman.Row{{Key: "row", Value: i}}
	}
	j, jar := &journal{}, &cookies.Jar{}
	res, err := run.Run(t.Context(), c, run.Options{
		Parallel: 4, Data: data, Sandbox: scripts.factory, Reporters: []run.Reporter{j}, Jar: jar,
		Environment: &postman.Environment{},
	})
	require.NoError(t, err)
	require.Equal(t, run.Successful, res.Outcome)
	require.Equal(t, 24, res.Counts.Requests.Total)
	require.Equal(t, 12, res.Counts.Iterations.Total)
	var want []string
	for i := range 12 {
		want = append(want, fmt.Sprint("iteration ", i), "item meet", "collection 200", fmt.Sprint("test row ", i), "item login", "collection 200")
		require.Equal(t, fmt.Sprint("<nil> ", i), seen[i], "an iteration sees nothing of another")
	}
	require.Equal(t, append(want, "successful"), j.lines)
	left, _ := res.Environment.Lookup("note")
	require.Equal(t, 11, left)
	require.Len(t, jar.All(), 1)
}

func TestIterationsBesideEachOtherEndTogether(t *testing.T) {
	t.Parallel()
	e := newEcho(t, nil)
	c := parse(t, `{"info":{"name":"c"},"item":[{"name":"a","request":"%s/a","event":[{"listen":"test","script":{"exec":["third"]}}]}]}`, e.URL)
	fails := scripted{"third": func(_ context.Context, in script.Input) script.Output {
		a := script.Assertion{Name: "not the third"}
		if in.Info.Iteration == 2 {
			a.Error = &script.Error{Name: "AssertionError", Message: "no"}
		}
		return script.Output{Assertions: []script.Assertion{a}}
	}}
	j := &journal{}
	res, err := run.Run(t.Context(), c, run.Options{Parallel: 3, Iterations: 10_000, Bail: run.BailOnFailure, Sandbox: fails.factory, Reporters: []run.Reporter{j}})
	require.NoError(t, err)
	require.NotEqual(t, run.Successful, res.Outcome)
	require.Less(t, res.Counts.Requests.Total, 50)
	require.Contains(t, strings.Join(j.lines, "\n"), "iteration 2")

	ctx, cancel := context.WithCancel(t.Context())
	stops := scripted{"third": func(_ context.Context, in script.Input) script.Output {
		if in.Info.Iteration == 2 {
			cancel()
		}
		return script.Output{}
	}}
	res, err = run.Run(ctx, c, run.Options{Parallel: 3, Iterations: 10_000, Sandbox: stops.factory})
	require.NoError(t, err)
	require.Equal(t, run.Aborted, res.Outcome)
}
