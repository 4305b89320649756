package report_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/report"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
)

type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	counts
	Suites []struct {
		Name      string `xml:"name,attr"`
		Timestamp string `xml:"timestamp,attr"`
		counts
		Properties []report.Property `xml:"properties>property"`
		Cases      []struct {
			Name    string    `xml:"name,attr"`
			Class   string    `xml:"classname,attr"`
			Time    string    `xml:"time,attr"`
			Failure *trouble  `xml:"failure"`
			Error   *trouble  `xml:"error"`
			Skipped *struct{} `xml:"skipped"`
		} `xml:"testcase"`
		Output string `xml:"system-out"`
	} `xml:"testsuite"`
}

type counts struct {
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"`
}

type trouble struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func junit(t *testing.T, iterations int) suites {
	t.Helper()
	var out bytes.Buffer
	j := report.NewJUnit(&out, report.JUnitOptions{Properties: []report.Property{{Name: "run", Value: "r1"}}})
	play(t, iterations, j)
	require.NoError(t, j.Close())
	var doc suites
	require.NoError(t, xml.Unmarshal(out.Bytes(), &doc), out.String())
	return doc
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	doc := junit(t, 1)
	var lines []string
	sum := counts{Time: doc.Time}
	for _, s := range doc.Suites {
		require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`, s.Timestamp)
		require.Equal(t, []report.Property{{Name: "run", Value: "r1"}}, s.Properties)
		require.Len(t, s.Cases, s.Tests)
		sum.Tests, sum.Failures, sum.Errors, sum.Skipped = sum.Tests+s.Tests, sum.Failures+s.Failures, sum.Errors+s.Errors, sum.Skipped+s.Skipped
		for _, c := range s.Cases {
			require.Regexp(t, `^\d+\.\d{3}$`, c.Time)
			l := s.Name + " | " + c.Class + " | " + c.Name
			if c.Failure != nil {
				l += " | failure " + c.Failure.Type + ": " + c.Failure.Message
			}
			if c.Error != nil {
				l += " | error " + c.Error.Type
			}
			if c.Skipped != nil {
				l += " | skipped"
			}
			lines = append(lines, l)
		}
	}
	require.Equal(t, sum, doc.counts)
	require.Equal(t, strings.TrimSpace(`
root | Shop.root | pm.sendRequest | error ENOTFOUND
root | Shop.root | good
root | Shop.root | bad | failure AssertionError: expected 1 to equal 2
root | Shop.root | later | skipped
folder / inner / deep | Shop.folder.inner.deep | test script | error ReferenceError
folder / gone | Shop.folder.gone | request | error ENOTFOUND
folder / skipped | Shop.folder.skipped | request | skipped`), strings.Join(lines, "\n"))
	require.Equal(t, "log: one two\nwarn: three\nfour\n", doc.Suites[0].Output)
}

func TestJUnitKeepsIterationsApart(t *testing.T) {
	t.Parallel()
	doc := junit(t, 2)
	names := map[string]bool{}
	for _, s := range doc.Suites {
		require.False(t, names[s.Name], s.Name)
		names[s.Name] = true
	}
	require.True(t, names["folder / gone (iteration 2)"])
}

// TestJUnitOfHostileTexts: whatever stands in names and messages, it is XML.
func TestJUnitOfHostileTexts(t *testing.T) {
	t.Parallel()
	hostile := "]]><x a=\"&\x00\x08\xff\ufffe\u2028"
	item := &postman.Item{Name: hostile}
	var out bytes.Buffer
	j := report.NewJUnit(&out, report.JUnitOptions{MaxOutput: 10})
	for _, e := range []run.Event{
		run.ItemStarted{Item: item},
		run.ConsoleLogged{Item: item, Level: "log", Args: []string{hostile}},
		run.ConsoleLogged{Item: item, Level: "log", Args: []string{"dropped"}},
		run.AssertionsDone{Item: item, Assertions: []script.Assertion{{Name: hostile, Error: &script.Error{Name: hostile, Message: hostile}}}},
		run.ScriptFinished{Item: item, Phase: script.Test, Error: &script.Error{Name: "AssertionFailure", Message: hostile}},
		run.ItemFinished{Item: item, Duration: time.Second},
	} {
		j.Report(e)
	}
	require.NoError(t, j.Close())
	var doc suites
	require.NoError(t, xml.Unmarshal(out.Bytes(), &doc))
	require.Equal(t, 1, doc.Tests, "a failure that --bail repeats is no other test")
	require.Contains(t, doc.Suites[0].Cases[0].Failure.Message, "]]><x a=\"&")
	require.NotContains(t, doc.Suites[0].Output, "dropped")
	require.Equal(t, "1.000", doc.Suites[0].Time)
}

func TestNDJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	n := report.NewNDJSON(&out)
	res := play(t, 2, n)
	require.NoError(t, n.Close())
	var types []string
	var last map[string]any
	assertions := map[string]int{}
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		last = nil
		require.NoError(t, json.Unmarshal(lines.Bytes(), &last), lines.Text())
		_, err := time.Parse(time.RFC3339Nano, last["at"].(string))
		require.NoError(t, err)
		kind := last["type"].(string)
		types = append(types, kind)
		switch kind {
		case "assertion":
			assertions[last["outcome"].(string)]++
		case "responseReceived":
			require.True(t, last["error"] != nil || last["code"].(float64) == 200, lines.Text())
		case "itemStarted":
			require.NotEmpty(t, last["item"])
		}
	}
	require.Equal(t, []string{"runStarted", "iterationStarted", "itemStarted", "requestSent"}, types[:4])
	require.Equal(t, map[string]int{"passed": 2, "failed": 2, "skipped": 2}, assertions)
	require.Equal(t, "runFinished", last["type"])
	require.Equal(t, string(res.Outcome), last["outcome"])
	require.EqualValues(t, res.Counts.Requests.Total, last["counts"].(map[string]any)["requests"])
	broke := report.NewNDJSON(broken{})
	broke.Report(run.IterationStarted{})
	require.ErrorIs(t, broke.Close(), errFull)
}
