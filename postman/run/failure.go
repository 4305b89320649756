package run

import (
	"fmt"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/script"
)

// Class says what kind of thing went wrong.
type Class string

// The classes.
const (
	ClassAssertion Class = "assertion" // the answer is not what a test expects
	ClassNetwork   Class = "network"   // no answer came: names, connections, TLS, time
	ClassRequest   Class = "request"   // the request could not be made of what the author wrote
	ClassScript    Class = "script"    // a script could not be run to its end
)

// RequestError is why a request has no response.
type RequestError struct {
	Class   Class
	Code    string // ECONNREFUSED, ENOTFOUND, ESOCKETTIMEDOUT, …; may be empty
	Errno   int    // negative, as Node has it; 0 = none
	Syscall string // connect, read, write, getaddrinfo; may be empty
	Host    string // the name that was looked up; may be empty
	Address string // the address that was dialled; may be empty
	Port    int
	Message string
	Err     error // what Go said, for errors.Is and errors.As; may be nil
}

func (e *RequestError) Error() string { return e.Message }

func (e *RequestError) Unwrap() error { return e.Err }

// ErrorCode is the code that scripts see as err.code.
func (e *RequestError) ErrorCode() string { return e.Code }

// name is the class of Node's error.
func (e *RequestError) name() string {
	switch e.Code {
	case "ERR_SOCKET_BAD_PORT":
		return "RangeError"
	case "ERR_INVALID_HTTP_TOKEN", "ERR_INVALID_CHAR", "ERR_UNESCAPED_CHARACTERS":
		return "TypeError"
	}
	return "Error"
}

// Failure is one thing that went wrong in a run.
type Failure struct {
	Class     Class
	Name      string // AssertionError, TypeError, Error, …
	Message   string
	Test      string // name of the assertion; empty for other classes
	Index     int    // of the assertion in its script
	Skipped   bool
	At        string // "assertion:1 in test-script", "test-script", "request", as newman says it
	Stack     string
	Cursor    Cursor
	Item      *postman.Item
	Source    Source // of the request, for ClassNetwork and ClassRequest
	Iteration int
	Request   *RequestError // nil unless a request failed
	// Repeated marks the error that bailing out makes of failed assertions which
	// were reported by themselves.
	Repeated bool
}

// Path is the names from the first folder down to the request.
func (f *Failure) Path() []string {
	path := f.Item.Path()
	if len(path) == 0 {
		return nil
	}
	return path[1:]
}

const assertionFailure = "AssertionFailure"

// Failures are what an event says went wrong, in newman's order and words.
func Failures(e Event) []Failure {
	switch e := e.(type) {
	case AssertionsDone:
		return assertionFailures(e)
	case ScriptFinished:
		if e.Error == nil {
			return nil
		}
		f := Failure{
			Class: ClassScript, Name: e.Error.Name, Message: e.Error.Message, Stack: e.Error.Stack, At: string(e.Phase) + "-script",
			Cursor: e.Cursor, Item: e.Item, Iteration: e.Cursor.Iteration,
		}
		if f.Name == assertionFailure {
			f.Class, f.Repeated = ClassAssertion, true
		}
		return []Failure{f}
	case ResponseReceived:
		if e.Err == nil {
			return nil
		}
		return []Failure{{
			Class: e.Err.Class, Name: e.Err.name(), Message: e.Err.Message, At: "request", Cursor: e.Cursor, Item: e.Item,
			Source: e.Source, Iteration: e.Cursor.Iteration, Request: e.Err,
		}}
	default:
		return nil
	}
}

func assertionFailures(e AssertionsDone) []Failure {
	var list []Failure
	for i, a := range e.Assertions {
		if a.Error == nil {
			continue
		}
		name := a.Error.Name
		if name == "" {
			name = "AssertionError"
		}
		list = append(list, Failure{
			Class: ClassAssertion, Name: name, Message: a.Error.Message, Test: a.Name, Index: e.First + i, Skipped: a.Skipped,
			At: fmt.Sprintf("assertion:%d in test-script", e.First+i), Stack: AssertionStack(name, a.Error.Message, e.First+i, e.Cursor.Position),
			Cursor: e.Cursor, Item: e.Item, Iteration: e.Cursor.Iteration,
		})
	}
	return list
}

// AssertionStack is the stack that newman shows for a failed assertion.
func AssertionStack(name, message string, index, position int) string {
	return fmt.Sprintf("%s: %s\n   at Object.eval sandbox-script.js:%d:%d)", name, message, index+1, position+1)
}

// bailError is the script error that BailOnFailure makes of failed assertions.
func bailError(assertions []script.Assertion) *script.Error {
	names := ""
	for _, a := range assertions {
		if a.Error == nil {
			continue
		}
		if names != "" {
			names += ", "
		}
		names += a.Name
	}
	if names == "" {
		return nil
	}
	return &script.Error{Name: assertionFailure, Message: names}
}
