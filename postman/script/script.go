// Package script runs Postman scripts (pre-request and test) in a sandboxed
// JavaScript engine with the pm API.
//
// One Sandbox serves one run of a collection: scripts of the run share it, as
// they share globals-free module state in Postman, and nothing outlives it.
//
// The reference is npm's postman-sandbox 4.7, which newman 6.2 has: a corpus of scripts runs in
// both (TestOracle), and docs/newman-differences.md lists what differs.
package script

import (
	"context"
	"encoding/json"
	"time"

	"github.com/picket-api/picket/postman/vars"
)

// Phase is when a script runs.
type Phase string

// The phases, by Postman's event names.
const (
	PreRequest Phase = "prerequest"
	Test       Phase = "test"
)

// Scopes are the run's variables. Scripts read and change them in place.
type Scopes struct {
	Globals     *vars.Scope
	Environment *vars.Scope
	Collection  *vars.Scope
	Data        *vars.Scope // pm.iterationData
	Local       *vars.Scope // pm.variables.set
}

// Info is pm.info.
type Info struct {
	Iteration      int
	IterationCount int
	RequestName    string
	RequestID      string
}

// Header is one header line.
type Header struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Response is what a script sees as pm.response. Code is 0 when no response came.
type Response struct {
	Code    int
	Status  string // reason phrase
	Headers []Header
	Body    []byte // decoded (after gzip, br, …)
	Time    time.Duration
	Size    int // body bytes on the wire
}

// Cookie is one cookie as pm.cookies shows it.
type Cookie struct {
	Name, Value, Domain, Path string
	Expires                   time.Time
	HTTPOnly, Secure          bool
}

// Host is what a script may ask of the run that it belongs to.
type Host interface {
	// Send serves pm.sendRequest. req is a JSON string (a URL) or a Postman
	// request object, variables already substituted by the host.
	Send(ctx context.Context, req json.RawMessage) (Response, error)
	// Cookies are those that the run's jar would send to the URL.
	Cookies(url string) []Cookie
	// SetCookie stores a cookie for the URL, DeleteCookie drops it (all of the
	// URL's when name is empty).
	SetCookie(url string, c Cookie) error
	DeleteCookie(url, name string) error
}

// Input is one script to run.
type Input struct {
	Phase    Phase
	Source   string
	Info     Info
	Location []string        // names from the collection down to the request
	Request  json.RawMessage // Postman v2.1 request object: as written in prerequest, as sent in test
	Response *Response       // nil in prerequest
	URL      string          // final URL, for pm.cookies; may be empty
	Scopes   Scopes
	Host     Host
	Timeout  time.Duration // wall time for the script with all its awaits; 0 = no limit but ctx
}

// Assertion is the outcome of one pm.test or legacy tests[] entry.
type Assertion struct {
	Name    string
	Skipped bool
	Error   *Error // nil when it passed
	// After is how many requests of the script had been answered before it: the
	// place of the assertion among what Host.Send did.
	After int
}

// Error is a JavaScript error. Name and Message are empty where a script threw
// something that has none.
type Error struct {
	Name    string
	Message string
	Stack   string
}

func (e *Error) Error() string {
	if e.Name == "" {
		return e.Message
	}
	return e.Name + ": " + e.Message
}

// Console is one console call.
type Console struct {
	Level string // log, info, warn, error, debug
	Args  []string
}

// Next is a call of setNextRequest: the last one of a script counts.
type Next struct {
	Name string // name or id
	Stop bool   // setNextRequest(null)
}

// Output is what a script did. Changed variables are in the Scopes already.
type Output struct {
	Assertions []Assertion
	Console    []Console
	Request    json.RawMessage // nil unless the script changed pm.request
	Next       *Next           // nil unless setNextRequest was called
	Skip       bool            // pm.execution.skipRequest
	Error      *Error          // the script itself failed
	Late       bool            // Error came while timers, promises or requests were pending: newman's run does not fail by it
	// Answered are the requests that were answered while the script ran, in that
	// order, each by its number among the calls of Host.Send, from 0.
	Answered []int
	Fatal    bool // the sandbox can't be used any more (limit reached): make a new one
}

// Sandbox runs the scripts of one run, one at a time.
type Sandbox interface {
	Run(ctx context.Context, in Input) Output
	Close()
}
