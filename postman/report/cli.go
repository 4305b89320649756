package report

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
)

// CLIOptions are how the cli reporter prints.
type CLIOptions struct {
	Color  bool   // the caller minds NO_COLOR and whether it is a terminal
	Width  int    // columns of the terminal; 0 = as wide as it needs
	Banner string // first line; empty = "picket"
	// MaxFailures bounds the list at the end; 0 = 1,000. All are counted.
	MaxFailures int
	Verbose     bool // headers, bodies and timings of each request
	ASCII       bool // plain characters for arrows, ticks and frames
	Timestamps  bool // the time of each request and assertion
	// Progress is how many columns the line may have that shows what is under way and
	// goes away again; 0 = there is none. It needs a terminal.
	Progress int
	// What to leave out.
	NoBanner, NoSummary, NoFailures, NoAssertions, NoSuccessAssertions, NoConsole bool
}

// CLI prints a run for people, as newman does.
type CLI struct {
	w        io.Writer
	o        CLIOptions
	group    *postman.Item // folder under way
	boxed    bool          // the box of the console is open
	next     *script.Next
	failed   int
	failures []run.Failure
	items    int // selected
	live     *liveLine
}

// NewCLI makes a reporter that prints to w.
func NewCLI(w io.Writer, o CLIOptions) *CLI {
	if o.Banner == "" {
		o.Banner = "picket"
	}
	if o.MaxFailures == 0 {
		o.MaxFailures = 1000
	}
	if o.ASCII {
		w = asciiWriter{w}
	}
	live := &liveLine{w: w, columns: o.Progress}
	return &CLI{w: live, o: o, live: live}
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	cyan   = "36"
	gray   = "90"
	bold   = "1;31"
)

func (c *CLI) paint(color, s string) string {
	if !c.o.Color || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// line prints a line, closing the box of the console.
func (c *CLI) line(format string, args ...any) {
	c.closeBox()
	fmt.Fprintf(c.w, format+"\n", args...)
}

func (c *CLI) closeBox() {
	if c.boxed {
		c.boxed = false
		fmt.Fprintln(c.w, c.paint(gray, "  └"))
	}
}

// Report takes an event.
func (c *CLI) Report(e run.Event) {
	switch e := e.(type) {
	case run.RunStarted:
		if !c.o.NoBanner {
			c.line("%s\n", c.o.Banner)
		}
		c.items = e.Items
		c.group = &e.Collection.Item
		if name := e.Collection.Name; name != "" {
			c.line("%s", name)
		}
	case run.IterationStarted:
		if e.Cursor.Cycles > 1 {
			c.line("\n%s", c.paint(gray, fmt.Sprintf("Iteration %d/%d", e.Cursor.Iteration+1, e.Cursor.Cycles)))
		}
	case run.ItemStarted:
		c.item(e.Item)
	case run.RequestSent:
		c.sending(e)
	case run.ResponseReceived:
		c.response(e)
	case run.ConsoleLogged:
		if c.o.NoConsole {
			return
		}
		c.console(e.Level, strings.Join(e.Args, ", "))
	case run.Warning:
		c.console("warn", e.Message)
	case run.AssertionsDone:
		c.assertions(e)
	case run.ScriptFinished:
		c.scriptDone(e)
	case run.PhaseFinished:
		if e.Phase == script.Test && c.next != nil && !c.next.Stop {
			c.line("\n%s", c.paint(gray, "Attempting to set next request to "+c.next.Name))
		}
	case run.ItemFinished:
		if e.Skipped {
			c.line("  %s", c.paint(cyan, "[skipped]"))
		}
	case run.RunFinished:
		c.finish(e.Result)
	}
}

func (c *CLI) item(item *postman.Item) {
	c.next = nil
	root := item.Parent == nil || item.Parent.Parent == nil
	if item.Parent != nil && c.group != item.Parent {
		if !root {
			c.line("\n❏ %s", strings.Join(item.Parent.Path()[1:], " / "))
		}
		c.group = item.Parent
	}
	arrow := "↳"
	if root {
		arrow = "\n→"
	}
	c.line("%s %s", arrow, item.Name)
}

func (c *CLI) response(e run.ResponseReceived) {
	head := "  " + c.timestamp() + c.paint(gray, e.Request.Method+" "+strings.TrimSpace(e.Request.URL.String())) + " "
	if c.o.Verbose {
		defer c.details(e)
	}
	if e.Err != nil {
		c.line("%s%s\n     %s", head, c.paint(red, "[errored]"), c.paint(red, e.Err.Message))
		c.keep(run.Failures(e))
		return
	}
	r := e.Response
	c.line("%s%s", head, c.paint(gray, fmt.Sprintf("[%d %s, %s, %s]", r.Code, r.Status, size(r.BodySize+r.HeaderSize), duration(r.Time))))
}

// keep numbers failures and keeps the first of them for the list at the end.
func (c *CLI) keep(list []run.Failure) {
	for _, f := range list {
		c.failed++
		if len(c.failures) < c.o.MaxFailures {
			c.failures = append(c.failures, f)
		}
	}
}

func (c *CLI) assertions(e run.AssertionsDone) {
	failures := run.Failures(e)
	for i, a := range e.Assertions {
		switch {
		case c.o.NoAssertions || c.o.NoSuccessAssertions && a.Error == nil:
		case a.Skipped:
			c.line("%s%s %s", c.timestamp(), c.paint(cyan, "  - "), c.paint(cyan, "[skipped] "+a.Name))
		case a.Error == nil:
			c.line("%s%s %s", c.timestamp(), c.paint(green, "  ✓ "), c.paint(gray, a.Name))
		}
		if len(failures) > 0 && failures[0].Index == e.First+i {
			c.keep(failures[:1])
			failures = failures[1:]
			if c.o.NoAssertions {
				continue
			}
			c.line("%s%s %s", c.timestamp(), c.paint(bold, fmt.Sprintf("%3d.", c.failed)), c.paint(bold, a.Name))
		}
	}
}

func (c *CLI) scriptDone(e run.ScriptFinished) {
	if e.Next != nil {
		c.next = e.Next
	}
	if e.Error == nil {
		return
	}
	c.keep(run.Failures(e))
	c.line("%s", c.paint(bold, fmt.Sprintf("%3d⠄ %s in %s-script", c.failed, e.Error.Name, e.Phase)))
}

func (c *CLI) console(level, text string) {
	color, ok := map[string]string{"info": cyan, "warn": yellow, "debug": blue, "error": red}[level]
	if !ok {
		color = gray
	}
	if !c.boxed {
		c.boxed = true
		fmt.Fprintln(c.w, c.paint(gray, "  ┌"))
	}
	for _, line := range c.wrap(text) {
		fmt.Fprintf(c.w, "  %s %s\n", c.paint(gray, "│"), c.paint(color, line))
	}
}

// wrap breaks a text at the terminal's width.
func (c *CLI) wrap(text string) []string {
	var out []string
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		width := c.o.Width - 6
		for c.o.Width > 20 && utf8.RuneCountInString(line) > width {
			runes := []rune(line)
			cut := width
			if i := strings.LastIndexByte(string(runes[:width]), ' '); i > 0 {
				cut = utf8.RuneCountInString(string(runes[:width])[:i]) + 1
			}
			out, line = append(out, string(runes[:cut])), string(runes[cut:])
		}
		out = append(out, line)
	}
	return out
}

func (c *CLI) finish(r *run.Result) {
	c.closeBox()
	if !c.o.NoSummary {
		fmt.Fprintf(c.w, "\n%s\n", c.summary(r))
	}
	if len(c.failures) > 0 && !c.o.NoFailures {
		fmt.Fprintf(c.w, "\n%s\n", c.failureList())
	}
	if more := c.failed - len(c.failures); more > 0 && !c.o.NoFailures {
		fmt.Fprintf(c.w, "… and %d more failures\n", more)
	}
	if r.Err != nil {
		fmt.Fprintf(c.w, "\n%s\n", c.paint(red, string(r.Outcome)+": "+r.Err.Error()))
	}
}

// duration prints as newman does: whole milliseconds up to two seconds.
func duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", d.Microseconds())
	case d < 1998*time.Millisecond:
		return fmt.Sprintf("%dms", d.Milliseconds())
	}
	text := ""
	for _, unit := range []struct {
		d    time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if n := d / unit.d; n > 0 || text != "" {
			text += fmt.Sprintf("%d%s ", n, unit.name)
			d %= unit.d
		}
	}
	return text + strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + "s"
}

// size prints bytes by thousands: 442B, 2.4kB.
func size(n int64) string {
	f, unit := float64(n), "B"
	for _, next := range []string{"kB", "MB", "GB", "TB"} {
		if f < 1000 {
			break
		}
		f, unit = f/1000, next
	}
	return strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%.2f", f), "0"), ".0") + unit
}
