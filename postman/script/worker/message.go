package worker

import (
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

// order is what the parent tells a worker: exactly one field is set.
type order struct {
	Open   *openOrder   `json:"open,omitempty"`
	Run    *runOrder    `json:"run,omitempty"`
	Answer *answerOrder `json:"answer,omitempty"`
	Sent   *int         `json:"sent,omitempty"` // the request of that call is on its way
}

// openOrder has the worker give up its sandbox and make a new one.
type openOrder struct {
	Memory uintptr `json:"memory,omitempty"`
	Newman bool    `json:"newman,omitempty"`
	Compat bool    `json:"compat,omitempty"`
}

// runOrder is a script.Input. The response's body follows the message.
type runOrder struct {
	Phase    script.Phase              `json:"phase"`
	Source   string                    `json:"source"`
	Info     script.Info               `json:"info"`
	Location []string                  `json:"location,omitempty"`
	Request  json.RawMessage           `json:"request,omitempty"`
	Response *response                 `json:"response,omitempty"`
	URL      string                    `json:"url,omitempty"`
	Host     bool                      `json:"host"`
	Timeout  time.Duration             `json:"timeout"`
	Scopes   [scopeCount]*scopeContent `json:"scopes"` // those that the worker doesn't know yet
}

// response is a script.Response without its body.
type response struct {
	Code    int             `json:"code"`
	Status  string          `json:"status"`
	Headers []script.Header `json:"headers"`
	Time    time.Duration   `json:"time"`
	Size    int             `json:"size"`
}

func responseHead(r *script.Response) *response {
	return &response{r.Code, r.Status, r.Headers, r.Time, r.Size}
}

func (r *response) with(body []byte) script.Response {
	return script.Response{Code: r.Code, Status: r.Status, Headers: r.Headers, Body: body, Time: r.Time, Size: r.Size}
}

// answerOrder is the outcome of a call. A response's body follows the message.
type answerOrder struct {
	Call     int             `json:"call"`
	Response *response       `json:"response,omitempty"`
	Cookies  []script.Cookie `json:"cookies,omitempty"`
	Error    *failure        `json:"error,omitempty"`
}

// failure is an error of the Host, with the code that scripts see.
type failure struct {
	Message string `json:"message"`
	Code    string `json:"code,omitempty"`
}

func failureOf(err error) *failure {
	if err == nil {
		return nil
	}
	f := &failure{Message: err.Error()}
	if coded, ok := errors.AsType[interface {
		error
		ErrorCode() string
	}](err); ok {
		f.Code = coded.ErrorCode()
	}
	return f
}

func (f *failure) Error() string { return f.Message }

// ErrorCode is what scripts see as the error's code.
func (f *failure) ErrorCode() string { return f.Code }

// err keeps a nil failure from becoming an error that isn't nil.
func (f *failure) err() error {
	if f == nil {
		return nil
	}
	return f
}

// notice is what a worker tells its parent: at most one of the pointers is set.
type notice struct {
	Ready   *readyNotice   `json:"ready,omitempty"`
	Call    *callNotice    `json:"call,omitempty"`
	Cancel  *int           `json:"cancel,omitempty"` // nobody waits for that call any more
	Done    *script.Output `json:"done,omitempty"`
	Changes []change       `json:"changes,omitempty"` // made since the notice before
}

// readyNotice answers openOrder.
type readyNotice struct {
	Error string `json:"error,omitempty"`
}

// callNotice asks for something of the Host, by the name of its method.
type callNotice struct {
	ID      int             `json:"id"`
	Method  string          `json:"method"`
	Request json.RawMessage `json:"request,omitempty"`
	URL     string          `json:"url,omitempty"`
	Name    string          `json:"name,omitempty"`
	Cookie  *script.Cookie  `json:"cookie,omitempty"`
}

const (
	callSend         = "Send"
	callCookies      = "Cookies"
	callSetCookie    = "SetCookie"
	callDeleteCookie = "DeleteCookie"
)

// The scopes, by their places in messages.
const scopeCount = 5

func scopeList(s *script.Scopes) [scopeCount]**vars.Scope {
	return [scopeCount]**vars.Scope{&s.Globals, &s.Environment, &s.Collection, &s.Data, &s.Local}
}

// scopeContent is a scope as a whole.
type scopeContent struct {
	Name      string     `json:"name"`
	Variables []variable `json:"variables,omitempty"`
}

type variable struct {
	Key      string `json:"k"`
	Value    value  `json:"v"`
	Type     string `json:"t,omitempty"`
	Disabled bool   `json:"d,omitempty"`
}

func contentOf(s *vars.Scope) *scopeContent {
	all := s.All()
	c := &scopeContent{Name: s.Name(), Variables: make([]variable, len(all))}
	for i, v := range all {
		c.Variables[i] = variable{v.Key, value{v.Value}, v.Type, v.Disabled}
	}
	return c
}

func (c *scopeContent) scope() *vars.Scope {
	all := make([]vars.Variable, len(c.Variables))
	for i, v := range c.Variables {
		all[i] = vars.Variable{Key: v.Key, Value: v.Value.any, Type: v.Type, Disabled: v.Disabled}
	}
	return vars.NewScope(c.Name, all...)
}

// change is a vars.Change of one of the scopes.
type change struct {
	Scope int     `json:"s"`
	Op    vars.Op `json:"o"`
	Key   string  `json:"k,omitempty"`
	Value value   `json:"v"`
}

// value is a variable's value: a list with the value alone, or the name of one
// that JSON hasn't.
type value struct{ any }

const (
	nameUndefined   = "undefined"
	nameNaN         = "NaN"
	nameInfinity    = "Infinity"
	nameNegInfinity = "-Infinity"
)

// MarshalJSON implements json.Marshaler.
func (v value) MarshalJSON() ([]byte, error) {
	switch x := v.any.(type) {
	case vars.Undefined:
		return json.Marshal(nameUndefined)
	case float64:
		switch {
		case math.IsNaN(x):
			return json.Marshal(nameNaN)
		case math.IsInf(x, 1):
			return json.Marshal(nameInfinity)
		case math.IsInf(x, -1):
			return json.Marshal(nameNegInfinity)
		}
	}
	return json.Marshal([1]any{v.any})
}

var errValue = errors.New("not a variable's value")

// UnmarshalJSON implements json.Unmarshaler.
func (v *value) UnmarshalJSON(data []byte) error {
	var told any
	if err := json.Unmarshal(data, &told); err != nil {
		return err
	}
	switch told := told.(type) {
	case nil: // of a change without a value
		v.any = nil
	case []any:
		if len(told) != 1 {
			return errValue
		}
		v.any = told[0]
	case string:
		special, ok := map[string]any{
			nameUndefined: vars.Undefined{}, nameNaN: math.NaN(), nameInfinity: math.Inf(1), nameNegInfinity: math.Inf(-1),
		}[told]
		if !ok {
			return errValue
		}
		v.any = special
	default:
		return errValue
	}
	return nil
}
