package domain

import "time"

// ScheduledRunID is the same for every scheduler that sees the slot.
func ScheduledRunID(m MonitorID, lane string, nominal time.Time) RunID {
	return DeriveID[RunID](string(m), lane, nominal.UTC().Format(time.RFC3339))
}

// Run is one runner's part of an execution.
type Run struct {
	RunQueued
	State    RunState
	Outcome  Outcome
	Attempt  int        // number of the newest attempt, from 1
	Spent    int        // attempts that count towards MaxAttempts
	Token    int64      // fencing token of the newest attempt
	Instance InstanceID // that holds or held the newest attempt
	ClaimID  string
	Begun    bool // the newest attempt started
	Ended    RunFinished
	version  int64
	late     map[string]bool // hashes of quarantined reports
}

// Apply implements Aggregate.
func (r *Run) Apply(e Event) {
	r.version++
	switch e := e.(type) {
	case RunQueued:
		r.RunQueued, r.State = e, StateQueued
	case RunClaimed:
		r.State, r.Attempt, r.Token, r.Instance = StateClaimed, e.Attempt, r.version, e.Instance
		r.ClaimID, r.Begun = e.ClaimID, false
		r.Spent++
	case RunStarted:
		r.State, r.Begun = StateRunning, true
	case RunLeaseExpired:
		r.State = StateQueued
		if !e.Counted {
			r.Spent--
		}
	case RunReleased:
		r.State = StateQueued
		r.Spent--
	case RunFinished:
		r.State, r.Outcome, r.Ended = StateFinished, e.Outcome, e
	case RunMissed:
		r.State, r.Outcome = StateFinished, Missed
	case RunLateReportQuarantined:
		if r.late == nil {
			r.late = make(map[string]bool)
		}
		r.late[e.ReportHash] = true
	}
}

// Queue decides on a new run.
func (r *Run) Queue(q RunQueued) ([]Event, error) {
	if r.State != "" {
		return nil, Errorf(Conflict, "the run exists already")
	}
	q.DueAt = q.DueAt.UTC()
	if q.NominalAt != nil {
		at := q.NominalAt.UTC()
		q.NominalAt = &at
	}
	return []Event{q}, nil
}

// Claim decides on handing the run to an instance for the length of the lease.
// The same claim again, its answer having been lost, changes nothing: the lease
// is the one that it has.
func (r *Run) Claim(i InstanceID, claimID string, lease time.Duration) ([]Event, error) {
	switch {
	case r.State == "":
		return nil, Errorf(NotFound, "there is no such run")
	case r.Holds(r.Token) && r.Instance == i && r.ClaimID == claimID:
		return nil, nil
	case r.State != StateQueued:
		return nil, Errorf(Conflict, "the run is %s", r.State)
	}
	return []Event{RunClaimed{
		ID: r.ID, Monitor: r.Monitor, Runner: r.Runner, Instance: i,
		Attempt: r.Attempt + 1, ClaimID: claimID, LeaseMS: int(lease.Milliseconds()),
	}}, nil
}

// Start decides on letting the first request leave.
func (r *Run) Start(token int64) ([]Event, error) {
	switch {
	case !r.Holds(token):
		return nil, errSuperseded
	case r.Begun:
		return nil, nil
	}
	return []Event{RunStarted{ID: r.ID, Attempt: r.Attempt}}, nil
}

// Holds reports whether the token is that of the attempt under way.
func (r *Run) Holds(token int64) bool {
	return token == r.Token && (r.State == StateClaimed || r.State == StateRunning)
}

var errSuperseded = Errorf(Conflict, "the lease is over: the run was handed out again or has ended")

// Expire decides on an attempt whose instance went silent. The run waits for
// another one while attempts are left; one that may have begun is not run again
// when its effects are unsafe, nor when the key of its instance was reset.
func (r *Run) Expire(token int64, keyReset bool) ([]Event, error) {
	if !r.Holds(token) {
		return nil, nil
	}
	events := []Event{RunLeaseExpired{ID: r.ID, Attempt: r.Attempt, Instance: r.Instance, Counted: r.Begun}}
	switch {
	case r.Begun && keyReset:
		events = append(events, r.missed(MissedKeyReset))
	case r.Begun && (r.Options.Effects == EffectsUnsafe || r.Spent >= r.MaxAttempts),
		r.Attempt >= maxClaims:
		events = append(events, r.missed(MissedInstanceLost))
	}
	return events, nil
}

// maxLateReports bounds the evidence that is kept of one run.
const maxLateReports = 20

// maxClaims bounds attempts that never start, so that an instance that dies on
// every claim can't keep a run for ever.
const maxClaims = 20

// Release decides on an attempt that the instance hands back: one that has not
// begun goes back uncounted, one that has is treated as lost.
func (r *Run) Release(token int64, reason string) ([]Event, error) {
	if !r.Holds(token) {
		return nil, errSuperseded
	}
	if r.Begun {
		return r.Expire(token, false)
	}
	reason, err := line("/reason", reason, MaxReason)
	if err != nil {
		return nil, err
	}
	events := []Event{RunReleased{ID: r.ID, Attempt: r.Attempt, Instance: r.Instance, Reason: reason}}
	if r.Attempt >= maxClaims {
		events = append(events, r.missed(MissedInstanceLost))
	}
	return events, nil
}

// Report decides on the result of an attempt. It is taken as long as no later
// attempt was handed out, even after the lease lapsed or by another instance than
// the one that ran it (a restarted runner's spool); the same report twice changes
// nothing; any other one is kept as evidence.
func (r *Run) Report(token int64, attempt int, res Result, finishedAt time.Time) ([]Event, error) {
	if r.State == "" {
		return nil, Errorf(NotFound, "there is no such run")
	}
	switch res.Outcome {
	case Successful, Failure, Errored, Aborted:
	default:
		return nil, FieldErrorf("/outcome", `must be "successful", "failure", "error" or "abort"`)
	}
	same := r.Attempt > 0 && token == r.Token && attempt == r.Attempt
	switch {
	case same && r.State != StateFinished:
		return []Event{RunFinished{
			ID: r.ID, Monitor: r.Monitor, Runner: r.Runner, Instance: r.Instance,
			Attempt: attempt, FinishedAt: finishedAt.UTC(), Result: res,
		}}, nil
	case same && r.Outcome != Missed && r.Ended.ReportHash == res.ReportHash,
		r.late[res.ReportHash], len(r.late) >= maxLateReports:
		return nil, nil
	}
	return []Event{RunLateReportQuarantined{ID: r.ID, Attempt: attempt, Result: res}}, nil
}

// Miss decides on ending a run that nobody took.
func (r *Run) Miss(cause MissCause) ([]Event, error) {
	switch r.State {
	case "":
		return nil, Errorf(NotFound, "there is no such run")
	case StateFinished:
		return nil, nil
	case StateQueued:
		return []Event{r.missed(cause)}, nil
	case StateClaimed, StateRunning:
	}
	return nil, Errorf(Conflict, "the run is %s", r.State)
}

func (r *Run) missed(cause MissCause) Event {
	return RunMissed{ID: r.ID, Monitor: r.Monitor, Runner: r.Runner, Cause: cause}
}

// InWorkspace is the workspace that the events are filtered by.
func (r *Run) InWorkspace() WorkspaceID { return r.Workspace }
