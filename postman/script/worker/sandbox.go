package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

// grace is for how long after its limit a script's worker is waited for: it ends
// scripts by itself.
const grace = 5 * time.Second

// sandbox is a script.Sandbox in a worker.
type sandbox struct {
	pool   *Pool
	tenant string
	*process
	known  [scopeCount]knownScope
	spent  bool // the worker is gone, or must go
	closed bool
}

// knownScope is what the worker has of a scope.
type knownScope struct {
	scope    *vars.Scope
	revision uint64
}

// Pid is the number of the worker's process.
func (s *sandbox) Pid() int { return s.cmd.Process.Pid }

// Close implements script.Sandbox.
func (s *sandbox) Close() {
	if s.closed {
		return
	}
	s.closed = true
	s.pool.release(s.process, s.tenant, !s.spent)
}

// Run implements script.Sandbox.
func (s *sandbox) Run(ctx context.Context, in script.Input) script.Output {
	if s.spent || s.closed {
		return fatal("the script engine was stopped by a limit")
	}
	kill := func() { _ = s.cmd.Process.Kill() }
	stop := context.AfterFunc(ctx, kill)
	var late atomic.Bool
	if in.Timeout > 0 {
		guard := time.AfterFunc(in.Timeout+grace, func() { late.Store(true); kill() })
		defer guard.Stop()
	}
	c := s.converse(ctx, in)
	out, err := c.run(s.introduce(in.Scopes), in)
	c.over()
	if !stop() && err == nil {
		err = ctx.Err() // it's being killed
	}
	if err == nil {
		s.spent = out.Fatal
		s.remember(in.Scopes)
		return out
	}
	s.spent = true
	s.end()
	switch {
	case ctx.Err() != nil:
		return fatal("the run was stopped")
	case late.Load():
		return fatal("Script execution timed out.")
	case errors.Is(err, errTooLarge):
		return fatal(fmt.Sprintf("a script with its request and response may have %d MiB", maxFrame>>20))
	case errors.Is(err, errProtocol):
		return fatal(errProtocol.Error())
	}
	return fatal(s.death())
}

func fatal(message string) script.Output {
	return script.Output{Fatal: true, Error: &script.Error{Name: "Error", Message: message}}
}

// introduce gives the scopes that the worker doesn't have as they are now.
func (s *sandbox) introduce(scopes script.Scopes) (list [scopeCount]*scopeContent) {
	for i, scope := range scopeList(&scopes) {
		if *scope == nil {
			*scope = vars.NewScope("")
		}
		if now := (knownScope{*scope, (*scope).Revision()}); s.known[i] != now {
			list[i] = contentOf(*scope)
		}
	}
	return list
}

func (s *sandbox) remember(scopes script.Scopes) {
	for i, scope := range scopeList(&scopes) {
		if *scope != nil {
			s.known[i] = knownScope{*scope, (*scope).Revision()}
		}
	}
}

// conversation is what parent and worker have to say about one script.
type conversation struct {
	*link
	ctx    context.Context //nolint:containedctx // of the script
	cancel context.CancelFunc
	host   script.Host
	scopes script.Scopes

	calls   sync.WaitGroup
	mu      sync.Mutex
	cancels map[int]context.CancelFunc
}

func (s *sandbox) converse(ctx context.Context, in script.Input) *conversation {
	c := &conversation{link: s.link, host: in.Host, scopes: in.Scopes, cancels: map[int]context.CancelFunc{}}
	c.ctx, c.cancel = context.WithCancel(ctx)
	return c
}

// over ends the requests that nobody waits for any more.
func (c *conversation) over() {
	c.cancel()
	c.calls.Wait()
}

func (c *conversation) run(scopes [scopeCount]*scopeContent, in script.Input) (script.Output, error) {
	o := runOrder{
		Phase: in.Phase, Source: in.Source, Info: in.Info, Location: in.Location, Request: in.Request,
		URL: in.URL, Host: in.Host != nil, Timeout: in.Timeout, Scopes: scopes,
	}
	var body []byte
	if in.Response != nil {
		o.Response, body = responseHead(in.Response), in.Response.Body
	}
	if err := c.write(order{Run: &o}, body); err != nil {
		return script.Output{}, err
	}
	for {
		var n notice
		if _, err := c.read(&n); err != nil {
			return script.Output{}, err
		}
		if err := c.apply(n.Changes); err != nil {
			return script.Output{}, err
		}
		switch {
		case n.Done != nil:
			if string(n.Done.Request) == "null" {
				n.Done.Request = nil
			}
			return *n.Done, nil
		case n.Cancel != nil:
			c.cancelCall(*n.Cancel)
		case n.Call != nil && c.host != nil:
			if err := c.call(n.Call); err != nil {
				return script.Output{}, err
			}
		default:
			return script.Output{}, errProtocol
		}
	}
}

// maxCalls is how many requests of a script may be under way: its engine has no
// memory for more.
const maxCalls = 50_000

func (c *conversation) apply(changes []change) error {
	scopes := scopeList(&c.scopes)
	for _, x := range changes {
		if x.Scope < 0 || x.Scope >= scopeCount || *scopes[x.Scope] == nil {
			return errProtocol
		}
		(*scopes[x.Scope]).Apply(vars.Change{Op: x.Op, Key: x.Key, Value: x.Value.any})
	}
	return nil
}

// call asks the Host. Requests are sent beside the script, all else at once.
func (c *conversation) call(n *callNotice) error {
	a := answerOrder{Call: n.ID}
	switch n.Method {
	case callSend:
		return c.begin(n)
	case callCookies:
		a.Cookies = c.host.Cookies(n.URL)
	case callSetCookie:
		if n.Cookie == nil {
			return errProtocol
		}
		a.Error = failureOf(c.host.SetCookie(n.URL, *n.Cookie))
	case callDeleteCookie:
		a.Error = failureOf(c.host.DeleteCookie(n.URL, n.Name))
	default:
		return errProtocol
	}
	return c.write(order{Answer: &a}, nil)
}

// begin has a request sent beside the script.
func (c *conversation) begin(n *callNotice) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancels[n.ID] != nil || len(c.cancels) >= maxCalls {
		return errProtocol
	}
	ctx, cancel := context.WithCancel(c.ctx)
	c.cancels[n.ID] = cancel
	c.calls.Go(func() {
		defer cancel()
		c.send(ctx, n)
	})
	return nil
}

func (c *conversation) cancelCall(id int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel := c.cancels[id]; cancel != nil {
		cancel()
	}
}

// send serves pm.sendRequest. Where the worker can't be told, it is gone, and
// reading from it says so.
func (c *conversation) send(ctx context.Context, n *callNotice) {
	defer func() {
		c.mu.Lock()
		delete(c.cancels, n.ID)
		c.mu.Unlock()
	}()
	ctx = script.WithSent(ctx, func() { _ = c.write(order{Sent: &n.ID}, nil) })
	r, err := c.host.Send(ctx, n.Request)
	a := answerOrder{Call: n.ID, Error: failureOf(err)}
	if err == nil {
		a.Response = responseHead(&r)
	}
	if err := c.write(order{Answer: &a}, r.Body); errors.Is(err, errTooLarge) {
		_ = c.write(order{Answer: &answerOrder{Call: n.ID, Error: failureOf(err)}}, nil)
	}
}
