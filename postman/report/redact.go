package report

import (
	"errors"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/redact"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

// Redact passes events on with the secrets masked in all that reporters may
// show. The events themselves stay as they are: the run goes on with them.
func Redact(secrets *redact.Redactor, reporters ...run.Reporter) run.Reporter {
	return &masked{text: secrets.Text, bytes: secrets.Bytes, to: reporters, items: map[*postman.Item]*postman.Item{}}
}

type masked struct {
	text  func(string) string
	bytes func([]byte) []byte
	to    []run.Reporter
	items map[*postman.Item]*postman.Item // copies: reporters compare items
}

// Report takes an event.
func (m *masked) Report(e run.Event) {
	e = m.event(e)
	for _, r := range m.to {
		r.Report(e)
	}
}

func (m *masked) event(e run.Event) run.Event {
	switch e := e.(type) {
	case run.RunStarted:
		e.Collection = m.collection(e.Collection)
		return e
	case run.ItemStarted:
		e.Item = m.item(e.Item)
		return e
	case run.ConsoleLogged:
		e.Item, e.Args = m.item(e.Item), m.texts(e.Args)
		return e
	case run.AssertionsDone:
		e.Item, e.Assertions = m.item(e.Item), m.assertions(e.Assertions)
		return e
	case run.ScriptFinished:
		return m.script(e)
	case run.PhaseFinished:
		e.Item = m.item(e.Item)
		return e
	case run.RequestSent:
		e.Item, e.Request = m.item(e.Item), m.request(e.Request)
		return e
	case run.ResponseReceived:
		e.Item, e.Request = m.item(e.Item), m.request(e.Request)
		e.Response, e.Err = m.response(e.Response), m.requestError(e.Err)
		return e
	case run.ItemFinished:
		e.Item = m.item(e.Item)
		return e
	case run.Warning:
		e.Item, e.Message = m.item(e.Item), m.text(e.Message)
		return e
	case run.RunFinished:
		e.Result = m.result(e.Result)
		return e
	default: // iterations carry no text
		return e
	}
}

func (m *masked) texts(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = m.text(s)
	}
	return out
}

func (m *masked) collection(c *postman.Collection) *postman.Collection {
	if c == nil {
		return nil
	}
	out := &postman.Collection{Schema: c.Schema, Variables: m.variables(c.Variables), Item: *m.item(&c.Item)}
	m.items[&c.Item] = &out.Item // requests at the root have the collection for a parent
	return out
}

// item copies what reporters show of an item, and its parents.
func (m *masked) item(i *postman.Item) *postman.Item {
	if i == nil {
		return nil
	}
	if known, ok := m.items[i]; ok {
		return known
	}
	out := &postman.Item{ID: m.text(i.ID), Name: m.text(i.Name), Request: m.request(i.Request), Parent: m.item(i.Parent)}
	m.items[i] = out
	return out
}

func (m *masked) request(r *postman.Request) *postman.Request {
	if r == nil {
		return nil
	}
	out := r.Resolve(m.text)
	out.Description = m.text(r.Description)
	return out
}

func (m *masked) response(r *run.Response) *run.Response {
	if r == nil {
		return nil
	}
	out := *r
	out.Status, out.URL, out.Body = m.text(r.Status), m.text(r.URL), m.bytes(r.Body)
	out.Headers = make([]script.Header, len(r.Headers))
	for i, h := range r.Headers {
		out.Headers[i] = script.Header{Key: m.text(h.Key), Value: m.text(h.Value)}
	}
	return &out
}

func (m *masked) requestError(e *run.RequestError) *run.RequestError {
	if e == nil {
		return nil
	}
	out := *e
	out.Host, out.Address, out.Message, out.Err = m.text(e.Host), m.text(e.Address), m.text(e.Message), m.err(e.Err)
	return &out
}

func (m *masked) assertions(list []script.Assertion) []script.Assertion {
	out := make([]script.Assertion, len(list))
	for i, a := range list {
		a.Name, a.Error = m.text(a.Name), m.scriptError(a.Error)
		out[i] = a
	}
	return out
}

func (m *masked) scriptError(e *script.Error) *script.Error {
	if e == nil {
		return nil
	}
	out := *e
	out.Name, out.Message, out.Stack = m.text(e.Name), m.text(e.Message), m.text(e.Stack)
	return &out
}

func (m *masked) script(e run.ScriptFinished) run.Event {
	e.Item, e.Error, e.Event.Source = m.item(e.Item), m.scriptError(e.Error), m.text(e.Event.Source)
	if e.Next != nil {
		next := *e.Next
		next.Name = m.text(next.Name)
		e.Next = &next
	}
	return e
}

func (m *masked) result(r *run.Result) *run.Result {
	out := *r
	out.Err = m.err(r.Err)
	out.Environment, out.Globals, out.Collection = m.scope(r.Environment), m.scope(r.Globals), m.scope(r.Collection)
	if f := r.FirstFailure; f != nil {
		first := *f
		first.Name, first.Message, first.Test, first.Stack = m.text(f.Name), m.text(f.Message), m.text(f.Test), m.text(f.Stack)
		first.Item, first.Request = m.item(f.Item), m.requestError(f.Request)
		out.FirstFailure = &first
	}
	return &out
}

func (m *masked) scope(s *vars.Scope) *vars.Scope {
	if s == nil {
		return nil
	}
	return vars.NewScope(s.Name(), m.variables(s.All())...)
}

func (m *masked) variables(list []vars.Variable) []vars.Variable {
	out := make([]vars.Variable, len(list))
	for i, v := range list {
		v.Key, v.Value = m.text(v.Key), m.value(v.Value)
		out[i] = v
	}
	return out
}

// value masks what JSON decodes to.
func (m *masked) value(v any) any {
	switch v := v.(type) {
	case string:
		return m.text(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = m.value(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			out[m.text(key)] = m.value(e)
		}
		return out
	default:
		return v
	}
}

func (m *masked) err(err error) error {
	if err == nil {
		return nil
	}
	return &maskedError{text: m.text(err.Error()), is: err}
}

// maskedError can be asked what it is, but doesn't hand out the error with the secret.
type maskedError struct {
	text string
	is   error
}

func (e *maskedError) Error() string { return e.text }

func (e *maskedError) Is(target error) bool { return errors.Is(e.is, target) }
