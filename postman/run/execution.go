package run

import (
	"context"
	"time"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

// execution is one item of one iteration.
type execution struct {
	*runner
	item   *postman.Item
	cursor Cursor
	data   *vars.Scope

	request  *postman.Request // as scripts have left it, then as it was sent
	response *Response
	next     *script.Next
	skipped  bool
	stopped  bool // bail out
}

func (x *execution) run(ctx context.Context) {
	start := time.Now()
	x.emit(ItemStarted{Cursor: x.cursor, Item: x.item})
	defer func() {
		x.emit(ItemFinished{Cursor: x.cursor, Item: x.item, Skipped: x.skipped, Duration: time.Since(start)})
	}()
	pause(ctx, x.opts.Delay)
	if x.over(ctx) {
		return
	}
	x.request = x.item.Request
	if x.scripts(ctx, script.PreRequest); x.stopped || x.skipped || x.over(ctx) {
		return
	}
	sent, resp, err := x.perform(ctx)
	if x.request, x.response = sent, resp; x.over(ctx) {
		return
	}
	if err != nil && x.opts.Bail != BailNever {
		x.stopped = true
		return
	}
	x.scripts(ctx, script.Test)
}

// scripts runs all scripts of a phase: the collection's, the folders' from the
// outside in, the item's own.
func (x *execution) scripts(ctx context.Context, phase script.Phase) {
	events := x.item.Scripts(string(phase))
	if len(events) > 0 && x.opts.Sandbox == nil {
		x.warnOnce("scripts are not run: there is no sandbox")
		events = nil
	}
	ran := 0
	for _, event := range events {
		if x.skipped || x.over(ctx) {
			break
		}
		err := x.script(ctx, phase, event)
		ran++
		if err != nil && x.opts.Bail != BailNever {
			x.stopped = true
			break
		}
	}
	x.emit(PhaseFinished{Cursor: x.cursor, Item: x.item, Phase: phase, Scripts: ran})
}

// script runs one script and takes over what it did.
func (x *execution) script(ctx context.Context, phase script.Phase, event postman.Event) *script.Error {
	sandbox, err := x.openSandbox()
	if err != nil {
		x.broken = err
		return &script.Error{Name: "Error", Message: err.Error()}
	}
	request, err := x.request.MarshalJSON()
	if err != nil {
		x.broken = err
		return &script.Error{Name: "Error", Message: err.Error()}
	}
	h := &host{execution: x, ctx: ctx}
	in := script.Input{
		Phase: phase, Source: event.Source, Request: request, Location: x.item.Path(), Host: h, Timeout: x.opts.ScriptTimeout,
		Info:   script.Info{Iteration: x.cursor.Iteration, IterationCount: x.cursor.Cycles, RequestName: x.item.Name, RequestID: x.item.ID},
		Scopes: x.scopes(),
	}
	if phase == script.Test {
		in.Response, in.URL = x.scriptResponse()
	}
	start := time.Now()
	out := sandbox.Run(ctx, in)
	if out.Fatal {
		x.closeSandbox()
	}
	if e := out.Error; e != nil && out.Late && !out.Fatal { // what a callback throws fails nothing, as in newman
		out.Console = append(out.Console, script.Console{Level: "error", Args: []string{e.Error() + " (in a callback)"}})
		out.Error = nil
	}
	if ctx.Err() != nil {
		h.assertions(phase, script.Output{})
		return nil //nolint:nilerr // the run is over: what the script came to is not its own doing
	}
	if out.Error == nil && x.opts.Bail != BailNever {
		out.Error = bailError(out.Assertions)
	}
	x.take(h, phase, event, out, time.Since(start))
	return out.Error
}

func (x *execution) scriptResponse() (*script.Response, string) {
	if x.response == nil {
		return &script.Response{}, ""
	}
	resp := x.response
	return &script.Response{
		Code: resp.Code, Status: resp.Status, Headers: resp.Headers, Body: resp.Body, Time: resp.Time, Size: int(resp.BodySize),
	}, resp.URL
}

// take reports a script's doings and carries them over to what follows.
func (x *execution) take(h *host, phase script.Phase, event postman.Event, out script.Output, took time.Duration) {
	for _, c := range out.Console {
		x.emit(ConsoleLogged{Cursor: x.cursor, Item: x.item, Phase: phase, Level: c.Level, Args: c.Args})
	}
	h.assertions(phase, out)
	if out.Next != nil {
		x.next = out.Next
	}
	if phase == script.PreRequest {
		x.skipped = x.skipped || out.Skip
		if out.Request != nil {
			changed, err := postman.ParseRequest(out.Request)
			if err != nil {
				x.warn(x, "the script left no valid request: %v", err)
			} else {
				x.request = changed
			}
		}
	}
	x.emit(ScriptFinished{Cursor: x.cursor, Item: x.item, Phase: phase, Event: event, Error: out.Error, Next: out.Next, Duration: took})
}

func (x *execution) scopes() script.Scopes {
	return script.Scopes{Globals: x.globals, Environment: x.environment, Collection: x.variables, Data: x.data, Local: x.local}
}

// expand fills in variables with the scopes as they are now.
func (x *execution) expand(s string) string {
	return ReplaceIn(x.scopes(), s)
}

// auth is how the request proves its sender: what a script put there, else what
// the item says or inherits.
func (x *execution) auth() *postman.Auth {
	if x.request.Auth != nil {
		return x.request.Auth
	}
	if x.request == x.item.Request {
		return x.item.EffectiveAuth()
	}
	return x.item.Parent.EffectiveAuth()
}

// perform sends the item's request with variables filled in.
func (x *execution) perform(ctx context.Context) (*postman.Request, *Response, *RequestError) {
	j := &job{
		execution: x, source: FromCollection, auth: x.auth(), behavior: x.item.EffectiveBehavior(),
		request: x.request.Resolve(x.expand),
	}
	j.settings = j.auth.Map(x.expand)
	j.checkBehavior()
	return j.do(ctx)
}
