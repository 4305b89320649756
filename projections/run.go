package projections

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/picket-api/picket/eventstore"
)

// retryEvery is how often a stopped projection is tried again: a disk may have
// room again.
const retryEvery = 5 * time.Second

// Run applies events to the tables as they come, and builds those that are
// missing, until the context is done; then it returns nil. Trouble with the log
// or the disk is shown by Status and tried again. Errors: ErrRunning, or
// eventstore.ErrClosed.
func (v *Views) Run(ctx context.Context) error {
	v.mu.Lock()
	if v.running {
		v.mu.Unlock()
		return ErrRunning
	}
	v.running = true
	v.mu.Unlock()
	defer func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.running = false
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { v.minder(ctx) })
	err := v.live(ctx)
	cancel()
	return err
}

// live moves the generations in step on, as far as the log goes.
func (v *Views) live(ctx context.Context) error {
	for {
		wake, changed := v.store.Watch(), v.Changed()
		moved, err := v.advance(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // a read that was cut short is how it ends
		}
		switch {
		case errors.Is(err, eventstore.ErrClosed):
			return err
		case err != nil:
			v.inTrouble(err)
			wake, changed = nil, nil // the log may be gone for a while
		case moved:
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-changed: // somebody may have come in step
		case <-time.After(v.cfg.poll):
		}
	}
}

// advance applies one page to the generations in step.
func (v *Views) advance(ctx context.Context) (moved bool, err error) {
	v.step.Lock()
	defer v.step.Unlock()
	gens, pos := v.together()
	if len(gens) == 0 {
		return false, nil
	}
	p, err := v.read(ctx, pos, v.cfg.page)
	if err != nil || p.next == pos {
		return false, err
	}
	return true, v.apply(gens, p)
}

// together are the generations in step, and where the hindmost of them is. One
// may be ahead, when it stopped and came back; events that it has are not
// applied again.
func (v *Views) together() ([]*generation, eventstore.Position) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var gens []*generation
	for _, s := range v.slots {
		if s.serving.advances() && s.serving.inStep {
			gens = append(gens, s.serving)
		}
	}
	return gens, hindmost(gens)
}

func hindmost(gens []*generation) eventstore.Position {
	var pos eventstore.Position
	for i, g := range gens {
		if i == 0 || g.pos.Compare(pos) < 0 {
			pos = g.pos
		}
	}
	return pos
}

func (v *Views) inTrouble(err error) {
	v.mu.Lock()
	first := v.trouble == nil
	v.trouble = err
	close(v.changed)
	v.changed = make(chan struct{})
	v.mu.Unlock()
	if first {
		v.cfg.log.Error("projections can't advance", "why", err)
	}
}

// CatchUp brings every projection to where the log ends now, without Run: to
// read the views offline, or to have them whole before serving starts. It
// returns the errors of those that stopped.
func (v *Views) CatchUp(ctx context.Context) error {
	if err := v.catchUpInStep(ctx); err != nil {
		return err
	}
	gens := v.claim()
	err := v.chase(ctx, gens, nil)
	v.release(gens)
	if err != nil {
		return err
	}
	return v.stopped()
}

func (v *Views) catchUpInStep(ctx context.Context) error {
	head, err := v.store.Head(ctx)
	if err != nil {
		return fmt.Errorf("read the head of the log: %w", err)
	}
	for {
		if gens, pos := v.together(); len(gens) == 0 || pos.Compare(head) >= 0 {
			return nil
		}
		if _, err := v.advance(ctx); err != nil {
			return err
		}
	}
}

func (v *Views) stopped() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	var errs []error
	for _, s := range v.slots {
		for _, g := range []*generation{s.serving, s.building} {
			if g != nil && g.err != nil {
				errs = append(errs, fmt.Errorf("projection %s: %w", s.proj.name, g.err))
			}
		}
	}
	return errors.Join(errs...)
}

// Wait returns when the named projections (none: all) show what the log held at
// the position. It returns ErrStopped at once when one of them will not get
// there: it is stopped, or nothing of it serves before its tables are built.
// Otherwise the caller bounds it with the context, whose error it returns.
func (v *Views) Wait(ctx context.Context, pos eventstore.Position, names ...string) error {
	if len(names) == 0 {
		for _, p := range v.cfg.list {
			names = append(names, p.name)
		}
	}
	for {
		changed := v.Changed()
		there, err := v.reached(pos, names)
		if there || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

func (v *Views) reached(pos eventstore.Position, names []string) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	there := true
	for _, name := range names {
		s := v.slot(name)
		switch {
		case s == nil:
			return false, fmt.Errorf("there is no projection %q", name)
		case s.serving != nil && s.serving.pos.Compare(pos) >= 0:
			continue
		case !s.serving.advances() || s.serving.err != nil || v.trouble != nil:
			return false, fmt.Errorf("%w: %s", ErrStopped, name)
		}
		there = false
	}
	return there, nil
}

// Status is how far a projection is.
type Status struct {
	Name       string
	Version    int
	Position   eventstore.Position // of the tables that serve; while none do, of those being built
	Head       eventstore.Position // of the log
	CaughtUp   bool
	Events     int64 // looked at since the tables were made
	Rebuilding bool  // new tables are being built, beside those that serve or for want of any
	Serving    bool  // queries have tables to answer from
	Error      string
}

// Status says how far each projection is. The error is that of the log.
func (v *Views) Status(ctx context.Context) ([]Status, error) {
	head, err := v.store.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the head of the log: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	var list []Status
	for _, s := range v.slots {
		g := s.serving
		if g == nil {
			g = s.building
		}
		st := Status{
			Name: s.proj.name, Version: g.version, Position: g.pos, Head: head, Events: g.seen,
			Rebuilding: s.building != nil, Serving: s.serving != nil,
		}
		err := v.trouble
		for _, g := range []*generation{s.building, s.serving} {
			if g != nil && g.err != nil {
				err = g.err
			}
		}
		if err != nil {
			st.Error = err.Error()
		}
		st.CaughtUp = s.serving.advances() && g.pos.Compare(head) >= 0 && err == nil
		list = append(list, st)
	}
	return list, nil
}
