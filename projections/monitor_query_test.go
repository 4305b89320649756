package projections_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

func TestMonitor(t *testing.T) {
	t.Parallel()
	l, v := ready(t)
	m, err := v.Monitor(t.Context(), l.monitor.ID)
	require.NoError(t, err)
	require.Equal(t, *l.monitor, m.Monitor)
	require.Nil(t, m.LastRun)
	require.Empty(t, m.ScheduledThrough)
	require.Equal(t, alice, m.CreatedBy)
	created := m.CreatedAt

	run := l.queue(domain.TriggerScheduled)
	l.queue(domain.TriggerAPI) // plans no slot
	lane := run.Lane
	l.claim(run)
	l.begin(run)
	l.finish(run, domain.Failure, 0)
	l.did(l.monitor, l.monitor.ID.Stream(), domain.System)(l.monitor.MissSlots("other", l.now, l.now.Add(time.Hour), 3, domain.MissedPaused))
	l.seen(v)
	m, err = v.Monitor(t.Context(), l.monitor.ID)
	require.NoError(t, err)
	require.Equal(t, &projections.LastRun{ID: run.ID, Outcome: domain.Failure, FinishedAt: run.Ended.FinishedAt}, m.LastRun)
	require.Equal(t, map[string]time.Time{lane: *run.NominalAt, "other": l.now.Add(time.Hour - time.Second)}, m.ScheduledThrough)
	require.Equal(t, created, m.UpdatedAt, "runs and slots don't change the monitor")

	// One that ended before it, though it is reported later, is not the last.
	late := l.queue(domain.TriggerAPI)
	l.claim(late)
	l.finish(late, domain.Successful, time.Hour)
	// Slots that were missed before the last that is planned don't set it back.
	l.did(l.monitor, l.monitor.ID.Stream(), domain.System)(l.monitor.MissSlots(lane, run.NominalAt.Add(-time.Hour), run.NominalAt.Add(-time.Minute), 3, domain.MissedPaused))
	l.seen(v)
	m, err = v.Monitor(t.Context(), l.monitor.ID)
	require.NoError(t, err)
	require.Equal(t, run.ID, m.LastRun.ID)
	require.Equal(t, *run.NominalAt, m.ScheduledThrough[lane])

	missed := l.queue(domain.TriggerAPI)
	l.did(missed, missed.ID.Stream(), domain.System)(missed.Miss(domain.MissedNoInstance))
	l.seen(v)
	m, err = v.Monitor(t.Context(), l.monitor.ID)
	require.NoError(t, err)
	require.Equal(t, &projections.LastRun{ID: missed.ID, Outcome: domain.Missed, FinishedAt: l.now}, m.LastRun)

	l.did(l.monitor, l.monitor.ID.Stream(), ci)(l.monitor.Delete())
	l.seen(v)
	_, err = v.Monitor(t.Context(), l.monitor.ID)
	requireMissing(t, err, "there is no such monitor")
	r, err := v.Runner(t.Context(), l.runner.ID)
	require.NoError(t, err)
	require.Zero(t, r.Monitors)
}

func TestMonitorsCanBeNarrowed(t *testing.T) {
	t.Parallel()
	l, v := ready(t)
	second := l.newRunner("Zürich", domain.Visibility{Scope: domain.VisibleInAll})
	both := l.newMonitor("Checkout", nil, l.runner, second)
	paused := l.newMonitor("Nightly", &domain.Schedule{Cron: "0 3 * * *"}, second)
	l.did(paused, paused.ID.Stream(), alice)(paused.Pause("holiday"))
	gone := l.newMonitor("Gone", &domain.Schedule{EveryMinutes: 1}, second)
	l.did(gone, gone.ID.Stream(), alice)(gone.Delete())
	moved := l.newMonitor("Moved", &domain.Schedule{EveryMinutes: 1}, second)
	c := moved.Configuration
	c.Runners = []domain.RunnerID{l.runner.ID}
	l.did(moved, moved.ID.Stream(), alice)(moved.Edit(c, l.now))
	l.seen(v)
	yes, no := true, false
	for _, c := range []struct {
		name   string
		filter projections.MonitorFilter
		want   []domain.MonitorID
	}{
		{"all", projections.MonitorFilter{}, []domain.MonitorID{l.monitor.ID, both.ID, paused.ID, moved.ID}},
		{"workspace", projections.MonitorFilter{Workspace: l.workspace.ID}, []domain.MonitorID{l.monitor.ID, both.ID, paused.ID, moved.ID}},
		{"another workspace", projections.MonitorFilter{Workspace: "x"}, nil},
		{"runner", projections.MonitorFilter{Runner: second.ID}, []domain.MonitorID{both.ID, paused.ID}},
		{"runner after an edit", projections.MonitorFilter{Runner: l.runner.ID}, []domain.MonitorID{l.monitor.ID, both.ID, moved.ID}},
		{"search", projections.MonitorFilter{Search: " order"}, []domain.MonitorID{l.monitor.ID}},
		{"paused", projections.MonitorFilter{Paused: &yes}, []domain.MonitorID{paused.ID}},
		{"not paused, of a runner", projections.MonitorFilter{Paused: &no, Runner: second.ID}, []domain.MonitorID{both.ID}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			list, _, err := v.Monitors(t.Context(), c.filter, projections.Page{})
			require.NoError(t, err)
			require.Equal(t, c.want, monitorIDs(list))
		})
	}
	scheduled, err := v.ScheduledMonitors(t.Context())
	require.NoError(t, err)
	require.Equal(t, []domain.MonitorID{l.monitor.ID, moved.ID}, monitorIDs(scheduled))
}

func monitorIDs(list []projections.MonitorRow) []domain.MonitorID {
	var ids []domain.MonitorID
	for _, m := range list {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestQueue(t *testing.T) {
	t.Parallel()
	l, v := ready(t)
	first, second := l.queue(domain.TriggerScheduled), l.queue(domain.TriggerAPI)
	queuedAt := l.now
	l.seen(v)
	ids := func(list []projections.QueuedRun, err error) []domain.RunID {
		require.NoError(t, err)
		var ids []domain.RunID
		for _, q := range list {
			ids = append(ids, q.Run)
		}
		return ids
	}
	require.Equal(t, []domain.RunID{first.ID, second.ID}, ids(v.Queue(t.Context(), l.runner.ID, 0)), "due first at the front")
	require.Equal(t, []domain.RunID{first.ID}, ids(v.Queue(t.Context(), l.runner.ID, 1)))
	require.Empty(t, ids(v.Queue(t.Context(), "x", 0)))
	require.Equal(t, []domain.RunID{first.ID, second.ID}, ids(v.QueuedOfLane(t.Context(), l.monitor.ID, first.Lane)))
	require.Empty(t, ids(v.QueuedOfLane(t.Context(), l.monitor.ID, "any")))
	open, err := v.OpenRuns(t.Context())
	require.NoError(t, err)
	require.Empty(t, open, "nobody holds one")

	l.claim(second)
	claimedAt := l.now
	l.seen(v)
	require.Equal(t, []domain.RunID{first.ID}, ids(v.Queue(t.Context(), l.runner.ID, 0)))
	open, err = v.OpenRuns(t.Context())
	require.NoError(t, err)
	want := projections.OpenRun{
		Run: second.ID, Execution: second.Execution, Monitor: l.monitor.ID, Workspace: l.workspace.ID, Runner: l.runner.ID, Lane: second.Lane,
		Trigger: domain.TriggerAPI, State: domain.StateClaimed, DueAt: second.DueAt, QueuedAt: queuedAt,
		Attempt: 1, Token: second.Token, Instance: l.instance.ID, ClaimID: "claim-1", ClaimedAt: &claimedAt,
	}
	require.Equal(t, []projections.OpenRun{want}, open)
	l.begin(second)
	l.seen(v)
	open, err = v.OpenRuns(t.Context())
	require.NoError(t, err)
	want.State = domain.StateRunning
	require.Equal(t, []projections.OpenRun{want}, open)

	l.did(second, second.ID.Stream(), domain.System)(second.Expire(second.Token, false))
	l.seen(v)
	list, err := v.Queue(t.Context(), l.runner.ID, 0)
	require.NoError(t, err)
	require.Equal(t, second.ID, list[1].Run, "waits again")
	require.Equal(t, 1, list[1].Attempt)
	require.Equal(t, queuedAt, list[1].QueuedAt)

	l.finish(second, domain.Successful, 0) // after its lease ran out
	l.did(first, first.ID.Stream(), domain.System)(first.Miss(domain.MissedDeleted))
	l.seen(v)
	require.Empty(t, ids(v.Queue(t.Context(), l.runner.ID, 0)))
	open, err = v.OpenRuns(t.Context())
	require.NoError(t, err)
	require.Empty(t, open)
}

// Each row of a list is met once, whatever is added between the pages.
func TestPagingUnderInserts(t *testing.T) {
	t.Parallel()
	l, v := ready(t)
	var before []domain.RunID
	for range 23 {
		before = append(before, l.queue(domain.TriggerAPI).ID)
	}
	l.seen(v)
	met := make(map[domain.RunID]int)
	var order []domain.RunID
	for p := (projections.Page{Limit: 5}); ; {
		list, next, err := v.Runs(t.Context(), projections.RunFilter{Monitor: l.monitor.ID}, p)
		require.NoError(t, err)
		for _, r := range list {
			met[r.ID]++
			order = append(order, r.ID)
		}
		if p.Cursor = next; next == "" {
			break
		}
		l.queue(domain.TriggerAPI)
		l.seen(v)
	}
	slices.Reverse(order)
	require.Equal(t, before, order, "newest first, each once, none of the new")

	audited := make(map[string]int)
	for p := (projections.Page{Limit: 4}); ; {
		list, next, err := v.Audit(t.Context(), projections.AuditFilter{}, p)
		require.NoError(t, err)
		for _, a := range list {
			audited[a.Position]++
			require.Equal(t, 1, audited[a.Position])
		}
		if p.Cursor = next; next == "" {
			break
		}
		l.queue(domain.TriggerAPI)
		l.seen(v)
	}
	require.Greater(t, len(audited), 23)

	for _, name := range []string{"B", "C", "D"} {
		l.newMonitor(name, nil, l.runner)
	}
	l.seen(v)
	names := make(map[string]int)
	for p := (projections.Page{Limit: 1}); ; {
		list, next, err := v.Monitors(t.Context(), projections.MonitorFilter{}, p)
		require.NoError(t, err)
		for _, m := range list {
			names[m.Name]++
		}
		if p.Cursor = next; next == "" {
			break
		}
		if len(names) == 2 {
			l.newMonitor("E", nil, l.runner)
			l.seen(v)
		}
	}
	require.Equal(t, map[string]int{"Orders API": 1, "B": 1, "C": 1, "D": 1, "E": 1}, names, "new ones come last")
}
