package agent

import (
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/picket-api/picket/api/wire"
)

const (
	envelopeBytes = 1 << 10 // of wire.SubmitReport around the report
	shortText     = 500
)

// reduction leaves details of requests out.
type reduction struct {
	left string                        // what is left out, for people
	one  func(*wire.RequestReport)     // shortens a request
	keep func(wire.RequestReport) bool // nil: all
	most int                           // requests; 0: any number, -1: none
}

// reductions in the order in which they are made, the least interesting first. The
// counts, timings and first error of the run stay whole.
var reductions = []reduction{
	{left: "console output", one: func(r *wire.RequestReport) { r.Console = nil }},
	{left: "passed assertions", one: func(r *wire.RequestReport) {
		r.Assertions = slices.DeleteFunc(r.Assertions, func(a wire.AssertionReport) bool { return a.Passed || a.Skipped })
	}},
	{left: "the rest of long texts", one: shorten},
	{left: "requests without trouble", keep: troubled},
	{left: "all but the first 100 requests with trouble", most: 100, one: func(r *wire.RequestReport) {
		r.Assertions = r.Assertions[:min(len(r.Assertions), 20)]
	}},
	{left: "all requests", most: -1},
}

// admit shortens a request and says whether there is room for it behind n others.
func (r reduction) admit(q *wire.RequestReport, n int) bool {
	if r.keep != nil && !r.keep(*q) || r.most != 0 && n >= r.most {
		return false
	}
	if r.one != nil {
		r.one(q)
	}
	return true
}

// bound leaves details out until the report's JSON has at most that many bytes.
func bound(report *wire.Report, most int) {
	for step := 0; jsonBytes(report) > most && step < len(reductions); step++ {
		reduce(report, step)
	}
}

func reduce(report *wire.Report, step int) {
	r := reductions[step]
	kept := report.Requests[:0]
	for _, q := range report.Requests {
		if r.admit(&q, len(kept)) {
			kept = append(kept, q)
		}
	}
	clear(report.Requests[len(kept):])
	report.Requests = kept
	if r.most < 0 && report.FirstError != nil {
		report.FirstError.Message = clip(report.FirstError.Message, shortText)
		report.FirstError.Assertion = clip(report.FirstError.Assertion, shortText)
	}
	report.Truncated = true
	text := "the report was too large: left out " + r.left
	if !slices.Contains(report.Warnings, text) {
		report.Warnings = append(report.Warnings[:min(len(report.Warnings), 50)], text)
	}
}

func troubled(r wire.RequestReport) bool {
	return r.Error != nil || len(r.Scripts) > 0 ||
		slices.ContainsFunc(r.Assertions, func(a wire.AssertionReport) bool { return !a.Passed && !a.Skipped })
}

func shorten(r *wire.RequestReport) {
	r.Name, r.URL = clip(r.Name, shortText), clip(r.URL, shortText)
	if r.Error != nil {
		r.Error.Message = clip(r.Error.Message, shortText)
	}
	for i := range r.Assertions {
		a := &r.Assertions[i]
		a.Name, a.Error = clip(a.Name, shortText), clip(a.Error, shortText)
	}
	for i := range r.Scripts {
		r.Scripts[i].Message = clip(r.Scripts[i].Message, shortText)
	}
}

// clip cuts a text to about that many bytes and shows that it did.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + cut
}

func jsonBytes(v any) int {
	data, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(data)
}
