package e2e

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheJourney(t *testing.T) {
	t.Parallel()
	p, tg := newPlane(t), newTarget(t, 0)
	c := p.configure(collection(tg.URL, 3), nil)
	require.Equal(t, "never connected", p.get("/api/v1/runners/" + c.runner)["health"])

	agent := p.runner(c)
	run := p.finished(p.trigger(c), 10*time.Second)
	require.Equal(t, "successful", run["outcome"])
	require.Equal(t, "api", run["trigger"])
	require.EqualValues(t, 1, run["attempt"])
	counts := run["counts"].(object)
	require.EqualValues(t, 3, counts["requests"])
	require.EqualValues(t, 6, counts["assertions"])
	require.EqualValues(t, 0, counts["failed_assertions"])
	for _, at := range []string{"due_at", "claimed_at", "started_at", "finished_at", "reported_at"} {
		_, err := time.Parse(time.RFC3339, run[at].(string))
		require.NoError(t, err, at)
	}

	report := p.get("/api/v1/runs/" + run["id"].(string) + "/report")
	var names []string
	for _, r := range report["requests"].([]any) {
		for _, a := range r.(object)["assertions"].([]any) {
			require.Equal(t, true, a.(object)["passed"])
			names = append(names, r.(object)["name"].(string)+" › "+a.(object)["name"].(string))
		}
	}
	require.Equal(t, []string{
		"request 1 › status is 200", "request 1 › knows who", "request 2 › status is 200", "request 2 › knows who",
		"request 3 › status is 200", "request 3 › knows who",
	}, names)
	require.Equal(t, "healthy", p.get("/api/v1/runners/" + c.runner)["health"])

	reset := p.post("/api/v1/runners/"+c.runner+"/reset-key", object{"reason": "laptop stolen", "grace_seconds": 0}, 200)
	require.NotEqual(t, c.key, reset["key"])
	require.Equal(t, 3, agent.ended(t, 10*time.Second), "the agent stops")
	require.Contains(t, agent.output(), "refused")
	require.NotContains(t, agent.output(), c.key)
	late := p.runner(c)
	require.Equal(t, 3, late.ended(t, 10*time.Second), "the old key is refused")

	entries := p.items("/api/v1/audit?action=runner.key_reset")
	require.Len(t, entries, 1)
	e := entries[0].(object)
	require.Equal(t, "bootstrap", e["actor"].(object)["name"])
	require.Equal(t, "127.0.0.1", e["ip"])
	require.Equal(t, c.runner, e["object"])
	require.Equal(t, "laptop stolen", e["details"].(object)["reason"])
	require.NotEmpty(t, e["at"])
}

func TestTheKeyIsShownOnceEvenToARetry(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	create := func() object {
		status, o, _ := p.do(http.MethodPost, "/api/v1/runners", object{"name": "edge"}, "Idempotency-Key", "k1")
		require.Equal(t, http.StatusCreated, status)
		return o
	}
	first, again := create(), create()
	require.Equal(t, first["id"], again["id"])
	require.Regexp(t, "^pkr_", first["key"])
	require.Nil(t, again["key"])
	require.Contains(t, first["command"], "--server "+p.url+" --id "+first["id"].(string)+" --key pkr_")
	require.Len(t, p.items("/api/v1/runners"), 1)
}

func TestAGracePeriodLetsBothKeysIn(t *testing.T) {
	t.Parallel()
	p, tg := newPlane(t), newTarget(t, 0)
	c := p.configure(collection(tg.URL, 1), nil)
	old := p.runner(c)
	p.finished(p.trigger(c), 10*time.Second)
	c.key = p.post("/api/v1/runners/"+c.runner+"/reset-key", object{"grace_seconds": 60}, 200)["key"].(string)
	p.finished(p.trigger(c), 10*time.Second)
	p.runner(c)
	p.eventually(10*time.Second, "two instances are online", func() bool {
		return len(p.get("/api/v1/runners/" + c.runner)["instances"].([]any)) == 2
	})
	require.Nil(t, old.ProcessState, "the old one still runs")
}

func TestARunnerFinishesWhatItHasBeforeItStops(t *testing.T) {
	t.Parallel()
	p, tg := newPlane(t), newTarget(t, 100*time.Millisecond)
	c := p.configure(collection(tg.URL, 10), nil)
	agent := p.runner(c)
	run := p.trigger(c)
	p.eventually(10*time.Second, "the run has begun", func() bool { return tg.calls() > 1 })
	require.NoError(t, agent.Process.Signal(syscall.SIGTERM))
	require.Equal(t, 0, agent.ended(t, 10*time.Second))
	require.Equal(t, "successful", p.finished(run, time.Second)["outcome"])
	require.Equal(t, 10, tg.calls())
	require.Equal(t, "unhealthy", p.get("/api/v1/runners/" + c.runner)["health"])
}

func TestTheDemo(t *testing.T) {
	t.Parallel()
	keep := filepath.Join(t.TempDir(), "demo")
	cmd := exec.CommandContext(t.Context(), binary, "demo", "--once", "--json", "--keep", keep)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var run object
	require.NoError(t, json.Unmarshal(out, &run), string(out))
	require.Equal(t, "finished", run["state"])
	require.Equal(t, "successful", run["outcome"])
	require.GreaterOrEqual(t, run["counts"].(object)["requests"], 8.0)
	require.DirExists(t, keep)
}

// A terminal's Ctrl-C comes to all processes of the group, the runner too.
func TestTheDemoEndsInGoodOrder(t *testing.T) {
	t.Parallel()
	p := &process{Cmd: exec.CommandContext(t.Context(), binary, "demo"), done: make(chan struct{})}
	p.Stdout, p.Stderr = p, p
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, p.Start())
	go func() {
		_ = p.Wait()
		close(p.done)
	}()
	t.Cleanup(p.kill)
	require.Eventually(t, func() bool { return strings.Contains(p.output(), "until Ctrl-C") }, 30*time.Second, 20*time.Millisecond)
	require.NoError(t, syscall.Kill(-p.Process.Pid, syscall.SIGINT))
	require.Zero(t, p.ended(t, 15*time.Second), p.output())
	require.NotContains(t, p.output(), "aborted")
}

func TestMonitorRunSaysWithItsExitCodeHowItWent(t *testing.T) {
	t.Parallel()
	p, tg := newPlane(t), newTarget(t, 0)
	c := p.configure(collection(tg.URL, 2), nil)
	cli := func(args ...string) (string, int) {
		cmd := exec.CommandContext(t.Context(), binary, append([]string{"monitor", "run", c.monitor, "--server", p.url, "--api-key", apiKey}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			var exited *exec.ExitError
			require.ErrorAs(t, err, &exited)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	out, code := cli("--queue-timeout", "200ms")
	require.Equal(t, 6, code, out)
	p.runner(c)
	out, code = cli()
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "✓ knows who")
	require.Contains(t, out, "successful  2 requests, 4 assertions, 0 failed")

	tg.Close() // now nothing answers
	out, code = cli("--json")
	require.Equal(t, 4, code, out)
	var runs []object
	require.NoError(t, json.Unmarshal([]byte(out), &runs), out)
	_, code = cli("-x")
	require.Equal(t, 0, code)
}
