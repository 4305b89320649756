package run

import (
	"time"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/transport"
)

// Event is something that happened in a run: one of the types of this file.
type Event interface{ event() }

// Reporter is told what happens, one event after the other, never two at a time.
// It must not change what events point to, and better not keep it: bodies are large.
type Reporter interface{ Report(Event) }

// ReporterFunc makes a Reporter of a function.
type ReporterFunc func(Event)

// Report calls the function.
func (f ReporterFunc) Report(e Event) { f(e) }

// Cursor says where in a run something happened.
type Cursor struct {
	Iteration int    // from 0
	Position  int    // of the item among the selected ones, from 0
	Length    int    // selected items
	Cycles    int    // iterations planned
	Ref       string // of this execution of the item; unique
}

// Source says who wanted a request.
type Source string

// The sources of requests.
const (
	FromCollection Source = "collection"
	FromScript     Source = "script" // pm.sendRequest
	FromAuth       Source = "auth"   // sent again to answer a challenge
)

// Response is what came back for a request.
type Response struct {
	Code       int
	Status     string // reason phrase, the usual one where the server gave none
	Headers    []script.Header
	Body       []byte // decoded
	Time       time.Duration
	BodySize   int64 // bytes on the wire
	HeaderSize int64 // bytes on the wire
	URL        string
	Proto      string
	RemoteAddr string
	Redirects  int
	Reused     bool              // the connection had served before
	Timings    transport.Timings // of the last hop
}

// The events, in the order in which they come. Every ItemStarted has its
// ItemFinished, every RequestSent its ResponseReceived.
type (
	// RunStarted is the first event.
	RunStarted struct {
		Collection *postman.Collection
		Iterations int
		Items      int // selected
		At         time.Time
	}
	// IterationStarted begins an iteration.
	IterationStarted struct{ Cursor Cursor }
	// ItemStarted begins a request of the collection with its scripts.
	ItemStarted struct {
		Cursor Cursor
		Item   *postman.Item
	}
	// ConsoleLogged is a console call of a script.
	ConsoleLogged struct {
		Cursor Cursor
		Item   *postman.Item
		Phase  script.Phase
		Level  string // log, info, warn, error, debug
		Args   []string
	}
	// AssertionsDone are outcomes of one script's tests, those between two answers
	// to the script's own requests.
	AssertionsDone struct {
		Cursor     Cursor
		Item       *postman.Item
		Phase      script.Phase
		First      int // the number of the first of them in the script
		Assertions []script.Assertion
	}
	// ScriptFinished is one script that ran. Under BailOnFailure a script whose
	// assertions failed has an error named AssertionFailure.
	ScriptFinished struct {
		Cursor   Cursor
		Item     *postman.Item
		Phase    script.Phase
		Event    postman.Event
		Error    *script.Error // nil when it went well
		Next     *script.Next  // nil unless it called setNextRequest
		Duration time.Duration
	}
	// PhaseFinished comes when all scripts of a phase are done, even if there was none.
	PhaseFinished struct {
		Cursor  Cursor
		Item    *postman.Item
		Phase   script.Phase
		Scripts int
	}
	// RequestSent is a request that is about to go out.
	RequestSent struct {
		Cursor  Cursor
		Item    *postman.Item
		Source  Source
		Request *postman.Request
	}
	// ResponseReceived is the end of a request: a response or an error. Those of a
	// script's requests come when the script is over.
	ResponseReceived struct {
		At       time.Time // when the request was sent
		Cursor   Cursor
		Item     *postman.Item
		Source   Source
		Request  *postman.Request // as it was sent
		SentSize int64            // bytes of the body
		Response *Response        // nil when none came
		Err      *RequestError    // nil when one came
	}
	// ItemFinished ends what ItemStarted began.
	ItemFinished struct {
		Cursor   Cursor
		Item     *postman.Item
		Skipped  bool // by pm.execution.skipRequest
		Duration time.Duration
	}
	// IterationFinished ends an iteration.
	IterationFinished struct{ Cursor Cursor }
	// Warning is something that was not done as the collection says.
	Warning struct {
		Cursor  Cursor
		Item    *postman.Item // nil when it concerns the whole run
		Message string
	}
	// RunFinished is the last event.
	RunFinished struct{ Result *Result }
)

func (RunStarted) event()        {}
func (IterationStarted) event()  {}
func (ItemStarted) event()       {}
func (ConsoleLogged) event()     {}
func (AssertionsDone) event()    {}
func (ScriptFinished) event()    {}
func (PhaseFinished) event()     {}
func (RequestSent) event()       {}
func (ResponseReceived) event()  {}
func (ItemFinished) event()      {}
func (IterationFinished) event() {}
func (Warning) event()           {}
func (RunFinished) event()       {}
