package wire

import "time"

// Run is one runner's part of an execution.
type Run struct {
	ID              string         `json:"id" format:"uuid"`
	Execution       string         `json:"execution" format:"uuid"`
	Monitor         string         `json:"monitor" format:"uuid"`
	MonitorName     string         `json:"monitor_name"`
	MonitorRevision int            `json:"monitor_revision"`
	Workspace       string         `json:"workspace" format:"uuid"`
	Runner          string         `json:"runner" format:"uuid"`
	RunnerName      string         `json:"runner_name"`
	Instance        *string        `json:"instance" doc:"That has or had the newest attempt"`
	InstanceHost    *string        `json:"instance_host"`
	Trigger         string         `json:"trigger" enum:"scheduled,manual,cli,webhook,api"`
	State           string         `json:"state" enum:"queued,claimed,running,finished"`
	Outcome         *string        `json:"outcome" enum:"successful,failure,error,abort,missed" doc:"null until finished"`
	MissedCause     *string        `json:"missed_cause"`
	Attempt         int            `json:"attempt" doc:"Number of the newest attempt; 0 before the first"`
	Attempts        []Attempt      `json:"attempts"`
	MaxAttempts     int            `json:"max_attempts"`
	NominalAt       *time.Time     `json:"nominal_at" doc:"Of the slot; null when triggered"`
	DueAt           time.Time      `json:"due_at"`
	ClaimedAt       *time.Time     `json:"claimed_at"`
	StartedAt       *time.Time     `json:"started_at"`
	FinishedAt      *time.Time     `json:"finished_at"`
	ReportedAt      *time.Time     `json:"reported_at"`
	Counts          Counts         `json:"counts"`
	Timings         RunTimings     `json:"timings"`
	FirstError      *Trouble       `json:"first_error"`
	Collection      PinnedDocument `json:"collection"`
	Environment     PinnedDocument `json:"environment"`
	Options         MonitorOptions `json:"options"`
	HasReport       bool           `json:"has_report"`
	LateReports     int            `json:"late_reports" doc:"Reports of superseded attempts, kept as evidence"`
}

// PinnedDocument is the exact version that a run uses.
type PinnedDocument struct {
	ID   string `json:"id,omitempty"`
	Hash string `json:"hash,omitempty"`
}

// Attempt is one time that a run was handed to an instance.
type Attempt struct {
	Attempt      int        `json:"attempt"`
	Instance     string     `json:"instance" format:"uuid"`
	InstanceHost string     `json:"instance_host"`
	ClaimedAt    time.Time  `json:"claimed_at"`
	StartedAt    *time.Time `json:"started_at"`
	EndedAt      *time.Time `json:"ended_at"`
	End          string     `json:"end,omitempty" enum:"reported,lease_expired,released" doc:"Empty while it is under way"`
}

// Counts are what a run did.
type Counts struct {
	Requests         int `json:"requests" minimum:"0" doc:"Requests that were sent"`
	FailedRequests   int `json:"failed_requests" minimum:"0" doc:"Requests that got no response"`
	Assertions       int `json:"assertions" minimum:"0"`
	FailedAssertions int `json:"failed_assertions" minimum:"0"`
	Skipped          int `json:"skipped_assertions" minimum:"0"`
	ScriptErrors     int `json:"script_errors" minimum:"0"`
}

// RunTimings are how long it took on the runner.
type RunTimings struct {
	TotalMS       float64 `json:"total_ms"`
	ResponseAvgMS float64 `json:"response_avg_ms"`
	ResponseMinMS float64 `json:"response_min_ms"`
	ResponseMaxMS float64 `json:"response_max_ms"`
}

// Trouble is the first thing that went wrong.
type Trouble struct {
	Class     string `json:"class" enum:"assertion,network,request,script,limit,runner"`
	Request   string `json:"request,omitempty"`
	Assertion string `json:"assertion,omitempty"`
	Message   string `json:"message"`
}

// Report is the detailed result of an attempt. Values of secrets were masked on
// the runner.
type Report struct {
	Run        string          `json:"run" format:"uuid"`
	Attempt    int             `json:"attempt"`
	Outcome    string          `json:"outcome" enum:"successful,failure,error,abort"`
	Counts     Counts          `json:"counts"`
	Timings    RunTimings      `json:"timings"`
	FirstError *Trouble        `json:"first_error,omitempty"`
	Requests   []RequestReport `json:"requests"`
	Warnings   []string        `json:"warnings,omitempty"`
	Truncated  bool            `json:"truncated,omitempty" doc:"Details were left out because the report was too large; the counts are whole"`
}

// RequestReport is one request with its scripts.
type RequestReport struct {
	Iteration  int               `json:"iteration"`
	Name       string            `json:"name"`
	ItemID     string            `json:"item_id,omitempty"`
	Folders    []string          `json:"folders,omitempty" doc:"From the collection down"`
	Method     string            `json:"method"`
	URL        string            `json:"url"`
	Status     int               `json:"status,omitempty" doc:"HTTP status; absent when no response came"`
	StatusText string            `json:"status_text,omitempty"`
	Error      *RequestError     `json:"error,omitempty"`
	StartMS    float64           `json:"start_ms" doc:"After the start of the run"`
	Timings    PhaseTimings      `json:"timings"`
	BytesOut   int64             `json:"bytes_out"`
	BytesIn    int64             `json:"bytes_in"`
	Remote     string            `json:"remote,omitempty" doc:"Address that answered"`
	Assertions []AssertionReport `json:"assertions,omitempty"`
	Scripts    []ScriptError     `json:"script_errors,omitempty"`
	Console    []ConsoleLine     `json:"console,omitempty"`
	Skipped    bool              `json:"skipped,omitempty" doc:"A pre-request script skipped the request"`
}

// RequestError is why no response came.
type RequestError struct {
	Class   string `json:"class" enum:"network,request"`
	Code    string `json:"code,omitempty" example:"ECONNREFUSED"`
	Message string `json:"message"`
}

// PhaseTimings are the phases of the last hop of a request; 0 where a phase did
// not happen (a connection was reused).
type PhaseTimings struct {
	DNSMS      float64 `json:"dns_ms"`
	ConnectMS  float64 `json:"connect_ms"`
	TLSMS      float64 `json:"tls_ms"`
	WaitMS     float64 `json:"wait_ms" doc:"Until the first byte of the response"`
	DownloadMS float64 `json:"download_ms"`
	TotalMS    float64 `json:"total_ms" doc:"Of all hops"`
}

// AssertionReport is one pm.test.
type AssertionReport struct {
	Name    string `json:"name"`
	Passed  bool   `json:"passed"`
	Skipped bool   `json:"skipped,omitempty"`
	Error   string `json:"error,omitempty"`
}

// ScriptError is a script that failed itself.
type ScriptError struct {
	Phase   string `json:"phase" enum:"prerequest,test"`
	Name    string `json:"name,omitempty"`
	Message string `json:"message,omitempty"`
}

// ConsoleLine is one console call of a script.
type ConsoleLine struct {
	Level string `json:"level" enum:"log,info,warn,error,debug"`
	Text  string `json:"text"`
}
