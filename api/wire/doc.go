// Package wire is the JSON that crosses the network: between people, scripts,
// the CLI and the control plane (/api/v1), and between runners and the control
// plane (/agent/v1). It imports nothing of Picket, so that both sides can use it.
//
// Times are RFC 3339 in UTC. Durations are numbers whose names end in _ms or
// _seconds. The struct tags minLength, maximum and so on are the bounds that the
// server checks and the OpenAPI document shows.
package wire

import "time"

// List is one page. NextCursor is null on the last one.
type List[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

// Actor is who did something.
type Actor struct {
	Kind string `json:"kind" enum:"api_key,instance,system" doc:"What acted"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Problem is an error answer (RFC 9457, application/problem+json).
type Problem struct {
	Type   string         `json:"type,omitempty"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail,omitempty"`
	Errors []FieldProblem `json:"errors,omitempty"`
}

// FieldProblem says what is wrong with one field.
type FieldProblem struct {
	Message string `json:"message"`
	Pointer string `json:"pointer,omitempty" doc:"JSON pointer into the request body, or the name of the parameter"`
}

func (p *Problem) Error() string {
	text := p.Title
	if p.Detail != "" {
		text = p.Detail
	}
	for _, e := range p.Errors {
		text += "; "
		if e.Pointer != "" {
			text += e.Pointer + " "
		}
		text += e.Message
	}
	return text
}

// Problem types that clients act on.
const (
	ProblemRunnerKeyRefused = "/problems/runner-key-refused" // the runner stops on it
	ProblemLeaseOver        = "/problems/lease-over"         // the attempt was superseded
)

// AuditEntry is one change.
type AuditEntry struct {
	Position    string         `json:"position"`
	At          time.Time      `json:"at"`
	Actor       Actor          `json:"actor"`
	Action      string         `json:"action" doc:"Event type, such as runner.key_reset.v1"`
	Category    string         `json:"category" doc:"Kind of the object: runner, monitor, …"`
	Object      string         `json:"object" doc:"Id of the object"`
	ObjectName  string         `json:"object_name,omitempty"`
	Workspace   string         `json:"workspace,omitempty"`
	IP          string         `json:"ip,omitempty"`
	UserAgent   string         `json:"user_agent,omitempty"`
	Correlation string         `json:"correlation_id,omitempty"`
	Details     map[string]any `json:"details" doc:"The event's own fields"`
}

// Event is one event of the log.
type Event struct {
	Position string         `json:"position"`
	Stream   string         `json:"stream"`
	Version  int64          `json:"version"`
	ID       string         `json:"id"`
	Type     string         `json:"type"`
	At       time.Time      `json:"at"`
	Data     map[string]any `json:"data"`
	Meta     map[string]any `json:"meta,omitempty"`
}

// Projection is the state of one view.
type Projection struct {
	Name       string `json:"name"`
	Version    int    `json:"version"`
	Position   string `json:"position"`
	Head       string `json:"head" doc:"Position of the newest event of the log"`
	CaughtUp   bool   `json:"caught_up"`
	Events     int64  `json:"events" doc:"Events looked at since the view was made"`
	Rebuilding bool   `json:"rebuilding"`
	Error      string `json:"error,omitempty" doc:"Why it stopped"`
}
