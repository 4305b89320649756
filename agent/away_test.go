package agent_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/agent"
	"github.com/picket-api/picket/api/wire"
)

// slow runs for a minute and can't be hurried.
var slow = executor(func(context.Context, agent.Job) (wire.Report, error) {
	time.Sleep(time.Minute)
	return wire.Report{Outcome: "successful"}, nil
})

// patient runs for a minute unless it is stopped.
var patient = executor(func(ctx context.Context, _ agent.Job) (wire.Report, error) {
	select {
	case <-time.After(time.Minute):
		return wire.Report{Outcome: "successful"}, nil
	case <-ctx.Done():
		return wire.Report{}, nil
	}
})

func files(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	return found
}

func TestUnreachableAtStart(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		p.setDown(true)
		ready := false
		proc := start(t, p, func(c *agent.Config) { c.OnReady = func(agent.Ready) { ready = true } })
		time.Sleep(2 * time.Hour)
		require.False(t, ready)
		require.Contains(t, proc.logs.String(), "doesn't register this runner yet")
		p.setDown(false)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		require.True(t, ready)
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestStopWhileUnreachable(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		p.setDown(true)
		proc := start(t, p, nil)
		time.Sleep(time.Hour)
		began := time.Now()
		proc.signal()
		require.NoError(t, proc.end())
		require.Zero(t, time.Since(began))
	})
}

func TestAwayDuringARun(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		proc := start(t, p, func(c *agent.Config) { c.Executor = slow })
		lease := p.offer(nil)
		time.Sleep(5 * time.Second)
		p.setDown(true)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		waiting := files(t, proc.spool)
		require.Len(t, waiting, 1, "the result is on disk although nobody takes it")
		info, err := os.Stat(waiting[0])
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

		p.setDown(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, p.got(), 1, "delivered exactly once")
		require.Equal(t, lease.Run, p.got()[0].Report.Run)
		require.InDelta(t, (9*time.Minute + 20*time.Second).Milliseconds(), p.got()[0].FinishedAgoMS, float64((35 * time.Second).Milliseconds()))
		require.Empty(t, files(t, proc.spool))
		require.Contains(t, proc.logs.String(), "the control plane is away")
		require.Contains(t, proc.logs.String(), "the control plane is back")

		p.offer(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.Len(t, p.got(), 2, "and the runner goes on")
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestResultIsHeldUntilItIsDelivered(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		p.set(func() {
			p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if filepath.Base(r.URL.Path) != "report" {
					return false
				}
				problem(w, 503, "")
				return true
			}
		})
		proc := start(t, p, nil)
		lease := p.offer(nil)
		time.Sleep(time.Minute)
		p.mu.Lock()
		last := p.heartbeats[len(p.heartbeats)-1]
		p.intercept = nil
		p.mu.Unlock()
		require.Equal(t, []wire.Attempted{{Run: lease.Run, Attempt: 1, Token: 7}}, last.Leases,
			"or the control plane would hand the run out again")
		require.Zero(t, last.InFlight)
		time.Sleep(time.Minute)
		p.mu.Lock()
		require.Empty(t, p.heartbeats[len(p.heartbeats)-1].Leases)
		p.mu.Unlock()
		require.Len(t, p.got(), 1)
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestRestartDeliversTheSpool(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		proc := start(t, p, func(c *agent.Config) { c.Executor = slow })
		lease := p.offer(func(l *wire.Lease) { l.Attempt, l.Token = 2, 41 })
		time.Sleep(5 * time.Second)
		p.setDown(true)
		time.Sleep(2 * time.Minute)
		proc.Abort()
		require.ErrorIs(t, proc.end(), agent.ErrAborted)
		require.Len(t, files(t, proc.spool), 1)

		time.Sleep(time.Hour)
		p.setDown(false)
		var ready agent.Ready
		again := start(t, p, func(c *agent.Config) {
			c.SpoolDir = proc.spool
			c.OnReady = func(r agent.Ready) { ready = r }
		})
		time.Sleep(time.Second)
		synctest.Wait()
		require.Len(t, p.got(), 1)
		got := p.got()[0]
		require.Equal(t, lease.Run, got.Report.Run)
		require.Equal(t, 2, got.Report.Attempt)
		require.EqualValues(t, 41, got.Token)
		require.InDelta(t, (time.Hour + time.Minute).Milliseconds(), got.FinishedAgoMS, 10_000)
		require.Empty(t, files(t, proc.spool))
		require.Contains(t, ready.String(), "Delivering a result of an earlier start")
		again.signal()
		require.NoError(t, again.end())
	})
}

func TestTokenLostWithTheControlPlane(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		var refused atomic.Bool
		proc := start(t, p, func(c *agent.Config) { c.Executor = slow })
		p.offer(nil)
		time.Sleep(5 * time.Second)
		p.set(func() {
			p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/agent/v1/register" || refused.Swap(true) {
					return false
				}
				problem(w, 401, "")
				return true
			}
		})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		p.set(func() { require.Equal(t, 2, p.instances) })
		require.Len(t, p.got(), 1, "the run goes on under the new token")
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestLateResultIsToldAndForgotten(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		p.set(func() { p.receipt = wire.ReportReceipt{Accepted: false, State: "finished"} })
		proc := start(t, p, nil)
		p.offer(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, p.got(), 1)
		require.Empty(t, files(t, proc.spool))
		require.Contains(t, proc.logs.String(), "result came too late")
		proc.signal()
		require.NoError(t, proc.end())
	})
}
