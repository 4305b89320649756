package projections

import (
	"github.com/picket-api/picket/domain"
)

var runs = &projection{
	name: "runs", version: 1,
	tables: []string{"runs", "attempts"},
	schema: `
CREATE TABLE {runs}(
  seq INTEGER PRIMARY KEY, -- in the order of queueing
  id TEXT NOT NULL,
  execution TEXT NOT NULL,
  monitor TEXT NOT NULL,
  monitor_name TEXT NOT NULL,
  monitor_revision INTEGER NOT NULL,
  workspace TEXT NOT NULL,
  runner TEXT NOT NULL,
  lane TEXT NOT NULL,
  trigger TEXT NOT NULL,
  collection TEXT NOT NULL,
  collection_hash TEXT NOT NULL,
  environment TEXT NOT NULL,
  environment_hash TEXT NOT NULL,
  options TEXT NOT NULL,
  max_attempts INTEGER NOT NULL,
  nominal_at INTEGER,
  due_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL, -- when it was queued
  created_by TEXT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT NOT NULL,       -- empty until finished, like the next
  missed_cause TEXT NOT NULL,
  attempt INTEGER NOT NULL,    -- the newest; 0 before the first
  instance TEXT NOT NULL,      -- of it, like the next five
  token INTEGER NOT NULL,
  claimed_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  "end" TEXT NOT NULL,
  finished_at INTEGER,
  reported_at INTEGER,
  requests INTEGER NOT NULL,
  failed_requests INTEGER NOT NULL,
  assertions INTEGER NOT NULL,
  failed_assertions INTEGER NOT NULL,
  skipped_assertions INTEGER NOT NULL,
  script_errors INTEGER NOT NULL,
  total_ms REAL NOT NULL,
  response_avg_ms REAL NOT NULL,
  response_min_ms REAL NOT NULL,
  response_max_ms REAL NOT NULL,
  first_error TEXT,
  report_hash TEXT NOT NULL,
  late_reports INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE {attempts}( -- before the newest, which most runs don't have
  run INTEGER NOT NULL,  -- seq of its run
  attempt INTEGER NOT NULL,
  instance TEXT NOT NULL,
  token INTEGER NOT NULL,
  claimed_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  "end" TEXT NOT NULL,
  PRIMARY KEY(run, attempt)
) STRICT, WITHOUT ROWID;`,
	indexes: runsByID + `
CREATE INDEX IF NOT EXISTS {runs}_created ON {runs}(created_at);
CREATE INDEX IF NOT EXISTS {runs}_monitor ON {runs}(monitor, created_at);
CREATE INDEX IF NOT EXISTS {runs}_runner ON {runs}(runner, created_at);
CREATE INDEX IF NOT EXISTS {runs}_workspace ON {runs}(workspace, created_at);
CREATE INDEX IF NOT EXISTS {runs}_execution ON {runs}(execution);
CREATE INDEX IF NOT EXISTS {runs}_open ON {runs}(created_at) WHERE ` + openRuns + `;
CREATE INDEX IF NOT EXISTS {runs}_trouble ON {runs}(outcome, created_at) WHERE ` + troubledRuns + `;`,
	handles: []string{
		"run.queued.v1", "run.claimed.v1", "run.started.v1", "run.lease_expired.v1", "run.released.v1",
		"run.finished.v1", "run.missed.v1", "run.late_report_quarantined.v1",
	},
	ignores: map[string]string{
		"workspace.":   "a run names its workspace itself",
		"collection.":  "a run pins the version",
		"environment.": "a run pins the version",
		"runner.":      "its name is looked up in the runners view when asked",
		"instance.":    "its host is looked up in the runners view when asked",
		"monitor.":     "a run pins its name and settings",
		"team.":        "has no runs",
	},
	apply: applyRuns,
}

// Conditions of small indexes; a query that repeats them word for word can use
// one: of many runs few are open, and few did not succeed.
const (
	openRuns     = `state <> 'finished'`
	troubledRuns = `outcome NOT IN ('', 'successful')`
)

const runsByID = `
CREATE UNIQUE INDEX IF NOT EXISTS {runs}_id ON {runs}(id);`

// runState is a run in the making.
type runState struct {
	RunRow
	seq     int64
	known   bool // was queued
	stored  bool // is in the table
	past    int  // attempts before the newest that are in theirs
	changed bool
}

func applyRuns(t *tx, batch []*event) error {
	states := make(map[string]*runState)
	var order []*runState
	var stored []string
	next, err := lastRun(t)
	if err != nil {
		return err
	}
	for _, e := range batch {
		id := e.id()
		_, first := e.payload.(domain.RunQueued)
		if states[id] == nil {
			states[id] = &runState{}
			order = append(order, states[id])
			if !first {
				stored = append(stored, id)
			}
		}
		if first {
			next++
			states[id].seq = next
		}
	}
	if err := loadRuns(t, states, stored); err != nil {
		return err
	}
	for _, e := range batch {
		if err := states[e.id()].apply(e); err != nil {
			return err
		}
	}
	for _, s := range order {
		if err := s.save(t); err != nil {
			return err
		}
	}
	return rememberOpen(t, order)
}

func lastRun(t *tx) (seq int64, err error) {
	err = t.each(func(scan func(...any) error) error { return scan(&seq) }, `SELECT coalesce(max(seq), 0) FROM {runs}`)
	return seq, err
}

// apply takes in an event. An event of a run that was never queued, which a log
// that is whole can't hold, has no effect.
func (s *runState) apply(e *event) error {
	q, first := e.payload.(domain.RunQueued)
	if first {
		env, err := e.envelope()
		if err != nil {
			return err
		}
		s.RunRow = RunRow{RunQueued: q, State: domain.StateQueued}
		s.DueAt = dueAt(q, e)
		s.CreatedAt, s.CreatedBy, s.known = e.Time, env.Actor, true
	}
	if !s.known {
		return nil
	}
	s.changed, s.UpdatedAt = true, e.Time
	switch p := e.payload.(type) {
	case domain.RunClaimed:
		s.claimed(p, e)
	case domain.RunStarted:
		at := e.Time
		s.State, s.StartedAt = domain.StateRunning, &at
		if a := s.newest(p.Attempt); a != nil {
			a.StartedAt = &at
		}
	case domain.RunLeaseExpired:
		s.State = domain.StateQueued
		s.endAttempt(p.Attempt, EndLeaseExpired, e)
	case domain.RunReleased:
		s.State = domain.StateQueued
		s.endAttempt(p.Attempt, EndReleased, e)
	case domain.RunFinished:
		s.finished(p, e)
	case domain.RunMissed:
		at := e.Time
		s.State, s.Outcome, s.MissedCause, s.FinishedAt = domain.StateFinished, domain.Missed, p.Cause, &at
	case domain.RunLateReportQuarantined:
		s.LateReports++
	}
	return nil
}

func (s *runState) claimed(p domain.RunClaimed, e *event) {
	at := e.Time
	s.State, s.Attempt, s.Instance = domain.StateClaimed, p.Attempt, p.Instance
	s.ClaimedAt, s.StartedAt = &at, nil
	s.Attempts = append(s.Attempts, AttemptRow{Attempt: p.Attempt, Instance: p.Instance, Token: e.Version, ClaimedAt: at})
}

func (s *runState) finished(p domain.RunFinished, e *event) {
	reported, finished := e.Time, p.FinishedAt.UTC()
	if p.FinishedAt.IsZero() {
		finished = reported
	}
	s.State, s.Outcome, s.FinishedAt, s.ReportedAt = domain.StateFinished, p.Outcome, &finished, &reported
	s.Counts, s.Timings, s.FirstError, s.ReportHash = p.Counts, p.Timings, p.FirstError, p.ReportHash
	s.endAttempt(p.Attempt, EndReported, e)
}

// endAttempt ends an attempt; a report that is taken after the lease ran out is
// how it ended after all.
func (s *runState) endAttempt(attempt int, how AttemptEnd, e *event) {
	at := e.Time
	if a := s.newest(attempt); a != nil {
		a.EndedAt, a.End = &at, how
	}
}

// newest is the newest attempt, if it has that number: nothing happens to those
// before any more.
func (s *runState) newest(attempt int) *AttemptRow {
	if n := len(s.Attempts); n > 0 && s.Attempts[n-1].Attempt == attempt {
		return &s.Attempts[n-1]
	}
	return nil
}
