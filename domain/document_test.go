package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
)

const (
	collectionID  = domain.CollectionID("0199a000-0000-7000-8000-000000000011")
	environmentID = domain.EnvironmentID("0199a000-0000-7000-8000-000000000012")
)

var document = domain.Document{Name: "Orders", Hash: "sha256-aa", Bytes: 1200, Items: 7}

func changed(change func(*domain.Document)) domain.Document {
	d := document
	change(&d)
	return d
}

// Collections and environments are saved and deleted by the same rules.
func TestCollection(t *testing.T) {
	t.Parallel()
	saved := func(d domain.Document) domain.Event {
		return domain.CollectionSaved{ID: collectionID, Workspace: workspaceID, Document: d}
	}
	documentScenarios(t, saved, domain.CollectionDeleted{ID: collectionID},
		func(c *domain.Collection, w domain.WorkspaceID, d domain.Document) ([]domain.Event, error) {
			return c.Save(collectionID, w, d)
		},
		(*domain.Collection).Delete)

	c := new(domain.Collection)
	require.False(t, c.Exists())
	require.True(t, domain.Fold(c, saved(document)).Exists())
	require.Equal(t, 1, c.Revision)
	require.Equal(t, 2, domain.Fold(c, saved(changed(func(d *domain.Document) { d.Hash = "b" }))).Revision)
	require.Equal(t, "b", c.Document.Hash)
	require.False(t, domain.Fold(c, domain.CollectionDeleted{ID: collectionID}).Exists())
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	saved := func(d domain.Document) domain.Event {
		return domain.EnvironmentSaved{ID: environmentID, Workspace: workspaceID, Document: d}
	}
	documentScenarios(t, saved, domain.EnvironmentDeleted{ID: environmentID},
		func(e *domain.Environment, w domain.WorkspaceID, d domain.Document) ([]domain.Event, error) {
			return e.Save(environmentID, w, d)
		},
		(*domain.Environment).Delete)

	e := new(domain.Environment)
	require.False(t, e.Exists())
	require.True(t, domain.Fold(e, saved(document)).Exists())
	require.Equal(t, 1, e.Revision)
	require.Equal(t, document, e.Document)
	require.False(t, domain.Fold(e, domain.EnvironmentDeleted{ID: environmentID}).Exists())
}

func documentScenarios[A any, P interface {
	*A
	domain.Aggregate
}](t *testing.T, saved func(domain.Document) domain.Event, deleted domain.Event,
	save func(*A, domain.WorkspaceID, domain.Document) ([]domain.Event, error),
	remove func(*A) ([]domain.Event, error),
) {
	t.Helper()
	first := saved(document)
	saving := func(d domain.Document) func(*A) ([]domain.Event, error) {
		return func(a *A) ([]domain.Event, error) { return save(a, workspaceID, d) }
	}
	renamed := changed(func(d *domain.Document) { d.Name = "Orders v2" })
	rewritten := changed(func(d *domain.Document) { d.Hash, d.Bytes = "sha256-bb", 1300 })
	decide[A, P](t, []scenario[A]{
		{name: "save the first version", when: saving(document), want: events(first), again: true},
		{name: "save trims the name", when: saving(changed(func(d *domain.Document) { d.Name = "\tOrders " })), want: events(first), again: true},
		{name: "save other content", given: events(first), when: saving(rewritten), want: events(saved(rewritten)), again: true},
		{name: "save another name", given: events(first), when: saving(renamed), want: events(saved(renamed)), again: true},
		{name: "save the same", given: events(first), when: saving(document)},
		{name: "save an old version again", given: events(first, saved(rewritten)), when: saving(document), want: events(first), again: true},
		{name: "save the longest name", when: saving(changed(func(d *domain.Document) { d.Name = longestName })), want: events(saved(changed(func(d *domain.Document) { d.Name = longestName })))},
		{name: "save without content", when: saving(changed(func(d *domain.Document) { d.Hash = "" })), wantErr: "invalid"},
		{
			name: "save from another workspace", given: events(first), wantErr: "conflict",
			when: func(a *A) ([]domain.Event, error) { return save(a, otherSpaceID, rewritten) },
		},
		{name: "save after deletion", given: events(first, deleted), when: saving(rewritten), wantErr: "not_found"},
		{name: "save the same after deletion", given: events(first, deleted), when: saving(document), wantErr: "not_found"},
		{name: "delete", given: events(first), when: remove, want: events(deleted), again: true},
		{name: "delete a second time", given: events(first, deleted), when: remove},
		{name: "delete what is not there", when: remove, wantErr: "not_found"},
	})
	withName := func(a *A, s string) ([]domain.Event, error) {
		return save(a, workspaceID, changed(func(d *domain.Document) { d.Name = s }))
	}
	decide[A, P](t, failing("/name", nil, badNames, withName))
	decide[A, P](t, failing("/name", events(first), badNames, withName))
}
