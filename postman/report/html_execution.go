package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
)

// htmlExecution is a request of the collection that ran, with all that belongs to it.
type htmlExecution struct {
	Number, Iteration                 int
	NewIteration, Bad                 bool
	State, Method, Name, Path         string
	Code, CodeState, TimeText, Checks string
	Time                              float64 // milliseconds
	Tests, Problems                   []htmlTest
	Where                             string // with the folders and the iteration
	Exchanges                         []htmlExchange
	Console                           []htmlLine

	lines, more int
}

type (
	htmlTest struct{ State, Name, Message string }
	htmlLine struct{ Level, Text string }
	// htmlExchange is one request on the wire with its answer.
	htmlExchange struct {
		Title, Method, URL, Error, Status, Size, SentSize string
		Phases                                            []htmlPhase
		Sent, Received                                    []script.Header
		SentBody, Body                                    htmlBody
	}
	htmlPhase struct {
		Name, Text       string
		Key, Left, Width template.CSS
	}
	// htmlBody is a body as far as it is shown.
	htmlBody struct{ Text, Note string }
)

// Bounds of what a request shows.
const (
	maxLines     = 500      // of its console
	maxLine      = 16 << 10 // bytes of one of them
	maxExchanges = 50
)

func newHTMLExecution(e run.ItemStarted, number int) *htmlExecution {
	x := &htmlExecution{Number: number, State: statePassed, Name: e.Item.Name, Path: folderOf(e.Item)}
	if r := e.Item.Request; r != nil {
		x.Method = r.Method
		if x.Path == "" {
			x.Path = r.URL.String()
		}
	}
	return x
}

func (x *htmlExecution) worse(state string) {
	x.State = worse(x.State, state)
	x.Bad = x.Bad || state == stateFailed || state == stateError
}

func (x *htmlExecution) console(e run.ConsoleLogged) {
	if x.lines++; x.lines > maxLines {
		return
	}
	x.Console = append(x.Console, htmlLine{e.Level, clip(strings.Join(e.Args, " "), maxLine)})
}

func (x *htmlExecution) tests(list []script.Assertion) {
	for _, a := range list {
		t := htmlTest{State: stateOf(a), Name: a.Name}
		if a.Error != nil {
			t.Message = a.Error.Message
		}
		x.Tests = append(x.Tests, t)
	}
}

// exchange adds a request that was sent. The row shows the item's own: the last
// one, when its auth took several.
func (x *htmlExecution) exchange(e run.ResponseReceived, maxBody int) {
	if e.Source != run.FromScript {
		x.Code, x.CodeState, x.Time, x.TimeText = "no answer", stateError, 0, ""
		if r := e.Response; r != nil {
			x.Code, x.CodeState, x.Time, x.TimeText = fmt.Sprint(r.Code), "", float64(r.Time.Microseconds())/1000, duration(r.Time)
		}
		x.Method, x.Name = e.Request.Method, e.Item.Name
		if folderOf(e.Item) == "" {
			x.Path = e.Request.URL.String()
		}
	}
	if len(x.Exchanges) == maxExchanges {
		x.more++
		return
	}
	x.Exchanges = append(x.Exchanges, newHTMLExchange(e, maxBody))
}

func newHTMLExchange(e run.ResponseReceived, maxBody int) htmlExchange {
	titles := map[run.Source]string{run.FromScript: "Sent by a script", run.FromAuth: "Sent for authorization"}
	out := htmlExchange{Title: titles[e.Source], Method: e.Request.Method, URL: strings.TrimSpace(e.Request.URL.String())}
	if out.Title == "" {
		out.Title = "On the wire"
	}
	for _, h := range e.Request.Headers {
		if !h.Disabled {
			out.Sent = append(out.Sent, script.Header{Key: h.Key, Value: h.Value})
		}
	}
	if e.SentSize > 0 {
		out.SentSize = size(e.SentSize)
	}
	out.SentBody = newHTMLBody([]byte(bodyOf(e.Request)), maxBody)
	if e.Err != nil {
		out.Error = e.Err.Message
	}
	if r := e.Response; r != nil {
		out.Status, out.Size = strings.TrimSpace(fmt.Sprintf("%d %s", r.Code, r.Status)), size(r.BodySize)
		out.Received, out.Body, out.Phases = r.Headers, newHTMLBody(r.Body, maxBody), htmlPhases(r)
	}
	return out
}

// htmlPhases are the bars of a waterfall, one after the other.
func htmlPhases(r *run.Response) []htmlPhase {
	t := r.Timings
	total := t.DNS + t.Connect + t.TLS + t.FirstByte + t.Download
	if total <= 0 {
		return nil
	}
	percent := func(d time.Duration) template.CSS {
		return template.CSS(fmt.Sprintf("%.2f%%", 100*float64(d)/float64(total))) //nolint:gosec // a number
	}
	var out []htmlPhase
	var done time.Duration
	for _, p := range []struct {
		key, name string
		took      time.Duration
	}{{"dns", "DNS", t.DNS}, {"connect", "Connect", t.Connect}, {"tls", "TLS", t.TLS}, {"wait", "Wait", t.FirstByte}, {"download", "Download", t.Download}} {
		if p.took > 0 {
			out = append(out, htmlPhase{p.name, fmt.Sprintf("%.1f ms", float64(p.took.Microseconds())/1000), template.CSS(p.key), percent(done), percent(p.took)}) //nolint:gosec // ours
			done += p.took
		}
	}
	return out
}

func newHTMLBody(body []byte, most int) htmlBody {
	switch {
	case len(body) == 0:
		return htmlBody{}
	case !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0:
		return htmlBody{Note: fmt.Sprintf("%s that are no text.", plural(len(body), "byte"))}
	}
	if len(body) <= most && (body[0] == '{' || body[0] == '[') {
		var pretty bytes.Buffer
		if json.Indent(&pretty, body, "", "  ") == nil && pretty.Len() <= 2*most {
			return htmlBody{Text: pretty.String()}
		}
	}
	text := clip(string(body), most)
	if rest := len(body) - len(text); rest > 0 {
		return htmlBody{text, fmt.Sprintf("%s more.", plural(rest, "byte"))}
	}
	return htmlBody{Text: text}
}

// clip is the beginning of a text, whole characters only.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// conclude fills in what is known at the end.
func (x *htmlExecution) conclude() {
	if n := x.lines - maxLines; n > 0 {
		x.Console = append(x.Console, htmlLine{"", plural(n, "more line") + "."})
	}
	if x.more > 0 {
		x.Exchanges[maxExchanges-1].Title += ", and " + plural(x.more, "more request")
	}
	passed, all := 0, 0
	for _, t := range x.Tests {
		if t.State != stateError {
			all++
		}
		if t.State == statePassed {
			passed++
		}
	}
	switch {
	case x.State == stateSkipped && len(x.Exchanges) == 0:
		x.Checks = "skipped"
	case all == 1:
		x.Checks = fmt.Sprintf("%d/1 test", passed)
	case all > 1:
		x.Checks = fmt.Sprintf("%d/%d tests", passed, all)
	}
}
