package reactors_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/memory"
	"github.com/picket-api/picket/ops"
	"github.com/picket-api/picket/projections"
	"github.com/picket-api/picket/reactors"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const lease = 15 * time.Second

// bench is a control plane without a network, whose clock the test moves.
type bench struct {
	*testing.T
	store     eventstore.Store
	commands  *commands.Service
	views     *projections.Views
	ops       *ops.DB
	now       time.Time
	scheduler *reactors.Scheduler
	keeper    *reactors.LeaseKeeper
	woken     []domain.RunnerID

	workspace  domain.WorkspaceID
	collection domain.CollectionID
	runner     domain.RunnerID
	monitor    domain.MonitorID
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, now: noon}
	b.store = memory.New(memory.Clock(func() time.Time { return b.now }))
	b.restart("ops.db")
	b.workspace = domain.WorkspaceID(b.do(commands.CreateWorkspace{Name: "w"}).ID)
	b.collection = domain.CollectionID(b.do(commands.SaveCollection{Workspace: b.workspace, Document: domain.Document{Name: "c", Hash: "h"}}).ID)
	b.runner = domain.RunnerID(b.do(commands.CreateRunner{Name: "r"}).ID)
	b.monitor = domain.MonitorID(b.do(commands.CreateMonitor{Workspace: b.workspace, Configuration: b.configuration(domain.DefaultOptions())}).ID)
	b.catchUp()
	return b
}

func (b *bench) configuration(o domain.Options) domain.Configuration {
	return domain.Configuration{
		Name: "m", Collection: b.collection, Runners: []domain.RunnerID{b.runner}, Schedule: &domain.Schedule{EveryMinutes: 5}, Options: o,
	}
}

// restart makes everything but the log anew, on that file of operational state.
func (b *bench) restart(opsFile string) {
	b.Helper()
	dir := b.TempDir()
	if b.ops == nil || opsFile != "ops.db" {
		var err error
		b.ops, err = ops.Open(b.Context(), filepath.Join(dir, opsFile))
		require.NoError(b, err)
		state := b.ops
		b.Cleanup(func() { require.NoError(b, state.Close()) })
	}
	b.commands = commands.New(commands.Config{Store: b.store, Lanes: b.ops, Now: func() time.Time { return b.now }})
	views, err := projections.Open(b.Context(), filepath.Join(dir, "views.db"), b.store)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, views.Close()) })
	b.views = views
	c := reactors.Config{
		Commands: b.commands, Views: b.views, Ops: b.ops, Lease: lease, Now: func() time.Time { return b.now },
		Wake: func(r domain.RunnerID) { b.woken = append(b.woken, r) },
	}
	b.scheduler, b.keeper = reactors.NewScheduler(c), reactors.NewLeaseKeeper(c)
	b.catchUp()
}

func (b *bench) catchUp() {
	b.Helper()
	require.NoError(b, b.views.CatchUp(b.Context()))
}

func (b *bench) do(c commands.Command) commands.Result {
	b.Helper()
	res, err := b.commands.Do(b.Context(), commands.System, c)
	require.NoError(b, err)
	return res
}

// at moves the clock and lets the scheduler look.
func (b *bench) at(t time.Time) {
	b.Helper()
	b.now = t
	b.scheduler.Tick(b.Context())
	b.catchUp()
}

func (b *bench) runs() []projections.RunRow {
	b.Helper()
	rows, _, err := b.views.Runs(b.Context(), projections.RunFilter{}, projections.Page{Limit: 200})
	require.NoError(b, err)
	return rows
}

// due is when the slot of that nominal time starts.
func (b *bench) due(nominal time.Time) time.Time {
	s := domain.Schedule{EveryMinutes: 5}
	return nominal.Add(s.Offset(b.monitor))
}

// slot is the first nominal time whose slot is due after the monitor was made.
func (b *bench) slot() time.Time {
	s := domain.Schedule{EveryMinutes: 5}
	_, nominal := s.NextDue(b.monitor, noon)
	return nominal
}

func (b *bench) claim(run domain.RunID, i domain.InstanceID) *domain.Run {
	b.Helper()
	r := b.do(commands.ClaimRun{Run: run, Runner: b.runner, Instance: i, ClaimID: "c", Lease: lease}).State.(*domain.Run)
	require.NoError(b, b.ops.PutLease(b.Context(), ops.Lease{
		Run: string(run), Monitor: string(r.Monitor), Runner: string(r.Runner), Instance: string(i), ClaimID: "c",
		Token: r.Token, Attempt: r.Attempt, ExpiresAt: b.now.Add(lease),
	}))
	b.catchUp()
	return r
}

func (b *bench) attempt(r *domain.Run) commands.Attempt {
	return commands.Attempt{Run: r.ID, Runner: b.runner, Token: r.Token}
}

func (b *bench) count(eventType string) int {
	b.Helper()
	events, _, err := b.store.ReadAll(b.Context(), eventstore.Position{}, eventstore.MaxReadPage, eventstore.Filter{TypePrefixes: []string{eventType}})
	require.NoError(b, err)
	return len(events)
}

func TestASlotIsMadeOnceWhenItIsDue(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.at(noon)
	require.Empty(t, b.runs(), "nothing is due when a monitor is made")
	b.at(b.due(b.slot()).Add(-time.Second))
	require.Empty(t, b.runs())
	for range 3 {
		b.at(b.due(b.slot()))
	}
	runs := b.runs()
	require.Len(t, runs, 1)
	require.Equal(t, domain.TriggerScheduled, runs[0].Trigger)
	require.Equal(t, b.slot(), runs[0].NominalAt.UTC())
	require.Equal(t, b.due(b.slot()), runs[0].DueAt.UTC())

	b.restart("ops.db") // a second scheduler that knows nothing
	b.at(b.due(b.slot()).Add(time.Second))
	require.Len(t, b.runs(), 1)
}

func TestAfterDownTimeOneRunCatchesUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.at(b.due(b.slot()))
	b.restart("ops.db")
	b.at(b.due(b.slot()).Add(3 * time.Hour))
	runs := b.runs()
	require.Len(t, runs, 2, "one catch-up beside the run before")
	require.Equal(t, b.slot().Add(3*time.Hour), runs[0].NominalAt.UTC())
	require.Equal(t, 1, b.count("monitor.slots_missed"))
	m, err := b.views.Monitor(t.Context(), b.monitor)
	require.NoError(t, err)
	require.Equal(t, b.slot().Add(3*time.Hour-5*time.Minute), m.Missed[string(b.runner)].UTC())
	b.restart("ops.db")
	b.at(b.due(b.slot()).Add(3*time.Hour + time.Second))
	require.Equal(t, 1, b.count("monitor.slots_missed"), "recorded once")
	require.Len(t, b.runs(), 2)
}

func TestAPausedMonitorMissesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.do(commands.PauseMonitor{ID: b.monitor})
	b.catchUp()
	b.at(noon.Add(time.Hour))
	b.do(commands.ResumeMonitor{ID: b.monitor})
	b.catchUp()
	b.at(noon.Add(time.Hour + time.Second))
	require.Empty(t, b.runs())
	require.Zero(t, b.count("monitor.slots_missed"))
	b.at(noon.Add(time.Hour + 6*time.Minute))
	require.Len(t, b.runs(), 1)
}

func TestAWaitingSlotIsMissedWhenTheNextIsDue(t *testing.T) {
	t.Parallel()
	for cause, prepare := range map[domain.MissCause]func(*bench){
		domain.MissedNoInstance: func(*bench) {},
		domain.MissedOverCapacity: func(b *bench) {
			_, err := b.ops.Seen(b.Context(), ops.Presence{Instance: "i", Runner: string(b.runner), SeenAt: b.now})
			require.NoError(b, err)
		},
		domain.MissedOverlap: func(b *bench) {
			ok, err := b.ops.TakeLane(b.Context(), string(b.monitor), string(b.runner), "another run")
			require.NoError(b, err)
			require.True(b, ok)
		},
	} {
		b := newBench(t)
		b.at(b.due(b.slot()))
		manual := b.do(commands.TriggerMonitor{Monitor: b.monitor, Trigger: domain.TriggerAPI}).Runs[0]
		b.catchUp()
		prepare(b)
		b.at(b.due(b.slot().Add(5 * time.Minute)))
		got := map[domain.RunID]domain.MissCause{}
		for _, r := range b.runs() {
			got[r.ID] = r.MissedCause
		}
		lane := string(b.runner)
		require.Equal(t, map[domain.RunID]domain.MissCause{
			domain.ScheduledRunID(b.monitor, lane, b.slot()):                    cause,
			domain.ScheduledRunID(b.monitor, lane, b.slot().Add(5*time.Minute)): "",
			manual: "",
		}, got)
	}
}

func TestASilentInstanceLosesItsRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.ops.Seen(t.Context(), ops.Presence{Instance: "i", Runner: string(b.runner), SeenAt: b.now, Capacity: 1})
	require.NoError(t, err)
	b.do(commands.TriggerMonitor{Monitor: b.monitor, Trigger: domain.TriggerAPI})
	b.catchUp()
	run := b.claim(b.runs()[0].ID, "i")
	b.do(commands.StartRun{Attempt: b.attempt(run)})

	b.now = b.now.Add(lease)
	b.keeper.Sweep(t.Context())
	b.catchUp()
	require.NotEqual(t, domain.StateQueued, b.runs()[0].State, "the lease is not over yet")
	b.now = b.now.Add(time.Millisecond)
	b.keeper.Sweep(t.Context())
	b.catchUp()
	require.Equal(t, domain.StateQueued, b.runs()[0].State)
	require.Contains(t, b.woken, b.runner)
	p, ok, err := b.ops.PresenceOfInstance(t.Context(), "i")
	require.NoError(t, err)
	require.True(t, ok)
	require.False(t, p.Online)
	for range 3 {
		b.keeper.Sweep(t.Context())
	}
	require.Equal(t, 1, b.count("run.lease_expired"))
}

func TestARunWhoseKeyWasResetIsMissed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.NoError(t, b.ops.PutToken(t.Context(), "t", ops.Token{Instance: "i", Runner: string(b.runner), KeyID: "an old key"}, b.now))
	b.do(commands.TriggerMonitor{Monitor: b.monitor, Trigger: domain.TriggerAPI})
	b.catchUp()
	run := b.claim(b.runs()[0].ID, "i")
	b.do(commands.StartRun{Attempt: b.attempt(run)})
	b.now = b.now.Add(lease + time.Second)
	b.keeper.Sweep(t.Context())
	b.catchUp()
	require.Equal(t, domain.MissedKeyReset, b.runs()[0].MissedCause)
}

func TestTheTablesAreToldAnewByTheLog(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.at(b.due(b.slot()))
	run := b.claim(b.runs()[0].ID, "i")
	b.do(commands.StartRun{Attempt: b.attempt(run)})

	b.restart("lost.db") // ops.db was lost
	b.now = b.now.Add(time.Hour)
	b.keeper.Sweep(t.Context())
	l, ok, err := b.ops.LeaseOfRun(t.Context(), string(run.ID))
	require.NoError(t, err)
	require.True(t, ok, "a full lease after a start")
	require.Equal(t, b.now.Add(lease), l.ExpiresAt)
	holder, err := b.ops.LaneOf(t.Context(), string(b.monitor), string(b.runner))
	require.NoError(t, err)
	require.Equal(t, string(run.ID), holder)

	// A lane that was not freed because of a crash right after the run's end.
	b.do(commands.ReportRun{Attempt: b.attempt(run), Number: 1, Result: domain.Result{Outcome: domain.Successful, ReportHash: "h"}, FinishedAt: b.now})
	ok, err = b.ops.TakeLane(t.Context(), string(b.monitor), string(b.runner), string(run.ID))
	require.NoError(t, err)
	require.True(t, ok)
	b.now = b.now.Add(time.Minute)
	b.keeper.Sweep(t.Context())
	holder, err = b.ops.LaneOf(t.Context(), string(b.monitor), string(b.runner))
	require.NoError(t, err)
	require.Empty(t, holder)
}
