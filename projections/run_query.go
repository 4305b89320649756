package projections

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/picket-api/picket/domain"
)

// RunRow is a run with its attempts.
type RunRow struct {
	domain.RunQueued // what it pinned
	Record           // created: queued

	RunnerName   string
	State        domain.RunState
	Outcome      domain.Outcome    // empty until finished
	MissedCause  domain.MissCause  // empty unless missed
	Attempt      int               // number of the newest attempt; 0 before the first
	Instance     domain.InstanceID // that has or had it
	InstanceHost string
	Attempts     []AttemptRow
	ClaimedAt    *time.Time // of the newest attempt
	StartedAt    *time.Time // of the newest attempt
	FinishedAt   *time.Time // when it ended, or was missed
	ReportedAt   *time.Time // nil when missed
	Counts       domain.Counts
	Timings      domain.RunTimings
	FirstError   *domain.Trouble
	ReportHash   string // of the report's blob; empty while there is none
	LateReports  int    // of superseded attempts, kept as evidence
}

// AttemptEnd is how an attempt ended.
type AttemptEnd string

// The ends of an attempt; empty while it is under way.
const (
	EndReported     AttemptEnd = "reported"
	EndLeaseExpired AttemptEnd = "lease_expired"
	EndReleased     AttemptEnd = "released"
)

// AttemptRow is one time that a run was handed to an instance.
type AttemptRow struct {
	Attempt      int
	Instance     domain.InstanceID
	InstanceHost string
	Token        int64 // fencing token
	ClaimedAt    time.Time
	StartedAt    *time.Time
	EndedAt      *time.Time
	End          AttemptEnd
}

// RunFilter narrows Runs; a zero field lets all pass.
type RunFilter struct {
	Workspace domain.WorkspaceID
	Monitor   domain.MonitorID
	Runner    domain.RunnerID
	Execution domain.ExecutionID
	Outcome   domain.Outcome
	State     domain.RunState
	Trigger   domain.Trigger
	From, To  time.Time // queued at From or later, before To
}

func (f RunFilter) where() where {
	var w where
	workspace := "r.workspace"
	narrow := f.Monitor != "" || f.Runner != "" || f.Execution != ""
	if f.Outcome != "" && f.Outcome != domain.Successful && !narrow {
		w.and("r." + troubledRuns)
		workspace = "+r.workspace" // not by its index: it has far more runs
	}
	if f.State != "" && f.State != domain.StateFinished {
		w.and("r." + openRuns)
	}
	w.equals(workspace, string(f.Workspace))
	w.equals("r.monitor", string(f.Monitor))
	w.equals("r.runner", string(f.Runner))
	w.equals("r.execution", string(f.Execution))
	w.equals("r.outcome", string(f.Outcome))
	w.equals("r.state", string(f.State))
	w.equals("r.trigger", string(f.Trigger))
	w.between("r.created_at", f.From, f.To)
	return w
}

var runSelect = `SELECT ` + qualified("r", runFixed) + `, ` + qualified("r", runChanging) + `,
	coalesce((SELECT name FROM {runners} WHERE id = r.runner), ''), coalesce((SELECT host_name FROM {instances} WHERE id = r.instance), '')
	FROM {runs} r`

func qualified(alias, columns string) string {
	list := strings.Split(columns, ",")
	for i, c := range list {
		list[i] = alias + "." + strings.TrimSpace(c)
	}
	return strings.Join(list, ", ")
}

// Runs lists runs, newest first.
func (v *Views) Runs(ctx context.Context, filter RunFilter, p Page) (list []RunRow, next string, err error) {
	limit, err := p.size()
	if err != nil {
		return nil, "", err
	}
	after, err := p.after("runs", 2)
	if err != nil {
		return nil, "", err
	}
	w := filter.where()
	if after != nil {
		w.and("(r.created_at, r.seq) < (?, ?)", after[0], after[1])
	}
	err = v.snapshot(ctx, func(r *reader) error {
		var seqs []int64
		list, seqs, err = selectRuns(r, w.String()+fmt.Sprintf(" ORDER BY r.created_at DESC, r.seq DESC LIMIT %d", limit+1), w.args...)
		if err != nil {
			return err
		}
		list, next = paged(list, limit, func(last RunRow) string {
			return cursor("runs", last.CreatedAt.UnixNano(), seqs[limit-1])
		})
		return addAttempts(r, list, seqs[:len(list)])
	})
	return list, next, err
}

// RunByID is the run of that id, or a NotFound error.
func (v *Views) RunByID(ctx context.Context, id domain.RunID) (row RunRow, err error) {
	err = v.snapshot(ctx, func(r *reader) error {
		list, seqs, err := selectRuns(r, " WHERE r.id = ?", string(id))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return domain.Errorf(domain.NotFound, "there is no such run")
		}
		err = addAttempts(r, list, seqs)
		row = list[0]
		return err
	})
	return row, err
}

func selectRuns(r *reader, rest string, args ...any) (list []RunRow, seqs []int64, err error) {
	err = r.each(func(scan func(...any) error) error {
		var name, host string
		row, seq, err := scanRun(scan, &name, &host)
		row.RunnerName, row.InstanceHost = name, host
		for i := range row.Attempts {
			row.Attempts[i].InstanceHost = host
		}
		list, seqs = append(list, row), append(seqs, seq)
		return err
	}, runSelect+rest, args...)
	return list, seqs, err
}

// addAttempts puts those before the newest in front of it.
func addAttempts(r *reader, list []RunRow, seqs []int64) error {
	bySeq := make(map[int64]*RunRow, len(list))
	for i := range list {
		bySeq[seqs[i]] = &list[i]
	}
	return r.each(func(scan func(...any) error) error {
		var seq int64
		var host string
		a, err := scanAttempt(scan, &seq, &host)
		a.InstanceHost = host
		if err == nil {
			row := bySeq[seq]
			row.Attempts = slices.Insert(row.Attempts, len(row.Attempts)-1, a)
		}
		return err
	}, attemptSelect+`, coalesce((SELECT host_name FROM {instances} WHERE id = a.instance), '')`+attemptFrom, jsonList(seqs))
}
