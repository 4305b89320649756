package report

import (
	"bufio"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

// JSON writes newman's JSON report. Executions go out as they end, so that its
// memory does not grow with the run; only long lists of failures wait in a
// temporary file. Close it when the run is over.
type JSON struct {
	w        *bufio.Writer
	err      error
	failures spool
	failed   int
	written  int // executions
	current  *execution
}

// NewJSON makes a reporter that writes to w.
func NewJSON(w io.Writer) *JSON { return &JSON{w: bufio.NewWriterSize(w, 64<<10)} }

// execution collects one item until it ends. newman shows an execution once for
// each of its requests, always with what the last one came to.
type execution struct {
	Cursor           *cursor         `json:"cursor"`
	Item             item            `json:"item"`
	Request          json.RawMessage `json:"request,omitempty"`
	ID               string          `json:"id"`
	RequestError     map[string]any  `json:"requestError,omitempty"`
	PrerequestScript []scriptError   `json:"prerequestScript,omitempty"`
	TestScript       []scriptError   `json:"testScript,omitempty"`
	Assertions       []assertion     `json:"assertions,omitempty"`
	failed           bool            // RequestError is set, if only to {}
	response         *run.Response   // written by hand, for its body
	requests         int             // how often the execution is shown
}

type cursor struct {
	Position  int    `json:"position"`
	Iteration int    `json:"iteration"`
	Length    int    `json:"length"`
	Cycles    int    `json:"cycles"`
	Ref       string `json:"ref"`
}

type item struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

type scriptError struct {
	Error errorObject `json:"error"`
}

type assertion struct {
	Assertion string       `json:"assertion"`
	Skipped   bool         `json:"skipped"`
	Error     *errorObject `json:"error,omitempty"`
}

type errorObject struct {
	Name      string `json:"name,omitempty"`
	Index     *int   `json:"index,omitempty"`
	Test      string `json:"test,omitempty"`
	Message   string `json:"message,omitempty"`
	Stack     string `json:"stack,omitempty"`
	Timestamp int64  `json:"timestamp,omitempty"` // milliseconds since 1970; of script errors
	// of a request
	Errno    int    `json:"errno,omitempty"`
	Code     string `json:"code,omitempty"`
	Syscall  string `json:"syscall,omitempty"`
	Hostname string `json:"hostname,omitempty"`
	Address  string `json:"address,omitempty"`
	Port     int    `json:"port,omitempty"`
}

type failure struct {
	Error  errorObject `json:"error"`
	At     string      `json:"at"`
	Source item        `json:"source"`
	Parent item        `json:"parent"`
	Cursor *cursor     `json:"cursor"`
}

// Report takes an event.
func (j *JSON) Report(e run.Event) {
	for _, f := range run.Failures(e) {
		j.failure(f)
	}
	switch e := e.(type) {
	case run.RunStarted:
		j.text(`{"collection":`)
		j.value(map[string]any{"id": e.Collection.ID, "name": e.Collection.Name, "info": map[string]any{
			"_postman_id": e.Collection.ID, "name": e.Collection.Name, "schema": e.Collection.Schema,
		}})
		j.text(`,"run":{"executions":[`)
	case run.ItemStarted:
		j.current = &execution{Cursor: cursorOf(e.Cursor), Item: item{ID: e.Item.ID, Name: e.Item.Name}, ID: e.Item.ID}
	case run.ResponseReceived:
		j.response(e)
	case run.ScriptFinished:
		j.script(e)
	case run.AssertionsDone:
		j.assertions(e)
	case run.ItemFinished:
		j.execution()
	case run.RunFinished:
		j.finish(e.Result)
	}
}

func cursorOf(c run.Cursor) *cursor {
	return &cursor{Position: c.Position, Iteration: c.Iteration, Length: c.Length, Cycles: c.Cycles, Ref: c.Ref}
}

func (j *JSON) response(e run.ResponseReceived) {
	x := j.current
	if x == nil {
		return
	}
	x.requests++
	x.response = e.Response
	x.Request, _ = json.Marshal(e.Request)
	if e.Err != nil {
		x.failed, x.RequestError = true, requestError(e.Err)
	}
}

// requestError is the error's own fields, as JSON.stringify shows them: the
// message isn't one.
func requestError(e *run.RequestError) map[string]any {
	fields := map[string]any{}
	for key, value := range map[string]string{"code": e.Code, "syscall": e.Syscall, "hostname": e.Host, "address": e.Address} {
		if value != "" {
			fields[key] = value
		}
	}
	for key, value := range map[string]int{"errno": e.Errno, "port": e.Port} {
		if value != 0 {
			fields[key] = value
		}
	}
	return fields
}

func (j *JSON) script(e run.ScriptFinished) {
	if j.current == nil || e.Error == nil {
		return
	}
	s := scriptError{errorObject{Name: e.Error.Name, Message: e.Error.Message, Stack: e.Error.Stack, Timestamp: time.Now().UnixMilli()}}
	if e.Phase == script.PreRequest {
		j.current.PrerequestScript = append(j.current.PrerequestScript, s)
	} else {
		j.current.TestScript = append(j.current.TestScript, s)
	}
}

func (j *JSON) assertions(e run.AssertionsDone) {
	if j.current == nil {
		return
	}
	failed := map[int]run.Failure{}
	for _, f := range run.Failures(e) {
		failed[f.Index] = f
	}
	for i, a := range e.Assertions {
		out := assertion{Assertion: a.Name, Skipped: a.Skipped}
		if f, bad := failed[e.First+i]; bad {
			object := errorOf(f)
			out.Error = &object
		}
		j.current.Assertions = append(j.current.Assertions, out)
	}
}

func errorOf(f run.Failure) errorObject {
	o := errorObject{Name: f.Name, Message: f.Message, Stack: f.Stack, Test: f.Test}
	if f.Class == run.ClassAssertion && !f.Repeated {
		o.Index = &f.Index
	}
	if r := f.Request; r != nil {
		o.Errno, o.Code, o.Syscall, o.Hostname, o.Address, o.Port = r.Errno, r.Code, r.Syscall, r.Host, r.Address, r.Port
	}
	return o
}

func (j *JSON) failure(f run.Failure) {
	out := failure{Error: errorOf(f), At: f.At, Source: item{ID: f.Item.ID, Name: f.Item.Name}, Cursor: cursorOf(f.Cursor)}
	if f.Source == run.FromScript {
		out.Source.Name = "" // the request of a script has no name
	}
	if f.Item.Parent != nil {
		out.Parent = item{ID: f.Item.Parent.ID, Name: f.Item.Parent.Name}
	}
	if f.Repeated {
		out.At += ":39:17" // newman points into a file of its own here
	}
	data, err := json.Marshal(out)
	if err == nil && j.failed > 0 {
		err = j.failures.write([]byte(","))
	}
	if err == nil {
		err = j.failures.write(data)
	}
	j.failed++
	j.fail(err)
}

// execution writes what ItemStarted began.
func (j *JSON) execution() {
	x := j.current
	j.current = nil
	if x == nil {
		return
	}
	for range x.requests {
		if j.written > 0 {
			j.text(",")
		}
		j.written++
		data, err := json.Marshal(x)
		if err != nil {
			j.fail(err)
			return
		}
		j.bytes(data[:len(data)-1])
		if x.failed && len(x.RequestError) == 0 {
			j.text(`,"requestError":{}`)
		}
		if x.response != nil {
			j.responseObject(x.response)
		}
		j.text("}")
	}
}

func (j *JSON) responseObject(r *run.Response) {
	j.text(`,"response":{"code":` + strconv.Itoa(r.Code) + `,"status":`)
	j.value(r.Status)
	j.text(`,"header":`)
	j.value(r.Headers)
	j.text(`,"stream":{"type":"Buffer","data":[`)
	buf := make([]byte, 0, 4)
	for i, b := range r.Body {
		buf = buf[:0]
		if i > 0 {
			buf = append(buf, ',')
		}
		j.bytes(strconv.AppendUint(buf, uint64(b), 10))
	}
	j.text(`]},"responseTime":` + strconv.FormatInt(r.Time.Milliseconds(), 10) + `,"responseSize":` + strconv.Itoa(len(r.Body)) + "}")
}

// finish writes the end of the document.
func (j *JSON) finish(r *run.Result) {
	j.text(`],"failures":[`)
	j.fail(j.failures.copyTo(j.w))
	j.text(`],"stats":`)
	j.value(stats(&r.Counts))
	j.text(`,"timings":`)
	j.value(timings(r))
	j.text(`,"transfers":`)
	j.value(map[string]int64{"responseTotal": r.ResponseBytes})
	j.text(`,"error":`)
	if r.Err != nil {
		j.value(errorObject{Name: "Error", Message: r.Err.Error()})
	} else {
		j.text("null")
	}
	j.text(`},"environment":`)
	j.value(scope(r.Environment))
	j.text(`,"globals":`)
	j.value(scope(r.Globals))
	j.text("}\n")
}

func stats(c *run.Counts) map[string]any {
	of := func(c run.Count) map[string]int {
		return map[string]int{"total": c.Total, "pending": 0, "failed": c.Failed}
	}
	return map[string]any{
		"iterations": of(c.Iterations), "items": of(c.Items), "scripts": of(c.Scripts), "prerequests": of(c.Prerequests), "requests": of(c.Requests),
		"tests": of(c.Tests), "assertions": of(c.Assertions), "testScripts": of(c.TestScripts), "prerequestScripts": of(c.PrerequestScripts),
	}
}

func timings(r *run.Result) map[string]any {
	out := map[string]any{"started": r.Started.UnixMilli(), "completed": r.Finished.UnixMilli()}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	for name, d := range map[string]*run.Durations{"response": &r.Response, "dns": &r.DNS, "firstByte": &r.FirstByte} {
		out[name+"Average"], out[name+"Min"], out[name+"Max"], out[name+"Sd"] = ms(d.Average()), ms(d.Min), ms(d.Max), ms(d.Deviation())
	}
	return out
}

func scope(s *vars.Scope) map[string]any {
	all := s.All()
	values := make([]map[string]any, 0, len(all))
	for _, v := range all {
		entry := map[string]any{"type": v.Type, "key": v.Key, "value": v.Value}
		if v.Type == "" {
			entry["type"] = "any"
		}
		if v.Disabled {
			entry["disabled"] = true
		}
		values = append(values, entry)
	}
	out := map[string]any{"values": values}
	if s.Name() != "" {
		out["name"] = s.Name()
	}
	return out
}

// Close writes out what is left and gives the first error of any write.
func (j *JSON) Close() error {
	j.fail(j.w.Flush())
	j.fail(j.failures.close())
	return j.err
}

func (j *JSON) fail(err error) {
	if j.err == nil {
		j.err = err
	}
}

func (j *JSON) text(s string) {
	_, err := j.w.WriteString(s)
	j.fail(err)
}

func (j *JSON) bytes(b []byte) {
	_, err := j.w.Write(b)
	j.fail(err)
}

func (j *JSON) value(v any) {
	data, err := json.Marshal(v)
	j.fail(err)
	j.bytes(data)
}
