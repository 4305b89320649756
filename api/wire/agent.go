package wire

// AgentVersion is the version of the protocol under /agent/v1. A control plane
// serves runners up to two minor versions away.
const AgentVersion = "1.0"

// Register is the body of POST /agent/v1/register, the only call that carries
// the runner's key. What comes after uses the token of the answer.
type Register struct {
	Runner   string `json:"runner" format:"uuid"`
	Key      string `json:"key" minLength:"1" maxLength:"200"`
	HostName string `json:"host_name" maxLength:"200"`
	UniqueID string `json:"unique_id,omitempty" maxLength:"200" doc:"Of the machine or container"`
	Version  string `json:"version" maxLength:"200"`
	OS       string `json:"os" maxLength:"200"`
	Arch     string `json:"arch" maxLength:"200"`
	Capacity int    `json:"capacity" minimum:"1" maximum:"1000" doc:"Runs at the same time"`
	Protocol string `json:"protocol" maxLength:"20" doc:"AgentVersion of the runner"`
}

// Registered says who the instance is and how it must behave.
type Registered struct {
	Instance          string   `json:"instance" format:"uuid"`
	Token             string   `json:"token" doc:"Bearer token of this instance"`
	RunnerName        string   `json:"runner_name"`
	HeartbeatMS       int      `json:"heartbeat_ms"`
	PollMS            int      `json:"poll_ms" doc:"How long a claim waits for work"`
	LeaseMS           int      `json:"lease_ms"`
	MaxReportBytes    int      `json:"max_report_bytes"`
	Protocol          string   `json:"protocol"`
	Capabilities      []string `json:"capabilities"`
	ControlPlaneEpoch string   `json:"epoch" doc:"Of the event log; another one means that it was restored or replaced"`
}

// Claim is the body of POST /agent/v1/claim. It waits until a run is there (200)
// or the poll time is over (204 with Retry-After).
type Claim struct {
	ClaimID string `json:"claim_id" format:"uuid" doc:"The same id gets the same lease again, so that a lost answer costs nothing"`
}

// Lease is a run handed to the instance.
type Lease struct {
	Run             string         `json:"run" format:"uuid"`
	Monitor         string         `json:"monitor" format:"uuid"`
	MonitorName     string         `json:"monitor_name"`
	Workspace       string         `json:"workspace" format:"uuid"`
	Trigger         string         `json:"trigger"`
	Attempt         int            `json:"attempt"`
	Token           int64          `json:"token" doc:"Fencing token: goes with everything about this attempt"`
	LeaseMS         int            `json:"lease_ms" doc:"Renewed by each heartbeat"`
	CollectionHash  string         `json:"collection_hash"`
	EnvironmentHash string         `json:"environment_hash,omitempty"`
	Options         MonitorOptions `json:"options"`
	TraceParent     string         `json:"traceparent,omitempty"`
}

// Attempted names an attempt that the instance holds.
type Attempted struct {
	Run      string `json:"run" format:"uuid"`
	Attempt  int    `json:"attempt" minimum:"1"`
	Token    int64  `json:"token" minimum:"1"`
	Requests int    `json:"requests,omitempty" minimum:"0" doc:"Sent so far"`
}

// Heartbeat is the body of POST /agent/v1/heartbeat.
type Heartbeat struct {
	InFlight int         `json:"in_flight" minimum:"0"`
	Leases   []Attempted `json:"leases" maxItems:"1000"`
	Draining bool        `json:"draining,omitempty"`
}

// HeartbeatAnswer names the attempts that must stop: their leases are over.
type HeartbeatAnswer struct {
	Stop []string `json:"stop" doc:"Runs"`
}

// Release is the body of POST /agent/v1/runs/{id}/release: the instance hands
// the run back.
type Release struct {
	Attempt int    `json:"attempt" minimum:"1"`
	Token   int64  `json:"token" minimum:"1"`
	Reason  string `json:"reason,omitempty" maxLength:"500"`
}

// SubmitReport is the body of POST /agent/v1/runs/{id}/report. Sending the same
// one again changes nothing.
type SubmitReport struct {
	Token         int64   `json:"token" minimum:"1"`
	FinishedAgoMS float64 `json:"finished_ago_ms" minimum:"0" doc:"Time since the run ended, by the runner's clock"`
	Report        Report  `json:"report"`
}

// ReportReceipt says what became of a report.
type ReportReceipt struct {
	Accepted bool   `json:"accepted" doc:"false: a later attempt had been handed out; the report is kept as evidence"`
	State    string `json:"state"`
	Outcome  string `json:"outcome"`
}
