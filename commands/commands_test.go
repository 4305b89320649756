package commands_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/memory"
)

var ann = commands.Actor{Actor: domain.Actor{Kind: domain.ActorAPIKey, ID: "key-1", Name: "ann"}, IP: "10.1.2.3", UserAgent: "test"}

// lanes is what ops.DB does, in memory.
type lanes struct {
	mu    sync.Mutex
	taken map[string]string
}

func (l *lanes) TakeLane(_ context.Context, monitor, lane, run string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if has := l.taken[monitor+lane]; has != "" && has != run {
		return false, nil
	}
	l.taken[monitor+lane] = run
	return true, nil
}

func (l *lanes) FreeLane(_ context.Context, run string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, r := range l.taken {
		if r == run {
			delete(l.taken, k)
		}
	}
	return nil
}

func (l *lanes) Settle(ctx context.Context, run string) error { return l.FreeLane(ctx, run) }

// bench is a team with a workspace, a collection, a runner and a monitor.
type bench struct {
	*commands.Service
	store     eventstore.Store
	now       time.Time
	workspace domain.WorkspaceID
	runner    domain.RunnerID
	monitor   domain.MonitorID
	key       string
	config    domain.Configuration
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{store: memory.New(), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	b.Service = commands.New(commands.Config{Store: b.store, Lanes: &lanes{taken: map[string]string{}}, Now: func() time.Time { return b.now }, Version: "test"})
	b.workspace = domain.WorkspaceID(b.must(t, commands.CreateWorkspace{Name: "Payments"}).ID)
	collection := b.must(t, commands.SaveCollection{Workspace: b.workspace, Document: domain.Document{Name: "Orders", Hash: "c1", Bytes: 10, Items: 3}})
	environment := b.must(t, commands.SaveEnvironment{Workspace: b.workspace, Document: domain.Document{Name: "Staging", Hash: "e1", Bytes: 10, Items: 2}})
	r := b.must(t, commands.CreateRunner{Name: "office"})
	b.runner, b.key = domain.RunnerID(r.ID), r.Secret
	b.config = domain.Configuration{
		Name: "Orders", Collection: domain.CollectionID(collection.ID), Environment: domain.EnvironmentID(environment.ID),
		Runners: []domain.RunnerID{b.runner}, Schedule: &domain.Schedule{EveryMinutes: 5}, Options: domain.DefaultOptions(),
	}
	b.monitor = domain.MonitorID(b.must(t, commands.CreateMonitor{Workspace: b.workspace, Configuration: b.config}).ID)
	return b
}

func (b *bench) must(t *testing.T, c commands.Command) commands.Result {
	t.Helper()
	by := ann
	switch c.(type) {
	case commands.ScheduleRun, commands.MissRun, commands.ExpireLease, commands.MissSlots, commands.ClaimRun, commands.StartRun, commands.ReleaseRun, commands.ReportRun:
		by = commands.System
	}
	res, err := b.Do(t.Context(), by, c)
	require.NoError(t, err)
	return res
}

func (b *bench) types(t *testing.T, stream string) []string {
	t.Helper()
	events, err := b.store.ReadStream(t.Context(), stream, 0, 1000)
	require.NoError(t, err)
	var types []string
	for _, e := range events {
		types = append(types, e.Type)
	}
	return types
}

func (b *bench) count(t *testing.T) int {
	t.Helper()
	events, _, err := b.store.ReadAll(t.Context(), eventstore.Position{}, eventstore.MaxReadPage, eventstore.Filter{})
	require.NoError(t, err)
	return len(events)
}

func wantError(t *testing.T, err error, kind domain.Kind, field string) {
	t.Helper()
	var e *domain.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, e.Message)
	require.Equal(t, field, e.Field)
}

func TestARunnersKeyIsShownOnceAndStoredAsAHash(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Regexp(t, `^pkr_[A-Za-z0-9_-]{43}$`, b.key)
	events, _, err := b.store.ReadAll(t.Context(), eventstore.Position{}, 1000, eventstore.Filter{})
	require.NoError(t, err)
	for _, e := range events {
		require.NotContains(t, string(e.Data)+string(e.Meta), b.key)
	}
	_, key, ok, err := b.RunnerByKey(t.Context(), b.runner, b.key)
	require.NoError(t, err)
	require.True(t, ok)

	old := b.key
	res := b.must(t, commands.ResetRunnerKey{ID: b.runner, Reason: "lost", Grace: time.Minute})
	require.NotEqual(t, old, res.Secret)
	for _, secret := range []string{old, res.Secret} {
		_, _, ok, err = b.RunnerByKey(t.Context(), b.runner, secret)
		require.NoError(t, err)
		require.True(t, ok, "both keys live within the grace period")
	}
	b.now = b.now.Add(time.Minute)
	_, _, ok, _ = b.RunnerByKey(t.Context(), b.runner, old)
	require.False(t, ok, "the old key is dead when the grace period is over")
	live, err := b.RunnerKeyLive(t.Context(), b.runner, key)
	require.NoError(t, err)
	require.False(t, live)
}

func TestEveryEventCarriesWhoWhenAndFromWhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	events, err := b.store.ReadStream(t.Context(), b.monitor.Stream(), 0, 10)
	require.NoError(t, err)
	env, err := domain.DecodeEnvelope(events[0].Meta, nil)
	require.NoError(t, err)
	require.Equal(t, ann.Actor, env.Actor)
	require.Equal(t, "10.1.2.3", env.IP)
	require.Equal(t, b.workspace, env.Workspace)
	require.Equal(t, "test", env.Version)
	require.NotEmpty(t, env.CommandID)
}

func TestAnIdempotencyKeyMakesARetryAnswerTheSame(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	by := ann
	by.IdempotencyKey = "once"
	first, err := b.Do(t.Context(), by, commands.CreateRunner{Name: "edge"})
	require.NoError(t, err)
	require.NotEmpty(t, first.Secret)
	before := b.count(t)
	again, err := b.Do(t.Context(), by, commands.CreateRunner{Name: "edge"})
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	require.True(t, again.Replayed)
	require.Empty(t, again.Secret, "the key is never shown twice")
	require.Equal(t, before, b.count(t))

	other := by
	other.ID = "key-2"
	res, err := b.Do(t.Context(), other, commands.CreateRunner{Name: "edge"})
	require.NoError(t, err)
	require.NotEqual(t, first.ID, res.ID, "the key is scoped to the actor")

	t1, err := b.Do(t.Context(), by, commands.TriggerMonitor{Monitor: b.monitor, Trigger: domain.TriggerAPI})
	require.NoError(t, err)
	t2, err := b.Do(t.Context(), by, commands.TriggerMonitor{Monitor: b.monitor, Trigger: domain.TriggerAPI})
	require.NoError(t, err)
	require.Equal(t, t1.Runs, t2.Runs)
}

func TestARetryAnswersWhatTheFirstTryDid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	by := ann
	by.IdempotencyKey = "pause"
	first, err := b.Do(t.Context(), by, commands.PauseMonitor{ID: b.monitor})
	require.NoError(t, err)
	b.must(t, commands.ResumeMonitor{ID: b.monitor})
	again, err := b.Do(t.Context(), by, commands.PauseMonitor{ID: b.monitor})
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, first.Version, again.Version)
	require.True(t, again.State.(*domain.Monitor).Paused, "as it was after the first try")
	require.Equal(t, []string{"monitor.created.v1", "monitor.paused.v1", "monitor.resumed.v1"}, b.types(t, b.monitor.Stream()))
}

func TestReferencesMustExistInTheWorkspace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	elsewhere := domain.WorkspaceID(b.must(t, commands.CreateWorkspace{Name: "Other"}).ID)
	public := domain.WorkspaceID(b.must(t, commands.CreateWorkspace{Name: "World", Type: domain.PublicWorkspace}).ID)
	hidden := domain.RunnerID(b.must(t, commands.CreateRunner{
		Name: "hidden", Visibility: domain.Visibility{Scope: domain.VisibleInSelected, Workspaces: []domain.WorkspaceID{elsewhere}},
	}).ID)
	missing := domain.NewID[string]()
	for name, c := range map[string]struct {
		workspace domain.WorkspaceID
		change    func(*domain.Configuration)
		field     string
	}{
		"no such workspace":     {domain.WorkspaceID(missing), func(*domain.Configuration) {}, "/workspace"},
		"not internal":          {public, func(*domain.Configuration) {}, "/workspace"},
		"collection elsewhere":  {elsewhere, func(*domain.Configuration) {}, "/collection"},
		"no such collection":    {b.workspace, func(c *domain.Configuration) { c.Collection = domain.CollectionID(missing) }, "/collection"},
		"no such environment":   {b.workspace, func(c *domain.Configuration) { c.Environment = domain.EnvironmentID(missing) }, "/environment"},
		"no such runner":        {b.workspace, func(c *domain.Configuration) { c.Runners = []domain.RunnerID{domain.RunnerID(missing)} }, "/runners/0"},
		"runner is not visible": {b.workspace, func(c *domain.Configuration) { c.Runners = []domain.RunnerID{b.runner, hidden} }, "/runners/1"},
	} {
		config := b.config
		c.change(&config)
		before := b.count(t)
		_, err := b.Do(t.Context(), ann, commands.CreateMonitor{Workspace: c.workspace, Configuration: config})
		require.Error(t, err, name)
		wantError(t, err, domain.Invalid, c.field)
		require.Equal(t, before, b.count(t), name)
	}
	_, err := b.Do(t.Context(), ann, commands.CreateRunner{Name: "x", Visibility: domain.Visibility{Scope: domain.VisibleInSelected, Workspaces: []domain.WorkspaceID{public}}})
	wantError(t, err, domain.Invalid, "/visibility/workspaces/0")
}

func TestOnlyTheRightKindOfActorMay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	instance := commands.Actor{Actor: domain.Actor{Kind: domain.ActorInstance, ID: "i"}}
	_, err := b.Do(t.Context(), instance, commands.CreateRunner{Name: "x"})
	wantError(t, err, domain.Forbidden, "")
	_, err = b.Do(t.Context(), ann, commands.ExpireLease{})
	wantError(t, err, domain.Forbidden, "")
	_, err = b.Do(t.Context(), commands.Actor{}, commands.PauseMonitor{ID: b.monitor})
	wantError(t, err, domain.Forbidden, "")
}

func (b *bench) trigger(t *testing.T) domain.RunID {
	t.Helper()
	return b.must(t, commands.TriggerMonitor{Monitor: b.monitor, Trigger: domain.TriggerAPI}).Runs[0]
}

func (b *bench) claim(t *testing.T, run domain.RunID, i domain.InstanceID) (*domain.Run, error) {
	t.Helper()
	res, err := b.Do(t.Context(), commands.System, commands.ClaimRun{Run: run, Runner: b.runner, Instance: i, ClaimID: "c-" + string(i), Lease: time.Minute})
	if err != nil {
		return nil, err
	}
	return res.State.(*domain.Run), nil
}

func TestOneInstanceWinsARace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.trigger(t)
	var wg sync.WaitGroup
	won := make(chan string, 16)
	for i := range 16 {
		wg.Go(func() {
			if r, err := b.claim(t, run, domain.InstanceID(rune('a'+i))); err == nil {
				won <- string(r.Instance)
			} else if domain.KindOf(err) != domain.Conflict {
				t.Errorf("a lost race must be a conflict: %v", err)
			}
		})
	}
	wg.Wait()
	require.Len(t, won, 1)
	require.Equal(t, []string{"run.queued.v1", "run.claimed.v1"}, b.types(t, run.Stream()))
}

func TestSchedulersThatRaceMakeASlotOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := b.Do(t.Context(), commands.System, commands.ScheduleRun{Monitor: b.monitor, Runner: b.runner, Nominal: b.now, Due: b.now})
			if err != nil {
				t.Errorf("schedule: %v", err)
			}
		})
	}
	wg.Wait()
	id := domain.ScheduledRunID(b.monitor, string(b.runner), b.now)
	require.Equal(t, []string{"run.queued.v1"}, b.types(t, id.Stream()))
}

func TestASlotThatCantRunIsMissedAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*testing.T, *bench)
		cause  domain.MissCause
	}{
		"collection deleted": {func(t *testing.T, b *bench) { b.must(t, commands.DeleteCollection{ID: b.config.Collection}) }, domain.MissedDeleted},
		"runner deleted":     {func(t *testing.T, b *bench) { b.must(t, commands.DeleteRunner{ID: b.runner}) }, domain.MissedDeleted},
		"runner not visible": {func(t *testing.T, b *bench) {
			other := domain.WorkspaceID(b.must(t, commands.CreateWorkspace{Name: "o"}).ID)
			b.must(t, commands.ChangeVisibility{ID: b.runner, Visibility: domain.Visibility{Scope: domain.VisibleInSelected, Workspaces: []domain.WorkspaceID{other}}})
		}, domain.MissedNotVisible},
	} {
		b := newBench(t)
		c.change(t, b)
		res := b.must(t, commands.ScheduleRun{Monitor: b.monitor, Runner: b.runner, Nominal: b.now, Due: b.now})
		run := res.State.(*domain.Run)
		require.Equal(t, domain.Missed, run.Outcome, name)
		require.Equal(t, []string{"run.queued.v1", "run.missed.v1"}, b.types(t, run.ID.Stream()), name)
	}
}

func TestAMonitorThatChangesBetweenSlotAndClaim(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change commands.Command
		cause  domain.MissCause
	}{
		"paused":  {commands.PauseMonitor{}, domain.MissedPaused},
		"deleted": {commands.DeleteMonitor{}, domain.MissedDeleted},
	} {
		b := newBench(t)
		run := b.must(t, commands.ScheduleRun{Monitor: b.monitor, Runner: b.runner, Nominal: b.now, Due: b.now}).State.(*domain.Run).ID
		switch c.change.(type) {
		case commands.PauseMonitor:
			b.must(t, commands.PauseMonitor{ID: b.monitor})
			_, err := b.Do(t.Context(), commands.System, commands.ScheduleRun{Monitor: b.monitor, Runner: b.runner, Nominal: b.now.Add(time.Hour), Due: b.now})
			wantError(t, err, domain.Conflict, "")
		default:
			b.must(t, commands.DeleteMonitor{ID: b.monitor})
		}
		_, err := b.claim(t, run, "i")
		wantError(t, err, domain.Conflict, "")
		require.Equal(t, []string{"run.queued.v1", "run.missed.v1"}, b.types(t, run.Stream()), name)
	}
}

func TestOneScheduledRunOfAMonitorOnALane(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	schedule := func(at time.Time) domain.RunID {
		return b.must(t, commands.ScheduleRun{Monitor: b.monitor, Runner: b.runner, Nominal: at, Due: at}).State.(*domain.Run).ID
	}
	first, second := schedule(b.now), schedule(b.now.Add(5*time.Minute))
	run, err := b.claim(t, first, "i")
	require.NoError(t, err)
	_, err = b.claim(t, second, "j")
	wantError(t, err, domain.Conflict, "")
	_, err = b.claim(t, b.trigger(t), "j")
	require.NoError(t, err, "a manual run passes")

	b.must(t, commands.ReportRun{
		Attempt: commands.Attempt{Run: first, Runner: b.runner, Token: run.Token},
		Number:  1, Result: domain.Result{Outcome: domain.Successful, ReportHash: "h"}, FinishedAt: b.now,
	})
	_, err = b.claim(t, second, "j")
	require.NoError(t, err, "the lane is free when the run has ended")
}

func TestALostRunIsHandedOutAgainAndItsOldReportIsEvidence(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.trigger(t)
	first, err := b.claim(t, id, "dead")
	require.NoError(t, err)
	old := commands.Attempt{Run: id, Runner: b.runner, Token: first.Token}
	b.must(t, commands.StartRun{Attempt: old})
	b.must(t, commands.ExpireLease{Run: id, Token: first.Token})
	second, err := b.claim(t, id, "alive")
	require.NoError(t, err)
	require.Equal(t, 2, second.Attempt)

	_, err = b.Do(t.Context(), commands.System, commands.StartRun{Attempt: old})
	wantError(t, err, domain.Conflict, "")
	res := b.must(t, commands.ReportRun{Attempt: old, Number: 1, Result: domain.Result{Outcome: domain.Failure, ReportHash: "late"}, FinishedAt: b.now})
	require.Equal(t, domain.StateClaimed, res.State.(*domain.Run).State, "the superseded report ends nothing")
	res = b.must(t, commands.ReportRun{
		Attempt: commands.Attempt{Run: id, Runner: b.runner, Token: second.Token},
		Number:  2, Result: domain.Result{Outcome: domain.Successful, ReportHash: "good"}, FinishedAt: b.now,
	})
	require.Equal(t, domain.Successful, res.State.(*domain.Run).Outcome)
	require.Equal(t, []string{
		"run.queued.v1", "run.claimed.v1", "run.started.v1", "run.lease_expired.v1", "run.claimed.v1",
		"run.late_report_quarantined.v1", "run.finished.v1",
	}, b.types(t, id.Stream()))
}

func TestAReportOfAnotherRunnersRunIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.trigger(t)
	run, err := b.claim(t, id, "i")
	require.NoError(t, err)
	_, err = b.Do(t.Context(), commands.System, commands.ReportRun{
		Attempt: commands.Attempt{Run: id, Runner: "another", Token: run.Token}, Number: 1,
		Result: domain.Result{Outcome: domain.Successful, ReportHash: "h"},
	})
	wantError(t, err, domain.NotFound, "")
}

// broken is a store that fails as told.
type broken struct {
	eventstore.Store
	err error
}

func (b broken) Append(context.Context, string, eventstore.Expected, ...eventstore.Event) (eventstore.AppendResult, error) {
	return eventstore.AppendResult{}, b.err
}

func TestTheStoresTroublesAreWordedForPeople(t *testing.T) {
	t.Parallel()
	for err, kind := range map[error]domain.Kind{
		eventstore.ErrNoSpace:     domain.NoSpace,
		eventstore.ErrUnavailable: domain.Unavailable,
		eventstore.ErrClosed:      domain.Unavailable,
		eventstore.ErrConflict:    domain.Conflict,
	} {
		s := commands.New(commands.Config{Store: broken{memory.New(), err}, Lanes: &lanes{}})
		_, got := s.Do(t.Context(), ann, commands.CreateWorkspace{Name: "x"})
		require.Equal(t, kind, domain.KindOf(got), "%v", err)
	}
	defect := errors.New("defect")
	s := commands.New(commands.Config{Store: broken{memory.New(), defect}, Lanes: &lanes{}})
	_, got := s.Do(t.Context(), ann, commands.CreateWorkspace{Name: "x"})
	require.ErrorIs(t, got, defect)
}

func TestAnEventOfANewerVersionIsNeverSkipped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.store.Append(t.Context(), b.monitor.Stream(), eventstore.Any, eventstore.Event{ID: [16]byte{1}, Type: "monitor.moved.v7", Data: []byte("{}")})
	require.NoError(t, err)
	_, err = b.Do(t.Context(), ann, commands.PauseMonitor{ID: b.monitor})
	wantError(t, err, domain.Unavailable, "")
}
