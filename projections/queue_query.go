package projections

import (
	"context"
	"time"

	"github.com/picket-api/picket/domain"
)

// MaxQueue bounds what Queue returns.
const MaxQueue = 1000

// QueuedRun is a run that waits to be claimed.
type QueuedRun struct {
	Run       domain.RunID
	Execution domain.ExecutionID
	Monitor   domain.MonitorID
	Workspace domain.WorkspaceID
	Runner    domain.RunnerID
	Lane      string
	Trigger   domain.Trigger
	DueAt     time.Time
	QueuedAt  time.Time // for the first time, also after it was handed back
	Attempt   int       // number of the newest attempt; 0 before the first
}

// OpenRun is a run that is not finished.
type OpenRun struct {
	Run       domain.RunID
	Execution domain.ExecutionID
	Monitor   domain.MonitorID
	Workspace domain.WorkspaceID
	Runner    domain.RunnerID
	Lane      string
	Trigger   domain.Trigger
	State     domain.RunState
	DueAt     time.Time
	QueuedAt  time.Time
	Attempt   int
	Token     int64 // fencing token: stream version of the newest claim
	Instance  domain.InstanceID
	ClaimID   string
	ClaimedAt *time.Time
}

const openSelect = `SELECT run, execution, monitor, workspace, runner, lane, trigger, state, due_at, queued_at,
	attempt, token, instance, claim_id, claimed_at FROM {queue}`

func scanOpen(scan func(...any) error) (OpenRun, error) {
	var o OpenRun
	var due, queued, claimed instant
	err := scan(&o.Run, &o.Execution, &o.Monitor, &o.Workspace, &o.Runner, &o.Lane, &o.Trigger, &o.State, &due, &queued,
		&o.Attempt, &o.Token, &o.Instance, &o.ClaimID, &claimed)
	o.DueAt, o.QueuedAt, o.ClaimedAt = due.Time, queued.Time, claimed.ptr()
	return o, err
}

func (v *Views) openRuns(ctx context.Context, rest string, args ...any) ([]OpenRun, error) {
	var list []OpenRun
	err := v.ask(ctx, func(r *reader) error {
		return r.each(func(scan func(...any) error) error {
			o, err := scanOpen(scan)
			list = append(list, o)
			return err
		}, openSelect+rest, args...)
	})
	return list, err
}

func waiting(open []OpenRun, err error) ([]QueuedRun, error) {
	list := make([]QueuedRun, len(open))
	for i, o := range open {
		list[i] = QueuedRun{
			Run: o.Run, Execution: o.Execution, Monitor: o.Monitor, Workspace: o.Workspace, Runner: o.Runner,
			Lane: o.Lane, Trigger: o.Trigger, DueAt: o.DueAt, QueuedAt: o.QueuedAt, Attempt: o.Attempt,
		}
	}
	return list, err
}

// Queue lists the runs that wait for a runner, the one due first at the front:
// candidates, for the claim decides. limit is at most MaxQueue, which 0 stands for.
func (v *Views) Queue(ctx context.Context, runner domain.RunnerID, limit int) ([]QueuedRun, error) {
	if limit <= 0 || limit > MaxQueue {
		limit = MaxQueue
	}
	return waiting(v.openRuns(ctx, ` WHERE runner = ? AND state = 'queued' ORDER BY due_at, run LIMIT ?`, string(runner), limit))
}

// QueuedOfLane lists the runs of a monitor's lane that wait, the one due first at
// the front.
func (v *Views) QueuedOfLane(ctx context.Context, monitor domain.MonitorID, lane string) ([]QueuedRun, error) {
	return waiting(v.openRuns(ctx, ` WHERE monitor = ? AND lane = ? AND state = 'queued' ORDER BY due_at, run`, string(monitor), lane))
}

// OpenRuns lists the runs that an instance holds, claimed or running, for the
// lease keeper to take up when it starts.
func (v *Views) OpenRuns(ctx context.Context) ([]OpenRun, error) {
	return v.openRuns(ctx, ` WHERE state <> 'queued' ORDER BY run`)
}
