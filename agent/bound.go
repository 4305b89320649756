package agent

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/picket-api/picket/api/wire"
)

const (
	envelopeBytes = 1 << 10 // of wire.SubmitReport around the report
	shortText     = 500
)

// reductions make a report smaller, the least interesting first. The counts,
// timings and first error of the run stay whole.
var reductions = []struct {
	left string // what is left out
	one  func(*wire.RequestReport)
	all  func([]wire.RequestReport) []wire.RequestReport
}{
	{left: "console output", one: func(r *wire.RequestReport) { r.Console = nil }},
	{left: "passed assertions", one: func(r *wire.RequestReport) {
		r.Assertions = slices.DeleteFunc(r.Assertions, func(a wire.AssertionReport) bool { return a.Passed || a.Skipped })
	}},
	{left: "the rest of long texts", one: shorten},
	{left: "requests without trouble", all: func(list []wire.RequestReport) []wire.RequestReport {
		return slices.DeleteFunc(list, func(r wire.RequestReport) bool { return !troubled(r) })
	}},
	{left: "all but the first 100 requests with trouble", all: func(list []wire.RequestReport) []wire.RequestReport {
		for i := range list {
			list[i].Assertions = list[i].Assertions[:min(len(list[i].Assertions), 20)]
		}
		return list[:min(len(list), 100)]
	}},
	{left: "all requests", all: func([]wire.RequestReport) []wire.RequestReport { return []wire.RequestReport{} }},
}

// bound leaves details out until the report's JSON has at most that many bytes.
func bound(report *wire.Report, most int) {
	for step := 0; jsonBytes(report) > most && step < len(reductions); step++ {
		reduce(report, step)
	}
}

func reduce(report *wire.Report, step int) {
	r := reductions[step]
	if r.one != nil {
		for i := range report.Requests {
			r.one(&report.Requests[i])
		}
	}
	if r.all != nil {
		report.Requests = r.all(report.Requests)
	}
	if step == len(reductions)-1 && report.FirstError != nil {
		report.FirstError.Message = clip(report.FirstError.Message, shortText)
		report.FirstError.Assertion = clip(report.FirstError.Assertion, shortText)
	}
	if !report.Truncated {
		report.Truncated = true
	}
	report.Warnings = append(report.Warnings[:min(len(report.Warnings), 50)], fmt.Sprintf("the report was too large: left out %s", r.left))
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
