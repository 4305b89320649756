package run

import (
	"errors"
	"math"
	"time"

	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

// Outcome is how a run ended.
type Outcome string

// The outcomes. Of several the worst counts: abort, error, failure, successful.
const (
	Successful Outcome = "successful"
	Failed     Outcome = "failure" // an assertion failed
	Errored    Outcome = "error"   // a request had no response, or a script could not finish
	Aborted    Outcome = "abort"   // the time was over, or the caller ended the run
)

// ErrTimeout is why a run ended that took longer than Options.Timeout.
var ErrTimeout = errors.New("the run took longer than its time limit")

// Count is how many of something there were, and how many of them failed.
type Count struct{ Total, Failed int }

// Counts are newman's stats. Requests are those that went out, the ones of
// pm.sendRequest and of auth included.
type Counts struct {
	Iterations, Items, Requests, Assertions             Count
	Scripts, PrerequestScripts, TestScripts             Count
	Prerequests, Tests                                  Count // phases
	SkippedAssertions, SkippedItems                     int
	RequestErrors, ScriptErrors, Redirects, Connections int
}

// Durations summarises how long something took.
type Durations struct {
	N               int
	Total, Min, Max time.Duration
	average, spread float64 // running mean and sum of squared differences
}

func (d *Durations) add(v time.Duration) {
	if v <= 0 {
		return
	}
	d.N++
	d.Total += v
	if d.N == 1 || v < d.Min {
		d.Min = v
	}
	d.Max = max(d.Max, v)
	delta := float64(v) - d.average // Welford
	d.average += delta / float64(d.N)
	d.spread += delta * (float64(v) - d.average)
}

// Average is the mean; 0 when there was none.
func (d *Durations) Average() time.Duration { return time.Duration(d.average) }

// Deviation is the standard deviation; 0 when there was none.
func (d *Durations) Deviation() time.Duration {
	if d.N == 0 {
		return 0
	}
	return time.Duration(math.Sqrt(d.spread / float64(d.N)))
}

// Result is what a run came to.
type Result struct {
	Outcome  Outcome
	Err      error // why the outcome is abort; or what made it impossible to go on
	Counts   Counts
	Started  time.Time
	Finished time.Time
	// Response, DNS, Connect, TLS, FirstByte and Download are over all requests
	// that got a response; a phase that didn't take place doesn't count.
	Response, DNS, Connect, TLS, FirstByte, Download Durations
	ResponseBytes                                    int64 // bodies, on the wire
	FirstFailure                                     *Failure
	// The variables as the run left them.
	Environment, Globals, Collection *vars.Scope
}

// Duration is how long the run took.
func (r *Result) Duration() time.Duration { return r.Finished.Sub(r.Started) }

// OK tells whether nothing at all went wrong.
func (r *Result) OK() bool { return r.Outcome == Successful }

// count keeps the books: called with every event.
func (r *Result) count(e Event) {
	c := &r.Counts
	switch e := e.(type) {
	case RunStarted:
		r.Started = e.At
	case IterationFinished:
		c.Iterations.Total++
	case ItemFinished:
		c.Items.Total++
		if e.Skipped {
			c.SkippedItems++
		}
	case AssertionsDone:
		for _, a := range e.Assertions {
			c.Assertions.add(a.Error != nil)
			if a.Skipped {
				c.SkippedAssertions++
			}
		}
	case ScriptFinished:
		c.script(e)
	case PhaseFinished:
		if e.Phase == script.PreRequest {
			c.Prerequests.Total++
		} else {
			c.Tests.Total++
		}
	case ResponseReceived:
		r.response(e)
	}
	for _, f := range Failures(e) {
		if r.FirstFailure == nil {
			first := f
			r.FirstFailure = &first
		}
	}
}

func (c *Count) add(failed bool) {
	c.Total++
	if failed {
		c.Failed++
	}
}

func (c *Counts) script(e ScriptFinished) {
	failed := e.Error != nil
	c.Scripts.add(failed)
	if e.Phase == script.PreRequest {
		c.PrerequestScripts.add(failed)
	} else {
		c.TestScripts.add(failed)
	}
	if failed && e.Error.Name != assertionFailure {
		c.ScriptErrors++
	}
}

func (r *Result) response(e ResponseReceived) {
	c := &r.Counts
	c.Requests.add(e.Err != nil)
	if e.Err != nil {
		c.RequestErrors++
		return
	}
	c.Redirects += e.Response.Redirects
	if !e.Response.Reused {
		c.Connections++
	}
	t := e.Response.Timings
	r.Response.add(e.Response.Time)
	r.DNS.add(t.DNS)
	r.Connect.add(t.Connect)
	r.TLS.add(t.TLS)
	r.FirstByte.add(t.FirstByte)
	r.Download.add(t.Download)
	r.ResponseBytes += e.Response.BodySize
}

// conclude names the outcome. err is why the run could not go on, or nil.
func (r *Result) conclude(err error, aborted bool) {
	r.Err = err
	switch {
	case aborted:
		r.Outcome = Aborted
	case err != nil || r.Counts.RequestErrors+r.Counts.ScriptErrors > 0:
		r.Outcome = Errored
	case r.Counts.Assertions.Failed > 0:
		r.Outcome = Failed
	default:
		r.Outcome = Successful
	}
}
