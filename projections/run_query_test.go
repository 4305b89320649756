package projections_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

func TestRunFromQueueToReport(t *testing.T) {
	t.Parallel()
	l, v := ready(t)
	run := l.queue(domain.TriggerScheduled)
	queuedAt := l.now
	l.seen(v)
	row, err := v.RunByID(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, projections.RunRow{
		RunQueued: run.RunQueued, State: domain.StateQueued, RunnerName: "Frankfurt",
		Record: projections.Record{CreatedAt: queuedAt, CreatedBy: domain.System, UpdatedAt: queuedAt},
	}, row)

	l.claim(run)
	first := projections.AttemptRow{Attempt: 1, Instance: l.instance.ID, InstanceHost: "host-a", Token: run.Token, ClaimedAt: l.now}
	l.begin(run)
	started := l.now
	first.StartedAt = &started
	l.did(run, run.ID.Stream(), domain.System)(run.Expire(run.Token, false))
	lost := l.now
	first.EndedAt, first.End = &lost, projections.EndLeaseExpired
	lateToken := run.Token
	l.instance = l.connect("host-b")
	l.claim(run)
	claimed := l.now
	second := projections.AttemptRow{Attempt: 2, Instance: l.instance.ID, InstanceHost: "host-b", Token: run.Token, ClaimedAt: claimed}
	l.seen(v)
	row, err = v.RunByID(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, domain.StateClaimed, row.State)
	require.Equal(t, "host-b", row.InstanceHost)
	require.Equal(t, &claimed, row.ClaimedAt)
	require.Nil(t, row.StartedAt, "the second attempt has not")
	require.Nil(t, row.FinishedAt)
	require.Equal(t, []projections.AttemptRow{first, second}, row.Attempts)

	l.finish(run, domain.Failure, 3*time.Second)
	reported := l.now
	finished := run.Ended.FinishedAt
	second.EndedAt, second.End = &reported, projections.EndReported
	l.did(run, run.ID.Stream(), alice)(run.Report(lateToken, 1, domain.Result{Outcome: domain.Successful, ReportHash: "late"}, l.now))
	l.seen(v)
	row, err = v.RunByID(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, projections.RunRow{
		RunQueued: run.RunQueued, RunnerName: "Frankfurt",
		Record: projections.Record{CreatedAt: queuedAt, CreatedBy: domain.System, UpdatedAt: l.now},
		State:  domain.StateFinished, Outcome: domain.Failure, Attempt: 2, Instance: l.instance.ID, InstanceHost: "host-b",
		Attempts: []projections.AttemptRow{first, second}, ClaimedAt: &claimed, FinishedAt: &finished, ReportedAt: &reported,
		Counts: run.Ended.Counts, Timings: run.Ended.Timings, FirstError: run.Ended.FirstError, ReportHash: "report-" + string(run.ID), LateReports: 1,
	}, row)
	require.NotZero(t, row.Counts.ScriptErrors)
	require.NotNil(t, row.FirstError)

	_, err = v.RunByID(t.Context(), "x")
	requireMissing(t, err, "there is no such run")
}

func TestRunThatWasMissedOrReleased(t *testing.T) {
	t.Parallel()
	l, v := ready(t)
	missed, released := l.queue(domain.TriggerAPI), l.queue(domain.TriggerAPI)
	l.did(missed, missed.ID.Stream(), domain.System)(missed.Miss(domain.MissedNoInstance))
	at := l.now
	l.claim(released)
	l.did(released, released.ID.Stream(), domain.System)(released.Release(released.Token, "draining"))
	l.seen(v)
	row, err := v.RunByID(t.Context(), missed.ID)
	require.NoError(t, err)
	require.Equal(t, domain.StateFinished, row.State)
	require.Equal(t, domain.Missed, row.Outcome)
	require.Equal(t, domain.MissedNoInstance, row.MissedCause)
	require.Equal(t, &at, row.FinishedAt)
	require.Nil(t, row.ReportedAt)
	require.Empty(t, row.ReportHash)
	require.Equal(t, ci, row.CreatedBy)
	require.Nil(t, row.NominalAt)

	row, err = v.RunByID(t.Context(), released.ID)
	require.NoError(t, err)
	require.Equal(t, domain.StateQueued, row.State)
	require.Equal(t, projections.EndReleased, row.Attempts[0].End)

	// A report after the lease: it is how the attempt ended after all.
	l.claim(released)
	l.did(released, released.ID.Stream(), domain.System)(released.Expire(released.Token, false))
	l.finish(released, domain.Successful, 0)
	l.seen(v)
	row, err = v.RunByID(t.Context(), released.ID)
	require.NoError(t, err)
	require.Equal(t, domain.StateFinished, row.State)
	require.Equal(t, projections.EndReported, row.Attempts[1].End)
}

// Every filter, alone and together, over a long history: what the list has is
// what a look at each run says.
func TestRunsCanBeNarrowed(t *testing.T) {
	t.Parallel()
	p := play(t)
	v := open(t, newPath(t), p.log)
	require.NoError(t, v.CatchUp(t.Context()))
	all := everyRun(t, v, projections.RunFilter{})
	require.Len(t, all, len(p.want["runs"]))
	for i := range all[1:] {
		require.False(t, all[i+1].CreatedAt.After(all[i].CreatedAt), "newest first")
	}
	some := all[len(all)/3]
	from, to := all[len(all)*2/3].CreatedAt, all[len(all)/4].CreatedAt
	for name, c := range map[string]struct {
		filter projections.RunFilter
		match  func(r projections.RunRow) bool
	}{
		"workspace": {projections.RunFilter{Workspace: some.Workspace}, func(r projections.RunRow) bool { return r.Workspace == some.Workspace }},
		"monitor":   {projections.RunFilter{Monitor: some.Monitor}, func(r projections.RunRow) bool { return r.Monitor == some.Monitor }},
		"runner":    {projections.RunFilter{Runner: some.Runner}, func(r projections.RunRow) bool { return r.Runner == some.Runner }},
		"execution": {projections.RunFilter{Execution: some.Execution}, func(r projections.RunRow) bool { return r.Execution == some.Execution }},
		"outcome":   {projections.RunFilter{Outcome: domain.Failure}, func(r projections.RunRow) bool { return r.Outcome == domain.Failure }},
		"state":     {projections.RunFilter{State: domain.StateFinished}, func(r projections.RunRow) bool { return r.State == domain.StateFinished }},
		"trigger":   {projections.RunFilter{Trigger: domain.TriggerAPI}, func(r projections.RunRow) bool { return r.Trigger == domain.TriggerAPI }},
		"times": {projections.RunFilter{From: from, To: to}, func(r projections.RunRow) bool {
			return !r.CreatedAt.Before(from) && r.CreatedAt.Before(to)
		}},
		"together": {projections.RunFilter{Runner: some.Runner, State: domain.StateFinished, Outcome: domain.Successful, From: from}, func(r projections.RunRow) bool {
			return r.Runner == some.Runner && r.Outcome == domain.Successful && !r.CreatedAt.Before(from)
		}},
		"nothing": {projections.RunFilter{Runner: "x"}, func(projections.RunRow) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []domain.RunID
			for _, r := range all {
				if c.match(r) {
					want = append(want, r.ID)
				}
			}
			var got []domain.RunID
			for _, r := range everyRun(t, v, c.filter) {
				got = append(got, r.ID)
			}
			require.Equal(t, want, got)
			require.Equal(t, name == "nothing", len(got) == 0)
		})
	}
}

// A list never looks at all runs.
func TestRunsAreFoundByIndex(t *testing.T) {
	t.Parallel()
	v := open(t, newPath(t), newTape())
	for name, c := range map[string]struct {
		filter projections.RunFilter
		index  string
	}{
		"all":                    {projections.RunFilter{}, "created (created_at<?)"},
		"workspace":              {projections.RunFilter{Workspace: "x"}, "workspace (workspace=? AND created_at<?)"},
		"monitor":                {projections.RunFilter{Monitor: "x"}, "monitor (monitor=? AND created_at<?)"},
		"monitor and outcome":    {projections.RunFilter{Monitor: "x", Outcome: domain.Failure}, "monitor (monitor=? AND created_at<?)"},
		"runner and trigger":     {projections.RunFilter{Runner: "x", Trigger: domain.TriggerCLI}, "runner (runner=? AND created_at<?)"},
		"execution":              {projections.RunFilter{Execution: "x"}, "execution (execution=?)"},
		"failures":               {projections.RunFilter{Outcome: domain.Failure}, "trouble (outcome=? AND created_at<?)"},
		"failures of workspace":  {projections.RunFilter{Outcome: domain.Failure, Workspace: "x"}, "trouble (outcome=? AND created_at<?)"},
		"failures since":         {projections.RunFilter{Outcome: domain.Missed, From: start}, "trouble (outcome=? AND created_at>? AND created_at<?)"},
		"successes":              {projections.RunFilter{Outcome: domain.Successful}, "created (created_at<?)"},
		"queued":                 {projections.RunFilter{State: domain.StateQueued}, "open (created_at<?)"},
		"finished, in workspace": {projections.RunFilter{State: domain.StateFinished, Workspace: "x"}, "workspace (workspace=? AND created_at<?)"},
		"times":                  {projections.RunFilter{From: start, To: start.Add(time.Hour)}, "created (created_at>? AND created_at<?)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, err := v.RunsPlan(t.Context(), c.filter)
			require.NoError(t, err)
			require.Regexp(t, `^SEARCH r USING INDEX runs_g\d+_`, plan)
			require.Contains(t, plan, c.index)
		})
	}
}

func everyRun(t *testing.T, v *projections.Views, f projections.RunFilter) (all []projections.RunRow) {
	t.Helper()
	for p := (projections.Page{Limit: 37}); ; {
		list, next, err := v.Runs(t.Context(), f, p)
		require.NoError(t, err)
		all = append(all, list...)
		if p.Cursor = next; next == "" {
			return all
		}
	}
}

// The aggregates that decided the history are the judges of the views.
func TestViewsSayWhatTheAggregatesSay(t *testing.T) {
	t.Parallel()
	h := lived(31, fewer(3000, 600))
	log := newTape()
	log.add(t, h.facts...)
	v := open(t, newPath(t), log, projections.PageSize(113))
	require.NoError(t, v.CatchUp(t.Context()))

	waiting := make(map[domain.RunnerID]int)
	held := make(map[domain.RunID]int64)
	for _, r := range h.runs {
		row, err := v.RunByID(t.Context(), r.ID)
		require.NoError(t, err)
		require.Equal(t, r.RunQueued, row.RunQueued)
		require.Equal(t, r.State, row.State)
		require.Equal(t, r.Outcome, row.Outcome)
		require.Equal(t, r.Attempt, row.Attempt)
		require.Equal(t, r.Instance, row.Instance)
		require.Equal(t, r.Ended.ReportHash, row.ReportHash)
		require.Equal(t, r.Ended.Counts, row.Counts)
		require.Len(t, row.Attempts, r.Attempt)
		if r.Attempt > 0 {
			require.Equal(t, r.Token, row.Attempts[r.Attempt-1].Token)
		}
		switch r.State {
		case domain.StateQueued:
			waiting[r.Runner]++
		case domain.StateClaimed, domain.StateRunning:
			held[r.ID] = r.Token
		}
	}
	open, err := v.OpenRuns(t.Context())
	require.NoError(t, err)
	require.Len(t, open, len(held))
	for _, o := range open {
		require.Equal(t, held[o.Run], o.Token)
	}
	for _, r := range h.runners {
		row, err := v.Runner(t.Context(), r.ID)
		if !r.Exists() {
			requireMissing(t, err, "there is no such runner")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, *r, row.Runner)
		require.Equal(t, waiting[r.ID], row.QueueDepth)
	}
	for _, m := range h.monitors {
		row, err := v.Monitor(t.Context(), m.ID)
		if !m.Exists() {
			requireMissing(t, err, "there is no such monitor")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, *m, row.Monitor)
		for lane, to := range m.Missed {
			require.False(t, row.ScheduledThrough[lane].Before(to))
		}
	}
}
