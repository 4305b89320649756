package report

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/run"
)

// maxShown is how much of a body is printed.
const maxShown = 2048 // bytes

// details print what went over the wire, and how long each phase took.
func (c *CLI) details(e run.ResponseReceived) {
	lines := []string{"> " + e.Request.Method + " " + strings.TrimSpace(e.Request.URL.String())}
	for _, h := range e.Request.Headers {
		if !h.Disabled {
			lines = append(lines, "> "+h.Key+": "+h.Value)
		}
	}
	lines = append(lines, shown("> ", bodyOf(e.Request))...)
	if r := e.Response; r != nil {
		lines = append(lines, fmt.Sprintf("< %s %d %s, from %s", r.Proto, r.Code, r.Status, r.RemoteAddr))
		for _, h := range r.Headers {
			lines = append(lines, "< "+h.Key+": "+h.Value)
		}
		lines = append(lines, shown("< ", string(r.Body))...)
		lines = append(lines, "= "+phases(r))
	}
	for _, l := range lines {
		for _, part := range c.wrap(l) {
			c.line("     %s", c.paint(gray, part))
		}
	}
}

func bodyOf(r *postman.Request) string {
	if text, ok := r.Body.Text(); ok {
		return text
	}
	if r.Body != nil && !r.Body.Empty() {
		return "(" + string(r.Body.Mode) + ")"
	}
	return ""
}

// shown is the beginning of a body; of what is no text only the size.
func shown(prefix, body string) []string {
	if body == "" {
		return nil
	}
	if !utf8.ValidString(body) || strings.ContainsRune(body, 0) {
		return []string{fmt.Sprintf("%s(%d bytes that are no text)", prefix, len(body))}
	}
	rest := ""
	if len(body) > maxShown {
		cut := maxShown
		for !utf8.RuneStart(body[cut]) {
			cut--
		}
		body, rest = body[:cut], fmt.Sprintf("%s… %d more bytes", prefix, len(body)-cut)
	}
	var lines []string
	for l := range strings.SplitSeq(strings.TrimRight(body, "\n"), "\n") {
		lines = append(lines, prefix+l)
	}
	if rest != "" {
		lines = append(lines, rest)
	}
	return lines
}

func phases(r *run.Response) string {
	var parts []string
	for _, p := range []struct {
		name string
		took time.Duration
	}{
		{"DNS", r.Timings.DNS}, {"connect", r.Timings.Connect}, {"TLS", r.Timings.TLS}, {"wait", r.Timings.FirstByte}, {"download", r.Timings.Download},
	} {
		if p.took > 0 {
			parts = append(parts, fmt.Sprintf("%s %.1fms", p.name, float64(p.took.Microseconds())/1000))
		}
	}
	if r.Reused {
		parts = append(parts, "on an open connection")
	}
	return strings.Join(parts, ", ")
}
