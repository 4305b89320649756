package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/cookies"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/transport"
	"github.com/picket-api/picket/postman/vars"
)

// runner is one run.
type runner struct {
	opts       *Options
	collection *postman.Collection
	items      []*postman.Item
	result     *Result
	client     *transport.Client
	jar        *cookies.Jar

	globals, environment, variables, local *vars.Scope

	sandbox script.Sandbox
	broken  error // why the run can't go on

	emitting sync.Mutex
	recorded *[]Event // of an iteration beside others: its events, told later
	authMu   sync.Mutex
	learned  map[*postman.Auth]map[string]any
	warned   *sync.Map      // texts of warnings that are told once
	order    map[string]int // of items by id and by name, for setNextRequest
}

// Run executes the collection and returns when everything is done, with nothing
// left running. The error says that the run could not begin: a folder that isn't
// there. Everything later is in the Result, the end of ctx included.
func Run(ctx context.Context, c *postman.Collection, o Options) (*Result, error) {
	items, err := choose(c, &o)
	if err != nil {
		return nil, err
	}
	r := &runner{opts: &o, collection: c, items: items, result: &Result{}, jar: o.Jar, learned: map[*postman.Auth]map[string]any{}, warned: &sync.Map{}}
	if r.jar == nil {
		r.jar = &cookies.Jar{}
	}
	r.client = transport.New(transport.Config{Control: o.DialControl, Resolver: o.Resolver, Proxy: o.Proxy, RootCAs: o.RootCAs, MaxBody: o.MaxResponse})
	defer r.client.Close()
	r.globals, r.environment = o.Globals.Scope(), o.Environment.Scope()
	r.variables, r.local = vars.NewScope("", c.Variables...), vars.NewScope("")

	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.Timeout, ErrTimeout)
		defer cancel()
	}
	r.emit(RunStarted{Collection: c, Iterations: o.iterations(), Items: len(items), At: time.Now()})
	for _, what := range c.Ignored {
		r.emit(Warning{Message: what})
	}
	if o.Parallel > 1 && o.iterations() > 1 {
		r.iterateBesideEachOther(ctx)
	} else {
		r.iterate(ctx)
	}
	r.closeSandbox()

	res := r.result
	res.Finished = time.Now()
	res.Globals, res.Environment, res.Collection = r.globals, r.environment, r.variables
	if ctx.Err() != nil {
		res.conclude(context.Cause(ctx), true)
	} else {
		res.conclude(r.broken, false)
	}
	r.emit(RunFinished{Result: res})
	return res, nil
}

// emit counts the event and tells the reporters. Requests of scripts may end at
// the same time, so one waits for the other.
func (r *runner) emit(e Event) {
	r.emitting.Lock()
	defer r.emitting.Unlock()
	if r.recorded != nil {
		*r.recorded = append(*r.recorded, e)
		return
	}
	r.result.count(e)
	for _, reporter := range r.opts.Reporters {
		reporter.Report(e)
	}
}

// warn tells about something that is not done, once for each place and text.
func (r *runner) warn(at *execution, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	w := Warning{Message: message}
	if at != nil {
		w.Cursor, w.Item = at.cursor, at.item
	}
	r.emit(w)
}

func (r *runner) warnOnce(message string) {
	if _, seen := r.warned.LoadOrStore(message, true); !seen {
		r.emit(Warning{Message: message})
	}
}

// iterate runs the selected items as often as asked for.
func (r *runner) iterate(ctx context.Context) {
	for i := range r.cycles() {
		if goOn := r.iteration(ctx, i); !goOn {
			return
		}
	}
}

// cycles is how often to run the selected items; never, when there is none.
func (r *runner) cycles() int {
	if len(r.items) == 0 {
		return 0
	}
	return r.opts.iterations()
}

// iteration runs the selected items once. It is false when the run is over by it.
func (r *runner) iteration(ctx context.Context, i int) bool {
	cursor := Cursor{Iteration: i, Length: len(r.items), Cycles: r.opts.iterations()}
	r.emit(IterationStarted{Cursor: cursor})
	data := r.opts.row(i).Scope()
	stop := false
	for position := 0; position < len(r.items) && !stop && !r.over(ctx); {
		cursor.Position, cursor.Ref = position, uuid.NewString()
		x := &execution{runner: r, item: r.items[position], cursor: cursor, data: data}
		x.run(ctx)
		stop = x.stopped
		position = r.next(position, x)
	}
	if r.over(ctx) {
		return false
	}
	r.emit(IterationFinished{Cursor: cursor})
	return !stop
}

// over tells whether the run can't go on.
func (r *runner) over(ctx context.Context) bool { return ctx.Err() != nil || r.broken != nil }

// next is the position after an execution. A name that isn't there, and null, end
// the iteration.
func (r *runner) next(position int, x *execution) int {
	switch {
	case x.stopped:
		return len(r.items)
	case x.next == nil:
		return position + 1
	case x.next.Stop:
		return len(r.items)
	}
	if r.order == nil {
		r.order = map[string]int{}
		for i, item := range r.items {
			r.order["name\x00"+item.Name] = i
			r.order["id\x00"+item.ID] = i
		}
	}
	for _, kind := range []string{"id\x00", "name\x00"} {
		if at, ok := r.order[kind+x.next.Name]; ok && x.next.Name != "" {
			return at
		}
	}
	return len(r.items)
}

// pause waits, unless the context ends before.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (r *runner) closeSandbox() {
	if r.sandbox != nil {
		r.sandbox.Close()
		r.sandbox = nil
	}
}

// openSandbox makes the run's sandbox where there is none.
func (r *runner) openSandbox() (script.Sandbox, error) {
	if r.sandbox == nil {
		s, err := r.opts.Sandbox()
		if err != nil {
			return nil, errors.Join(errors.New("start the script sandbox"), err)
		}
		r.sandbox = s
	}
	return r.sandbox, nil
}
