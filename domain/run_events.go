package domain

import "time"

// Trigger says what started an execution.
type Trigger string

// The triggers.
const (
	TriggerScheduled Trigger = "scheduled"
	TriggerManual    Trigger = "manual"
	TriggerCLI       Trigger = "cli"
	TriggerWebhook   Trigger = "webhook"
	TriggerAPI       Trigger = "api"
)

// Outcome is how a run ended.
type Outcome string

// The outcomes. A missed run never finished; its cause says why.
const (
	Successful Outcome = "successful"
	Failure    Outcome = "failure" // an assertion failed
	Errored    Outcome = "error"   // could not finish: script, network
	Aborted    Outcome = "abort"   // time limit
	Missed     Outcome = "missed"
)

// RunState is where a run stands.
type RunState string

// The states of a run.
const (
	StateQueued   RunState = "queued"
	StateClaimed  RunState = "claimed"
	StateRunning  RunState = "running"
	StateFinished RunState = "finished"
)

// DefaultMaxAttempts bounds how often a run is handed out after lost leases.
const DefaultMaxAttempts = 3

// Plan is what a run pins when it is queued: exact versions of everything.
type Plan struct {
	Monitor         MonitorID     `json:"monitor"`
	MonitorName     string        `json:"monitor_name"`
	MonitorRevision int           `json:"monitor_revision"`
	Workspace       WorkspaceID   `json:"workspace"`
	Runner          RunnerID      `json:"runner"`
	Lane            string        `json:"lane"`
	Collection      CollectionID  `json:"collection"`
	CollectionHash  string        `json:"collection_hash"`
	Environment     EnvironmentID `json:"environment,omitempty"`
	EnvironmentHash string        `json:"environment_hash,omitempty"`
	Options         Options       `json:"options"`
	MaxAttempts     int           `json:"max_attempts"`
}

// RunQueued starts a run's stream.
type RunQueued struct {
	ID        RunID       `json:"id"`
	Execution ExecutionID `json:"execution"`
	Trigger   Trigger     `json:"trigger"`
	NominalAt *time.Time  `json:"nominal_at,omitempty"` // of the slot; none when triggered
	DueAt     time.Time   `json:"due_at"`
	Plan
}

// RunClaimed hands an attempt to an instance. Its version in the stream is the
// fencing token.
type RunClaimed struct {
	ID       RunID      `json:"id"`
	Monitor  MonitorID  `json:"monitor"`
	Runner   RunnerID   `json:"runner"`
	Instance InstanceID `json:"instance"`
	Attempt  int        `json:"attempt"`
	ClaimID  string     `json:"claim_id"`
	LeaseMS  int        `json:"lease_ms"`
}

// RunStarted says that the first request may leave.
type RunStarted struct {
	ID      RunID `json:"id"`
	Attempt int   `json:"attempt"`
}

// RunLeaseExpired takes an attempt back from an instance that went silent; the
// run waits again. Counted says whether the attempt counts towards the maximum:
// one that never started does not.
type RunLeaseExpired struct {
	ID       RunID      `json:"id"`
	Attempt  int        `json:"attempt"`
	Instance InstanceID `json:"instance"`
	Counted  bool       `json:"counted"`
}

// RunReleased takes an attempt back that the instance handed back unstarted.
type RunReleased struct {
	ID       RunID      `json:"id"`
	Attempt  int        `json:"attempt"`
	Instance InstanceID `json:"instance"`
	Reason   string     `json:"reason,omitempty"`
}

// RunFinished closes a run with the result of one attempt.
type RunFinished struct {
	ID         RunID      `json:"id"`
	Monitor    MonitorID  `json:"monitor"`
	Runner     RunnerID   `json:"runner"`
	Instance   InstanceID `json:"instance"`
	Attempt    int        `json:"attempt"`
	FinishedAt time.Time  `json:"finished_at"` // by the server's clock
	Result
}

// RunMissed closes a run that no attempt finished.
type RunMissed struct {
	ID      RunID     `json:"id"`
	Monitor MonitorID `json:"monitor"`
	Runner  RunnerID  `json:"runner"`
	Cause   MissCause `json:"cause"`
}

// RunLateReportQuarantined keeps a report whose attempt was superseded, as evidence.
type RunLateReportQuarantined struct {
	ID      RunID `json:"id"`
	Attempt int   `json:"attempt"`
	Result
}

func (RunQueued) EventType() string                { return "run.queued.v1" }
func (RunClaimed) EventType() string               { return "run.claimed.v1" }
func (RunStarted) EventType() string               { return "run.started.v1" }
func (RunLeaseExpired) EventType() string          { return "run.lease_expired.v1" }
func (RunReleased) EventType() string              { return "run.released.v1" }
func (RunFinished) EventType() string              { return "run.finished.v1" }
func (RunMissed) EventType() string                { return "run.missed.v1" }
func (RunLateReportQuarantined) EventType() string { return "run.late_report_quarantined.v1" }

var runEvents = []Event{
	RunQueued{}, RunClaimed{}, RunStarted{}, RunLeaseExpired{}, RunReleased{}, RunFinished{}, RunMissed{}, RunLateReportQuarantined{},
}
