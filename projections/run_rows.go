package projections

import (
	"slices"
	"strings"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore/codec"
)

const (
	runFixed = `seq, id, execution, monitor, monitor_name, monitor_revision, workspace, runner, lane, trigger,
	collection, collection_hash, environment, environment_hash, options, max_attempts, nominal_at, due_at, created_at, created_by`
	runChanging = `state, outcome, missed_cause, attempt, instance, token, claimed_at, started_at, ended_at, "end", finished_at, reported_at,
	requests, failed_requests, assertions, failed_assertions, skipped_assertions, script_errors,
	total_ms, response_avg_ms, response_min_ms, response_max_ms, first_error, report_hash, late_reports, updated_at`
)

var (
	runInsert = `INSERT INTO {runs}(` + runFixed + `, ` + runChanging + `) VALUES(` + marks(runFixed+`, `+runChanging) + `)`
	runUpdate = `UPDATE {runs} SET (` + runChanging + `) = (` + marks(runChanging) + `) WHERE seq = ?`
)

// marks is a question mark for each of the columns.
func marks(columns string) string {
	return strings.TrimSuffix(strings.Repeat("?, ", 1+strings.Count(columns, ",")), ", ")
}

func (s *runState) save(t *tx) error {
	if !s.changed {
		return nil
	}
	changing, err := s.changing()
	if err != nil {
		return err
	}
	if s.stored {
		err = t.exec(runUpdate, append(changing, s.seq)...)
	} else {
		var fixed []any
		if fixed, err = s.fixed(t); err == nil {
			err = t.exec(runInsert, append(fixed, changing...)...)
		}
	}
	if err != nil {
		return err
	}
	for i := s.past; i < len(s.Attempts)-1; i++ {
		a := &s.Attempts[i]
		err := t.exec(`INSERT INTO {attempts}(run, attempt, instance, token, claimed_at, started_at, ended_at, "end")
			VALUES(?, ?, ?, ?, ?, ?, ?, ?)`,
			s.seq, a.Attempt, string(a.Instance), a.Token, nanos(a.ClaimedAt), nanosOf(a.StartedAt), nanosOf(a.EndedAt), string(a.End))
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *runState) fixed(t *tx) ([]any, error) {
	options, err := toJSON(s.Options)
	if err != nil {
		return nil, err
	}
	by, err := t.actor(s.CreatedBy)
	if err != nil {
		return nil, err
	}
	row := make([]any, 0, 46)
	return append(row, s.seq, string(s.ID), string(s.Execution), string(s.Monitor), s.MonitorName, s.MonitorRevision,
		string(s.Workspace), string(s.RunQueued.Runner), s.Lane, string(s.Trigger), string(s.Collection), s.CollectionHash,
		string(s.Environment), s.EnvironmentHash, options, s.MaxAttempts, nanosOf(s.NominalAt), nanos(s.DueAt),
		nanos(s.CreatedAt), by), nil
}

func (s *runState) changing() ([]any, error) {
	var trouble any
	if s.FirstError != nil {
		var err error
		if trouble, err = toJSON(s.FirstError); err != nil {
			return nil, err
		}
	}
	c, m := s.Counts, s.Timings
	var a AttemptRow
	if n := len(s.Attempts); n > 0 {
		a = s.Attempts[n-1]
	}
	return []any{
		string(s.State), string(s.Outcome), string(s.MissedCause), s.Attempt, string(s.Instance), a.Token,
		nanosOf(s.ClaimedAt), nanosOf(s.StartedAt), nanosOf(a.EndedAt), string(a.End), nanosOf(s.FinishedAt), nanosOf(s.ReportedAt),
		c.Requests, c.FailedRequests, c.Assertions, c.FailedAssertions, c.Skipped, c.ScriptErrors,
		m.TotalMS, m.ResponseAvgMS, m.ResponseMinMS, m.ResponseMaxMS, trouble, s.ReportHash, s.LateReports, nanos(s.UpdatedAt),
	}, nil
}

// scanRun reads the columns runFixed and runChanging, and then the others. Of the
// attempts it has the newest.
func scanRun(scan func(...any) error, others ...any) (RunRow, int64, error) {
	var r RunRow
	var seq int64
	var options, by string
	var trouble *string
	var nominal, due, created, claimed, started, ended, finished, reported, updated instant
	var a AttemptRow
	c, m := &r.Counts, &r.Timings
	err := scan(append([]any{
		&seq, &r.ID, &r.Execution, &r.Monitor, &r.MonitorName, &r.MonitorRevision, &r.Workspace, &r.Runner, &r.Lane, &r.Trigger,
		&r.Collection, &r.CollectionHash, &r.Environment, &r.EnvironmentHash, &options, &r.MaxAttempts, &nominal, &due, &created, &by,
		&r.State, &r.Outcome, &r.MissedCause, &r.Attempt, &r.Instance, &a.Token, &claimed, &started, &ended, &a.End, &finished, &reported,
		&c.Requests, &c.FailedRequests, &c.Assertions, &c.FailedAssertions, &c.Skipped, &c.ScriptErrors,
		&m.TotalMS, &m.ResponseAvgMS, &m.ResponseMinMS, &m.ResponseMaxMS, &trouble, &r.ReportHash, &r.LateReports, &updated,
	}, others...)...)
	if err != nil {
		return r, seq, err
	}
	r.NominalAt, r.DueAt, r.CreatedAt, r.UpdatedAt = nominal.ptr(), due.Time, created.Time, updated.Time
	r.ClaimedAt, r.StartedAt, r.FinishedAt, r.ReportedAt = claimed.ptr(), started.ptr(), finished.ptr(), reported.ptr()
	if r.Attempt > 0 {
		a.Attempt, a.Instance, a.ClaimedAt, a.StartedAt, a.EndedAt = r.Attempt, r.Instance, claimed.Time, started.ptr(), ended.ptr()
		r.Attempts = []AttemptRow{a}
	}
	if trouble != nil {
		r.FirstError = new(domain.Trouble)
		if err := codec.Unmarshal([]byte(*trouble), r.FirstError); err != nil {
			return r, seq, err
		}
	}
	if err := codec.Unmarshal([]byte(by), &r.CreatedBy); err != nil {
		return r, seq, err
	}
	return r, seq, codec.Unmarshal([]byte(options), &r.Options)
}

// openSeqs are the runs that are not finished, by id, while a generation is
// filled without an index of ids: such an index, in random order, would cost more
// than all else.
type openSeqs map[string]int64

// loadRuns reads runs that an earlier batch has queued.
func loadRuns(t *tx, states map[string]*runState, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	column, keys, err := runKeys(t, ids)
	if err != nil {
		return err
	}
	bySeq := make(map[int64]*runState, len(ids))
	seqs := make([]int64, 0, len(ids))
	err = t.each(func(scan func(...any) error) error {
		row, seq, err := scanRun(scan)
		if err != nil {
			return err
		}
		s := states[string(row.ID)]
		s.RunRow, s.seq, s.known, s.stored = row, seq, true, true
		bySeq[seq] = s
		seqs = append(seqs, seq)
		return nil
	}, `SELECT `+runFixed+`, `+runChanging+` FROM {runs} WHERE `+column+` IN (SELECT value FROM json_each(?))`, keys)
	if err != nil {
		return err
	}
	return t.each(func(scan func(...any) error) error {
		var seq int64
		a, err := scanAttempt(scan, &seq)
		if err != nil {
			return err
		}
		s := bySeq[seq]
		s.Attempts = slices.Insert(s.Attempts, s.past, a)
		s.past++
		return nil
	}, attemptSelect+attemptFrom, jsonList(seqs))
}

// runKeys says by which column, and values, to find runs. An event of a run that
// is over (a late report) makes the index of ids that the fill went without.
func runKeys(t *tx, ids []string) (column, keys string, err error) {
	if t.gen.indexed {
		return "id", jsonList(ids), nil
	}
	open, ok := t.gen.memo.(openSeqs)
	if !ok {
		open = make(openSeqs)
		err := t.each(func(scan func(...any) error) error {
			var id string
			var seq int64
			err := scan(&id, &seq)
			open[id] = seq
			return err
		}, `SELECT id, seq FROM {runs} WHERE state <> 'finished'`)
		if err != nil {
			return "", "", err
		}
		t.gen.memo = open
	}
	seqs := make([]int64, len(ids))
	for i, id := range ids {
		if seqs[i], ok = open[id]; !ok {
			return "id", jsonList(ids), t.exec(runsByID)
		}
	}
	return "seq", jsonList(seqs), nil
}

func rememberOpen(t *tx, states []*runState) error {
	if t.gen.indexed {
		t.gen.memo = nil
		return nil
	}
	open, ok := t.gen.memo.(openSeqs)
	if !ok {
		return nil // the next batch reads them
	}
	for _, s := range states {
		if s.State == domain.StateFinished {
			delete(open, string(s.ID))
		} else if s.known {
			open[string(s.ID)] = s.seq
		}
	}
	return nil
}

const (
	attemptSelect = `SELECT run, attempt, a.instance, token, claimed_at, started_at, ended_at, "end"`
	attemptFrom   = ` FROM {attempts} a WHERE run IN (SELECT value FROM json_each(?)) ORDER BY run, attempt`
)

func scanAttempt(scan func(...any) error, run *int64, others ...any) (AttemptRow, error) {
	var a AttemptRow
	var claimed, started, ended instant
	err := scan(append([]any{run, &a.Attempt, &a.Instance, &a.Token, &claimed, &started, &ended, &a.End}, others...)...)
	a.ClaimedAt, a.StartedAt, a.EndedAt = claimed.Time, started.ptr(), ended.ptr()
	return a, err
}
