package projections

import (
	"time"

	"github.com/picket-api/picket/domain"
)

// The queue view has the runs that are not finished: those that wait for a
// runner, and those that an instance holds. It stays small.
var queue = &projection{
	name: "queue", version: 1,
	tables: []string{"queue"},
	schema: `
CREATE TABLE {queue}(
  run TEXT PRIMARY KEY,
  execution TEXT NOT NULL,
  monitor TEXT NOT NULL,
  workspace TEXT NOT NULL,
  runner TEXT NOT NULL,
  lane TEXT NOT NULL,
  trigger TEXT NOT NULL,
  state TEXT NOT NULL, -- queued, claimed, running
  due_at INTEGER NOT NULL,
  queued_at INTEGER NOT NULL, -- for the first time
  attempt INTEGER NOT NULL, -- the newest; 0 before the first
  token INTEGER NOT NULL,
  instance TEXT NOT NULL,
  claim_id TEXT NOT NULL,
  claimed_at INTEGER
) STRICT, WITHOUT ROWID;`,
	indexes: `
CREATE INDEX IF NOT EXISTS {queue}_runner ON {queue}(runner, state, due_at);
CREATE INDEX IF NOT EXISTS {queue}_lane ON {queue}(monitor, lane);`,
	handles: []string{
		"run.queued.v1", "run.claimed.v1", "run.started.v1", "run.lease_expired.v1", "run.released.v1",
		"run.finished.v1", "run.missed.v1",
	},
	ignores: map[string]string{
		"run.late_report_quarantined.v1": "changes nothing for the run that it came too late for",
		"workspace.":                     "its runs are asked for by runner",
		"collection.":                    "a run pins the version",
		"environment.":                   "a run pins the version",
		"runner.":                        "whether it may take its runs is decided at claim",
		"instance.":                      "its leases run out by themselves",
		"monitor.":                       "whether its runs may go is decided at claim",
		"team.":                          "has no runs",
	},
	apply: applyQueue,
}

// openRun is a row of the queue in the making.
type openRun struct {
	OpenRun
	stored bool // is in the table
	waited bool // was ready to be claimed before the batch
	over   bool
}

func applyQueue(t *tx, batch []*event) error {
	runs := make(map[string]*openRun)
	var order, known []string
	for _, e := range batch {
		id := e.id()
		if runs[id] != nil {
			continue
		}
		runs[id] = &openRun{over: true} // until its row or its event says otherwise
		order = append(order, id)
		if _, ok := e.payload.(domain.RunQueued); !ok {
			known = append(known, id)
		}
	}
	if err := loadOpen(t, runs, known); err != nil {
		return err
	}
	for _, e := range batch {
		runs[e.id()].apply(e)
	}
	for _, id := range order {
		if err := runs[id].save(t, id); err != nil {
			return err
		}
	}
	return nil
}

func loadOpen(t *tx, runs map[string]*openRun, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return t.each(func(scan func(...any) error) error {
		o, err := scanOpen(scan)
		if err != nil {
			return err
		}
		*runs[string(o.Run)] = openRun{OpenRun: o, stored: true, waited: o.State == domain.StateQueued}
		return nil
	}, openSelect+` WHERE run IN (SELECT value FROM json_each(?))`, jsonList(ids))
}

func (o *openRun) apply(e *event) {
	switch p := e.payload.(type) {
	case domain.RunQueued:
		o.OpenRun = OpenRun{
			Run: p.ID, Execution: p.Execution, Monitor: p.Monitor, Workspace: p.Workspace, Runner: p.Runner,
			Lane: p.Lane, Trigger: p.Trigger, State: domain.StateQueued, DueAt: dueAt(p, e), QueuedAt: e.Time,
		}
		o.over = false
	case domain.RunClaimed:
		at := e.Time
		o.State, o.Attempt, o.Token, o.Instance = domain.StateClaimed, p.Attempt, e.Version, p.Instance
		o.ClaimID, o.ClaimedAt = p.ClaimID, &at
	case domain.RunStarted:
		o.State = domain.StateRunning
	case domain.RunLeaseExpired, domain.RunReleased:
		o.State = domain.StateQueued
	case domain.RunFinished, domain.RunMissed:
		o.over = true
	}
}

// dueAt is when the run may start: as soon as it is queued if it doesn't say.
func dueAt(q domain.RunQueued, e *event) time.Time {
	if q.DueAt.IsZero() {
		return e.Time
	}
	return q.DueAt
}

func (o *openRun) save(t *tx, id string) error {
	switch {
	case o.over && o.stored:
		return t.exec(`DELETE FROM {queue} WHERE run = ?`, id)
	case o.over:
		return nil
	}
	if o.State == domain.StateQueued && !o.waited {
		if t.effects.queued == nil {
			t.effects.queued = make(map[domain.RunnerID]int)
		}
		t.effects.queued[o.Runner]++
	}
	return t.exec(`INSERT OR REPLACE INTO {queue}(run, execution, monitor, workspace, runner, lane, trigger, state, due_at,
		queued_at, attempt, token, instance, claim_id, claimed_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, string(o.Execution), string(o.Monitor), string(o.Workspace), string(o.Runner), o.Lane, string(o.Trigger), string(o.State),
		nanos(o.DueAt), nanos(o.QueuedAt), o.Attempt, o.Token, string(o.Instance), o.ClaimID, nanosOf(o.ClaimedAt))
}
