package projections

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/picket-api/picket/eventstore"
)

// minder brings forward what is not in step: generations that are being built,
// and those that stopped.
func (v *Views) minder(ctx context.Context) {
	for {
		if gens := v.claim(); len(gens) > 0 {
			err := v.chase(ctx, gens, nil)
			v.release(gens)
			if err != nil && ctx.Err() == nil && !errors.Is(err, eventstore.ErrClosed) {
				v.inTrouble(err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-v.kick:
		case <-time.After(v.cfg.retry):
		}
	}
}

// claim takes charge of all generations that are not in step and that nobody
// else is bringing forward.
func (v *Views) claim() []*generation {
	v.mu.Lock()
	defer v.mu.Unlock()
	var gens []*generation
	for _, s := range v.slots {
		for _, g := range []*generation{s.serving, s.building} {
			if g.advances() && !g.inStep && !g.busy {
				g.busy = true
				gens = append(gens, g)
			}
		}
	}
	return gens
}

func (v *Views) release(gens []*generation) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, g := range gens {
		g.busy = false
	}
}

// chase brings generations to where those in step are, and in step with them;
// where none are, to the end of the log. One that fails is left behind. report is
// called after each page. The error is of the log, the disk or the context.
func (v *Views) chase(ctx context.Context, gens []*generation, report func()) error {
	if len(gens) == 0 {
		return nil
	}
	if v.alone() {
		if err := v.file.filling(true); err != nil {
			return err
		}
		defer func() { _ = v.file.filling(false) }() // at worst commits stay long for a while
	}
	for {
		var err error
		if gens, err = v.approach(ctx, gens, report); err != nil {
			return err
		}
		late := slices.IndexFunc(gens, func(g *generation) bool { return !g.indexed })
		if late < 0 {
			break
		}
		// The others may move on meanwhile, so approach again.
		if err := v.file.index(gens[late]); err != nil {
			return err
		}
	}
	old, err := v.join(ctx, gens)
	if err != nil {
		return err
	}
	for _, g := range old {
		if err := v.file.drop(g); err != nil {
			return err
		}
	}
	return nil
}

// alone reports whether nothing is served that long transactions would delay.
func (v *Views) alone() bool {
	gens, _ := v.together()
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(gens) == 0 || !v.running
}

type fetched struct {
	page page
	err  error
}

// prefetch reads a page, and decodes what is wanted of it, while the one before is
// applied.
func (v *Views) prefetch(ctx context.Context, after eventstore.Position, wanted map[string]bool) <-chan fetched {
	limit := v.cfg.beside
	if v.alone() {
		limit = v.cfg.fill
	}
	c := make(chan fetched, 1)
	go func() {
		defer close(c)
		p, err := v.read(ctx, after, limit)
		for i := range p.events {
			if wanted[p.events[i].Type] {
				p.events[i].decode()
			}
		}
		c <- fetched{p, err}
	}()
	return c
}

// approach applies pages until the next one would reach those in step. It
// returns the generations that did not fail.
func (v *Views) approach(ctx context.Context, gens []*generation, report func()) ([]*generation, error) {
	ctx, cancel := context.WithCancel(ctx)
	wanted := make(map[string]bool)
	for _, g := range gens {
		for _, t := range g.proj.handles {
			wanted[t] = true
		}
	}
	next := v.prefetch(ctx, hindmost(gens), wanted)
	defer func() {
		cancel()
		for range next { // until it has returned
		}
	}()
	for len(gens) > 0 {
		f := <-next
		if f.err != nil {
			return gens, f.err
		}
		if goal, some := v.goal(nil); f.page.next == f.page.after || some && f.page.next.Compare(goal) >= 0 {
			break
		}
		next = v.prefetch(ctx, f.page.next, wanted)
		if err := v.apply(gens, f.page); err != nil {
			return gens, err
		}
		gens = v.sound(gens)
		if report != nil {
			report()
		}
	}
	return gens, nil
}

// sound are the generations that have not failed.
func (v *Views) sound(gens []*generation) []*generation {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(gens), func(g *generation) bool { return g.err != nil })
}

// goal is where the generations must be to join those in step, if there are any:
// no less far than one of them, or than what they take the place of.
func (v *Views) goal(gens []*generation) (pos eventstore.Position, some bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range v.slots {
		g := s.serving
		if g == nil || !g.inStep && !slices.Contains(gens, s.building) {
			continue
		}
		some = some || g.inStep
		if g.pos.Compare(pos) > 0 {
			pos = g.pos
		}
	}
	return pos, some
}

// join applies the last stretch while those in step stand still, and puts the
// generations in step: new ones take the place of the old, which it returns.
func (v *Views) join(ctx context.Context, gens []*generation) (old []*generation, err error) {
	v.step.Lock()
	defer v.step.Unlock()
	goal, some := v.goal(gens)
	for len(gens) > 0 {
		from := hindmost(gens)
		p, err := v.read(ctx, from, v.cfg.page)
		if err != nil {
			return nil, err
		}
		if some {
			p = p.upTo(goal)
		}
		if p.next.Compare(from) <= 0 {
			break
		}
		if err := v.apply(gens, p); err != nil {
			return nil, err
		}
		gens = v.sound(gens)
	}
	return v.enter(gens)
}

// enter puts generations in step; new ones take the place of the old. Queries go
// over to them first and Wait after that, so that nobody is told that something
// is there which the next query doesn't find.
func (v *Views) enter(gens []*generation) (old []*generation, err error) {
	for _, g := range gens {
		if g.serving {
			continue
		}
		was := v.serving(g.proj)
		if err := v.file.swap(g, was); err != nil {
			return nil, err
		}
		if was != nil {
			old = append(old, was)
		}
		v.cfg.log.Info("projection built", "name", g.proj.name, "version", g.version, "events", g.seen)
	}
	v.rename(gens...)
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, g := range gens {
		s := v.slot(g.proj.name)
		g.serving, g.inStep = true, true
		s.serving = g
		if s.building == g {
			s.building = nil
		}
	}
	close(v.changed)
	v.changed = make(chan struct{})
	return old, nil
}

func (v *Views) serving(p *projection) *generation {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.slot(p.name).serving
}
