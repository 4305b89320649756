package projections

import (
	"context"
	"time"

	"github.com/picket-api/picket/domain"
)

// MonitorRow is a monitor and how it is doing.
type MonitorRow struct {
	domain.Monitor
	Record
	LastRun          *LastRun             // nil: none has finished yet
	ScheduledThrough map[string]time.Time // by lane: nominal time of the last slot that was queued or missed
}

// LastRun is the run of a monitor that finished last, or was missed.
type LastRun struct {
	ID         domain.RunID
	Outcome    domain.Outcome
	FinishedAt time.Time
}

// MonitorFilter narrows Monitors; a zero field lets all pass.
type MonitorFilter struct {
	Workspace domain.WorkspaceID
	Runner    domain.RunnerID
	Search    string // in the name, in any case
	Paused    *bool
}

// Monitors lists monitors in the order of their creation, without the deleted ones.
func (v *Views) Monitors(ctx context.Context, filter MonitorFilter, p Page) (list []MonitorRow, next string, err error) {
	var w where
	w.equals("workspace", string(filter.Workspace))
	w.search(filter.Search)
	if filter.Runner != "" {
		w.and("id IN (SELECT monitor FROM {monitor_runners} WHERE runner = ?)", string(filter.Runner))
	}
	if filter.Paused != nil {
		w.and("paused = ?", *filter.Paused)
	}
	err = v.snapshot(ctx, func(r *reader) error {
		rows, n, err := monitorDocs.page(r, w, p)
		if err != nil {
			return err
		}
		next = n
		list, err = wholeMonitors(r, rows)
		return err
	})
	return list, next, err
}

// Monitor is the one of that id, or a NotFound error, also when it was deleted.
func (v *Views) Monitor(ctx context.Context, id domain.MonitorID) (row MonitorRow, err error) {
	err = v.snapshot(ctx, func(r *reader) error {
		f, err := monitorDocs.get(r, string(id))
		if err != nil {
			return err
		}
		rows, err := wholeMonitors(r, []found[*domain.Monitor]{f})
		if err == nil {
			row = rows[0]
		}
		return err
	})
	return row, err
}

// ScheduledMonitors are all that run on a schedule: not deleted, not paused.
func (v *Views) ScheduledMonitors(ctx context.Context) (list []MonitorRow, err error) {
	err = v.snapshot(ctx, func(r *reader) error {
		rows, err := monitorDocs.list(r, docSelect+`{monitors} WHERE scheduled = 1 AND paused = 0 AND deleted = 0 ORDER BY seq`)
		if err != nil {
			return err
		}
		list, err = wholeMonitors(r, rows)
		return err
	})
	return list, err
}

// wholeMonitors adds what the monitors' runs say about them.
func wholeMonitors(r *reader, rows []found[*domain.Monitor]) ([]MonitorRow, error) {
	list := make([]MonitorRow, len(rows))
	byID := make(map[domain.MonitorID]*MonitorRow, len(rows))
	ids := make([]domain.MonitorID, len(rows))
	for i, f := range rows {
		list[i] = MonitorRow{Monitor: *f.state, Record: f.Record, ScheduledThrough: make(map[string]time.Time)}
		byID[f.state.ID], ids[i] = &list[i], f.state.ID
	}
	err := r.each(func(scan func(...any) error) error {
		var monitor domain.MonitorID
		var lane string
		var through instant
		if err := scan(&monitor, &lane, &through); err != nil {
			return err
		}
		byID[monitor].ScheduledThrough[lane] = through.Time
		return nil
	}, `SELECT monitor, lane, through FROM {monitor_lanes} WHERE monitor IN (SELECT value FROM json_each(?))`, jsonList(ids))
	if err != nil {
		return nil, err
	}
	err = r.each(func(scan func(...any) error) error {
		var monitor domain.MonitorID
		var last LastRun
		var finished instant
		if err := scan(&monitor, &last.ID, &last.Outcome, &finished); err != nil {
			return err
		}
		last.FinishedAt = finished.Time
		byID[monitor].LastRun = &last
		return nil
	}, `SELECT monitor, run, outcome, finished_at FROM {monitor_last} WHERE monitor IN (SELECT value FROM json_each(?))`, jsonList(ids))
	return list, err
}
