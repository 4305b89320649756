package projections_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/sqlite"
	"github.com/picket-api/picket/projections"
)

// benchEvents is the size of the log in BenchmarkRebuild: PICKET_BENCH_EVENTS, or
// what takes a second.
func benchEvents(b *testing.B) int {
	b.Helper()
	if s := os.Getenv("PICKET_BENCH_EVENTS"); s != "" {
		n, err := strconv.Atoi(s)
		require.NoError(b, err)
		return n
	}
	return 100_000
}

// oneRun is the ordinary life of a scheduled run.
func oneRun(n int) []eventstore.Event {
	monitor := domain.DeriveID[domain.MonitorID]("monitor", strconv.Itoa(n%1000))
	runner := domain.DeriveID[domain.RunnerID]("runner", strconv.Itoa(n%20))
	at := start.Add(time.Duration(n) * time.Second)
	id := domain.ScheduledRunID(monitor, string(runner), at)
	instance := domain.DeriveID[domain.InstanceID](string(runner), "1")
	by := domain.Actor{Kind: domain.ActorInstance, ID: string(instance)}
	queued := domain.RunQueued{
		ID: id, Execution: domain.NewID[domain.ExecutionID](), Trigger: domain.TriggerScheduled, NominalAt: &at, DueAt: at,
		Plan: domain.Plan{
			Monitor: monitor, MonitorName: "Orders API", MonitorRevision: 3, Workspace: domain.DeriveID[domain.WorkspaceID]("w"),
			Runner: runner, Lane: string(runner), Collection: domain.DeriveID[domain.CollectionID]("c"),
			CollectionHash: fmt.Sprintf("%064x", n%1000), Environment: domain.DeriveID[domain.EnvironmentID]("e"),
			EnvironmentHash: fmt.Sprintf("%064x", 7), Options: domain.DefaultOptions(), MaxAttempts: 3,
		},
	}
	finished := domain.RunFinished{
		ID: id, Monitor: monitor, Runner: runner, Instance: instance, Attempt: 1, FinishedAt: at.Add(time.Second),
		Result: domain.Result{
			Outcome: domain.Successful, Counts: domain.Counts{Requests: 12, Assertions: 30}, ReportHash: fmt.Sprintf("%064x", n),
			Timings: domain.RunTimings{TotalMS: 812.5, ResponseAvgMS: 60.25, ResponseMinMS: 12, ResponseMaxMS: 190},
		},
	}
	var events []eventstore.Event
	for _, e := range []domain.Event{
		queued,
		domain.RunClaimed{ID: id, Monitor: monitor, Runner: runner, Instance: instance, Attempt: 1, ClaimID: uuid.NewString(), LeaseMS: 15000},
		domain.RunStarted{ID: id, Attempt: 1},
		finished,
	} {
		actor := by
		if e.EventType() == queued.EventType() {
			actor = domain.System
		}
		data, _ := domain.Encode(e)
		meta, _ := domain.Envelope{Actor: actor, CommandID: uuid.NewString(), Workspace: queued.Workspace}.Encode()
		events = append(events, eventstore.Event{ID: uuid.Must(uuid.NewV7()), Type: e.EventType(), Data: data, Meta: meta})
	}
	return events
}

// fill appends n events of runs to a log in SQLite, 64 runs at a time, each event
// on its own, so that the runs are interleaved.
func fill(b *testing.B, path string, n int) *sqlite.Store {
	b.Helper()
	log, err := sqlite.Open(context.Background(), path)
	require.NoError(b, err)
	b.Cleanup(func() { _ = log.Close() })
	var wg sync.WaitGroup
	next := make(chan int)
	for range 64 {
		wg.Go(func() {
			for i := range next {
				events := oneRun(i)
				id := "run-" + domain.DeriveID[string]("stream", strconv.Itoa(i))
				for _, e := range events {
					if _, err := log.Append(context.Background(), id, eventstore.Any, e); err != nil {
						b.Error(err)
					}
				}
			}
		})
	}
	for i := range n / 4 {
		next <- i
	}
	close(next)
	wg.Wait()
	return log
}

// cpuTime is what the process has used so far: on a busy machine it says more
// than the time on the wall.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRebuild fills the runs view from a log in SQLite, in batches and with
// a transaction for each event, in one run.
func BenchmarkRebuild(b *testing.B) {
	n := benchEvents(b)
	dir := b.TempDir()
	log := fill(b, filepath.Join(dir, "events.db"), n)
	rate := func(b *testing.B, limit int, durable bool, opts ...projections.Option) {
		b.Helper()
		var rates []float64
		cpu := cpuTime()
		for i := range b.N {
			path := filepath.Join(dir, fmt.Sprintf("views-%d-%d.db", limit, i))
			var store eventstore.Store = log
			if limit < n {
				l := &tape{Store: log, wake: make(chan struct{})}
				l.hold(limit)
				store = l
			}
			v := open(b, path, store, opts...)
			if durable {
				require.NoError(b, v.Durable())
			}
			began := time.Now()
			require.NoError(b, v.CatchUp(context.Background()))
			rates = append(rates, float64(limit)/time.Since(began).Seconds())
			require.NoError(b, v.Close())
			_ = os.Remove(path)
		}
		slices.Sort(rates)
		b.ReportMetric(rates[len(rates)/2], "events/s")
		b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/1e3/float64(limit*b.N), "cpu-us/event")
		b.ReportMetric(0, "ns/op")
	}
	b.Run("reading alone", func(b *testing.B) {
		began := time.Now()
		for range b.N {
			for pos := (eventstore.Position{}); ; {
				events, next, err := log.ReadAll(context.Background(), pos, 1000, eventstore.Filter{})
				require.NoError(b, err)
				if pos = next; len(events) == 0 {
					break
				}
			}
		}
		b.ReportMetric(float64(n*b.N)/time.Since(began).Seconds(), "events/s")
		b.ReportMetric(0, "ns/op")
	})
	b.Run("runs/batches", func(b *testing.B) { rate(b, n, false, projections.Only("runs")) })
	for _, durable := range []bool{false, true} {
		b.Run(fmt.Sprint("runs/transaction per event/durable ", durable), func(b *testing.B) {
			rate(b, min(n, 5000), durable, projections.Only("runs"), projections.PageSize(1))
		})
	}
	b.Run("all/batches", func(b *testing.B) { rate(b, n, false) })
}

// BenchmarkVisible measures how long after an append is acknowledged its effect
// is in the views: one at a time, and at 1,000 events/s.
func BenchmarkVisible(b *testing.B) {
	for _, c := range []struct {
		name  string
		every time.Duration
		log   int // events before
	}{{"one at a time", 0, 0}, {"1000 per second", time.Millisecond, 0}, {"100 per second while all is rebuilt", 10 * time.Millisecond, 100_000}} {
		b.Run(c.name, func(b *testing.B) {
			dir := b.TempDir()
			log := fill(b, filepath.Join(dir, "events.db"), c.log)
			v := open(b, filepath.Join(dir, "views.db"), log)
			require.NoError(b, v.CatchUp(context.Background()))
			defer run(b, v)()
			took := make([]time.Duration, b.N)
			one := func(from int) {
				id := "run-" + domain.DeriveID[string]("stream", strconv.Itoa(c.log+from))
				for i, e := range oneRun(c.log + from) {
					res, err := log.Append(context.Background(), id, eventstore.Any, e)
					appended := time.Now()
					if err == nil {
						err = v.Wait(context.Background(), res.Position)
					}
					if err != nil {
						b.Error(err)
					}
					took[min(from+i, b.N-1)] = time.Since(appended)
				}
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if c.log > 0 {
				go func() {
					for ctx.Err() == nil {
						_ = v.Rebuild(ctx, "", nil)
					}
				}()
			}
			var wg sync.WaitGroup
			cpu, began := cpuTime(), time.Now()
			for i := 0; i < b.N; i += 4 {
				if c.every == 0 {
					one(i)
					continue
				}
				time.Sleep(time.Until(began.Add(time.Duration(i) * c.every)))
				wg.Go(func() { one(i) })
			}
			wg.Wait()
			b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-us/event")
			b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "events/s")
			slices.Sort(took)
			b.ReportMetric(float64(took[b.N/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[b.N*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(took[b.N-1].Microseconds())/1000, "max-ms")
		})
	}
}
