package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/picket-api/picket/postman/run"
)

// liveLine is a line at the end of a terminal that what is printed next replaces.
type liveLine struct {
	w       io.Writer
	columns int // at most; 0 = no such line
	shown   bool
}

const clearLine = "\r\x1b[K"

// Write prints in place of the line.
func (l *liveLine) Write(p []byte) (int, error) {
	if l.shown {
		l.shown = false
		if _, err := io.WriteString(l.w, clearLine); err != nil {
			return 0, err
		}
	}
	return l.w.Write(p)
}

// show puts a text there.
func (l *liveLine) show(text string) {
	if l.columns < 20 {
		return
	}
	if runes := []rune(text); len(runes) >= l.columns {
		text = string(runes[:l.columns-2]) + "…"
	}
	fmt.Fprint(l.w, clearLine+text)
	l.shown = true
}

// sending shows the request that is under way, with the place in the run.
func (c *CLI) sending(e run.RequestSent) {
	if c.o.Progress == 0 {
		return
	}
	c.closeBox()
	place := fmt.Sprintf("%d/%d", e.Cursor.Position+1, c.items)
	if e.Cursor.Cycles > 1 {
		place += fmt.Sprintf(", iteration %d/%d", e.Cursor.Iteration+1, e.Cursor.Cycles)
	}
	text := oneLine(e.Request.Method + " " + e.Request.URL.String())
	c.live.show(fmt.Sprintf("  … %s  %s", place, text))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// timestamp is the time of day in front of a line, if that is wanted.
func (c *CLI) timestamp() string {
	if !c.o.Timestamps {
		return ""
	}
	return c.paint(gray, "["+time.Now().Format(time.TimeOnly)+"]") + " "
}

// asciiWriter prints the reporter's symbols as plain characters.
type asciiWriter struct{ w io.Writer }

var asciiSymbols = strings.NewReplacer(
	"❏", "-", "↳", ">", "→", ">", "✓", "+", "⠄", ".", "…", "...", "µs", "us", "│", "|", "─", "-", "┼", "+",
	"┌", "-", "┬", "-", "┐", "-", "├", "-", "┤", "-", "└", "-", "┴", "-", "┘", "-",
)

// Write takes whole lines.
func (a asciiWriter) Write(p []byte) (int, error) {
	if _, err := asciiSymbols.WriteString(a.w, string(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
