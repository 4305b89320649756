package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// terminal counts the events that end a run.
func (p *plane) terminal(run string) int {
	n := 0
	for _, e := range p.items("/api/v1/streams/run-" + run) {
		switch e.(object)["type"] {
		case "run.finished.v1", "run.missed.v1":
			n++
		}
	}
	return n
}

func TestTheControlPlaneIsKilledDuringARun(t *testing.T) {
	t.Parallel()
	p, tg := newPlane(t), newTarget(t, 100*time.Millisecond)
	c := p.configure(collection(tg.URL, 20), nil)
	p.runner(c)
	run := p.trigger(c)
	p.eventually(10*time.Second, "the run is under way", func() bool { return tg.calls() > 3 })

	// Writers whose every acknowledged command must be there afterwards.
	var mu sync.Mutex
	var acknowledged []string
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				body := strings.NewReader(fmt.Sprintf(`{"name":"w%d-%d"}`, w, i))
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/api/v1/workspaces", body)
				req.Header.Set("X-Api-Key", apiKey)
				req.Header.Set("Content-Type", "application/json")
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					continue
				}
				var o object
				err = json.NewDecoder(resp.Body).Decode(&o)
				resp.Body.Close()
				if err == nil && resp.StatusCode == http.StatusCreated {
					mu.Lock()
					acknowledged = append(acknowledged, o["id"].(string))
					mu.Unlock()
				}
			}
		})
	}
	p.eventually(10*time.Second, "commands were acknowledged", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged) > 20
	})
	p.proc.kill()
	close(stop)
	wg.Wait()
	p.start()
	for _, id := range acknowledged {
		require.Equal(t, id, p.get("/api/v1/workspaces/" + id)["id"])
	}
	got := p.finished(run, 40*time.Second)
	require.Equal(t, "successful", got["outcome"])
	require.EqualValues(t, 1, got["attempt"], "the runner finished what it had")
	require.Equal(t, 1, p.terminal(run))
	require.Equal(t, 20, tg.calls(), "no request was sent twice")
}

func TestADeadRunnersRunIsTakenOver(t *testing.T) {
	t.Parallel()
	p, tg := newPlane(t), newTarget(t, 150*time.Millisecond)
	c := p.configure(collection(tg.URL, 15), nil)
	first := p.runner(c, "--concurrency", "1", "--host-name", "first")
	run := p.trigger(c)
	p.eventually(10*time.Second, "the run is under way", func() bool { return tg.calls() > 2 })
	p.runner(c, "--concurrency", "1", "--host-name", "second")
	p.eventually(10*time.Second, "the second instance is there", func() bool {
		return len(p.get("/api/v1/runners/" + c.runner)["instances"].([]any)) == 2
	})

	first.kill()
	killed := time.Now()
	var got object
	p.eventually(25*time.Second, "the second instance has the run", func() bool {
		got = p.get("/api/v1/runs/" + run)
		return got["attempt"] == 2.0
	})
	require.Less(t, time.Since(killed), 20*time.Second)
	require.Equal(t, "second", got["instance_host"])
	got = p.finished(run, 15*time.Second)
	require.Equal(t, "successful", got["outcome"])
	require.Equal(t, 1, p.terminal(run))
	attempts := got["attempts"].([]any)
	require.Len(t, attempts, 2)
	require.Equal(t, "lease_expired", attempts[0].(object)["end"])
	require.Equal(t, "first", attempts[0].(object)["instance_host"])
	states := map[any]any{}
	for _, i := range p.get("/api/v1/runners/" + c.runner)["instances"].([]any) {
		states[i.(object)["host_name"]] = i.(object)["state"]
	}
	require.Equal(t, map[any]any{"first": "lost", "second": "online"}, states)
}

func TestAnUnsafeRunIsNeverRunAgain(t *testing.T) {
	t.Parallel()
	p, tg := newPlane(t), newTarget(t, 150*time.Millisecond)
	c := p.configure(collection(tg.URL, 15), object{"effects": "unsafe"})
	first := p.runner(c, "--concurrency", "1")
	run := p.trigger(c)
	p.eventually(10*time.Second, "the run is under way", func() bool { return tg.calls() > 2 })
	p.runner(c, "--concurrency", "1")
	first.kill()
	got := p.finished(run, 25*time.Second)
	require.Equal(t, "missed", got["outcome"])
	require.Equal(t, "instance_lost", got["missed_cause"])
	require.EqualValues(t, 1, got["attempt"])
}

func TestAResultWaitsOnDiskWhileTheControlPlaneIsAway(t *testing.T) {
	t.Parallel()
	p, tg := newPlane(t), newTarget(t, 50*time.Millisecond)
	c := p.configure(collection(tg.URL, 10), nil)
	dir := t.TempDir()
	agent := p.runner(c, "--spool", filepath.Join(dir, "spool"), "--drain-timeout", "1s")
	run := p.trigger(c)
	p.eventually(10*time.Second, "the run is under way", func() bool { return tg.calls() > 3 })
	p.proc.kill()
	p.eventually(10*time.Second, "the result is on disk", func() bool {
		files, _ := filepath.Glob(filepath.Join(dir, "spool", "*.json*"))
		return len(files) > 0
	})
	agent.kill() // the machine of the runner is restarted, too
	p.start()
	p.runner(c, "--spool", filepath.Join(dir, "spool"))
	got := p.finished(run, 15*time.Second)
	require.Equal(t, "successful", got["outcome"])
	require.Equal(t, 1, p.terminal(run))
	require.Equal(t, 10, tg.calls())
}

// answers are what the API says of everything.
func (p *plane) answers() string {
	var all []object
	for _, path := range []string{
		"/api/v1/workspaces", "/api/v1/collections", "/api/v1/environments", "/api/v1/runners", "/api/v1/monitors",
		"/api/v1/runs", "/api/v1/audit?limit=200",
	} {
		all = append(all, p.get(path))
	}
	data, err := json.MarshalIndent(all, "", " ")
	require.NoError(p.t, err)
	return string(data)
}

func TestViewsAreDisposable(t *testing.T) {
	t.Parallel()
	p, tg := newPlane(t), newTarget(t, 0)
	c := p.configure(collection(tg.URL, 2), nil)
	agent := p.runner(c)
	for range 3 {
		p.finished(p.trigger(c), 10*time.Second)
	}
	require.NoError(t, agent.Process.Signal(os.Interrupt))
	agent.ended(t, 10*time.Second)
	want := p.answers()
	require.Contains(t, want, "runner.created.v1")

	for _, view := range p.items("/api/v1/projections") {
		name := view.(object)["name"].(string)
		p.post("/api/v1/projections/"+name+"/rebuild", nil, 202)
		p.eventually(10*time.Second, name+" is rebuilt", func() bool {
			for _, v := range p.items("/api/v1/projections") {
				if v.(object)["name"] == name {
					return v.(object)["rebuilding"] == false
				}
			}
			return false
		})
	}
	require.Equal(t, want, p.answers(), "after a rebuild of each view")

	p.proc.kill()
	files, err := filepath.Glob(filepath.Join(p.data, "views.db*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		require.NoError(t, os.Remove(f))
	}
	p.start()
	require.Equal(t, want, p.answers(), "after views.db was deleted")
}

func TestLosingTheOperationalStateLosesNoRun(t *testing.T) {
	t.Parallel()
	p, tg := newPlane(t), newTarget(t, 100*time.Millisecond)
	c := p.configure(collection(tg.URL, 20), nil)
	p.runner(c)
	run := p.trigger(c)
	p.eventually(10*time.Second, "the run is under way", func() bool { return tg.calls() > 3 })
	p.proc.kill()
	files, err := filepath.Glob(filepath.Join(p.data, "ops.db*"))
	require.NoError(t, err)
	for _, f := range files {
		require.NoError(t, os.Remove(f))
	}
	p.start()
	got := p.finished(run, 30*time.Second)
	require.Equal(t, "successful", got["outcome"])
	require.Equal(t, 1, p.terminal(run))
	require.Equal(t, 20, tg.calls())
}
