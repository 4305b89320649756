package report

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
)

// JUnitOptions are what a JUnit report says beside the tests.
type JUnitOptions struct {
	Properties []Property // of each suite: a run's id, the runner
	MaxOutput  int        // bytes of console output kept for a suite; 0 = 64 KiB
}

// Property is a name with a value.
type Property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// JUnit writes the XML that CI systems read as test results: a suite for each
// request that ran, a case for each assertion. Requests and scripts that failed
// are cases of their own, with an error, so that no viewer shows them as passed.
// A script's assertions are not timed one by one: a suite's cases share its time.
type JUnit struct {
	w      *bufio.Writer
	o      JUnitOptions
	suites spool
	total  junitCounts
	suite  *junitSuite
	output strings.Builder
	err    error
}

// NewJUnit makes a reporter; Close writes the document.
func NewJUnit(w io.Writer, o JUnitOptions) *JUnit {
	if o.MaxOutput == 0 {
		o.MaxOutput = 64 << 10
	}
	return &JUnit{w: bufio.NewWriter(w), o: o}
}

type junitCounts struct {
	Tests    int     `xml:"tests,attr"`
	Failures int     `xml:"failures,attr"`
	Errors   int     `xml:"errors,attr"`
	Skipped  int     `xml:"skipped,attr"`
	Time     seconds `xml:"time,attr"`
}

// seconds are written with a dot and three digits.
type seconds time.Duration

// MarshalXMLAttr implements xml.MarshalerAttr.
func (s seconds) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return xml.Attr{Name: name, Value: fmt.Sprintf("%.3f", time.Duration(s).Seconds())}, nil
}

type junitSuite struct {
	XMLName xml.Name `xml:"testsuite"`
	Name    string   `xml:"name,attr"`
	ID      string   `xml:"id,attr"`
	junitCounts
	Timestamp  string      `xml:"timestamp,attr"` // UTC, without a zone: the schema knows none
	Properties *[]Property `xml:"properties>property"`
	Cases      []junitCase
	Output     string `xml:"system-out,omitempty"`

	class string
}

type junitCase struct {
	XMLName xml.Name      `xml:"testcase"`
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    seconds       `xml:"time,attr"`
	Skipped *struct{}     `xml:"skipped"`
	Failure *junitTrouble `xml:"failure"`
	Error   *junitTrouble `xml:"error"`
}

type junitTrouble struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// Report takes an event.
func (j *JUnit) Report(e run.Event) {
	switch e := e.(type) {
	case run.ItemStarted:
		j.begin(e)
	case run.ConsoleLogged:
		j.print(e.Level + ": " + strings.Join(e.Args, " "))
	case run.Warning:
		j.print("warning: " + e.Message)
	case run.AssertionsDone:
		for _, a := range e.Assertions {
			j.assertion(a)
		}
	case run.ScriptFinished:
		for _, f := range run.Failures(e) {
			if f.Repeated { // its assertions stand there already
				continue
			}
			j.failed(string(e.Phase)+" script", f.Name, f.Message, f.Stack)
		}
	case run.ResponseReceived:
		if e.Err != nil {
			name := "request"
			if e.Source == run.FromScript {
				name = "pm.sendRequest"
			}
			j.failed(name, e.Err.Code, e.Err.Message, "")
		}
	case run.ItemFinished:
		j.end(e)
	case run.RunFinished:
		j.total.Time = seconds(e.Result.Duration())
	}
}

func (j *JUnit) begin(e run.ItemStarted) {
	path := e.Item.Path()
	name := e.Item.Name
	if len(path) > 1 { // the first is the collection
		name = strings.Join(path[1:], " / ")
	}
	if e.Cursor.Cycles > 1 {
		name = fmt.Sprintf("%s (iteration %d)", name, e.Cursor.Iteration+1)
	}
	j.output.Reset()
	j.suite = &junitSuite{
		Name: name, ID: e.Item.ID, Timestamp: time.Now().UTC().Format("2006-01-02T15:04:05"), class: strings.Join(path, "."),
	}
	if len(j.o.Properties) > 0 {
		j.suite.Properties = &j.o.Properties
	}
}

func (j *JUnit) print(line string) {
	if room := j.o.MaxOutput - j.output.Len(); room > 0 {
		j.output.WriteString(line[:min(len(line), room)] + "\n")
	}
}

func (j *JUnit) assertion(a script.Assertion) {
	if j.suite == nil {
		return
	}
	c := junitCase{Name: a.Name, Class: j.suite.class}
	switch {
	case a.Error != nil:
		j.suite.Failures++
		c.Failure = &junitTrouble{Type: a.Error.Name, Message: a.Error.Message, Text: a.Error.Error()}
		if c.Failure.Type == "" {
			c.Failure.Type = "AssertionError"
		}
	case a.Skipped:
		j.suite.Skipped++
		c.Skipped = &struct{}{}
	}
	j.suite.Cases = append(j.suite.Cases, c)
}

// failed adds a case for what is no assertion.
func (j *JUnit) failed(name, kind, message, stack string) {
	if j.suite == nil {
		return
	}
	if kind == "" {
		kind = "Error"
	}
	if stack == "" {
		stack = kind + ": " + message
	}
	j.suite.Errors++
	j.suite.Cases = append(j.suite.Cases, junitCase{Name: name, Class: j.suite.class, Error: &junitTrouble{Type: kind, Message: message, Text: stack}})
}

func (j *JUnit) end(e run.ItemFinished) {
	s := j.suite
	j.suite = nil
	if s == nil {
		return
	}
	if e.Skipped {
		s.Skipped++
		s.Cases = append(s.Cases, junitCase{Name: "request", Class: s.class, Skipped: &struct{}{}})
	}
	s.Tests, s.Time, s.Output = len(s.Cases), seconds(e.Duration), j.output.String()
	for i := range s.Cases {
		s.Cases[i].Time = s.Time / seconds(len(s.Cases))
	}
	j.total.Tests += s.Tests
	j.total.Failures += s.Failures
	j.total.Errors += s.Errors
	j.total.Skipped += s.Skipped
	data, err := xml.MarshalIndent(s, "  ", "  ")
	j.fail(err)
	j.fail(j.suites.write(append(data, '\n')))
}

// Close writes the document: its totals stand before what they count.
func (j *JUnit) Close() error {
	root := struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		junitCounts
	}{Name: "picket", junitCounts: j.total}
	head, err := xml.Marshal(root)
	j.fail(err)
	_, err = fmt.Fprintf(j.w, "%s%s\n", xml.Header, strings.TrimSuffix(string(head), "</testsuites>"))
	j.fail(err)
	j.fail(j.suites.copyTo(j.w))
	_, err = j.w.WriteString("</testsuites>\n")
	j.fail(err)
	j.fail(j.w.Flush())
	j.fail(j.suites.close())
	return j.err
}

func (j *JUnit) fail(err error) {
	if j.err == nil {
		j.err = err
	}
}
