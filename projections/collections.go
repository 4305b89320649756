package projections

import (
	"context"

	"github.com/picket-api/picket/domain"
)

var collectionDocs = &docs[domain.Collection, *domain.Collection]{
	table: "{collections}", thing: "collection",
	columns: func(c *domain.Collection) docColumns {
		return docColumns{workspace: c.Workspace, name: c.Document.Name, deleted: c.Deleted}
	},
}

var collections = &projection{
	name: "collections", version: 1,
	tables:  []string{"collections"},
	schema:  collectionDocs.schema(),
	indexes: collectionDocs.indexes(),
	handles: []string{"collection.saved.v1", "collection.deleted.v1"},
	ignores: map[string]string{
		"workspace.":   "a collection names its workspace itself",
		"environment.": "has a view of its own",
		"runner.":      "runs collections, does not change them",
		"instance.":    "runs collections, does not change them",
		"monitor.":     "names a collection, does not change it",
		"run.":         "pins a version, does not change it",
		"team.":        "has no collections",
	},
	apply: collectionDocs.fold,
}

// CollectionRow is a collection in its newest version.
type CollectionRow struct {
	domain.Collection
	Record
}

// Collections lists those of a workspace (empty: of all) in the order of their
// creation, without the deleted ones.
func (v *Views) Collections(ctx context.Context, workspace domain.WorkspaceID, p Page) (list []CollectionRow, next string, err error) {
	err = v.ask(ctx, func(r *reader) error {
		var w where
		w.equals("workspace", string(workspace))
		rows, n, err := collectionDocs.page(r, w, p)
		for _, f := range rows {
			list = append(list, CollectionRow{*f.state, f.Record})
		}
		next = n
		return err
	})
	return list, next, err
}

// Collection is the one of that id, or a NotFound error, also when it was deleted.
func (v *Views) Collection(ctx context.Context, id domain.CollectionID) (row CollectionRow, err error) {
	err = v.ask(ctx, func(r *reader) error {
		f, err := collectionDocs.get(r, string(id))
		if err == nil {
			row = CollectionRow{*f.state, f.Record}
		}
		return err
	})
	return row, err
}
