package report

import (
	"bufio"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
)

//go:embed html
var htmlFiles embed.FS

// What every page is made of, read when the first one is written.
var (
	htmlPage  = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(htmlFiles, "html/page.tmpl")) })
	htmlStyle = sync.OnceValue(func() template.CSS {
		css, err := htmlFiles.ReadFile("html/page.css")
		if err != nil {
			panic(err) // it is embedded beside the template
		}
		return template.CSS(css) //nolint:gosec // our own
	})
)

// HTMLOptions are what an HTML report says, and how much.
type HTMLOptions struct {
	Version string // of Picket
	// How many requests are shown: those that passed, and those that did not. The
	// numbers on top count all of them. 0 = 1,000 each.
	MaxPassed, MaxFailed int
	MaxBody              int // bytes shown of a body; 0 = 16 KiB
}

// HTML writes a page for people: what went wrong first, then every request with
// its timings, tests, headers, bodies and console. It is one file that loads
// nothing, and runs nothing, so that it can be mailed, kept and served anywhere.
// Requests go to a temporary file as they end: memory does not grow with the run.
type HTML struct {
	w                  *bufio.Writer
	o                  HTMLOptions
	err                error
	problems, requests spool
	shown              [2]int // requests: passed, failed
	listed, problemsN  int
	hidden, number     int
	iteration          int // of the newest request shown
	strip              htmlStrip
	warnings           []string
	current            *htmlExecution
	head               htmlHead
	result             *run.Result
}

// NewHTML makes a reporter; Close writes the page.
func NewHTML(w io.Writer, o HTMLOptions) *HTML {
	for field, usual := range map[*int]int{&o.MaxPassed: 1000, &o.MaxFailed: 1000, &o.MaxBody: 16 << 10} {
		if *field == 0 {
			*field = usual
		}
	}
	return &HTML{w: bufio.NewWriter(w), o: o, iteration: -1}
}

// maxWarnings bounds the list at the end.
const maxWarnings = 100

// Report implements run.Reporter.
func (h *HTML) Report(e run.Event) {
	switch e := e.(type) {
	case run.RunStarted:
		h.head.Name, h.head.Iterations = e.Collection.Name, e.Iterations
	case run.ItemStarted:
		h.number++
		h.current = newHTMLExecution(e, h.number)
	case run.ConsoleLogged:
		h.current.console(e)
	case run.AssertionsDone:
		h.current.tests(e.Assertions)
	case run.ResponseReceived:
		h.current.exchange(e, h.o.MaxBody)
	case run.ItemFinished:
		h.finishItem(e)
	case run.Warning:
		h.warn(e)
	case run.RunFinished:
		h.result = e.Result
	}
	for _, f := range run.Failures(e) {
		h.failed(f)
	}
}

func (h *HTML) warn(e run.Warning) {
	text := e.Message
	if e.Item != nil {
		text = e.Item.Name + ": " + text
	}
	if len(h.warnings) < maxWarnings {
		h.warnings = append(h.warnings, text)
	}
}

// failed keeps what went wrong with the request under way.
func (h *HTML) failed(f run.Failure) {
	if f.Repeated || h.current == nil {
		return
	}
	p := htmlTest{State: stateError, Name: f.Message}
	switch f.Class {
	case run.ClassAssertion:
		p = htmlTest{stateFailed, f.Test, f.Message}
	case run.ClassScript:
		p = htmlTest{stateError, f.Name + ": " + f.Message, "in " + f.At}
		h.current.Tests = append(h.current.Tests, p)
	case run.ClassNetwork, run.ClassRequest:
	}
	h.current.worse(p.State)
	h.problemsN++
	if len(h.current.Problems) < maxLines {
		h.current.Problems = append(h.current.Problems, p)
	}
}

func (h *HTML) finishItem(e run.ItemFinished) {
	x := h.current
	h.current = nil
	if e.Skipped {
		x.worse(stateSkipped)
	}
	x.conclude()
	h.strip.add(x.State, x.Time)
	limit, kind := h.o.MaxPassed, 0
	if x.Bad {
		limit, kind = h.o.MaxFailed, 1
	}
	if h.shown[kind] >= limit {
		h.hidden++
		return
	}
	h.shown[kind]++
	x.NewIteration = h.head.Iterations > 1 && e.Cursor.Iteration != h.iteration
	h.iteration, x.Iteration = e.Cursor.Iteration, e.Cursor.Iteration+1
	h.render(&h.requests, "execution", x)
	if len(x.Problems) > 0 {
		h.listed += len(x.Problems)
		x.Where = strings.Join(e.Item.Path()[1:], " / ")
		if h.head.Iterations > 1 {
			x.Where += fmt.Sprintf(", iteration %d", x.Iteration)
		}
		h.render(&h.problems, "problem", x)
	}
}

func (h *HTML) render(to *spool, name string, data any) {
	var b bytes.Buffer
	err := htmlPage().ExecuteTemplate(&b, name, data)
	if err == nil {
		err = to.write(b.Bytes())
	}
	if h.err == nil {
		h.err = err
	}
}

// htmlHead is the top of the page.
type htmlHead struct {
	Name, State, OutcomeText, Started, Version, Reason string
	Iterations                                         int
	Style                                              template.CSS
	Stats                                              []htmlStat
	Strip                                              []htmlBar
	Slowest                                            float64 // milliseconds, at least 1
	SlowestText                                        string
	ShowStrip                                          bool
}

type htmlStat struct{ Label, Value, Note, Class string }

// Close writes the page.
func (h *HTML) Close() error {
	if h.result == nil {
		h.result = &run.Result{Outcome: run.Aborted}
	}
	h.fillHead(h.result)
	h.page("head", h.head)
	if h.problemsN > 0 {
		h.page("problems", plural(h.problemsN, "problem"))
		h.copy(&h.problems)
		h.page("after problems", map[string]int{"Hidden": h.problemsN - h.listed})
	}
	h.page("requests", h.shown[1] > 0 && h.shown[0] > 0)
	h.copy(&h.requests)
	h.page("foot", map[string]any{"Hidden": h.hidden, "Warnings": h.warnings})
	return errors.Join(h.err, h.w.Flush(), h.problems.close(), h.requests.close())
}

func (h *HTML) page(name string, data any) {
	if err := htmlPage().ExecuteTemplate(h.w, name, data); h.err == nil {
		h.err = err
	}
}

func (h *HTML) copy(s *spool) {
	if err := s.copyTo(h.w); h.err == nil {
		h.err = err
	}
}

func (h *HTML) fillHead(r *run.Result) {
	c := r.Counts
	t := &h.head
	t.Version, t.Style = h.o.Version, htmlStyle()
	t.Started = r.Started.Format("2 January 2006, 15:04:05 MST")
	t.State, t.OutcomeText = outcomeOf(r)
	if r.Err != nil {
		t.Reason = r.Err.Error()
	}
	t.ShowStrip = len(h.strip.bars) > 1 && h.strip.slowest > 0
	t.Strip, t.Slowest = h.strip.bars, max(h.strip.slowest, 1)
	t.SlowestText = duration(time.Duration(h.strip.slowest * float64(time.Millisecond)))
	passed := c.Assertions.Total - c.Assertions.Failed - c.SkippedAssertions
	tests := htmlStat{"Tests passed", fmt.Sprintf("%d of %d", passed, c.Assertions.Total), "all of them", ""}
	switch {
	case c.Assertions.Failed > 0:
		tests.Note, tests.Class = fmt.Sprintf("%d failed", c.Assertions.Failed), stateFailed
	case c.SkippedAssertions > 0:
		tests.Note = fmt.Sprintf("%d skipped", c.SkippedAssertions)
	case c.Assertions.Total == 0:
		tests.Value, tests.Note = "none", "there are no tests"
	}
	requests := htmlStat{"Requests", fmt.Sprint(c.Requests.Total), "all were answered", ""}
	if c.Requests.Failed > 0 {
		requests.Note, requests.Class = fmt.Sprintf("%d without an answer", c.Requests.Failed), stateError
	}
	answers := htmlStat{"Response time", "–", "", ""}
	if r.Response.N > 0 {
		answers.Value, answers.Note = duration(r.Response.Average()), fmt.Sprintf("%s to %s", duration(r.Response.Min), duration(r.Response.Max))
	}
	t.Stats = []htmlStat{
		requests, tests, answers,
		{"Duration", duration(r.Duration()), size(r.ResponseBytes) + " received", ""},
	}
	if c.ScriptErrors > 0 {
		t.Stats = append(t.Stats, htmlStat{"Script errors", fmt.Sprint(c.ScriptErrors), "of " + plural(c.Scripts.Total, "script"), stateError})
	}
}

func outcomeOf(r *run.Result) (state, text string) {
	switch r.Outcome {
	case run.Successful:
		return statePassed, "Passed"
	case run.Failed:
		return stateFailed, "Failed"
	case run.Errored:
		return stateError, "Ended with errors"
	case run.Aborted:
	}
	return stateError, "Stopped before its end"
}

func plural(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// htmlStrip is the picture of a run: a bar for each request, or for as many
// neighbours as it takes to have no more than maxBars.
type htmlStrip struct {
	bars    []htmlBar
	each    int // requests in a bar
	last    int // in the newest
	slowest float64
}

type htmlBar struct {
	State string
	Time  float64 // milliseconds, of the slowest
}

const maxBars = 240

func (s *htmlStrip) add(state string, ms float64) {
	s.slowest = max(s.slowest, ms)
	if s.each == 0 {
		s.each = 1
	}
	if n := len(s.bars); n > 0 && s.last < s.each {
		s.last++
		s.bars[n-1].join(htmlBar{state, ms})
		return
	}
	if len(s.bars) == maxBars {
		for i := range maxBars / 2 {
			s.bars[i] = s.bars[2*i]
			s.bars[i].join(s.bars[2*i+1])
		}
		s.bars, s.each = s.bars[:maxBars/2], 2*s.each
	}
	s.bars, s.last = append(s.bars, htmlBar{state, ms}), 1
}

func (b *htmlBar) join(o htmlBar) {
	b.State, b.Time = worse(b.State, o.State), max(b.Time, o.Time)
}

// The states of requests and tests, which are the page's classes.
const (
	statePassed  = "pass"
	stateSkipped = "skip"
	stateFailed  = "fail"
	stateError   = "err"
)

func worse(a, b string) string {
	rank := map[string]int{statePassed: 1, stateSkipped: 2, stateFailed: 3, stateError: 4}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

func stateOf(a script.Assertion) string {
	switch {
	case a.Error != nil:
		return stateFailed
	case a.Skipped:
		return stateSkipped
	}
	return statePassed
}

func folderOf(item *postman.Item) string {
	path := item.Path()
	if len(path) < 3 {
		return ""
	}
	return strings.Join(path[1:len(path)-1], " / ")
}
