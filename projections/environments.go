package projections

import (
	"context"

	"github.com/picket-api/picket/domain"
)

var environmentDocs = &docs[domain.Environment, *domain.Environment]{
	table: "{environments}", thing: "environment",
	columns: func(c *domain.Environment) docColumns {
		return docColumns{workspace: c.Workspace, name: c.Document.Name, deleted: c.Deleted}
	},
}

var environments = &projection{
	name: "environments", version: 1,
	tables:  []string{"environments"},
	schema:  environmentDocs.schema(),
	indexes: environmentDocs.indexes(),
	handles: []string{"environment.saved.v1", "environment.deleted.v1"},
	ignores: map[string]string{
		"workspace.":  "an environment names its workspace itself",
		"collection.": "has a view of its own",
		"runner.":     "is handed environments, does not change them",
		"instance.":   "is handed environments, does not change them",
		"monitor.":    "names an environment, does not change it",
		"run.":        "pins a version, does not change it",
		"team.":       "has no environments",
	},
	apply: environmentDocs.fold,
}

// EnvironmentRow is an environment in its newest version.
type EnvironmentRow struct {
	domain.Environment
	Record
}

// Environments lists those of a workspace (empty: of all) in the order of their
// creation, without the deleted ones.
func (v *Views) Environments(ctx context.Context, workspace domain.WorkspaceID, p Page) (list []EnvironmentRow, next string, err error) {
	err = v.ask(ctx, func(r *reader) error {
		var w where
		w.equals("workspace", string(workspace))
		rows, n, err := environmentDocs.page(r, w, p)
		for _, f := range rows {
			list = append(list, EnvironmentRow{*f.state, f.Record})
		}
		next = n
		return err
	})
	return list, next, err
}

// Environment is the one of that id, or a NotFound error, also when it was deleted.
func (v *Views) Environment(ctx context.Context, id domain.EnvironmentID) (row EnvironmentRow, err error) {
	err = v.ask(ctx, func(r *reader) error {
		f, err := environmentDocs.get(r, string(id))
		if err == nil {
			row = EnvironmentRow{*f.state, f.Record}
		}
		return err
	})
	return row, err
}
