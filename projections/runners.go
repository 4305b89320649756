package projections

import (
	"context"
	"slices"
	"time"

	"github.com/picket-api/picket/domain"
)

// maxInstances bounds the instances that a runner is shown with.
const maxInstances = 100

var runnerDocs = &docs[domain.Runner, *domain.Runner]{
	table: "{runners}", thing: "runner",
	columns: func(r *domain.Runner) docColumns {
		return docColumns{name: r.Name, search: r.Description, deleted: r.Deleted}
	},
}

var runners = &projection{
	name: "runners", version: 1,
	tables:  []string{"runners", "instances"},
	schema:  runnerDocs.schema() + instanceSchema,
	indexes: runnerDocs.indexes() + instanceIndexes,
	handles: []string{
		"runner.created.v1", "runner.edited.v1", "runner.visibility_changed.v1", "runner.key_reset.v1", "runner.deleted.v1",
		"instance.connected.v1", "instance.lost.v1", "instance.stopped.v1",
	},
	ignores: map[string]string{
		"workspace.":   "whether a workspace is internal is looked up when asked",
		"collection.":  "is not known to runners until they run it",
		"environment.": "is not known to runners until they run it",
		"monitor.":     "how many use a runner is counted in the monitors view when asked",
		"run.":         "what waits for a runner is counted in the queue view when asked",
		"team.":        "API keys are not those of runners",
	},
	apply: func(t *tx, batch []*event) error {
		changes := ofCategory(batch, "runner.")
		for _, e := range changes {
			if id := domain.RunnerID(e.id()); !slices.Contains(t.effects.runners, id) {
				t.effects.runners = append(t.effects.runners, id)
			}
		}
		if err := runnerDocs.fold(t, changes); err != nil {
			return err
		}
		return foldInstances(t, ofCategory(batch, "instance."))
	},
}

// RunnerRow is a runner, its instances, and what waits for it. Who is online now,
// and what they have in flight, is not in the log: the caller knows it.
type RunnerRow struct {
	domain.Runner
	Record
	Instances      []InstanceRow // newest first; of many, those online are not left out
	QueueDepth     int           // runs that wait to be claimed
	OldestQueuedAt *time.Time    // when the one that waits longest was queued
	Monitors       int           // that use the runner
}

// RunnerFilter narrows Runners; a zero field lets all pass.
type RunnerFilter struct {
	Search    string             // in the name or description, in any case
	Workspace domain.WorkspaceID // where the runner can be picked: internal and visible in it
}

// Runners lists runners in the order of their creation, without the deleted ones.
func (v *Views) Runners(ctx context.Context, filter RunnerFilter, p Page) (list []RunnerRow, next string, err error) {
	err = v.snapshot(ctx, func(r *reader) error {
		var w where
		w.search(filter.Search)
		if filter.Workspace != "" {
			w.and(`EXISTS (SELECT 1 FROM {workspaces} WHERE id = ? AND doc ->> '$.type' = ?)`,
				string(filter.Workspace), string(domain.InternalWorkspace))
			w.and(`(doc ->> '$.visibility.scope' = ? OR EXISTS (SELECT 1 FROM json_each(doc, '$.visibility.workspaces') WHERE value = ?))`,
				string(domain.VisibleInAll), string(filter.Workspace))
		}
		rows, n, err := runnerDocs.page(r, w, p)
		if err != nil {
			return err
		}
		next = n
		for _, f := range rows {
			row, err := wholeRunner(r, f)
			if err != nil {
				return err
			}
			list = append(list, row)
		}
		return nil
	})
	return list, next, err
}

// Runner is the one of that id, or a NotFound error, also when it was deleted.
func (v *Views) Runner(ctx context.Context, id domain.RunnerID) (row RunnerRow, err error) {
	err = v.snapshot(ctx, func(r *reader) error {
		f, err := runnerDocs.get(r, string(id))
		if err != nil {
			return err
		}
		row, err = wholeRunner(r, f)
		return err
	})
	return row, err
}

func wholeRunner(r *reader, f found[*domain.Runner]) (RunnerRow, error) {
	row := RunnerRow{Runner: *f.state, Record: f.Record}
	id := string(row.ID)
	var oldest instant
	err := r.each(func(scan func(...any) error) error { return scan(&row.QueueDepth, &oldest) },
		`SELECT count(*), min(queued_at) FROM {queue} WHERE runner = ? AND state = 'queued'`, id)
	if err != nil {
		return row, err
	}
	row.OldestQueuedAt = oldest.ptr()
	err = r.each(func(scan func(...any) error) error { return scan(&row.Monitors) },
		`SELECT count(*) FROM {monitor_runners} WHERE runner = ?`, id)
	if err != nil {
		return row, err
	}
	row.Instances, err = instancesOf(r, row.ID)
	return row, err
}
