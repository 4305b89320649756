package projections_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

func TestAuditHasWhatPeopleDidAndRunnersThatCameAndWent(t *testing.T) {
	t.Parallel()
	l, v := ready(t)
	team := &domain.Team{}
	key := l.key()
	l.did(team, domain.TeamStream, alice)(team.CreateAPIKey("Deploy", key))
	l.did(team, domain.TeamStream, alice)(team.RevokeAPIKey(key.ID))
	byPerson, bySystem := l.queue(domain.TriggerAPI), l.queue(domain.TriggerScheduled)
	l.claim(byPerson)
	l.begin(byPerson)
	l.finish(byPerson, domain.Successful, 0)
	l.did(bySystem, bySystem.ID.Stream(), domain.System)(bySystem.Miss(domain.MissedNoInstance))
	l.did(l.monitor, l.monitor.ID.Stream(), domain.System)(l.monitor.MissSlots("x", l.now, l.now, 1, domain.MissedPaused))
	l.did(l.instance, l.instance.ID.Stream(), domain.System)(l.instance.Lose(l.now))
	l.did(l.runner, l.runner.ID.Stream(), ci)(l.runner.ResetKey(l.key(), "leaked", 0, l.now))
	l.did(l.monitor, l.monitor.ID.Stream(), ci)(l.monitor.Delete())
	l.seen(v)

	rows, next, err := v.Audit(t.Context(), projections.AuditFilter{}, projections.Page{})
	require.NoError(t, err)
	require.Empty(t, next)
	var actions []string
	byAction := make(map[string]projections.AuditRow)
	for _, r := range rows {
		actions = append(actions, r.Action)
		byAction[r.Action] = r
		require.NotEmpty(t, r.Object)
		require.NotEmpty(t, r.ObjectName, r.Action)
		require.NotEmpty(t, r.Details)
		if key, ok := r.Details["key"].(map[string]any); ok {
			require.NotContains(t, key, "hash")
		}
	}
	require.Equal(t, []string{
		"monitor.deleted.v1", "runner.key_reset.v1", "instance.lost.v1", "run.queued.v1", "team.api_key_revoked.v1", "team.api_key_created.v1",
		"monitor.created.v1", "instance.connected.v1", "runner.created.v1", "environment.saved.v1", "collection.saved.v1", "workspace.created.v1",
	}, actions, "newest first; no run but that of a person, no bookkeeping")

	require.Equal(t, projections.AuditRow{
		Position: l.pos.String(), At: l.now, Actor: ci, Action: "monitor.deleted.v1", Category: "monitor", Object: string(l.monitor.ID),
		ObjectName: "Orders API", Workspace: l.workspace.ID, IP: rows[0].IP, UserAgent: "curl/8", Correlation: rows[0].Correlation,
		Details: map[string]any{"id": string(l.monitor.ID)},
	}, rows[0])
	require.NotEmpty(t, rows[0].IP)
	require.NotEmpty(t, rows[0].Correlation)
	revoked := byAction["team.api_key_revoked.v1"]
	require.Equal(t, string(key.ID), revoked.Object)
	require.Equal(t, "Deploy", revoked.ObjectName, "known from before")
	require.Equal(t, "host-a", byAction["instance.lost.v1"].ObjectName)
	require.Equal(t, byPerson.ID.Stream(), "run-"+byAction["run.queued.v1"].Object)
	require.Equal(t, "leaked", byAction["runner.key_reset.v1"].Details["reason"])
}

func TestAuditCanBeNarrowed(t *testing.T) {
	t.Parallel()
	p := play(t)
	v := open(t, newPath(t), p.log)
	require.NoError(t, v.CatchUp(t.Context()))
	all := everyChange(t, v, projections.AuditFilter{})
	require.Len(t, all, len(p.want["audit"]))
	some := all[len(all)/3]
	var inWorkspace projections.AuditRow
	for _, a := range all {
		if a.Workspace != "" {
			inWorkspace = a
		}
	}
	from, to := all[len(all)*2/3].At, all[len(all)/4].At
	for name, c := range map[string]struct {
		filter projections.AuditFilter
		match  func(a projections.AuditRow) bool
	}{
		"actor by id":   {projections.AuditFilter{Actor: alice.ID}, func(a projections.AuditRow) bool { return a.Actor == alice }},
		"actor by name": {projections.AuditFilter{Actor: "CI"}, func(a projections.AuditRow) bool { return a.Actor == ci }},
		"action":        {projections.AuditFilter{Action: some.Action}, func(a projections.AuditRow) bool { return a.Action == some.Action }},
		"action prefix": {projections.AuditFilter{Action: "monitor."}, func(a projections.AuditRow) bool { return a.Category == "monitor" }},
		"category":      {projections.AuditFilter{Category: "run"}, func(a projections.AuditRow) bool { return a.Category == "run" }},
		"object":        {projections.AuditFilter{Object: some.Object}, func(a projections.AuditRow) bool { return a.Object == some.Object }},
		"workspace": {projections.AuditFilter{Workspace: inWorkspace.Workspace}, func(a projections.AuditRow) bool {
			return a.Workspace == inWorkspace.Workspace
		}},
		"times": {projections.AuditFilter{From: from, To: to}, func(a projections.AuditRow) bool { return within(a.At, from, to) }},
		"together": {projections.AuditFilter{Actor: "CI", Action: "run", From: from}, func(a projections.AuditRow) bool {
			return a.Actor == ci && (a.Category == "run" || a.Category == "runner") && !a.At.Before(from)
		}},
		"nothing": {projections.AuditFilter{Object: "x"}, func(projections.AuditRow) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for _, a := range all {
				if c.match(a) {
					want = append(want, a.Position)
				}
			}
			var got []string
			for _, a := range everyChange(t, v, c.filter) {
				got = append(got, a.Position)
			}
			require.Equal(t, want, got)
			require.Equal(t, name == "nothing", len(got) == 0)
		})
	}
}

func within(at, from, to time.Time) bool { return !at.Before(from) && at.Before(to) }

func everyChange(t *testing.T, v *projections.Views, f projections.AuditFilter) (all []projections.AuditRow) {
	t.Helper()
	for p := (projections.Page{Limit: 41}); ; {
		list, next, err := v.Audit(t.Context(), f, p)
		require.NoError(t, err)
		all = append(all, list...)
		if p.Cursor = next; next == "" {
			return all
		}
	}
}
