package agent_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/agent"
	"github.com/picket-api/picket/api/wire"
)

// bubble runs a test under a clock that moves when everything waits. The bubble
// ends only when every goroutine of the runner has.
func bubble(t *testing.T, f func(t *testing.T, p *plane)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { f(t, newPlane(t)) })
}

func ptr[T any](v T) *T { return &v }

func TestClaimStartExecuteReport(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		var ready agent.Ready
		var job agent.Job
		proc := start(t, p, func(c *agent.Config) {
			c.OnReady = func(r agent.Ready) { ready = r }
			c.Capacity = 3
			c.Executor = executor(func(ctx context.Context, j agent.Job) (wire.Report, error) {
				p.note("execute")
				job = j
				time.Sleep(2 * time.Second)
				return wire.Report{Outcome: "failure", Counts: wire.Counts{Requests: 2, FailedAssertions: 1}}, nil
			})
		})
		lease := p.offer(func(l *wire.Lease) { l.Options.Iterations = ptr(3); l.Attempt, l.Token = 2, 99 })
		time.Sleep(3 * time.Second)
		synctest.Wait()

		require.Equal(t, []string{"register", "claim", "blob", "blob", "start", "execute", "report"}, p.seen())
		require.Equal(t, collection, job.Collection)
		require.Equal(t, environment, job.Environment)
		require.Equal(t, 3, *job.Options.Iterations)
		require.Equal(t, 1<<20, job.MaxReport)
		report := p.got()[0]
		require.EqualValues(t, 99, report.Token)
		require.Less(t, report.FinishedAgoMS, 100.0)
		require.Equal(t, wire.Report{
			Run: lease.Run, Attempt: 2, Outcome: "failure",
			Counts: wire.Counts{Requests: 2, FailedAssertions: 1}, Requests: []wire.RequestReport{},
		}, report.Report)
		require.Contains(t, ready.String(), `Runner "Frankfurt" is connected to http://localhost as instance `)
		require.Contains(t, ready.String(), "takes 3 runs at the same time")

		proc.signal()
		require.NoError(t, proc.end())
		require.Equal(t, "disconnect", p.seen()[7])
		entries, err := os.ReadDir(proc.spool)
		require.NoError(t, err)
		require.Empty(t, entries)
	})
}

func TestLostAnswerOfAClaim(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		var lost atomic.Bool
		p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/agent/v1/claim" || lost.Swap(true) {
				return false
			}
			p.claim(discard{w}, r)
			panic(http.ErrAbortHandler)
		}
		runs := 0
		p.offer(nil)
		proc := start(t, p, func(c *agent.Config) {
			c.Executor = executor(func(context.Context, agent.Job) (wire.Report, error) {
				runs++
				return wire.Report{Outcome: "successful"}, nil
			})
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		require.True(t, lost.Load())
		require.Equal(t, 1, runs)
		require.Len(t, p.got(), 1)
		proc.signal()
		require.NoError(t, proc.end())
	})
}

// discard is an answer that nobody reads.
type discard struct{ http.ResponseWriter }

func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func TestNoMoreRunsThanSlots(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		var mu sync.Mutex
		now, most := 0, 0
		proc := start(t, p, func(c *agent.Config) {
			c.Capacity = 4
			c.Executor = executor(func(context.Context, agent.Job) (wire.Report, error) {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				now--
				mu.Unlock()
				return wire.Report{Outcome: "successful"}, nil
			})
		})
		for range 60 {
			p.offer(nil)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		require.Equal(t, 4, most)
		byRun := map[string]int{}
		for _, r := range p.got() {
			byRun[r.Report.Run]++
		}
		require.Len(t, byRun, 60)
		require.Len(t, p.got(), 60)
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestHeartbeatsRenewAndStop(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		var cause error
		proc := start(t, p, func(c *agent.Config) {
			c.Executor = executor(func(ctx context.Context, j agent.Job) (wire.Report, error) {
				j.Sent(3)
				<-ctx.Done()
				cause = context.Cause(ctx)
				return wire.Report{}, nil
			})
		})
		lease := p.offer(nil)
		time.Sleep(32 * time.Second)
		p.mu.Lock()
		require.Len(t, p.heartbeats, 6)
		require.Equal(t, wire.Heartbeat{InFlight: 1, Leases: []wire.Attempted{{Run: lease.Run, Attempt: 1, Token: 7, Requests: 3}}}, p.heartbeats[5])
		p.stop = []string{lease.Run}
		p.mu.Unlock()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.ErrorContains(t, cause, "ended the lease")
		require.Empty(t, p.got(), "a run whose lease is over gets no report")
		require.Empty(t, p.heartbeats[len(p.heartbeats)-1].Leases)
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestStartRefused(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if filepath.Base(r.URL.Path) != "start" {
				return false
			}
			problem(w, 409, wire.ProblemLeaseOver)
			return true
		}
		proc := start(t, p, func(c *agent.Config) {
			c.Executor = executor(func(context.Context, agent.Job) (wire.Report, error) {
				return wire.Report{}, errors.New("must not be called")
			})
		})
		p.offer(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, p.got())
		require.Contains(t, proc.logs.String(), "run dropped")
		proc.signal()
		require.NoError(t, proc.end())
		require.Empty(t, p.released, "what the control plane took back isn't handed back")
	})
}

func TestStartIsRepeatedWhileTheLeaseLives(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		var tries atomic.Int32
		p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if filepath.Base(r.URL.Path) != "start" {
				return false
			}
			if tries.Add(1) < 4 {
				problem(w, 503, "")
				return true
			}
			return false
		}
		proc := start(t, p, nil)
		p.offer(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.EqualValues(t, 4, tries.Load())
		require.Len(t, p.got(), 1)
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestStartWaitsAsLongAsHeartbeatsRenewTheLease(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		var starts, beats atomic.Bool
		p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			refuse := filepath.Base(r.URL.Path) == "start" && !starts.Load() || filepath.Base(r.URL.Path) == "heartbeat" && !beats.Load()
			if refuse {
				problem(w, 503, "")
			}
			return refuse
		}
		proc := start(t, p, func(c *agent.Config) { c.Capacity = 1 })
		beats.Store(true)
		p.offer(nil)
		time.Sleep(2 * time.Minute)
		require.NotContains(t, proc.logs.String(), "run dropped")
		starts.Store(true)
		time.Sleep(10 * time.Second)
		require.Len(t, p.got(), 1)

		starts.Store(false)
		beats.Store(false)
		p.offer(nil)
		time.Sleep(20 * time.Second)
		require.Contains(t, proc.logs.String(), "the lease lapsed")
		starts.Store(true)
		p.offer(nil)
		time.Sleep(20 * time.Second)
		require.Len(t, p.got(), 2, "the slot is free for the next run")
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestRunLimit(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		proc := start(t, p, func(c *agent.Config) {
			c.Executor = executor(func(ctx context.Context, _ agent.Job) (wire.Report, error) {
				<-ctx.Done()
				return wire.Report{Counts: wire.Counts{Requests: 5}}, nil
			})
		})
		p.offer(func(l *wire.Lease) { l.Options.RunLimitMS = ptr(90_000) })
		p.offer(nil)
		time.Sleep(100 * time.Second)
		synctest.Wait()
		require.Len(t, p.got(), 1)
		report := p.got()[0].Report
		require.Equal(t, "abort", report.Outcome)
		require.Equal(t, 5, report.Counts.Requests)
		require.Equal(t, &wire.Trouble{Class: "limit", Message: "the run took longer than its limit of 1m30s"}, report.FirstError)
		time.Sleep(14 * time.Minute)
		synctest.Wait()
		require.Len(t, p.got(), 2, "a run without a limit of its own has 15 minutes")
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestEngineFaultsEndOneRun(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		faults := []func() (wire.Report, error){
			func() (wire.Report, error) { panic("canary-of-the-panic") },
			func() (wire.Report, error) { return wire.Report{}, errors.New("no collection") },
			func() (wire.Report, error) { return wire.Report{Outcome: "successful"}, nil },
		}
		proc := start(t, p, func(c *agent.Config) {
			c.Capacity = 1
			c.Executor = executor(func(context.Context, agent.Job) (wire.Report, error) {
				f := faults[0]
				faults = faults[1:]
				return f()
			})
		})
		for range 3 {
			p.offer(nil)
			time.Sleep(time.Second)
		}
		synctest.Wait()
		require.Len(t, p.got(), 3)
		require.Equal(t, "error", p.got()[0].Report.Outcome)
		require.Equal(t, "runner", p.got()[0].Report.FirstError.Class)
		require.NotContains(t, p.got()[0].Report.FirstError.Message, "canary")
		require.Equal(t, "no collection", p.got()[1].Report.FirstError.Message)
		require.Equal(t, "successful", p.got()[2].Report.Outcome)
		proc.signal()
		require.NoError(t, proc.end())
	})
}
