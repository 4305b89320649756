package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
)

const (
	workspaceID  = domain.WorkspaceID("0199a000-0000-7000-8000-000000000001")
	otherSpaceID = domain.WorkspaceID("0199a000-0000-7000-8000-000000000002")
)

func TestWorkspace(t *testing.T) {
	t.Parallel()
	type W = domain.Workspace
	created := domain.WorkspaceCreated{ID: workspaceID, Name: "Payments", Type: domain.InternalWorkspace}
	create := func(name string, kind domain.WorkspaceType) func(*W) ([]domain.Event, error) {
		return func(w *W) ([]domain.Event, error) { return w.Create(workspaceID, name, kind) }
	}
	rename := func(w *W, name string) ([]domain.Event, error) { return w.Rename(name) }
	renameTo := func(name string) func(*W) ([]domain.Event, error) {
		return func(w *W) ([]domain.Event, error) { return w.Rename(name) }
	}
	decide(t, []scenario[W]{
		{name: "create", when: create("Payments", domain.InternalWorkspace), want: events(created)},
		{name: "create trims and defaults to internal", when: create("  Payments\n", ""), want: events(created)},
		{
			name: "create partner", when: create("P", domain.PartnerWorkspace),
			want: events(domain.WorkspaceCreated{ID: workspaceID, Name: "P", Type: domain.PartnerWorkspace}),
		},
		{
			name: "create public", when: create("P", domain.PublicWorkspace),
			want: events(domain.WorkspaceCreated{ID: workspaceID, Name: "P", Type: domain.PublicWorkspace}),
		},
		{
			name: "create with the longest name", when: create(longestName, ""),
			want: events(domain.WorkspaceCreated{ID: workspaceID, Name: longestName, Type: domain.InternalWorkspace}),
		},
		{name: "create with another type", when: create("P", "secret"), wantErr: "invalid /type"},
		{name: "create types are lower case", when: create("P", "Internal"), wantErr: "invalid /type"},
		{name: "create a second time", given: events(created), when: create("Payments", ""), wantErr: "conflict"},
		{
			name: "rename", given: events(created), when: renameTo(" Billing "),
			want: events(domain.WorkspaceRenamed{ID: workspaceID, Name: "Billing"}), again: true,
		},
		{name: "rename to the same", given: events(created), when: renameTo(" Payments ")},
		{name: "rename what is not there", when: renameTo("Billing"), wantErr: "not_found"},
	})
	decide(t, failing("/name", nil, badNames, func(w *W, s string) ([]domain.Event, error) {
		return w.Create(workspaceID, s, "")
	}))
	decide(t, failing("/name", events(created), badNames, rename))

	w := new(W)
	require.False(t, w.Exists())
	require.True(t, domain.Fold(w, created).Exists())
}
