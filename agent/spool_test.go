package agent_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/agent"
	"github.com/picket-api/picket/api/wire"
)

func TestRefusedResultsAreSetAside(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		var status atomic.Int32
		var proxy atomic.Bool
		p.set(func() {
			p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if filepath.Base(r.URL.Path) != "report" {
					return false
				}
				if proxy.Load() {
					http.Error(w, "too large", int(status.Load()))
				} else {
					problem(w, int(status.Load()), "")
				}
				return true
			}
		})
		proc := start(t, p, nil)
		for _, passing := range []int32{408, 429, 500, 503} {
			status.Store(passing)
			p.offer(nil)
			time.Sleep(10 * time.Minute)
			require.Len(t, files(t, proc.spool), 1, "%d may pass", passing)
			status.Store(422)
			time.Sleep(time.Minute)
			require.Empty(t, files(t, proc.spool))
		}
		require.Len(t, files(t, filepath.Join(proc.spool, "rejected")), 4)
		require.Contains(t, proc.logs.String(), "result refused for good")

		status.Store(413)
		proxy.Store(true)
		p.offer(nil)
		time.Sleep(time.Minute)
		require.Len(t, files(t, proc.spool), 1, "a proxy's opinion isn't the last word")
		p.set(func() { p.intercept = nil })
		time.Sleep(time.Minute)
		require.Len(t, p.got(), 1)
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestDamagedFilesInTheSpool(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		dir := t.TempDir()
		good, err := json.Marshal(map[string]any{"version": 1, "run": uuid.NewString(), "attempt": 1, "token": 5, "finished_at": time.Now(), "report": wire.Report{Outcome: "successful"}})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "good.json"), good, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "half.json"), good[:len(good)/2], 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "later.json"), []byte(`{"version":2}`), 0o600))
		proc := start(t, p, func(c *agent.Config) { c.SpoolDir = dir })
		time.Sleep(time.Minute)
		require.Len(t, p.got(), 1)
		require.Empty(t, files(t, dir))
		require.Len(t, files(t, filepath.Join(dir, "rejected")), 2)
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestResultOutlivesItsLease(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		var away atomic.Bool
		away.Store(true)
		p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			refuse := filepath.Base(r.URL.Path) == "report" && away.Load()
			if refuse {
				problem(w, 503, "")
			}
			return refuse
		}
		proc := start(t, p, nil)
		lease := p.offer(nil)
		time.Sleep(20 * time.Second)
		p.set(func() { p.stop = []string{lease.Run} })
		time.Sleep(20 * time.Second)
		p.set(func() { require.Empty(t, p.heartbeats[len(p.heartbeats)-1].Leases) })
		away.Store(false)
		time.Sleep(time.Minute)
		require.Len(t, p.got(), 1, "it may still be wanted; if not, it is evidence")
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestSpoolIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		proc := start(t, p, func(c *agent.Config) { c.Capacity = 1 })
		proc.LimitSpool(3)
		p.set(func() {
			p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				refuse := filepath.Base(r.URL.Path) == "report"
				if refuse {
					problem(w, 503, "")
				}
				return refuse
			}
		})
		for range 10 {
			p.offer(nil)
		}
		time.Sleep(5 * time.Minute)
		require.Len(t, files(t, proc.spool), 3)
		require.Contains(t, proc.logs.String(), "is full: 3 results")
		p.set(func() { p.intercept = nil })
		time.Sleep(5 * time.Minute)
		require.Len(t, p.got(), 10)
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestBrokenSpoolHoldsTheSlot(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		var runs atomic.Int32
		proc := start(t, p, func(c *agent.Config) {
			c.Capacity = 1
			c.Executor = executor(func(context.Context, agent.Job) (wire.Report, error) {
				runs.Add(1)
				return wire.Report{Outcome: "successful"}, nil
			})
		})
		require.NoError(t, os.RemoveAll(proc.spool))
		down := func(w http.ResponseWriter, r *http.Request) bool {
			if filepath.Base(r.URL.Path) == "report" {
				problem(w, 503, "")
				return true
			}
			return false
		}
		p.set(func() { p.intercept = down })
		p.offer(nil)
		p.offer(nil)
		time.Sleep(10 * time.Minute)
		require.EqualValues(t, 1, runs.Load(), "no second run while the first one's result is in memory only")
		require.Contains(t, proc.logs.String(), "result not written to the spool")
		p.set(func() { p.intercept = nil })
		time.Sleep(time.Minute)
		require.Len(t, p.got(), 2)
		proc.signal()
		require.NoError(t, proc.end())
	})
}
