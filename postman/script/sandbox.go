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
	timeoutMessage = "Script execution timed out."
)

// Options choose how a Sandbox works. The zero value has the defaults.
type Options struct {
	Memory uintptr // limit of the JavaScript heap in bytes; default DefaultMemory
	// ReplaceIn replaces {{names}} in a text by the scopes' values. The engine
	// sets it; without it texts stay as they are.
	ReplaceIn func(s Scopes, text string) string
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
	s := &sandbox{vm: vm, options: o, answers: make(chan answered), start: time.Now()}
	if err := s.boot(code); err != nil {
		return nil, errors.Join(fmt.Errorf("start the script engine: %w", err), vm.Close())
	}
	return s, nil
}

type sandbox struct {
	vm      *quickjs.VM
	options Options
	start   time.Time
	in      *Input          // of the script under way
	ctx     context.Context //nolint:containedctx // of the script under way
	answers chan answered   // of requests that scripts sent
	sending int
	spent   bool // a limit was hit: the engine can't be trusted any more
}

// answered is the outcome of one pm.sendRequest.
type answered struct {
	id  int
	res string
	ctx context.Context //nolint:containedctx // tells scripts apart
}

func (s *sandbox) boot(code []byte) error {
	s.vm.SetMemoryLimit(s.options.Memory)
	s.vm.SetGCThreshold(4 << 20)
	if err := intl.Register(s.vm); err != nil {
		return err
	}
	for name, f := range s.hostFunctions() {
		if err := s.vm.RegisterHostFunc(name, f); err != nil {
			return err
		}
	}
	_, err := s.vm.EvalBytecode(code)
	return err
}

// Close releases the engine.
func (s *sandbox) Close() {
	_ = s.vm.Close() // nothing is held of it
}

// Run implements Sandbox.
func (s *sandbox) Run(ctx context.Context, in Input) (out Output) {
	if s.spent {
		return Output{Fatal: true, Error: &Error{Name: "Error", Message: "the script engine was stopped by a limit"}}
	}
	cause := errTimeout
	if in.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, in.Timeout, cause)
		defer cancel()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.in, s.ctx = &in, ctx
	defer func() { s.in = nil }()
	stop := context.AfterFunc(ctx, s.vm.Interrupt)

	err := s.script(ctx, in)
	if err != nil {
		out.Error, out.Fatal = s.limitError(ctx, err), true
		s.spent = true
	}
	stop() // an interrupt from now on would hit the next script
	s.takeResult(&out)
	cancel()
	for s.sending > 0 { // nothing of this script goes on
		<-s.answers
		s.sending--
	}
	return out
}

var errTimeout = errors.New(timeoutMessage)

// limitError says which limit ended the script.
func (s *sandbox) limitError(ctx context.Context, err error) *Error {
	switch {
	case errors.Is(context.Cause(ctx), errTimeout):
		return &Error{Name: "Error", Message: timeoutMessage}
	case ctx.Err() != nil:
		return &Error{Name: "Error", Message: "the run was stopped"}
	}
	if e, ok := errors.AsType[*quickjs.Error](err); ok && e.Message == "out of memory" {
		return &Error{Name: "Error", Message: fmt.Sprintf("the script used more memory than the %d MiB that it may", s.options.Memory>>20)}
	}
	return &Error{Name: "Error", Message: "the script engine stopped: " + err.Error()}
}

// script runs one script until nothing can happen any more. An error is a limit:
// what scripts throw is caught inside.
func (s *sandbox) script(ctx context.Context, in Input) error {
	if err := s.spin(in.Timeout); err != nil {
		return err
	}
	if _, err := s.vm.Call("__begin", s.input(in)); err != nil {
		return err
	}
	for {
		if _, err := s.vm.ExecutePendingJobs(); err != nil && ctx.Err() != nil {
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

// spin bounds JavaScript that never awaits.
func (s *sandbox) spin(timeout time.Duration) error {
	if timeout == 0 {
		timeout = maxSpin
	}
	return s.vm.SetEvalTimeout(timeout + time.Second)
}

// wait lets the next thing happen: a timer, or the answer to a request.
func (s *sandbox) wait(ctx context.Context, ms float64) error {
	var due <-chan time.Time
	if ms >= 0 {
		t := time.NewTimer(time.Duration(ms * float64(time.Millisecond)))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-due:
		_, err := s.vm.Call("__timer")
		return err
	case a := <-s.answers:
		s.sending--
		if a.ctx != ctx {
			return nil
		}
		_, err := s.vm.Call("__settle", a.id, a.res)
		return err
	}
}

// takeResult reads what the script left behind, as far as the engine still talks.
func (s *sandbox) takeResult(out *Output) {
	text, err := s.vm.Call("__result")
	if err != nil {
		out.Fatal, s.spent = true, true
		if out.Error == nil {
			out.Error = &Error{Name: "Error", Message: "the script engine stopped: " + err.Error()}
		}
		return
	}
	var r struct {
		Assertions []struct {
			Name    string
			Skipped bool
			Error   *Error
		}
		Console []Console
		Next    *Next
		Skip    bool
		Error   *Error
		Request json.RawMessage
	}
	body, _ := text.(string)
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		out.Error = &Error{Name: "Error", Message: "the result of the script can't be read"}
		return
	}
	for _, a := range r.Assertions {
		out.Assertions = append(out.Assertions, Assertion(a))
	}
	out.Console, out.Next, out.Skip = r.Console, r.Next, r.Skip
	if out.Error == nil {
		out.Error = r.Error
	}
	if len(r.Request) > 0 && string(r.Request) != "null" {
		out.Request = r.Request
	}
}

type scriptInput struct {
	Phase       Phase          `json:"phase"`
	Source      string         `json:"source"`
	Info        map[string]any `json:"info"`
	Location    []string       `json:"location"`
	URL         string         `json:"url"`
	HasResponse bool           `json:"hasResponse"`
}

func (s *sandbox) input(in Input) scriptInput {
	location := in.Location
	if location == nil {
		location = []string{}
	}
	return scriptInput{
		Phase: in.Phase, Source: in.Source, Location: location, URL: in.URL, HasResponse: in.Response != nil,
		Info: map[string]any{
			"eventName": in.Phase, "iteration": in.Info.Iteration, "iterationCount": in.Info.IterationCount,
			"requestName": in.Info.RequestName, "requestId": in.Info.RequestID,
		},
	}
}

func number(v any) float64 {
	switch n := v.(type) {
	case int:
		return float64(n)
	case float64:
		return n
	}
	return -1
}
