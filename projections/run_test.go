package projections_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/projections"
)

// fromTheFuture is an event that a newer version of Picket wrote.
func fromTheFuture(eventType, stream string) fact {
	return fact{stream, start, eventstore.Event{ID: uuid.Must(uuid.NewV7()), Type: eventType, Data: []byte(`{"x":1}`)}}
}

func statusOf(t *testing.T, v *projections.Views, name string) projections.Status {
	t.Helper()
	list, err := v.Status(t.Context())
	require.NoError(t, err)
	require.Len(t, list, len(projections.Names()))
	for _, s := range list {
		if s.Name == name {
			return s
		}
	}
	require.FailNow(t, "no status of "+name)
	return projections.Status{}
}

func TestUnknownEventStopsOnlyThoseItMayConcern(t *testing.T) {
	t.Parallel()
	log := newTape()
	path := newPath(t)
	v := open(t, path, log)
	stop := run(t, v)
	facts := makeHistory(3, 200)
	pos := log.add(t, facts[:100]...)
	reach(t, v, pos)
	log.add(t, fromTheFuture("run.paused.v9", "run-"+uuid.NewString()))
	last := log.add(t, facts[100:]...)

	concerned := []string{"monitors", "queue", "runs", "audit"}
	reach(t, v, last, "workspaces", "collections", "environments", "runners", "runner_audit")
	for _, name := range concerned {
		require.ErrorIs(t, v.Wait(t.Context(), last, name), projections.ErrStopped)
		s := statusOf(t, v, name)
		require.Equal(t, "100", s.Position.String(), "stops right before it")
		require.Contains(t, s.Error, "run.paused.v9")
		require.Contains(t, s.Error, "newer version")
		require.False(t, s.CaughtUp)
		require.NoError(t, v.Wait(t.Context(), pos, name), "what it had, it has")
	}
	require.ErrorIs(t, v.Wait(t.Context(), last), projections.ErrStopped, "all includes those")
	s := statusOf(t, v, "runners")
	require.True(t, s.CaughtUp)
	require.Empty(t, s.Error)
	require.EqualValues(t, 201, s.Events, "counts those that it ignores")

	err := v.Rebuild(t.Context(), "runs", nil)
	require.ErrorIs(t, err, domain.ErrUnknownEvent)
	require.NoError(t, v.Rebuild(t.Context(), "runners", nil))
	stop()
	require.ErrorIs(t, v.CatchUp(t.Context()), domain.ErrUnknownEvent)
}

func TestEventThatCannotBeDecodedStops(t *testing.T) {
	t.Parallel()
	log := newTape()
	bad := fromTheFuture("runner.edited.v1", "runner-"+uuid.NewString())
	bad.event.Data = []byte(`{"id":17}`)
	v := open(t, newPath(t), log)
	log.add(t, makeHistory(3, 50)...)
	log.add(t, bad)
	require.ErrorContains(t, v.CatchUp(t.Context()), "decode runner.edited.v1")
	require.Equal(t, "50", statusOf(t, v, "runner_audit").Position.String())
	require.True(t, statusOf(t, v, "runs").CaughtUp)
}

// A version that did not know an event stops at it; the next one, which does,
// goes on from there.
func TestForgottenEventIsCaughtUpWith(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := newPath(t)
	v := open(t, path, p.log, projections.Forgetting("runs", "run.released.v1"))
	require.ErrorIs(t, v.CatchUp(t.Context()), domain.ErrUnknownEvent)
	require.NoError(t, v.Close())
	v = open(t, path, p.log)
	run(t, v)
	reach(t, v, p.pos)
	require.NoError(t, v.Rebuild(t.Context(), "workspaces", nil))
	same(t, p.want, dump(t, path))
}

// A projection that fails leaves no half batch, holds up no other, and goes on
// when what ailed it is over.
func TestFailingProjectionStopsAlone(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"error", "panic"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			p := play(t)
			var ill atomic.Bool
			path := newPath(t)
			v := open(t, path, p.log, projections.PageSize(61), projections.Retry(10*time.Millisecond),
				projections.Broken("audit", func() error {
					switch {
					case !ill.Load():
						return nil
					case how == "panic":
						panic("no ink")
					}
					return errors.New("no ink")
				}))
			run(t, v)
			p.log.hold(len(p.facts) / 2)
			reach(t, v, eventstore.NewPosition(uint64(len(p.facts)/2), 0))
			ill.Store(true)
			p.log.hold(0)
			for _, name := range projections.Names() {
				if name != "audit" {
					reach(t, v, p.pos, name)
				}
			}
			require.ErrorIs(t, v.Wait(t.Context(), p.pos, "audit"), projections.ErrStopped)
			require.Contains(t, statusOf(t, v, "audit").Error, "no ink")
			ill.Store(false)
			reach(t, v, p.pos)
			same(t, p.want, dump(t, path))
		})
	}
}

// SQLite ends the transaction by itself when the disk is full. Nothing of the
// batch may stay then, or it would be applied twice.
func TestFullDiskIsShownAndPasses(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := newPath(t)
	v := open(t, path, p.log, projections.PageSize(200), projections.Retry(10*time.Millisecond))
	p.log.hold(len(p.facts) / 3)
	run(t, v)
	reach(t, v, eventstore.NewPosition(uint64(len(p.facts)/3), 0))
	for more := 1; more < 40; more += 6 { // fails in one place and another
		require.NoError(t, v.LimitPages(more))
		p.log.hold(0)
		for changed := v.Changed(); statusOf(t, v, "runs").Error == ""; changed = v.Changed() {
			<-changed
		}
		require.Contains(t, statusOf(t, v, "runs").Error, "full")
		require.ErrorIs(t, v.Wait(t.Context(), p.pos), projections.ErrStopped)
	}
	require.NoError(t, v.LimitPages(0))
	reach(t, v, p.pos)
	for changed := v.Changed(); statusOf(t, v, "runs").Error != ""; changed = v.Changed() {
		<-changed
	}
	same(t, p.want, dump(t, path))
}

func TestTroubleWithTheLogIsShownAndPasses(t *testing.T) {
	t.Parallel()
	log := newTape()
	v := open(t, newPath(t), log, projections.Retry(10*time.Millisecond))
	run(t, v)
	facts := makeHistory(3, 100)
	reach(t, v, log.add(t, facts[:50]...))
	log.break_(errors.New("the cable is out"))
	pos := log.add(t, facts[50:]...)
	for changed := v.Changed(); statusOf(t, v, "runs").Error == ""; changed = v.Changed() {
		<-changed
	}
	require.Contains(t, statusOf(t, v, "runs").Error, "the cable is out")
	require.ErrorIs(t, v.Wait(t.Context(), pos), projections.ErrStopped)
	log.break_(nil)
	reach(t, v, pos)
	require.Empty(t, statusOf(t, v, "runs").Error)
}

func TestRunEndsWithTheContextOrTheStore(t *testing.T) {
	t.Parallel()
	log := newTape()
	v := open(t, newPath(t), log)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	changed := v.Changed()
	go func() { done <- v.Run(ctx) }()
	log.add(t, makeHistory(3, 20)...)
	<-changed
	require.ErrorIs(t, v.Run(ctx), projections.ErrRunning)
	cancel()
	require.NoError(t, <-done)

	require.NoError(t, log.Close())
	require.ErrorIs(t, v.Run(t.Context()), eventstore.ErrClosed)
}

func TestWait(t *testing.T) {
	t.Parallel()
	log := newTape()
	v := open(t, newPath(t), log)
	run(t, v)
	facts := makeHistory(3, 100)
	pos := log.add(t, facts...)

	var wg sync.WaitGroup
	for _, name := range projections.Names() {
		wg.Go(func() { reach(t, v, pos, name) })
	}
	wg.Wait()
	require.NoError(t, v.Wait(t.Context(), eventstore.Position{}), "before every event")
	require.ErrorContains(t, v.Wait(t.Context(), pos, "nonsense"), "nonsense")

	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- v.Wait(ctx, eventstore.NewPosition(1<<40, 0), "runs") }()
	cancel()
	require.ErrorIs(t, <-waiting, context.Canceled)
}

func TestNothingServesBeforeItIsBuilt(t *testing.T) {
	t.Parallel()
	p := play(t)
	v := open(t, newPath(t), p.log)
	require.ErrorIs(t, v.Wait(t.Context(), p.pos, "runs"), projections.ErrStopped)
	s := statusOf(t, v, "runs")
	require.True(t, s.Rebuilding)
	require.False(t, s.Serving)
	require.False(t, s.CaughtUp)
	_, _, err := v.Runs(t.Context(), projections.RunFilter{}, projections.Page{})
	require.Equal(t, domain.Unavailable, domain.KindOf(err), "half a list would be a lie")
	_, err = v.Monitor(t.Context(), "x")
	require.Equal(t, domain.Unavailable, domain.KindOf(err))

	require.NoError(t, v.CatchUp(t.Context()))
	s = statusOf(t, v, "runs")
	require.True(t, s.Serving && s.CaughtUp && !s.Rebuilding, "%+v", s)
	require.Equal(t, p.pos, s.Position)
	require.Equal(t, p.pos, s.Head)
	require.EqualValues(t, len(p.facts), s.Events)
}

func TestHooks(t *testing.T) {
	t.Parallel()
	log := newTape()
	v := open(t, newPath(t), log)
	var mu sync.Mutex
	queued := make(map[domain.RunnerID]int)
	runners := make(map[domain.RunnerID]int)
	monitors := make(map[domain.MonitorID]int)
	v.OnQueued(func(r domain.RunnerID, n int) { mu.Lock(); defer mu.Unlock(); queued[r] += n })
	v.OnRunnerChanged(func(r domain.RunnerID) { mu.Lock(); defer mu.Unlock(); runners[r]++ })
	v.OnMonitorChanged(func(m domain.MonitorID) { mu.Lock(); defer mu.Unlock(); monitors[m]++ })
	run(t, v)

	life := newLife(t, log)
	reach(t, v, life.pos)
	one := life.queue(domain.TriggerAPI)
	reach(t, v, life.pos)
	mu.Lock()
	require.Equal(t, map[domain.RunnerID]int{life.runner.ID: 1}, queued)
	require.Contains(t, runners, life.runner.ID)
	require.Contains(t, monitors, life.monitor.ID)
	mu.Unlock()

	life.claim(one)
	reach(t, v, life.pos)
	life.did(one, one.ID.Stream(), domain.System)(one.Expire(one.Token, false))
	reach(t, v, life.pos)
	mu.Lock()
	require.Equal(t, 2, queued[life.runner.ID], "waits again")
	before := maps.Clone(queued)
	mu.Unlock()

	require.NoError(t, v.Rebuild(t.Context(), "", nil))
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, before, queued, "a rebuild wakes nobody")
}
