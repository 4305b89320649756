package report

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/run"
)

// NDJSON writes a line of JSON for each thing that happens, at once, for programs
// that follow a run. Every line has "type" and "at" (RFC 3339); times are in
// milliseconds, sizes in bytes. Bodies are left out. Fields may be added later:
// readers ignore those that they don't know.
type NDJSON struct {
	e   *json.Encoder
	err error
}

// NewNDJSON makes a reporter that writes to w.
func NewNDJSON(w io.Writer) *NDJSON {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return &NDJSON{e: e}
}

// line is any line; what a type doesn't have is left out.
type line struct {
	Type string    `json:"type"`
	At   time.Time `json:"at"`

	Iteration *int     `json:"iteration,omitempty"` // from 0
	Item      string   `json:"item,omitempty"`
	ItemID    string   `json:"item_id,omitempty"`
	Path      []string `json:"path,omitempty"` // folders, from the outside in

	Collection string `json:"collection,omitempty"` // runStarted
	Iterations int    `json:"iterations,omitempty"`
	Items      int    `json:"items,omitempty"`

	Source   string         `json:"source,omitempty"` // requestSent, responseReceived: collection, script, auth
	Method   string         `json:"method,omitempty"`
	URL      string         `json:"url,omitempty"`
	Code     int            `json:"code,omitempty"`
	Status   string         `json:"status,omitempty"`
	BytesIn  int64          `json:"bytes_in,omitempty"`
	BytesOut int64          `json:"bytes_out,omitempty"`
	Timings  *lineTimings   `json:"timings,omitempty"`
	Error    *lineError     `json:"error,omitempty"`
	Phase    string         `json:"phase,omitempty"` // assertion, console, scriptFinished
	Name     string         `json:"name,omitempty"`  // of an assertion
	Outcome  string         `json:"outcome,omitempty"`
	Level    string         `json:"level,omitempty"`
	Text     string         `json:"text,omitempty"`
	MS       *float64       `json:"ms,omitempty"`
	Counts   map[string]int `json:"counts,omitempty"` // runFinished
}

type lineTimings struct {
	DNS      float64 `json:"dns"`
	Connect  float64 `json:"connect"`
	TLS      float64 `json:"tls"`
	Wait     float64 `json:"wait"`
	Download float64 `json:"download"`
	Total    float64 `json:"total"`
}

type lineError struct {
	Class   string `json:"class,omitempty"` // network, request, script, assertion
	Name    string `json:"name,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
}

// Report takes an event.
func (n *NDJSON) Report(e run.Event) {
	switch e := e.(type) {
	case run.RunStarted:
		n.write(line{Type: "runStarted", Collection: e.Collection.Name, Iterations: e.Iterations, Items: e.Items})
	case run.IterationStarted:
		n.write(line{Type: "iterationStarted", Iteration: &e.Cursor.Iteration})
	case run.ItemStarted:
		n.write(placed("itemStarted", e.Cursor, e.Item))
	case run.RequestSent:
		l := placed("requestSent", e.Cursor, e.Item)
		l.Source, l.Method, l.URL = string(e.Source), e.Request.Method, e.Request.URL.String()
		n.write(l)
	case run.ResponseReceived:
		n.write(responseLine(e))
	case run.ConsoleLogged:
		l := placed("console", e.Cursor, e.Item)
		l.Phase, l.Level, l.Text = string(e.Phase), e.Level, strings.Join(e.Args, " ")
		n.write(l)
	case run.AssertionsDone:
		n.assertions(e)
	case run.ScriptFinished:
		l := placed("scriptFinished", e.Cursor, e.Item)
		l.Phase, l.MS, l.Error = string(e.Phase), inMS(e.Duration), failureOf(e)
		n.write(l)
	case run.Warning:
		l := placed("warning", e.Cursor, e.Item)
		l.Text = e.Message
		n.write(l)
	case run.ItemFinished:
		l := placed("itemFinished", e.Cursor, e.Item)
		l.MS = inMS(e.Duration)
		if e.Skipped {
			l.Outcome = "skipped"
		}
		n.write(l)
	case run.IterationFinished:
		n.write(line{Type: "iterationFinished", Iteration: &e.Cursor.Iteration})
	case run.RunFinished:
		n.finish(e.Result)
	}
}

func placed(kind string, c run.Cursor, item *postman.Item) line {
	l := line{Type: kind}
	if item == nil {
		return l
	}
	l.Iteration, l.Item, l.ItemID = &c.Iteration, item.Name, item.ID
	if path := item.Path(); len(path) > 2 {
		l.Path = path[1 : len(path)-1]
	}
	return l
}

func responseLine(e run.ResponseReceived) line {
	l := placed("responseReceived", e.Cursor, e.Item)
	l.Source, l.Method, l.URL, l.BytesOut, l.Error = string(e.Source), e.Request.Method, e.Request.URL.String(), e.SentSize, failureOf(e)
	if r := e.Response; r != nil {
		t := r.Timings
		l.Code, l.Status, l.BytesIn = r.Code, r.Status, r.BodySize
		l.Timings = &lineTimings{*inMS(t.DNS), *inMS(t.Connect), *inMS(t.TLS), *inMS(t.FirstByte), *inMS(t.Download), *inMS(r.Time)}
	}
	return l
}

func failureOf(e run.Event) *lineError {
	list := run.Failures(e)
	if len(list) == 0 {
		return nil
	}
	f := list[0]
	l := &lineError{Class: string(f.Class), Name: f.Name, Message: f.Message}
	if f.Request != nil {
		l.Code = f.Request.Code
	}
	return l
}

func (n *NDJSON) assertions(e run.AssertionsDone) {
	for _, a := range e.Assertions {
		l := placed("assertion", e.Cursor, e.Item)
		l.Phase, l.Name, l.Outcome = string(e.Phase), a.Name, "passed"
		if a.Skipped {
			l.Outcome = "skipped"
		}
		if a.Error != nil {
			l.Outcome, l.Error = "failed", &lineError{Class: string(run.ClassAssertion), Name: a.Error.Name, Message: a.Error.Message}
		}
		n.write(l)
	}
}

func (n *NDJSON) finish(r *run.Result) {
	c := r.Counts
	l := line{Type: "runFinished", Outcome: string(r.Outcome), MS: inMS(r.Duration()), Counts: map[string]int{
		"iterations": c.Iterations.Total, "requests": c.Requests.Total, "failed_requests": c.Requests.Failed,
		"assertions": c.Assertions.Total, "failed_assertions": c.Assertions.Failed, "skipped_assertions": c.SkippedAssertions,
		"script_errors": c.ScriptErrors,
	}}
	if r.Err != nil {
		l.Error = &lineError{Message: r.Err.Error()}
	}
	n.write(l)
}

func inMS(d time.Duration) *float64 {
	ms := float64(d.Microseconds()) / 1000
	return &ms
}

func (n *NDJSON) write(l line) {
	l.At = time.Now().UTC()
	if err := n.e.Encode(l); err != nil && n.err == nil {
		n.err = err
	}
}

// Close gives the first error of any write.
func (n *NDJSON) Close() error { return n.err }
