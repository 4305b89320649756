package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/api/wire"
)

// instance talks as a runner's process does.
type instance struct {
	*bench
	token string
	id    string
}

func (b *bench) runnerKey(id string) string {
	b.Helper()
	a := b.call("POST", "/api/v1/runners/"+id+"/reset-key", `{}`)
	require.Equal(b, http.StatusOK, a.status, "%s", a.body)
	return a.object(b.T)["key"].(string)
}

func registration(runner, key string) string {
	return fmt.Sprintf(`{"runner":%q,"key":%q,"host_name":"h","version":"1","os":"linux","arch":"amd64","capacity":2,"protocol":"1.0"}`, runner, key)
}

func (b *bench) register(runner, key string) *instance {
	b.Helper()
	a := b.call("POST", "/agent/v1/register", registration(runner, key), "X-Api-Key", "")
	require.Equal(b, http.StatusOK, a.status, "%s", a.body)
	o := a.object(b.T)
	return &instance{bench: b, token: o["token"].(string), id: o["instance"].(string)}
}

func (i *instance) send(method, path string, body any, header ...string) answer {
	i.Helper()
	text := ""
	switch v := body.(type) {
	case nil:
	case string:
		text = v
	default:
		data, err := json.Marshal(v)
		require.NoError(i, err)
		text = string(data)
	}
	return i.call(method, path, text, append([]string{"X-Api-Key", "", "Authorization", "Bearer " + i.token}, header...)...)
}

const claim1 = "0192f3c1-7a60-7cc0-8f5e-0a51b4c0f2a1"

func (i *instance) claim(id string) wire.Lease {
	i.Helper()
	a := i.send("POST", "/agent/v1/claim", wire.Claim{ClaimID: id})
	require.Equal(i, http.StatusOK, a.status, "%s", a.body)
	var l wire.Lease
	require.NoError(i, json.Unmarshal(a.body, &l))
	return l
}

func report(l wire.Lease, outcome string) wire.SubmitReport {
	return wire.SubmitReport{Token: l.Token, Report: wire.Report{
		Run: l.Run, Attempt: l.Attempt, Outcome: outcome, Counts: wire.Counts{Requests: 1, Assertions: 1}, Timings: wire.RunTimings{TotalMS: 12.5},
		Requests: []wire.RequestReport{{Name: "list", Method: "GET", URL: "http://x/", Status: 200, Assertions: []wire.AssertionReport{{Name: "ok", Passed: true}}}},
	}}
}

func TestARunGoesFromClaimToReport(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	x := b.things()
	m := b.create("/api/v1/monitors", x.monitor(""))
	i := b.register(x.runner, b.runnerKey(x.runner))
	run := b.call("POST", "/api/v1/monitors/"+m+"/run", "").object(t)["id"].(string)

	l := i.claim(claim1)
	require.Equal(t, run, l.Run)
	require.Equal(t, l, i.claim(claim1), "the same claim id gets the same lease")
	attempt := wire.Attempted{Run: run, Attempt: l.Attempt, Token: l.Token}
	require.Equal(t, http.StatusNoContent, i.send("POST", "/agent/v1/runs/"+run+"/start", attempt).status)
	require.Equal(t, http.StatusNoContent, i.send("POST", "/agent/v1/runs/"+run+"/start", attempt).status, "again")

	blob := func(hash string, token int64) answer {
		return i.send("GET", fmt.Sprintf("/agent/v1/blobs/%s?run=%s&token=%d", hash, run, token), nil)
	}
	require.JSONEq(t, someCollection, string(blob(l.CollectionHash, l.Token).body))
	require.Equal(t, http.StatusNotFound, blob(l.CollectionHash, l.Token+1).status, "only within the lease")
	require.Equal(t, http.StatusNotFound, blob(strings.Repeat("0", 64), l.Token).status, "only what it names")

	hb := i.send("POST", "/agent/v1/heartbeat", wire.Heartbeat{InFlight: 1, Leases: []wire.Attempted{attempt, {Run: run, Attempt: 1, Token: 99}}})
	require.Equal(t, []any{run}, hb.object(t)["stop"], "the attempt with the wrong token must stop")
	b.eventually(func() bool { return b.call("GET", "/api/v1/runs/"+run, "").object(t)["state"] == "running" })
	runner := b.call("GET", "/api/v1/runners/"+x.runner, "").object(t)
	require.Equal(t, "healthy", runner["health"])
	require.EqualValues(t, 1, runner["in_flight"])

	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	require.NoError(t, json.NewEncoder(z).Encode(report(l, "successful")))
	require.NoError(t, z.Close())
	for range 2 { // the second is a retry
		a := i.send("POST", "/agent/v1/runs/"+run+"/report", zipped.String(), "Content-Encoding", "gzip")
		require.Equal(t, http.StatusOK, a.status, "%s", a.body)
		require.Equal(t, map[string]any{"accepted": true, "state": "finished", "outcome": "successful"}, a.object(t))
	}
	a := i.send("POST", "/agent/v1/runs/"+run+"/report", report(l, "failure"))
	require.Equal(t, false, a.object(t)["accepted"], "another result of a run that has ended is evidence only")
	require.Equal(t, http.StatusConflict, i.send("POST", "/agent/v1/runs/"+run+"/start", attempt).status)

	b.eventually(func() bool { return b.call("GET", "/api/v1/runs/"+run, "").object(t)["late_reports"] == 1.0 })
	got := b.call("GET", "/api/v1/runs/"+run, "").object(t)
	require.Equal(t, "successful", got["outcome"])
	rep := b.call("GET", "/api/v1/runs/"+run+"/report", "").object(t)
	require.Equal(t, "ok", rep["requests"].([]any)[0].(map[string]any)["assertions"].([]any)[0].(map[string]any)["name"])
}

func (b *bench) eventually(is func() bool) {
	b.Helper()
	require.Eventually(b, is, 5*time.Second, 5*time.Millisecond)
}

func TestAWaitingClaimIsAnsweredWhenWorkAppears(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	x := b.things()
	m := b.create("/api/v1/monitors", x.monitor(""))
	i := b.register(x.runner, b.runnerKey(x.runner))
	a := i.send("POST", "/agent/v1/claim", wire.Claim{ClaimID: claim1})
	require.Equal(t, http.StatusNoContent, a.status, "nothing to do")
	require.Equal(t, "0", a.header.Get("Retry-After"))

	got := make(chan answer)
	go func() { got <- i.send("POST", "/agent/v1/claim", wire.Claim{ClaimID: claim1}) }()
	require.Equal(t, http.StatusAccepted, b.call("POST", "/api/v1/monitors/"+m+"/run", "").status)
	select {
	case a := <-got:
		if a.status == http.StatusNoContent { // its time was over just before
			a = i.send("POST", "/agent/v1/claim", wire.Claim{ClaimID: claim1})
		}
		require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	case <-time.After(5 * time.Second):
		require.FailNow(t, "the claim waits on")
	}
}

func TestAResetKeyIsDeadAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	x := b.things()
	key := b.runnerKey(x.runner)
	i := b.register(x.runner, key)
	next := b.runnerKey(x.runner)
	for name, a := range map[string]answer{
		"claim":     i.send("POST", "/agent/v1/claim", wire.Claim{ClaimID: claim1}),
		"heartbeat": i.send("POST", "/agent/v1/heartbeat", wire.Heartbeat{Leases: []wire.Attempted{}}),
		"register":  b.call("POST", "/agent/v1/register", registration(x.runner, key), "X-Api-Key", ""),
		"a runner that is not there": b.call("POST", "/agent/v1/register",
			registration("0192f3c1-7a60-7cc0-8f5e-0a51b4c0f2aa", key), "X-Api-Key", ""),
	} {
		require.Equal(t, http.StatusUnauthorized, a.status, name)
		require.Equal(t, wire.ProblemRunnerKeyRefused, a.object(t)["type"], name)
		require.NotContains(t, string(a.body), key)
	}
	b.register(x.runner, next)
	require.Equal(t, http.StatusNoContent, b.call("DELETE", "/api/v1/runners/"+x.runner, "").status)
	require.Equal(t, http.StatusUnauthorized, b.call("POST", "/agent/v1/register", registration(x.runner, next), "X-Api-Key", "").status)
}

func TestAnOpenPollEndsWhenTheKeyIsReset(t *testing.T) {
	t.Parallel()
	b := newBenchWith(t, 20*time.Second)
	x := b.things()
	i := b.register(x.runner, b.runnerKey(x.runner))
	got := make(chan answer)
	go func() { got <- i.send("POST", "/agent/v1/claim", wire.Claim{ClaimID: claim1}) }()
	b.runnerKey(x.runner)
	select {
	case a := <-got:
		require.Equal(t, http.StatusUnauthorized, a.status, "%s", a.body)
	case <-time.After(5 * time.Second):
		require.FailNow(t, "the poll of the dead key stays open")
	}
}

func TestAKeyIsOnlyForItsSide(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	x := b.things()
	i := b.register(x.runner, b.runnerKey(x.runner))
	require.Equal(t, http.StatusUnauthorized, i.send("GET", "/api/v1/runs", nil).status)
	require.Equal(t, http.StatusUnauthorized, b.call("POST", "/agent/v1/claim", `{"claim_id":"`+claim1+`"}`).status)
	require.Equal(t, http.StatusNoContent, i.send("POST", "/agent/v1/disconnect", nil).status)
	require.Equal(t, http.StatusUnauthorized, i.send("POST", "/agent/v1/heartbeat", wire.Heartbeat{Leases: []wire.Attempted{}}).status)
	b.eventually(func() bool {
		return b.call("GET", "/api/v1/runners/"+x.runner, "").object(t)["health"] == "unhealthy"
	})
}

func TestAZipBombIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	x := b.things()
	m := b.create("/api/v1/monitors", x.monitor(""))
	i := b.register(x.runner, b.runnerKey(x.runner))
	b.call("POST", "/api/v1/monitors/"+m+"/run", "")
	l := i.claim(claim1)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write([]byte(`{"token":1,"finished_ago_ms":0,"report":{"run":"` + l.Run + `","warnings":["`))
	require.NoError(t, err)
	blank := bytes.Repeat([]byte(" "), 1<<20)
	for range 64 {
		_, err = z.Write(blank)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.Less(t, zipped.Len(), 1<<20)
	a := i.send("POST", "/agent/v1/runs/"+l.Run+"/report", zipped.String(), "Content-Encoding", "gzip")
	require.Equal(t, http.StatusRequestEntityTooLarge, a.status, "%s", a.body)
}
