package projections_test

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

// ready is a small installation with its views.
func ready(t *testing.T) (*life, *projections.Views) {
	t.Helper()
	log := newTape()
	v := open(t, newPath(t), log)
	l := newLife(t, log)
	require.NoError(t, v.CatchUp(t.Context()))
	return l, v
}

// seen applies what has happened.
func (l *life) seen(v *projections.Views) {
	l.t.Helper()
	require.NoError(l.t, v.CatchUp(l.t.Context()))
}

func requireMissing(t *testing.T, err error, text string) {
	t.Helper()
	require.Equal(t, domain.NotFound, domain.KindOf(err))
	require.EqualError(t, err, text)
}

func TestWorkspacesCollectionsEnvironments(t *testing.T) {
	t.Parallel()
	l, v := ready(t)
	created := l.facts[0].at
	l.did(l.workspace, l.workspace.ID.Stream(), ci)(l.workspace.Rename("Billing"))
	l.did(l.collection, l.collection.ID.Stream(), ci)(l.collection.Save(l.collection.ID, l.workspace.ID, domain.Document{Name: "Orders 2", Hash: "xyz", Bytes: 11, Items: 4}))
	l.seen(v)

	w, err := v.Workspace(t.Context(), l.workspace.ID)
	require.NoError(t, err)
	require.Equal(t, projections.WorkspaceRow{
		Workspace: domain.Workspace{ID: l.workspace.ID, Name: "Billing", Type: domain.InternalWorkspace},
		Record:    projections.Record{CreatedAt: created, CreatedBy: alice, UpdatedAt: l.facts[len(l.facts)-2].at},
	}, w)
	ws, next, err := v.Workspaces(t.Context(), projections.Page{})
	require.NoError(t, err)
	require.Empty(t, next)
	require.Equal(t, []projections.WorkspaceRow{w}, ws)

	c, err := v.Collection(t.Context(), l.collection.ID)
	require.NoError(t, err)
	require.Equal(t, *l.collection, c.Collection, "what its aggregate says")
	require.Equal(t, 2, c.Revision)
	require.Equal(t, alice, c.CreatedBy)
	require.Equal(t, l.now, c.UpdatedAt)
	e, err := v.Environment(t.Context(), l.environment.ID)
	require.NoError(t, err)
	require.Equal(t, *l.environment, e.Environment)

	for _, in := range []domain.WorkspaceID{l.workspace.ID, ""} {
		cs, _, err := v.Collections(t.Context(), in, projections.Page{})
		require.NoError(t, err)
		require.Equal(t, []projections.CollectionRow{c}, cs)
	}
	cs, _, err := v.Collections(t.Context(), "another", projections.Page{})
	require.NoError(t, err)
	require.Empty(t, cs)

	l.did(l.collection, l.collection.ID.Stream(), ci)(l.collection.Delete())
	l.did(l.environment, l.environment.ID.Stream(), ci)(l.environment.Delete())
	l.seen(v)
	_, err = v.Collection(t.Context(), l.collection.ID)
	requireMissing(t, err, "there is no such collection")
	_, err = v.Environment(t.Context(), l.environment.ID)
	requireMissing(t, err, "there is no such environment")
	_, err = v.Workspace(t.Context(), "x")
	requireMissing(t, err, "there is no such workspace")
	cs, _, err = v.Collections(t.Context(), "", projections.Page{})
	require.NoError(t, err)
	require.Empty(t, cs)
	es, _, err := v.Environments(t.Context(), l.workspace.ID, projections.Page{})
	require.NoError(t, err)
	require.Empty(t, es)
}

func TestRunnerAndItsInstances(t *testing.T) {
	t.Parallel()
	l, v := ready(t)
	second := l.connect("host-b")
	l.did(l.instance, l.instance.ID.Stream(), domain.System)(l.instance.Lose(l.now))
	l.queue(domain.TriggerAPI)
	first := l.now
	l.queue(domain.TriggerAPI)
	l.seen(v)

	r, err := v.Runner(t.Context(), l.runner.ID)
	require.NoError(t, err)
	require.Equal(t, *l.runner, r.Runner)
	require.Equal(t, alice, r.CreatedBy)
	require.Equal(t, 2, r.QueueDepth)
	require.Equal(t, first, *r.OldestQueuedAt)
	require.Equal(t, 1, r.Monitors)
	require.Len(t, r.Instances, 2)
	require.Equal(t, "host-b", r.Instances[0].HostName, "newest first")
	require.Equal(t, *second, r.Instances[0].Instance)
	require.Nil(t, r.Instances[0].LastSeenAt)
	require.Equal(t, domain.InstanceGone, r.Instances[1].State)
	require.NotNil(t, r.Instances[1].LastSeenAt)
	connected := r.Instances[1].ConnectedAt

	l.did(l.instance, l.instance.ID.Stream(), domain.System)(l.instance.Heard())
	l.seen(v)
	r, err = v.Runner(t.Context(), l.runner.ID)
	require.NoError(t, err)
	require.Equal(t, domain.InstanceOnline, r.Instances[1].State)
	require.Equal(t, connected, r.Instances[1].ConnectedAt, "for the first time")
	require.Nil(t, r.Instances[1].LastSeenAt)

	for range 110 { // come and go
		i := l.connect("crash-loop")
		l.did(i, i.ID.Stream(), domain.System)(i.Stop())
	}
	l.seen(v)
	r, err = v.Runner(t.Context(), l.runner.ID)
	require.NoError(t, err)
	require.Len(t, r.Instances, 100)
	require.Equal(t, l.instance.ID, r.Instances[99].ID, "those online are not left out")
	require.Equal(t, second.ID, r.Instances[98].ID)

	l.did(l.runner, l.runner.ID.Stream(), alice)(l.runner.Delete("not needed"))
	l.seen(v)
	_, err = v.Runner(t.Context(), l.runner.ID)
	requireMissing(t, err, "there is no such runner")
}

func TestRunnersCanBeNarrowed(t *testing.T) {
	t.Parallel()
	l, v := ready(t)
	other := &domain.Workspace{}
	id := newID[domain.WorkspaceID](l.history, "w")
	l.did(other, id.Stream(), alice)(other.Create(id, "Shared", domain.PartnerWorkspace))
	selected := l.newRunner("Zürich", domain.Visibility{Scope: domain.VisibleInSelected, Workspaces: []domain.WorkspaceID{l.workspace.ID}})
	elsewhere := l.newRunner("100%_sure", domain.Visibility{Scope: domain.VisibleInSelected, Workspaces: []domain.WorkspaceID{other.ID, "x"}})
	l.seen(v)
	for _, c := range []struct {
		name   string
		filter projections.RunnerFilter
		want   []domain.RunnerID
	}{
		{"all", projections.RunnerFilter{}, []domain.RunnerID{l.runner.ID, selected.ID, elsewhere.ID}},
		{"visible", projections.RunnerFilter{Workspace: l.workspace.ID}, []domain.RunnerID{l.runner.ID, selected.ID}},
		{"partner workspaces have no runners", projections.RunnerFilter{Workspace: other.ID}, nil},
		{"no such workspace", projections.RunnerFilter{Workspace: "x"}, nil},
		{"search in any case", projections.RunnerFilter{Search: "ZÜRI"}, []domain.RunnerID{selected.ID}},
		{"search in the description", projections.RunnerFilter{Search: "cellar"}, []domain.RunnerID{l.runner.ID, selected.ID, elsewhere.ID}},
		{"search for wildcards", projections.RunnerFilter{Search: "0%_s"}, []domain.RunnerID{elsewhere.ID}},
		{"nothing", projections.RunnerFilter{Search: "_"}, []domain.RunnerID{elsewhere.ID}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			list, _, err := v.Runners(t.Context(), c.filter, projections.Page{})
			require.NoError(t, err)
			var got []domain.RunnerID
			for _, r := range list {
				got = append(got, r.ID)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestRunnerAuditSaysWhoWhenFromWhereAndWhy(t *testing.T) {
	t.Parallel()
	l, v := ready(t)
	old := l.runner.Key
	l.did(l.runner, l.runner.ID.Stream(), ci)(l.runner.ResetKey(l.key(), "laptop stolen", time.Hour, l.now))
	l.seen(v)
	rows, next, err := v.RunnerAudit(t.Context(), l.runner.ID, projections.Page{})
	require.NoError(t, err)
	require.Empty(t, next)
	require.Len(t, rows, 2)
	reset := rows[0]
	require.Equal(t, "runner.key_reset.v1", reset.Action)
	require.Equal(t, ci, reset.Actor)
	require.Equal(t, l.now, reset.At)
	require.Equal(t, "laptop stolen", reset.Reason)
	require.NotEmpty(t, reset.IP)
	require.Equal(t, "curl/8", reset.UserAgent)
	require.Equal(t, l.pos.String(), reset.Position)
	require.EqualValues(t, 3600, reset.Details["grace_seconds"])
	key, ok := reset.Details["key"].(map[string]any)
	require.True(t, ok)
	require.Equal(t, l.runner.Key.LastFour, key["last_four"])
	require.NotContains(t, key, "hash")
	require.Equal(t, "runner.created.v1", rows[1].Action)

	r, err := v.Runner(t.Context(), l.runner.ID)
	require.NoError(t, err)
	require.True(t, r.LiveKey(old.ID, l.now), "in its grace period")
	none, _, err := v.RunnerAudit(t.Context(), "x", projections.Page{})
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestPagesAreBounded(t *testing.T) {
	t.Parallel()
	_, v := ready(t)
	ask := map[string]func(p projections.Page) error{
		"workspaces":   func(p projections.Page) error { _, _, err := v.Workspaces(t.Context(), p); return err },
		"collections":  func(p projections.Page) error { _, _, err := v.Collections(t.Context(), "", p); return err },
		"environments": func(p projections.Page) error { _, _, err := v.Environments(t.Context(), "", p); return err },
		"runners": func(p projections.Page) error {
			_, _, err := v.Runners(t.Context(), projections.RunnerFilter{}, p)
			return err
		},
		"runner audit": func(p projections.Page) error { _, _, err := v.RunnerAudit(t.Context(), "x", p); return err },
		"monitors": func(p projections.Page) error {
			_, _, err := v.Monitors(t.Context(), projections.MonitorFilter{}, p)
			return err
		},
		"runs": func(p projections.Page) error {
			_, _, err := v.Runs(t.Context(), projections.RunFilter{}, p)
			return err
		},
		"audit": func(p projections.Page) error {
			_, _, err := v.Audit(t.Context(), projections.AuditFilter{}, p)
			return err
		},
	}
	text := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for name, get := range ask {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, get(projections.Page{Limit: 1}))
			require.NoError(t, get(projections.Page{Limit: projections.MaxLimit}))
			for _, limit := range []int{-1, projections.MaxLimit + 1} {
				requireField(t, get(projections.Page{Limit: limit}), "limit")
			}
			for _, cursor := range []string{"x", "%%%", text("other:1"), text("runs:1"), text("runs:1:2:3"), text("audit:x"), text("{monitors}:99999999999999999999")} {
				requireField(t, get(projections.Page{Cursor: cursor}), "cursor")
			}
		})
	}
}

func requireField(t *testing.T, err error, field string) {
	t.Helper()
	e, ok := errors.AsType[*domain.Error](err)
	require.Truef(t, ok, "%v", err)
	require.Equal(t, domain.Invalid, e.Kind)
	require.Equal(t, field, e.Field)
}
