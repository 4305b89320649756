package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"modernc.org/quickjs"
	"modernc.org/quickjs/intl"
)

// Limits of a Sandbox.
const (
	DefaultMemory  = 64 << 20         // bytes of the JavaScript heap
	maxSpin        = 10 * time.Second // JavaScript may run so long without an await, when no timeout is set
	gcThreshold    = 4 << 20          // bytes that are allocated between two searches for cycles
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
	code, err := layer.get()
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
	answers chan answered
	sending int
}

func (s *sandbox) boot(code []byte) error {
	s.vm.SetMemoryLimit(s.options.Memory)
	s.vm.SetGCThreshold(gcThreshold)
	if err := intl.Register(s.vm); err != nil {
		return err
	}
	for name, f := range s.hostFunctions() {
		if err := s.vm.RegisterHostFunc(name, f); err != nil {
			return err
		}
	}
	if err := trackRejections(s.vm); err != nil {
		return err
	}
	_, err := s.vm.EvalBytecode(code)
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
	s.in, s.ctx, s.ownData, s.answers = &in, ctx, false, make(chan answered)
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
		case "out of memory":
			return &Error{Name: "Error", Message: fmt.Sprintf("the script used more memory than the %d MiB that it may", s.options.Memory>>20)}
		case "interrupted":
			return &Error{Name: "Error", Message: timeoutMessage}
		}
	}
	return &Error{Name: "Error", Message: "the script engine stopped: " + err.Error()}
}

// script runs one script until nothing can happen any more. An error is a limit:
// what scripts throw is caught inside.
func (s *sandbox) script(ctx context.Context, in Input) error {
	spin := in.Timeout
	if spin == 0 {
		spin = maxSpin
	}
	if err := s.vm.SetEvalTimeout(spin); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, s.vm.Interrupt)
	defer stop() // an interrupt from now on would hit the next script
	meta, err := s.meta(in)
	if err != nil {
		return err
	}
	if _, err := s.vm.Call("__begin", in.Source, meta); err != nil {
		return err
	}
	for {
		if _, err := s.vm.ExecutePendingJobs(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		state, err := s.vm.Call("__state")
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

// meta is what the pm layer is told of a script at its start.
func (s *sandbox) meta(in Input) (string, error) {
	location := in.Location
	if location == nil {
		location = []string{}
	}
	b, err := json.Marshal(map[string]any{
		"phase": in.Phase, "location": location, "url": in.URL, "hasResponse": in.Response != nil, "newman": s.options.Newman,
		"info": map[string]any{
			"eventName": in.Phase, "iteration": in.Info.Iteration, "iterationCount": in.Info.IterationCount,
			"requestName": in.Info.RequestName, "requestId": in.Info.RequestID,
		},
	})
	return string(b), err
}

// scriptResult is what the pm layer tells of a script at its end.
type scriptResult struct {
	Assertions []Assertion
	Console    []Console
	Next       *Next
	Skip       bool
	Error      *Error
	Late       bool
	Request    json.RawMessage
}

// takeResult reads what the script left behind, as far as the engine still talks.
func (s *sandbox) takeResult(out *Output) {
	var r scriptResult
	told, err := s.vm.Call("__result")
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
	out.Assertions, out.Console, out.Next, out.Skip = r.Assertions, r.Console, r.Next, r.Skip
	if out.Error == nil {
		out.Error, out.Late = r.Error, r.Late
	}
	if len(r.Request) > 0 && string(r.Request) != "null" {
		out.Request = r.Request
	}
}
