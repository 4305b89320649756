package agent

import (
	"reflect"
	"slices"

	"github.com/picket-api/picket/api/wire"
)

const (
	mostText     = 64 << 10 // bytes of one text
	mostWarnings = 100
	// entryBytes is about what a request, an assertion or a line costs in JSON
	// beside its texts.
	entryBytes = 100
)

// recorder builds a report while a run goes on. It keeps within the report's
// bound all the time, so that a run of any length costs a bounded memory.
type recorder struct {
	most    int
	bytes   int // about the size of what was recorded
	step    int // reductions that were made
	secrets *redactor
	report  wire.Report
}

func newRecorder(most int, secrets *redactor) *recorder {
	return &recorder{most: most, secrets: secrets, report: wire.Report{Requests: []wire.RequestReport{}}}
}

// text is a text as it may be recorded: masked, as far as secrets are known, and
// of bounded length. Masking comes first: a secret that was cut in two would not
// be found any more.
func (r *recorder) text(s string) string {
	if len(s) <= mostText {
		return s // masked when it is added
	}
	return r.masked(s)
}

func (r *recorder) masked(s string) string { return clip(r.secrets.text(s), mostText) }

func (r *recorder) warn(text string) {
	if len(r.report.Warnings) < mostWarnings && !slices.Contains(r.report.Warnings, text) {
		r.report.Warnings = append(r.report.Warnings, r.masked(text))
	}
}

// trouble keeps what went wrong first.
func (r *recorder) trouble(t wire.Trouble) {
	if r.report.FirstError == nil {
		t.Message, t.Assertion, t.Request = r.masked(t.Message), r.masked(t.Assertion), r.masked(t.Request)
		r.report.FirstError = &t
	}
}

// add records a request that is done.
func (r *recorder) add(q wire.RequestReport) {
	for step := range r.step {
		if !reductions[step].admit(&q, len(r.report.Requests)) {
			return
		}
	}
	// Masked now, as what was seen in requests is forgotten in time, and once more
	// at the end, when all is known.
	r.secrets.walk(reflect.ValueOf(&q).Elem())
	r.report.Requests = append(r.report.Requests, q)
	r.bytes += roughly(q)
	for r.bytes > r.most && r.step < len(reductions) {
		reduce(&r.report, r.step)
		r.step++
		r.bytes = 0
		for _, q := range r.report.Requests {
			r.bytes += roughly(q)
		}
	}
}

// done is the report, masked and bounded.
func (r *recorder) done() wire.Report {
	r.secrets.report(&r.report)
	bound(&r.report, r.most)
	return r.report
}

// roughly is about how many bytes of JSON a request has.
func roughly(q wire.RequestReport) int {
	n := 5*entryBytes + len(q.Name) + len(q.ItemID) + len(q.Method) + len(q.URL) + len(q.StatusText) + len(q.Remote)
	for _, f := range q.Folders {
		n += len(f)
	}
	if q.Error != nil {
		n += entryBytes + len(q.Error.Message)
	}
	for _, a := range q.Assertions {
		n += entryBytes + len(a.Name) + len(a.Error)
	}
	for _, s := range q.Scripts {
		n += entryBytes + len(s.Name) + len(s.Message)
	}
	for _, l := range q.Console {
		n += entryBytes + len(l.Text)
	}
	return n
}
