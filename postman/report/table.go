package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/picket-api/picket/postman/run"
)

const labelWidth = 25

// summary is newman's table of what was executed.
func (c *CLI) summary(r *run.Result) string {
	lines := []string{
		"total run duration: " + duration(r.Duration()),
		"total data received: " + size(r.ResponseBytes) + " (approx)",
	}
	if d := &r.Response; d.N > 0 {
		lines = append(lines, fmt.Sprintf("average response time: %s [min: %s, max: %s, s.d.: %s]",
			duration(d.Average()), duration(d.Min), duration(d.Max), duration(d.Deviation())))
	}
	n := &r.Counts
	rows := []struct {
		label string
		count run.Count
	}{{"iterations", n.Iterations}, {"requests", n.Requests}, {"test-scripts", n.TestScripts}, {"prerequest-scripts", n.PrerequestScripts}, {"assertions", n.Assertions}}

	width := 10 // of the second and of the third column
	for _, row := range rows {
		width = max(width, len(strconv.Itoa(row.count.Total))+2)
	}
	for _, line := range lines {
		width = max(width, (utf8.RuneCountInString(line)+2-labelWidth-2+1)/2)
	}
	t := table{cli: c, width: width}
	t.rule("┌", "┬", "┐")
	t.row("", "executed", "failed", "")
	for _, row := range rows {
		t.rule("├", "┼", "┤")
		color := green
		if row.count.Failed > 0 {
			color = red
		}
		t.row(row.label, strconv.Itoa(row.count.Total), strconv.Itoa(row.count.Failed), color)
	}
	for i, line := range lines {
		if i == 0 {
			t.rule("├", "┴", "┤")
		} else {
			t.rule("├", "─", "┤")
		}
		t.b.WriteString("│ " + line + strings.Repeat(" ", labelWidth+2*width+1-utf8.RuneCountInString(line)) + "│\n")
	}
	t.rule("└", "─", "┘")
	return strings.TrimSuffix(t.b.String(), "\n")
}

type table struct {
	cli   *CLI
	width int
	b     strings.Builder
}

func (t *table) rule(left, middle, right string) {
	column := strings.Repeat("─", t.width)
	t.b.WriteString(left + strings.Repeat("─", labelWidth) + middle + column + middle + column + right + "\n")
}

// row prints right-aligned cells; the color is the label's, and the last cell's
// when it is red.
func (t *table) row(label, executed, failed, color string) {
	last := fmt.Sprintf("%*s", t.width-2, failed)
	if color == red {
		last = t.cli.paint(red, last)
	}
	fmt.Fprintf(&t.b, "│ %s │ %*s │ %s │\n", t.cli.paint(color, fmt.Sprintf("%*s", labelWidth-2, label)), t.width-2, executed, last)
}

// failureList is newman's table of failures: number, name, detail.
func (c *CLI) failureList() string {
	type entry struct{ number, name, detail []string }
	entries := make([]entry, 0, 1+len(c.failures))
	entries = append(entries, entry{[]string{"#"}, []string{"failure"}, []string{"detail"}})
	digits := len(strconv.Itoa(len(c.failures)))
	for i, f := range c.failures {
		e := entry{number: []string{fmt.Sprintf("%0*d.", digits, i+1)}, name: []string{f.Name}}
		if f.Cursor.Cycles > 1 {
			e.name = append(e.name, fmt.Sprintf("iteration: %d", f.Iteration+1))
		}
		detail := f.Test + "\n" + f.Message + "\nat " + f.At
		detail += "\ninside \"" + strings.Join(f.Path(), " / ") + "\""
		e.detail = strings.Split(detail, "\n")
		entries = append(entries, e)
	}
	var first, second int
	for _, e := range entries {
		first = max(first, widest(e.number))
		second = max(second, widest(e.name))
	}
	second = max(second, 22)
	if c.o.Width > 60 {
		c.wrapDetails(first+second+6, func(fit func([]string) []string) {
			for i := range entries[1:] {
				entries[i+1].detail = fit(entries[i+1].detail)
			}
		})
	}
	var b strings.Builder
	for i, e := range entries {
		if i > 0 {
			b.WriteByte('\n')
		}
		for l := range max(len(e.name), len(e.detail)) {
			number, name, detail := pad(at(e.number, l), first, true), pad(at(e.name, l), second, false), at(e.detail, l)
			switch {
			case i == 0:
				number, name, detail = c.paint(red, number), c.paint(red, name), c.paint(red, detail)
			case l > 0:
				name, detail = c.paint(gray, name), c.paint(gray, detail)
			}
			b.WriteString(strings.TrimRight(" "+number+"  "+name+"  "+detail, " ") + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (c *CLI) wrapDetails(used int, apply func(fit func([]string) []string)) {
	narrow := &CLI{o: CLIOptions{Width: c.o.Width - used + 6}}
	apply(func(lines []string) []string {
		out := make([]string, 0, len(lines))
		for _, line := range lines {
			out = append(out, narrow.wrap(line)...)
		}
		return out
	})
}

func widest(lines []string) int {
	w := 0
	for _, line := range lines {
		w = max(w, utf8.RuneCountInString(line))
	}
	return w
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

func pad(s string, width int, right bool) string {
	space := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
	if right {
		return space + s
	}
	return s + space
}
