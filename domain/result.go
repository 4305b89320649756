package domain

// Counts are what a run did.
type Counts struct {
	Requests         int `json:"requests"`
	FailedRequests   int `json:"failed_requests"`
	Assertions       int `json:"assertions"`
	FailedAssertions int `json:"failed_assertions"`
	Skipped          int `json:"skipped_assertions"`
	ScriptErrors     int `json:"script_errors"`
}

// RunTimings are how long it took on the runner.
type RunTimings struct {
	TotalMS       float64 `json:"total_ms"`
	ResponseAvgMS float64 `json:"response_avg_ms"`
	ResponseMinMS float64 `json:"response_min_ms"`
	ResponseMaxMS float64 `json:"response_max_ms"`
}

// Trouble is the first thing that went wrong. Its message was redacted on the runner.
type Trouble struct {
	Class     string `json:"class"` // assertion, network, request, script, limit, runner
	Request   string `json:"request,omitempty"`
	Assertion string `json:"assertion,omitempty"`
	Message   string `json:"message"`
}

// Result is what an instance reports of an attempt; the details are the blob
// with ReportHash.
type Result struct {
	Outcome    Outcome    `json:"outcome"`
	Counts     Counts     `json:"counts"`
	Timings    RunTimings `json:"timings"`
	FirstError *Trouble   `json:"first_error,omitempty"`
	ReportHash string     `json:"report_hash"`
}
