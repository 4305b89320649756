package agent_test

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/agent"
	"github.com/picket-api/picket/api/wire"
)

func TestWrongKeyAtStart(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		began := time.Now()
		proc := start(t, p, func(c *agent.Config) { c.Key = "pkr_another-key" })
		err := proc.end()
		require.ErrorIs(t, err, agent.ErrKeyRefused)
		require.ErrorContains(t, err, "create or reset the key and start again")
		require.Equal(t, []string{"register", "register", "register"}, p.seen())
		require.Less(t, time.Since(began), 1500*time.Millisecond)
		require.NotContains(t, proc.logs.String(), "pkr_another-key")
	})
}

func TestKeyResetEndsTheRunner(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{wire.ProblemRunnerKeyRefused, ""} {
		t.Run("token refused with "+kind, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *plane) {
				var cause error
				var registers atomic.Int32
				proc := start(t, p, func(c *agent.Config) {
					c.Executor = executor(func(ctx context.Context, _ agent.Job) (wire.Report, error) {
						<-ctx.Done()
						cause = context.Cause(ctx)
						return wire.Report{}, nil
					})
				})
				p.offer(nil)
				time.Sleep(time.Minute)
				reset := time.Now()
				p.set(func() {
					p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
						answer := kind
						if strings.HasSuffix(r.URL.Path, "/register") {
							answer = wire.ProblemRunnerKeyRefused
							registers.Add(1)
						}
						problem(w, 401, answer)
						return true
					}
				})
				require.ErrorIs(t, proc.end(), agent.ErrKeyRefused)
				want := map[string]int32{"": 3, wire.ProblemRunnerKeyRefused: 2}[kind]
				require.Equal(t, want, registers.Load(), "three refusals of the key, the token's included")
				require.Less(t, time.Since(reset), 7*time.Second, "one heartbeat later at most")
				require.ErrorIs(t, cause, agent.ErrKeyRefused)
				require.Empty(t, p.got())
			})
		})
	}
}

func TestOtherRefusalsNeverEndTheRunner(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		answers := []func(w http.ResponseWriter){
			func(w http.ResponseWriter) { http.Error(w, "log in to the proxy", http.StatusUnauthorized) },
			func(w http.ResponseWriter) { problem(w, 401, "/problems/instance-revoked") },
			func(w http.ResponseWriter) { problem(w, 500, "") },
			func(w http.ResponseWriter) { problem(w, 404, "") },
			func(w http.ResponseWriter) { w.WriteHeader(http.StatusFound) },
			func(w http.ResponseWriter) { http.Error(w, "<html>welcome", 200) },
		}
		at, calls := -1, 0
		proc := start(t, p, nil)
		p.set(func() {
			p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				p.mu.Lock()
				calls++
				i := at
				p.mu.Unlock()
				if i < 0 {
					return false
				}
				answers[i](w)
				return true
			}
		})
		for i := range answers {
			p.set(func() { at, calls = i, 0 })
			time.Sleep(30 * time.Minute)
			p.set(func() { require.Less(t, calls, 1800, "answer %d: the control plane is not flooded", i) })
			select {
			case err := <-proc.done:
				require.Fail(t, "ended", "answer %d: %v", i, err)
			default:
			}
		}
		p.set(func() { at = -1 })
		time.Sleep(time.Minute)
		p.offer(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, p.got(), 1)
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestKeyRefusalsMustBeInARow(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		var calls atomic.Int32
		p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			n := calls.Add(1)
			if n > 30 {
				return false
			}
			if n%3 == 0 {
				problem(w, 503, "")
			} else {
				problem(w, 401, wire.ProblemRunnerKeyRefused)
			}
			return true
		}
		proc := start(t, p, nil)
		time.Sleep(time.Hour)
		p.set(func() { require.Equal(t, 1, p.instances) })
		proc.signal()
		require.NoError(t, proc.end())
	})
}

func TestDrain(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		held := make(chan struct{})
		proc := start(t, p, func(c *agent.Config) { c.Executor, c.DrainTimeout = patient, 2*time.Minute })
		running := p.offer(nil)
		time.Sleep(10 * time.Second)
		p.set(func() { // the second run never gets as far as its start
			p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/start") {
					return false
				}
				<-held
				return true
			}
		})
		p.offer(func(l *wire.Lease) { l.Attempt, l.Token = 3, 12 })
		time.Sleep(10 * time.Second)

		signalled := time.Now()
		proc.signal()
		time.Sleep(time.Second)
		p.offer(nil)
		p.mu.Lock()
		require.Equal(t, []wire.Release{{Attempt: 3, Token: 12, Reason: "the runner stops"}}, p.released)
		require.True(t, p.heartbeats[len(p.heartbeats)-1].Draining, "told at once")
		p.mu.Unlock()
		require.NoError(t, proc.end())
		require.Equal(t, 40*time.Second, time.Since(signalled).Round(time.Second), "no longer than the run takes")
		close(held)
		require.Len(t, p.got(), 1)
		require.Equal(t, running.Run, p.got()[0].Report.Run)
		calls := p.seen()
		require.Equal(t, []string{"report", "disconnect"}, calls[len(calls)-2:])
		p.set(func() { require.Len(t, p.leases, 1, "what came after the signal stays in the queue") })
	})
}

func TestDrainTimeout(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		proc := start(t, p, func(c *agent.Config) { c.Executor = patient })
		p.offer(nil)
		time.Sleep(10 * time.Second)
		signalled := time.Now()
		proc.Drain()
		require.NoError(t, proc.end())
		require.Equal(t, agent.DefaultDrainTimeout, time.Since(signalled).Round(time.Second))
		require.Empty(t, p.got())
		require.Len(t, p.released, 1)
		require.Equal(t, "disconnect", p.seen()[len(p.seen())-1])
	})
}

func TestDrainWhileAway(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		proc := start(t, p, func(c *agent.Config) { c.Executor = patient })
		p.offer(nil)
		time.Sleep(50 * time.Second)
		p.setDown(true)
		proc.signal()
		signalled := time.Now()
		require.NoError(t, proc.end())
		require.Less(t, time.Since(signalled), 26*time.Second)
		require.Len(t, files(t, proc.spool), 1)
		require.Contains(t, proc.logs.String(), "the next start of the runner delivers them")
	})
}

func TestSecondSignal(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		proc := start(t, p, func(c *agent.Config) { c.Executor = patient })
		p.offer(nil)
		time.Sleep(10 * time.Second)
		proc.signal()
		time.Sleep(3 * time.Second)
		before := time.Now()
		proc.Abort()
		require.ErrorIs(t, proc.end(), agent.ErrAborted)
		require.Zero(t, time.Since(before))
		require.Empty(t, p.got())
		require.Empty(t, p.released)
	})
}

// TestStopAtAnyMoment stops a busy runner after each of many short times: it must
// end in good order every time, and no run may be reported twice.
func TestStopAtAnyMoment(t *testing.T) {
	t.Parallel()
	for tick := range 40 {
		synctest.Test(t, func(t *testing.T) {
			p := newPlane(t)
			p.intercept = func(http.ResponseWriter, *http.Request) bool {
				time.Sleep(50 * time.Millisecond) // each call takes its time
				return false
			}
			proc := start(t, p, func(c *agent.Config) {
				c.Executor = executor(func(ctx context.Context, _ agent.Job) (wire.Report, error) {
					time.Sleep(70 * time.Millisecond)
					return wire.Report{Outcome: "successful"}, nil
				})
			})
			for range 8 {
				p.offer(nil)
			}
			time.Sleep(time.Duration(tick) * 25 * time.Millisecond)
			proc.signal()
			require.NoError(t, proc.end())
			var reported []string
			for _, r := range p.got() {
				require.False(t, slices.Contains(reported, r.Report.Run), "reported twice")
				reported = append(reported, r.Report.Run)
			}
			started := 0
			for _, call := range p.seen() {
				if filepath.Base(call) == "start" {
					started++
				}
			}
			require.LessOrEqual(t, started-len(p.got()), len(p.released), "a run that started is reported or handed back")
		})
	}
}
