package projections

import (
	"context"
	"fmt"
	"strings"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
)

// Events of a page.
const (
	livePage   = 1000
	fillPage   = 5000 // while nothing serves
	besidePage = 100  // beside tables that serve: their next commit waits for it
)

// page is a stretch of the log, decoded once for all generations that take it in.
type page struct {
	events      []event
	after, next eventstore.Position
}

// read fetches a page. Its events are decoded when the first generation wants them.
func (v *Views) read(ctx context.Context, after eventstore.Position, limit int) (page, error) {
	recorded, next, err := v.store.ReadAll(ctx, after, limit, eventstore.Filter{})
	if err != nil {
		return page{}, fmt.Errorf("read the log after %s: %w", after, err)
	}
	p := page{events: make([]event, len(recorded)), after: after, next: next}
	for i, r := range recorded {
		p.events[i].Recorded = r
	}
	return p, nil
}

// upTo is the part of the page that is not beyond the position.
func (p page) upTo(limit eventstore.Position) page {
	if p.next.Compare(limit) <= 0 {
		return p
	}
	for i := range p.events {
		if p.events[i].Position.Compare(limit) > 0 {
			p.events = p.events[:i]
			break
		}
	}
	p.next = limit
	return p
}

// progress is what taking in a page did to a generation.
type progress struct {
	pos     eventstore.Position
	looked  int
	anchor  anchor
	err     error
	effects effects
}

// apply takes the page into all the generations in one transaction. A generation
// that fails keeps its rows and its checkpoint as they were, or stops right
// before the event that it can't read; the error is for the transaction.
func (v *Views) apply(gens []*generation, p page) error {
	done := make([]progress, len(gens))
	err := v.file.write(func() error {
		for i, g := range gens {
			var err error
			if done[i], err = v.take(g, p); err != nil {
				return err
			}
		}
		return v.file.checkpoint(gens, done)
	})
	if err != nil {
		for _, g := range gens {
			g.memo = nil
		}
		return fmt.Errorf("write the views: %w", err)
	}
	v.publish(gens, done)
	return nil
}

// take applies what of the page is new to the generation. The error is for the
// whole transaction; that of the generation alone is in the progress.
func (v *Views) take(g *generation, p page) (progress, error) {
	d := progress{pos: g.pos, anchor: g.anchor}
	events, after := p.events, p.after
	for len(events) > 0 && events[0].Position.Compare(g.pos) <= 0 {
		after, events = events[0].Position, events[1:]
	}
	batch, looked, stop := g.pick(events)
	if len(batch) > 0 {
		t := &tx{gen: g, file: v.file, effects: &d.effects}
		failed, err := t.savepoint(func() error { return g.proj.apply(t, batch) })
		if err != nil {
			return d, err
		}
		if failed != nil {
			g.memo = nil
			last := batch[len(batch)-1].Position
			return progress{pos: g.pos, anchor: g.anchor, err: fmt.Errorf("apply events up to %s: %w", last, failed)}, nil
		}
	}
	d.looked, d.err = looked, stop
	if looked > 0 {
		d.pos = events[looked-1].Position
		d.anchor = anchor{after: after, id: events[0].ID.String()}
	}
	if stop == nil && p.next.Compare(d.pos) > 0 {
		d.pos = p.next
	}
	return d, nil
}

// pick chooses the events that the projection handles. It stops before one that
// might matter and can't be read; looked counts those before it.
func (g *generation) pick(events []event) (batch []*event, looked int, stop error) {
	for i := range events {
		e := &events[i]
		switch g.attitudeTo(e.Type) {
		case ignored:
			continue
		case handled:
			e.decode()
		case unknown:
			e.err = fmt.Errorf("%w: %s", domain.ErrUnknownEvent, e.Type)
		}
		if e.err != nil {
			return batch, i, fmt.Errorf("at position %s (%s %d): %w", e.Position, e.Stream, e.Version, e.err)
		}
		batch = append(batch, e)
	}
	return batch, len(events), nil
}

// checkpoint moves the generations on in the transaction of their rows. Those
// that go together, as nearly always, cost one statement.
func (f *file) checkpoint(gens []*generation, done []progress) error {
	type move struct {
		from, to eventstore.Position
		looked   int
		anchor   anchor
	}
	var moves []move
	ids := make(map[move][]int64)
	for i, g := range gens {
		if done[i].pos == g.pos {
			continue
		}
		m := move{from: g.pos, to: done[i].pos, looked: done[i].looked, anchor: done[i].anchor}
		if ids[m] == nil {
			moves = append(moves, m)
		}
		ids[m] = append(ids[m], g.id)
	}
	for _, m := range moves {
		if err := f.move(ids[m], m.from, m.to, m.looked, m.anchor); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) move(ids []int64, from, to eventstore.Position, looked int, a anchor) error {
	res, err := f.execPrepared(`UPDATE generations SET position = ?, events = events + ?, anchor_after = ?, anchor_id = ?
		WHERE position = ? AND id IN (SELECT value FROM json_each(?))`,
		[]any{to.String(), looked, a.after.String(), a.id, from.String(), jsonList(ids)})
	if err != nil {
		return err
	}
	moved, err := res.RowsAffected()
	if err == nil && moved != int64(len(ids)) {
		err = fmt.Errorf("a checkpoint is not at %s any more: does another process write to the views?", from)
	}
	return err
}

// publish makes the commit known: to Status and Wait, then to the hooks.
func (v *Views) publish(gens []*generation, done []progress) {
	v.mu.Lock()
	var stopped []string
	for i, g := range gens {
		d := &done[i]
		g.pos, g.anchor = d.pos, d.anchor
		g.seen += int64(d.looked)
		if d.err != nil && (g.err == nil || g.err.Error() != d.err.Error()) {
			stopped = append(stopped, fmt.Sprintf("%s: %s", g.proj.name, d.err))
		}
		g.err = d.err
		g.inStep = g.inStep && d.err == nil
	}
	v.trouble = nil
	close(v.changed)
	v.changed = make(chan struct{})
	h := v.hooks
	v.mu.Unlock()
	if len(stopped) > 0 {
		v.cfg.log.Error("projections stopped", "why", strings.Join(stopped, "; "))
	}
	for i, g := range gens {
		if g.serving {
			h.tell(&done[i].effects)
		}
	}
}

func (h hooks) tell(e *effects) {
	for _, f := range h.queued {
		for runner, n := range e.queued {
			f(runner, n)
		}
	}
	for _, f := range h.runner {
		for _, id := range e.runners {
			f(id)
		}
	}
	for _, f := range h.monitor {
		for _, id := range e.monitors {
			f(id)
		}
	}
}
