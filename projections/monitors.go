package projections

import (
	"slices"
	"strings"
	"time"

	"github.com/picket-api/picket/domain"
)

var monitorDocs = &docs[domain.Monitor, *domain.Monitor]{
	table: "{monitors}", thing: "monitor",
	extra: []string{"paused INTEGER NOT NULL", "scheduled INTEGER NOT NULL"},
	columns: func(m *domain.Monitor) docColumns {
		return docColumns{
			workspace: m.Workspace, name: m.Name, deleted: m.Deleted,
			extra: []any{m.Paused, m.Schedule != nil},
		}
	},
	touches: func(e domain.Event) bool { _, slots := e.(domain.MonitorSlotsMissed); return !slots },
}

var monitors = &projection{
	name: "monitors", version: 1,
	tables: []string{"monitors", "monitor_runners", "monitor_lanes", "monitor_last"},
	schema: monitorDocs.schema() + `
CREATE TABLE {monitor_runners}( -- of those that are not deleted
  runner TEXT NOT NULL,
  monitor TEXT NOT NULL,
  PRIMARY KEY(runner, monitor)
) STRICT, WITHOUT ROWID;
CREATE TABLE {monitor_lanes}(
  monitor TEXT NOT NULL,
  lane TEXT NOT NULL,
  through INTEGER NOT NULL, -- nominal time of the last slot that was queued or missed
  PRIMARY KEY(monitor, lane)
) STRICT, WITHOUT ROWID;
CREATE TABLE {monitor_last}(
  monitor TEXT PRIMARY KEY,
  run TEXT NOT NULL,
  outcome TEXT NOT NULL,
  finished_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`,
	indexes: monitorDocs.indexes() + `
CREATE INDEX IF NOT EXISTS {monitor_runners}_monitor ON {monitor_runners}(monitor);
CREATE INDEX IF NOT EXISTS {monitors}_scheduled ON {monitors}(seq) WHERE scheduled = 1 AND paused = 0 AND deleted = 0;`,
	handles: []string{
		"monitor.created.v1", "monitor.edited.v1", "monitor.paused.v1", "monitor.resumed.v1", "monitor.deleted.v1",
		"monitor.slots_missed.v1", "run.queued.v1", "run.finished.v1", "run.missed.v1",
	},
	ignores: map[string]string{
		"workspace.":                     "a monitor names its workspace itself",
		"collection.":                    "a monitor names its collection; versions are pinned by runs",
		"environment.":                   "a monitor names its environment; versions are pinned by runs",
		"runner.":                        "a monitor names its runners; whether they may be used is decided at claim",
		"instance.":                      "belongs to a runner",
		"team.":                          "has no monitors",
		"run.claimed.v1":                 "neither plans a slot nor ends a run",
		"run.started.v1":                 "neither plans a slot nor ends a run",
		"run.lease_expired.v1":           "neither plans a slot nor ends a run",
		"run.released.v1":                "neither plans a slot nor ends a run",
		"run.late_report_quarantined.v1": "does not change how the run ended",
	},
	apply: applyMonitors,
}

type laneKey struct {
	monitor domain.MonitorID
	lane    string
}

func applyMonitors(t *tx, batch []*event) error {
	if err := monitorDocs.fold(t, ofCategory(batch, "monitor.")); err != nil {
		return err
	}
	through := make(map[laneKey]time.Time)
	last := make(map[domain.MonitorID]LastRun)
	set := make(map[domain.MonitorID][]domain.RunnerID) // those of the newest configuration
	for _, e := range batch {
		if strings.HasPrefix(e.Type, "monitor.") && monitorDocs.touches(e.payload) {
			id := domain.MonitorID(e.id())
			if !slices.Contains(t.effects.monitors, id) {
				t.effects.monitors = append(t.effects.monitors, id)
			}
		}
		switch p := e.payload.(type) {
		case domain.MonitorCreated:
			set[p.ID] = p.Runners
		case domain.MonitorEdited:
			set[p.ID] = p.Runners
		case domain.MonitorDeleted:
			set[p.ID] = nil
		case domain.MonitorSlotsMissed:
			later(through, laneKey{p.ID, p.Lane}, p.To)
		case domain.RunQueued:
			if p.NominalAt != nil {
				later(through, laneKey{p.Monitor, p.Lane}, *p.NominalAt)
			}
		case domain.RunFinished:
			newest(last, p.Monitor, LastRun{p.ID, p.Outcome, p.FinishedAt})
		case domain.RunMissed:
			newest(last, p.Monitor, LastRun{p.ID, domain.Missed, e.Time})
		}
	}
	return saveMonitorParts(t, set, through, last)
}

func later(through map[laneKey]time.Time, k laneKey, at time.Time) {
	if at.After(through[k]) {
		through[k] = at
	}
}

func newest(last map[domain.MonitorID]LastRun, m domain.MonitorID, run LastRun) {
	if !run.FinishedAt.Before(last[m].FinishedAt) {
		last[m] = run
	}
}

func saveMonitorParts(t *tx, set map[domain.MonitorID][]domain.RunnerID, through map[laneKey]time.Time, last map[domain.MonitorID]LastRun) error {
	for monitor, list := range set {
		if err := t.exec(`DELETE FROM {monitor_runners} WHERE monitor = ?`, string(monitor)); err != nil {
			return err
		}
		for _, runner := range list {
			if err := t.exec(`INSERT INTO {monitor_runners}(runner, monitor) VALUES(?, ?)`, string(runner), string(monitor)); err != nil {
				return err
			}
		}
	}
	for k, at := range through {
		if err := t.exec(`INSERT INTO {monitor_lanes}(monitor, lane, through) VALUES(?, ?, ?)
			ON CONFLICT(monitor, lane) DO UPDATE SET through = excluded.through WHERE excluded.through > through`,
			string(k.monitor), k.lane, nanos(at)); err != nil {
			return err
		}
	}
	for monitor, run := range last {
		if err := t.exec(`INSERT INTO {monitor_last}(monitor, run, outcome, finished_at) VALUES(?, ?, ?, ?)
			ON CONFLICT(monitor) DO UPDATE SET run = excluded.run, outcome = excluded.outcome, finished_at = excluded.finished_at
			WHERE excluded.finished_at >= finished_at`,
			string(monitor), string(run.ID), string(run.Outcome), nanos(run.FinishedAt)); err != nil {
			return err
		}
	}
	return nil
}
