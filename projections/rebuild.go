package projections

import (
	"context"
	"errors"
	"fmt"

	"github.com/picket-api/picket/domain"
)

// Rebuild builds the tables of a projection (""; of all) anew from the log,
// beside those that serve, and puts them in their place; with Run as well as
// offline. progress, if not nil, is called now and then with the number of events
// taken in and that of all (0 when not known). A rebuild that is cut short goes
// on under Run, or at the next Open. Errors: a domain NotFound for the name, or
// why a projection stopped.
func (v *Views) Rebuild(ctx context.Context, name string, progress func(done, total int64)) error {
	slots, err := v.named(name)
	if err != nil {
		return err
	}
	v.mu.Lock()
	running := v.running
	v.mu.Unlock()
	if !running {
		if err := v.catchUpInStep(ctx); err != nil {
			return err
		}
	}
	var gens, mine []*generation
	defer func() { v.release(mine); v.poke() }()
	for _, s := range slots {
		g, claimed, err := v.begin(s)
		if err != nil {
			return err
		}
		gens = append(gens, g)
		if claimed {
			mine = append(mine, g)
		}
	}
	report := func() {
		if progress != nil {
			progress(v.progress(slots, gens))
		}
	}
	if err := v.chase(ctx, mine, report); err != nil {
		return err
	}
	return v.built(ctx, gens, report)
}

func (v *Views) named(name string) ([]*slot, error) {
	if name == "" {
		return v.slots, nil
	}
	if s := v.slot(name); s != nil {
		return []*slot{s}, nil
	}
	return nil, domain.Errorf(domain.NotFound, "there is no such projection")
}

// begin is the generation that is being built for the slot, a new one if there
// is none; claimed says that the caller is to bring it forward.
func (v *Views) begin(s *slot) (g *generation, claimed bool, err error) {
	v.beginning.Lock()
	defer v.beginning.Unlock()
	v.mu.Lock()
	if g = s.building; g != nil {
		claimed, g.busy = !g.busy, true
	}
	v.mu.Unlock()
	if g != nil {
		return g, claimed, nil
	}
	if g, err = v.file.create(s.proj, false, !v.alone()); err != nil {
		return nil, false, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	g.busy, s.building = true, g
	return g, true, nil
}

func (v *Views) poke() {
	select {
	case v.kick <- struct{}{}:
	default:
	}
}

// progress counts the events of the hindmost generation, against those that the
// tables in service have taken in.
func (v *Views) progress(slots []*slot, gens []*generation) (done, total int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, g := range gens {
		if i == 0 || g.seen < done {
			done = g.seen
		}
	}
	for _, s := range slots {
		if s.serving != nil {
			total = max(total, s.serving.seen)
		}
	}
	if total > 0 {
		total = max(total, done) // newer ones came in meanwhile
	}
	return done, total
}

// built waits until the generations serve, whoever brings them forward.
func (v *Views) built(ctx context.Context, gens []*generation, report func()) error {
	for {
		changed := v.Changed()
		v.mu.Lock()
		var errs []error
		open := false
		for _, g := range gens {
			open = open || !g.serving
			if g.err != nil {
				errs = append(errs, fmt.Errorf("rebuild %s: %w", g.proj.name, g.err))
			}
		}
		v.mu.Unlock()
		if len(errs) > 0 {
			return errors.Join(errs...)
		}
		report()
		if !open {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}
