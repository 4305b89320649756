package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"modernc.org/quickjs"
)

// Limits of a Sandbox.
const (
	DefaultMemory  = 64 << 20    // bytes of the JavaScript heap
	gcThreshold    = 8 << 20     // bytes of heap from which on the engine searches for cycles
	lastCall       = time.Second // for the engine to tell what a script did
	timeoutMessage = "Script execution timed out."
)

// Options choose how a Sandbox works. The zero value has the defaults.
type Options struct {
	Memory uintptr // limit of the JavaScript heap in bytes; default DefaultMemory
	// ReplaceIn replaces {{names}} in a text by the scopes' values. The engine
	// sets it; without it texts stay as they are.
	ReplaceIn func(s Scopes, text string) string
	// Newman makes scripts fail where newman 6's sandbox is older than
	// Postman's: an await outside of functions and a let or const of a name of
	// the API are syntax errors, and pm.sendRequest gives no promise.
	Newman bool
	// Compat runs scripts in Postman's own sandbox (npm postman-sandbox, as newman 6
	// has it), unmodified, in this engine: slower by a factor of ten and larger, for
	// a script that finds a gap in ours. Newman changes nothing then.
	Compat bool
}

// New makes a Sandbox: a fresh engine with the pm API. Close must be called.
// ErrNoBundle when the binary has no libraries.
func New(o Options) (Sandbox, error) {
	if !Bundled() {
		return nil, ErrNoBundle
	}
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	from := &layer
	if o.Compat {
		from = &compatLayer
	}
	code, err := from.get()
	if err != nil {
		return nil, fmt.Errorf("compile the pm layer: %w", err)
	}
	vm, err := quickjs.NewVM()
	if err != nil {
		return nil, err
	}
	s := &sandbox{vm: vm, options: o, start: time.Now()}
	if err := s.boot(code); err != nil {
		return nil, errors.Join(fmt.Errorf("start the script engine: %w", err), vm.Close())
	}
	return s, nil
}

// sandbox is one engine. Nothing holds a value of it: only names and texts cross.
type sandbox struct {
	undefined []undefinedKey // set by the script under way
	vm        *quickjs.VM
	options   Options
	start     time.Time
	spent     bool // a limit was hit: the engine can't be trusted any more
	closed    bool

	// of the script under way
	in      *Input
	ctx     context.Context //nolint:containedctx // host functions have no other way to it
	ownData bool
	bodies  map[int][]byte // of the response (0) and of the answers to pm.sendRequest
	requests
}

func (s *sandbox) boot(code []byte) error {
	s.vm.SetMemoryLimit(s.options.Memory)
	for name, f := range s.hostFunctions() {
		if err := s.vm.RegisterHostFunc(name, f); err != nil {
			return err
		}
	}
	if err := trackRejections(s.vm); err != nil {
		return err
	}
	if _, err := s.vm.EvalBytecode(code); err != nil || !s.options.Compat {
		return err
	}
	_, err := s.vm.Call("__start")
	return err
}

// Close releases the engine. It may be called again.
func (s *sandbox) Close() {
	if !s.closed {
		s.closed = true
		_ = s.vm.Close() // nothing is held of it
	}
}

var (
	errTimeout = errors.New(timeoutMessage)
	errOver    = errors.New("the script is over")
)

// Run implements Sandbox.
func (s *sandbox) Run(ctx context.Context, in Input) (out Output) {
	if s.spent || s.closed {
		return Output{Fatal: true, Error: &Error{Name: "Error", Message: "the script engine was stopped by a limit"}}
	}
	if in.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, in.Timeout, errTimeout)
		defer cancel()
	}
	ctx, over := context.WithCancelCause(ctx)
	s.in, s.ctx, s.ownData, s.requests = &in, ctx, false, requests{answers: make(chan answered)}
	s.bodies = map[int][]byte{}
	if in.Response != nil {
		s.bodies[0] = in.Response.Body
	}
	if err := s.script(ctx, in); err != nil {
		out.Error, out.Fatal = s.limitError(ctx, err), true
		s.spent = true
	}
	s.takeResult(&out)
	over(errOver)
	for ; s.sending > 0; s.sending-- { // nothing of this script goes on
		<-s.answers
	}
	out.Answered = s.order
	s.settleUndefined()
	s.in, s.bodies = nil, nil
	return out
}

// limitError says which limit ended the script.
func (s *sandbox) limitError(ctx context.Context, err error) *Error {
	switch {
	case errors.Is(context.Cause(ctx), errTimeout):
		return &Error{Name: "Error", Message: timeoutMessage}
	case ctx.Err() != nil:
		return &Error{Name: "Error", Message: "the run was stopped"}
	}
	if e, ok := errors.AsType[*quickjs.Error](err); ok {
		switch e.Message {
		case outOfMemory:
			return s.memoryError()
		case "interrupted":
			return &Error{Name: "Error", Message: timeoutMessage}
		}
	}
	return &Error{Name: "Error", Message: "the script engine stopped: " + err.Error()}
}

const outOfMemory = "out of memory" // as the engine says it

func (s *sandbox) memoryError() *Error {
	return &Error{Name: "Error", Message: fmt.Sprintf("the script used more memory than the %d MiB that it may", s.options.Memory>>20)}
}

// script runs one script until nothing can happen any more. An error is a limit:
// what scripts throw is caught inside.
func (s *sandbox) script(ctx context.Context, in Input) error {
	s.vm.SetGCThreshold(gcThreshold) // the engine lowers it with each search
	stop := context.AfterFunc(ctx, s.vm.Interrupt)
	defer stop() // an interrupt from now on would hit the next script
	meta, err := s.meta(in)
	if err != nil {
		return err
	}
	if _, err := s.call(ctx, "__begin", in.Source, meta); err != nil {
		return err
	}
	for {
		if err := s.arm(ctx); err != nil {
			return err
		}
		if _, err := s.vm.ExecutePendingJobs(); err != nil {
			return err
		}
		state, err := s.call(ctx, "__state")
		if err != nil {
			return err
		}
		wait := number(state)
		if wait == -1 {
			return nil
		}
		if err := s.wait(ctx, wait); err != nil {
			return err
		}
	}
}

// arm bounds the next stay in the engine by what is left of the script's time: an
// interrupt that comes between two stays is not seen by the next one.
func (s *sandbox) arm(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	left := time.Duration(0) // no limit
	if deadline, ok := ctx.Deadline(); ok {
		left = max(time.Until(deadline), time.Microsecond)
	}
	return s.vm.SetEvalTimeout(left)
}

// call calls a function of the pm layer.
func (s *sandbox) call(ctx context.Context, name string, args ...any) (any, error) {
	if err := s.arm(ctx); err != nil {
		return nil, err
	}
	return s.vm.Call(name, args...)
}

// meta is what the pm layer is told of a script at its start.
func (s *sandbox) meta(in Input) (string, error) {
	location := in.Location
	if location == nil {
		location = []string{}
	}
	b, err := json.Marshal(scriptMeta{
		Phase: in.Phase, Location: location, URL: in.URL, HasResponse: in.Response != nil, Newman: s.options.Newman, Sugar: sugarIn(in.Source),
		Info: scriptInfo{in.Phase, in.Info.Iteration, in.Info.IterationCount, in.Info.RequestName, in.Info.RequestID},
	})
	return string(b), err
}

type scriptMeta struct {
	Phase       Phase               `json:"phase"`
	Location    []string            `json:"location"`
	URL         string              `json:"url"`
	HasResponse bool                `json:"hasResponse"`
	Newman      bool                `json:"newman"`
	Sugar       map[string][]string `json:"sugar,omitempty"`
	Info        scriptInfo          `json:"info"`
}

type scriptInfo struct {
	EventName      Phase  `json:"eventName"`
	Iteration      int    `json:"iteration"`
	IterationCount int    `json:"iterationCount"`
	RequestName    string `json:"requestName"`
	RequestID      string `json:"requestId"`
}

// scriptResult is what the pm layer tells of a script at its end.
type scriptResult struct {
	Assertions []Assertion
	Console    []Console
	Next       *Next
	Skip       bool
	Error      *Error
	Late       bool
	Nothing    bool // the script threw null
	Request    json.RawMessage
}

// takeResult reads what the script left behind, as far as the engine still talks.
func (s *sandbox) takeResult(out *Output) {
	var r scriptResult
	told, err := any(nil), s.vm.SetEvalTimeout(lastCall)
	if err == nil {
		told, err = s.vm.Call("__result")
	}
	if err == nil {
		body, _ := told.(string)
		err = json.Unmarshal([]byte(body), &r)
	}
	if err != nil {
		out.Fatal, s.spent = true, true
		if out.Error == nil {
			out.Error = s.limitError(context.Background(), err)
		}
		return
	}
	used, err := heap(s.vm)
	full := err != nil || used > s.options.Memory/10*9
	if r.Error != nil && (r.Error.Message == outOfMemory || r.Nothing && (full || !strings.Contains(s.in.Source, "null"))) {
		r.Error, full = s.memoryError(), true
	}
	out.Fatal = out.Fatal || full // what comes next would run out of memory, too
	s.spent = s.spent || out.Fatal
	reword(r.Error, s.in.Source, s.variable)
	for i := range r.Assertions {
		reword(r.Assertions[i].Error, s.in.Source, s.variable)
	}
	out.Assertions, out.Console, out.Next, out.Skip = r.Assertions, r.Console, r.Next, r.Skip
	if out.Error == nil {
		out.Error, out.Late = r.Error, r.Late
	}
	if len(r.Request) > 0 && string(r.Request) != "null" {
		out.Request = r.Request
	}
}
