package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/picket-api/picket/api/wire"
)

// painter colours words, or not.
type painter bool

func (p painter) paint(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p painter) good(s string) string { return p.paint("32", s) }
func (p painter) bad(s string) string  { return p.paint("31", s) }
func (p painter) dim(s string) string  { return p.paint("2", s) }
func (p painter) bold(s string) string { return p.paint("1", s) }

// printResult shows a run as a person wants to see it: what passed and what did
// not, request by request, then the sum.
func printResult(w io.Writer, p painter, run wire.Run, rep *wire.Report) {
	fmt.Fprintf(w, "%s\n\n", p.bold(run.MonitorName))
	if rep != nil {
		printRequests(w, p, rep)
	}
	printSummary(w, p, run)
}

func printRequests(w io.Writer, p painter, rep *wire.Report) {
	folder := ""
	for _, r := range rep.Requests {
		if at := strings.Join(r.Folders, " / "); at != folder && at != "" {
			fmt.Fprintf(w, "❏ %s\n", at)
			folder = at
		}
		fmt.Fprintf(w, "↳ %s\n  %s %s %s\n", r.Name, r.Method, r.URL, answer(p, r))
		for _, l := range r.Console {
			fmt.Fprintf(w, "  %s\n", p.dim("│ "+strings.ReplaceAll(l.Text, "\n", "\n  │ ")))
		}
		for _, e := range r.Scripts {
			fmt.Fprintf(w, "  %s %s\n", p.bad("✗"), p.bad(strings.Trim(e.Name+": "+e.Message, ": ")+" in the "+e.Phase+" script"))
		}
		for _, a := range r.Assertions {
			switch {
			case a.Skipped:
				fmt.Fprintf(w, "  %s\n", p.dim("- "+a.Name))
			case a.Passed:
				fmt.Fprintf(w, "  %s %s\n", p.good("✓"), p.dim(a.Name))
			default:
				fmt.Fprintf(w, "  %s %s\n    %s\n", p.bad("✗"), p.bad(a.Name), a.Error)
			}
		}
	}
	fmt.Fprintln(w)
}

func answer(p painter, r wire.RequestReport) string {
	switch {
	case r.Skipped:
		return p.dim("[skipped]")
	case r.Error != nil:
		return p.bad("[" + strings.TrimSpace(r.Error.Code+" "+r.Error.Message) + "]")
	}
	return p.dim(fmt.Sprintf("[%d %s, %s, %s]", r.Status, r.StatusText, size(r.BytesIn), millis(r.Timings.TotalMS)))
}

func printSummary(w io.Writer, p painter, run wire.Run) {
	outcome := run.State
	if run.Outcome != nil {
		outcome = *run.Outcome
	}
	text := p.bad(outcome)
	if outcome == "successful" {
		text = p.good(outcome)
	}
	if run.MissedCause != nil {
		text += p.dim(" (" + strings.ReplaceAll(*run.MissedCause, "_", " ") + ")")
	}
	c := run.Counts
	fmt.Fprintf(w, "%s  %d requests, %d assertions, %d failed  %s\n", text, c.Requests, c.Assertions, c.FailedAssertions,
		p.dim(fmt.Sprintf("%s in all, %s a response", millis(run.Timings.TotalMS), millis(run.Timings.ResponseAvgMS))))
	if t := run.FirstError; t != nil {
		where := strings.Join(nonEmpty(t.Request, t.Assertion), " › ")
		fmt.Fprintf(w, "first trouble (%s): %s\n", t.Class, strings.TrimPrefix(where+": "+t.Message, ": "))
	}
	where := run.RunnerName
	if run.InstanceHost != nil {
		where += " on " + *run.InstanceHost
	}
	fmt.Fprintln(w, p.dim(fmt.Sprintf("run %s, %s, by %s, attempt %d", run.ID, run.Trigger, where, run.Attempt)))
}

func nonEmpty(all ...string) []string {
	kept := all[:0]
	for _, s := range all {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

func millis(ms float64) string {
	d := time.Duration(ms * float64(time.Millisecond))
	if d >= time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Millisecond).String()
}

func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f kB", float64(n)/1000)
}
