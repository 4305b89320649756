package projections

import (
	"context"

	"github.com/picket-api/picket/domain"
)

var workspaceDocs = &docs[domain.Workspace, *domain.Workspace]{
	table: "{workspaces}", thing: "workspace",
	columns: func(w *domain.Workspace) docColumns {
		return docColumns{workspace: w.ID, name: w.Name}
	},
}

var workspaces = &projection{
	name: "workspaces", version: 1,
	tables:  []string{"workspaces"},
	schema:  workspaceDocs.schema(),
	indexes: workspaceDocs.indexes(),
	handles: []string{"workspace.created.v1", "workspace.renamed.v1"},
	ignores: map[string]string{
		"collection.":  "has a view of its own",
		"environment.": "has a view of its own",
		"runner.":      "belongs to no workspace",
		"instance.":    "belongs to no workspace",
		"monitor.":     "has a view of its own",
		"run.":         "has a view of its own",
		"team.":        "belongs to no workspace",
	},
	apply: workspaceDocs.fold,
}

// WorkspaceRow is a workspace.
type WorkspaceRow struct {
	domain.Workspace
	Record
}

// Workspaces lists the workspaces in the order of their creation.
func (v *Views) Workspaces(ctx context.Context, p Page) (list []WorkspaceRow, next string, err error) {
	err = v.ask(ctx, func(r *reader) error {
		rows, n, err := workspaceDocs.page(r, where{}, p)
		for _, f := range rows {
			list = append(list, WorkspaceRow{*f.state, f.Record})
		}
		next = n
		return err
	})
	return list, next, err
}

// Workspace is the one of that id, or a NotFound error.
func (v *Views) Workspace(ctx context.Context, id domain.WorkspaceID) (row WorkspaceRow, err error) {
	err = v.ask(ctx, func(r *reader) error {
		f, err := workspaceDocs.get(r, string(id))
		if err == nil {
			row = WorkspaceRow{*f.state, f.Record}
		}
		return err
	})
	return row, err
}
