package run

import (
	"context"
	"sync"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/cookies"
	"github.com/picket-api/picket/postman/vars"
)

// lap is an iteration that runs beside others.
type lap struct {
	*runner
	number int
	events []Event
	goesOn bool
	done   chan struct{}
}

// iterateBesideEachOther runs iterations at the same time and tells of them in
// their order. At most twice as many as run are kept in memory.
func (r *runner) iterateBesideEachOther(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ordered, todo := make(chan *lap, r.opts.Parallel), make(chan *lap)
	var workers sync.WaitGroup
	for range min(r.opts.Parallel, r.cycles()) {
		workers.Go(func() { work(ctx, todo) })
	}
	last := make(chan struct{}) // closed when no more laps may begin
	workers.Go(func() {
		defer close(ordered)
		defer close(todo)
		for i := range r.cycles() {
			l := r.newLap(i)
			select {
			case <-last:
				return
			case <-ctx.Done():
				return
			case ordered <- l: // first, so that every lap that runs is told of
			}
			todo <- l
		}
	})
	over := false
	for l := range ordered {
		<-l.done
		r.tell(l)
		if !over && !l.goesOn {
			over = true
			close(last)
		}
	}
	workers.Wait()
}

// work runs laps with one sandbox.
func work(ctx context.Context, todo <-chan *lap) {
	spare := &runner{} // holds the sandbox between two laps
	defer spare.closeSandbox()
	for l := range todo {
		l.sandbox, spare.sandbox = spare.sandbox, nil
		l.goesOn = l.iteration(ctx, l.number)
		spare.sandbox, l.sandbox = l.sandbox, nil
		close(l.done)
	}
}

func (r *runner) newLap(number int) *lap {
	l := &lap{number: number, done: make(chan struct{})}
	copied := func(s *vars.Scope) *vars.Scope { return vars.NewScope(s.Name(), s.All()...) }
	l.runner = &runner{
		opts: r.opts, collection: r.collection, items: r.items, client: r.client, jar: &cookies.Jar{Now: r.jar.Now},
		globals: copied(r.globals), environment: copied(r.environment), variables: copied(r.variables), local: copied(r.local),
		recorded: &l.events, learned: map[*postman.Auth]map[string]any{}, warned: r.warned,
	}
	l.jar.Load(r.jar.All())
	return l
}

// tell reports what a lap did, and takes over what it left if it is the last.
func (r *runner) tell(l *lap) {
	for _, e := range l.events {
		r.emit(e)
	}
	l.events = nil
	if r.broken == nil {
		r.broken = l.broken
	}
	if l.number == r.cycles()-1 {
		r.globals, r.environment, r.variables, r.local = l.globals, l.environment, l.variables, l.local
		r.jar.Clear()
		r.jar.Load(l.jar.All())
	}
}
