package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"

	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

// Engine makes the sandboxes of a worker.
type Engine func(script.Options) (script.Sandbox, error)

// Serve is a worker's life: it runs the scripts that come over in, until in ends,
// which is the parent's end, too. Nothing that a script does makes it wait for
// that: the caller then ends the process.
func Serve(in io.Reader, out io.Writer, engine Engine) error {
	w := &server{
		link: newLink(in, out), engine: engine,
		orders: make(chan received, 1), calls: map[int]*call{},
	}
	go w.work()
	for {
		var o order
		body, err := w.link.read(&o)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case o.Answer != nil:
			w.answered(o.Answer, body)
		case o.Sent != nil:
			w.sent(*o.Sent)
		case o.Open != nil || o.Run != nil:
			select {
			case w.orders <- received{o, body}:
			default:
				return errors.New("an order came before the one before it was carried out")
			}
		}
	}
}

type received struct {
	order
	body []byte
}

// server is the worker's side of the link.
type server struct {
	link    *link
	engine  Engine
	orders  chan received
	sandbox script.Sandbox
	scopes  script.Scopes // as the parent has them

	telling sync.Mutex

	mu      sync.Mutex
	changes []change // not told yet
	calls   map[int]*call
	last    int // number of the newest call
}

// call is a question to the Host that has no answer yet.
type call struct {
	ctx    context.Context //nolint:containedctx // of the request that it stands for
	answer chan received
}

// work carries out orders, one after another.
func (w *server) work() {
	for o := range w.orders {
		var told notice
		if o.Open != nil {
			told.Ready = w.open(o.Open)
		} else {
			told.Done = w.run(o.Run, o.body)
		}
		err := w.tell(told)
		if errors.Is(err, errTooLarge) {
			err = w.tell(notice{Done: &script.Output{Fatal: true, Error: &script.Error{
				Name: "Error", Message: fmt.Sprintf("the script told more than %d MiB (assertions, console, variables)", maxFrame>>20),
			}}})
		}
		if err != nil {
			return // the parent is gone, as reading will show
		}
	}
}

func (w *server) open(o *openOrder) *readyNotice {
	if w.sandbox != nil {
		w.sandbox.Close()
		w.sandbox, w.scopes = nil, script.Scopes{}
		debug.FreeOSMemory()
	}
	s, err := w.engine(script.Options{Memory: o.Memory, Newman: o.Newman, Compat: o.Compat})
	if err != nil {
		return &readyNotice{Error: err.Error()}
	}
	w.sandbox = s
	return &readyNotice{}
}

func (w *server) run(o *runOrder, body []byte) *script.Output {
	if w.sandbox == nil {
		return &script.Output{Fatal: true, Error: &script.Error{Name: "Error", Message: "the worker has no sandbox"}}
	}
	for i, scope := range scopeList(&w.scopes) {
		if o.Scopes[i] != nil {
			*scope = o.Scopes[i].scope()
			(*scope).Watch(func(c vars.Change) { w.changed(i, c) })
		}
	}
	in := script.Input{
		Phase: o.Phase, Source: o.Source, Info: o.Info, Location: o.Location, Request: o.Request,
		URL: o.URL, Scopes: w.scopes, Timeout: o.Timeout,
	}
	if o.Response != nil {
		r := o.Response.with(body)
		in.Response = &r
	}
	if o.Host {
		in.Host = remote{w}
	}
	out := w.sandbox.Run(context.Background(), in)
	return &out
}

func (w *server) changed(scope int, c vars.Change) {
	w.mu.Lock()
	w.changes = append(w.changes, change{scope, c.Op, c.Key, value{c.Value}})
	w.mu.Unlock()
}

// tell sends a notice with the changes that were made before it.
func (w *server) tell(n notice) error {
	w.telling.Lock() // changes are told in their order
	defer w.telling.Unlock()
	w.mu.Lock()
	n.Changes, w.changes = w.changes, nil
	w.mu.Unlock()
	return w.link.write(n, nil)
}

func (w *server) begin(ctx context.Context, n *callNotice) (*call, error) {
	c := &call{ctx: ctx, answer: make(chan received, 1)}
	w.mu.Lock()
	w.last++
	n.ID = w.last
	w.calls[n.ID] = c
	w.mu.Unlock()
	return c, w.tell(notice{Call: n})
}

func (w *server) answered(a *answerOrder, body []byte) {
	w.mu.Lock()
	c := w.calls[a.Call]
	delete(w.calls, a.Call)
	w.mu.Unlock()
	if c != nil {
		c.answer <- received{order{Answer: a}, body}
	}
}

func (w *server) sent(id int) {
	w.mu.Lock()
	c := w.calls[id]
	w.mu.Unlock()
	if c != nil {
		script.Sent(c.ctx)
	}
}

// remote is the parent's Host.
type remote struct{ *server }

// ask waits for the answer even when ctx ends: the parent answers then, too.
func (r remote) ask(ctx context.Context, n *callNotice) (received, error) {
	c, err := r.begin(ctx, n)
	if err != nil {
		return received{}, err
	}
	select {
	case a := <-c.answer:
		return a, a.Answer.Error.err()
	case <-ctx.Done():
		if err := r.tell(notice{Cancel: &n.ID}); err != nil {
			return received{}, err
		}
	}
	a := <-c.answer
	return a, a.Answer.Error.err()
}

// Send implements script.Host.
func (r remote) Send(ctx context.Context, req json.RawMessage) (script.Response, error) {
	a, err := r.ask(ctx, &callNotice{Method: callSend, Request: req})
	if err != nil || a.Answer.Response == nil {
		return script.Response{}, err
	}
	return a.Answer.Response.with(a.body), nil
}

// Cookies implements script.Host.
func (r remote) Cookies(url string) []script.Cookie {
	a, err := r.ask(context.Background(), &callNotice{Method: callCookies, URL: url})
	if err != nil {
		return nil
	}
	return a.Answer.Cookies
}

// SetCookie implements script.Host.
func (r remote) SetCookie(url string, c script.Cookie) error {
	_, err := r.ask(context.Background(), &callNotice{Method: callSetCookie, URL: url, Cookie: &c})
	return err
}

// DeleteCookie implements script.Host.
func (r remote) DeleteCookie(url, name string) error {
	_, err := r.ask(context.Background(), &callNotice{Method: callDeleteCookie, URL: url, Name: name})
	return err
}
