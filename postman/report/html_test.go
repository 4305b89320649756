package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/report"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/transport"
)

// page is an HTML report as a browser has it: its elements, and its text.
type page struct {
	elements []*html.Node
	text     string
}

func parsePage(t *testing.T, data []byte) page {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(data))
	require.NoError(t, err)
	var p page
	var text strings.Builder
	for n := range root.Descendants() {
		switch {
		case n.Type == html.ElementNode:
			p.elements = append(p.elements, n)
		case n.Type == html.TextNode && n.Parent.Data != "style":
			text.WriteString(n.Data + " ")
		}
	}
	p.text = strings.Join(strings.Fields(text.String()), " ")
	return p
}

func (p page) count(element, class string) int {
	n := 0
	for _, e := range p.elements {
		if e.Data == element && strings.Contains(" "+attribute(e, "class")+" ", " "+class+" ") {
			n++
		}
	}
	return n
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestHTML(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := report.NewHTML(&out, report.HTMLOptions{Version: "1.2.3"})
	play(t, 2, h)
	require.NoError(t, h.Close())
	p := parsePage(t, out.Bytes())
	require.Contains(t, p.text, "Ended with errors Shop")
	require.Contains(t, p.text, "2 iterations Picket 1.2.3")
	require.Contains(t, p.text, "Tests passed 2 of 6 2 failed")
	require.Contains(t, p.text, "bad expected 1 to equal 2")
	require.Contains(t, p.text, "getaddrinfo ENOTFOUND nobody.invalid")
	require.Contains(t, p.text, "ReferenceError: x is not defined in test-script")
	require.Contains(t, p.text, "inner / deep, iteration 2")
	require.Contains(t, p.text, "warn three four")
	require.Less(t, strings.Index(p.text, "6 problems"), strings.Index(p.text, "Requests only those"), "failures come first")
	require.Equal(t, 2, p.count("p", "iteration"))
	require.Equal(t, p.count("li", "problem"), p.count("details", "bad"))
}

// The texts of a run are somebody else's: none of them becomes markup.
func TestHTMLOfHostileTexts(t *testing.T) {
	t.Parallel()
	const evil = `</style></pre><script>alert(1)</script><img src=x onerror=alert(1)>" onload="alert(1) {{.}} javascript:alert(1)`
	item := &postman.Item{Name: evil, ID: evil, Parent: &postman.Item{Name: evil}, Request: &postman.Request{Method: evil}}
	var out bytes.Buffer
	h := report.NewHTML(&out, report.HTMLOptions{Version: evil})
	failed := &script.Error{Name: evil, Message: evil}
	for _, e := range []run.Event{
		run.RunStarted{Collection: &postman.Collection{Item: postman.Item{Name: evil}}, Iterations: 1},
		run.ItemStarted{Item: item},
		run.ConsoleLogged{Item: item, Level: evil, Args: []string{evil}},
		run.Warning{Item: item, Message: evil},
		run.AssertionsDone{Item: item, Assertions: []script.Assertion{{Name: evil, Error: failed}}},
		run.ScriptFinished{Item: item, Error: failed},
		run.ResponseReceived{Item: item, Request: &postman.Request{Method: evil, Headers: []postman.Header{{Key: evil, Value: evil}}}, Response: &run.Response{Status: evil, Headers: []script.Header{{Key: evil, Value: evil}}, Body: []byte(evil)}},
		run.ItemFinished{Item: item},
		run.RunFinished{Result: &run.Result{Outcome: run.Failed}},
	} {
		h.Report(e)
	}
	require.NoError(t, h.Close())
	p := parsePage(t, out.Bytes())
	require.Contains(t, p.text, "<script>alert(1)</script>")
	for _, e := range p.elements {
		require.NotContains(t, []string{"script", "img", "link", "iframe", "object"}, e.Data)
		for _, a := range e.Attr {
			require.NotContains(t, []string{"onload", "onerror", "src"}, a.Key)
			if a.Key == "href" {
				require.Regexp(t, `^#x\d+$`, a.Val)
			}
		}
	}
}

func TestHTMLShowsItsBounds(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := report.NewHTML(&out, report.HTMLOptions{MaxPassed: 2, MaxFailed: 3, MaxBody: 10})
	root := &postman.Item{Name: "c"}
	h.Report(run.RunStarted{Collection: &postman.Collection{Item: postman.Item{Name: "c"}}, Iterations: 1})
	for i := range 1000 {
		item := &postman.Item{Name: fmt.Sprint("r", i), Parent: root, Request: &postman.Request{Method: "GET"}}
		h.Report(run.ItemStarted{Item: item})
		h.Report(run.ResponseReceived{Item: item, Request: item.Request, Response: &run.Response{
			Code: 200, Body: []byte("ääääääääää"), Time: time.Duration(i) * time.Millisecond,
			Timings: transport.Timings{Connect: time.Millisecond, FirstByte: 3 * time.Millisecond},
		}})
		if i%100 == 99 {
			h.Report(run.AssertionsDone{Item: item, Assertions: []script.Assertion{{Name: "a", Error: &script.Error{Message: "no"}}}})
		}
		h.Report(run.ItemFinished{Item: item})
	}
	require.NoError(t, h.Close(), "of a run that was cut off, too")
	p := parsePage(t, out.Bytes())
	require.Contains(t, p.text, "Stopped before its end")
	require.Equal(t, 5, p.count("details", "x"))
	require.Contains(t, p.text, "10 problems")
	require.Contains(t, p.text, "7 more are not shown.")
	require.Contains(t, p.text, "995 more requests are not shown")
	require.Contains(t, p.text, "äääää 10 bytes more.")
	require.Contains(t, out.String(), "--l:25.00%;--w:75.00%")
	bars := strings.Count(out.String(), `" style="--t:`)
	require.Greater(t, bars, 100)
	require.Less(t, bars, 260)
}
