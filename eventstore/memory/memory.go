// Package memory is an event store that forgets: for tests. It keeps the whole
// contract of eventstore.Store but durability, and it shows callers every liberty
// that the contract gives a backend, such as empty pages before the end.
package memory

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/picket-api/picket/eventstore"
)

// scanWindow bounds the events that a filtered page looks at, so that callers meet
// empty pages in tests and not first in production.
const scanWindow = 1000

// Store is an eventstore.Store in memory. Make it with New.
type Store struct {
	clock func() time.Time
	epoch string
	bell  eventstore.Broadcast

	mu      sync.RWMutex
	log     []eventstore.Recorded // append-only: an element never changes
	streams map[string]*stream
	closed  bool
}

// stream is where the events of one stream are.
type stream struct {
	at  []int // index in the log; version-1 is the index here
	ids map[uuid.UUID]int64
}

var _ eventstore.Store = (*Store)(nil)

// Option changes a default of New.
type Option func(*Store)

// Clock sets where the time of recording comes from; time.Now by default.
func Clock(now func() time.Time) Option {
	return func(s *Store) { s.clock = now }
}

// New returns an empty store.
func New(opts ...Option) *Store {
	s := &Store{clock: time.Now, epoch: uuid.NewString(), streams: map[string]*stream{}}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// Epoch names this log: positions and cursors of another epoch mean nothing here.
func (s *Store) Epoch() string { return s.epoch }

// Append implements eventstore.Store. The bytes are copied.
func (s *Store) Append(ctx context.Context, name string, expected eventstore.Expected, events ...eventstore.Event) (eventstore.AppendResult, error) {
	if err := eventstore.CheckAppend(name, expected, events); err != nil {
		return eventstore.AppendResult{}, err
	}
	if err := ctx.Err(); err != nil {
		return eventstore.AppendResult{}, fmt.Errorf("append to %s: %w", name, err)
	}
	result, err := s.append(name, expected, events)
	if err == nil && !result.Replayed {
		s.bell.Wake()
	}
	return result, err
}

func (s *Store) append(name string, expected eventstore.Expected, events []eventstore.Event) (eventstore.AppendResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return eventstore.AppendResult{}, fmt.Errorf("append to %s: %w", name, eventstore.ErrClosed)
	}
	in := s.streams[name]
	if in == nil {
		in = &stream{ids: map[uuid.UUID]int64{}}
	}
	version := int64(len(in.at))
	overlap, last := eventstore.FindOverlap(events, func(id uuid.UUID) int64 { return in.ids[id] })
	switch {
	case overlap == eventstore.SameEvents:
		return eventstore.AppendResult{Version: last, Position: s.log[in.at[last-1]].Position, Replayed: true}, nil
	case overlap == eventstore.PartOverlap, expected != eventstore.Any && int64(expected) != version:
		return eventstore.AppendResult{}, &eventstore.ConflictError{Stream: name, Expected: expected, Actual: version}
	}
	s.streams[name] = in
	now := s.clock().UTC().Truncate(time.Microsecond)
	for _, e := range events {
		s.record(name, in, e, now)
	}
	return eventstore.AppendResult{Version: int64(len(in.at)), Position: s.head()}, nil
}

func (s *Store) record(name string, in *stream, e eventstore.Event, now time.Time) {
	e.Data, e.Meta = bytes.Clone(e.Data), bytes.Clone(e.Meta)
	in.at = append(in.at, len(s.log))
	in.ids[e.ID] = int64(len(in.at))
	s.log = append(s.log, eventstore.Recorded{
		Event:    e,
		Stream:   name,
		Version:  int64(len(in.at)),
		Position: eventstore.NewPosition(uint64(len(s.log)+1), 0),
		Time:     now,
	})
}

// ReadStream implements eventstore.Store.
func (s *Store) ReadStream(ctx context.Context, name string, after int64, limit int) ([]eventstore.Recorded, error) {
	if err := eventstore.CheckPage(limit); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.readable(ctx); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var at []int
	if in := s.streams[name]; in != nil {
		at = in.at
	}
	var page []eventstore.Recorded
	for i := max(after, 0); i < int64(len(at)) && len(page) < limit; i++ {
		page = append(page, clone(s.log[at[i]]))
	}
	return page, nil
}

// ReadAll implements eventstore.Store.
func (s *Store) ReadAll(ctx context.Context, after eventstore.Position, limit int, filter eventstore.Filter) ([]eventstore.Recorded, eventstore.Position, error) {
	if err := eventstore.CheckPage(limit); err != nil {
		return nil, after, err
	}
	log, err := s.snapshot(ctx)
	if err != nil {
		return nil, after, fmt.Errorf("read the log: %w", err)
	}
	hi, _ := after.Parts()
	if hi >= uint64(len(log)) {
		return nil, after, nil
	}
	end := min(len(log), int(hi)+max(limit, scanWindow))
	var page []eventstore.Recorded
	for _, e := range log[hi:end] {
		if !filter.Match(e) {
			continue
		}
		if page = append(page, clone(e)); len(page) == limit {
			return page, e.Position, nil
		}
	}
	return page, log[end-1].Position, nil
}

// snapshot is the log as it is now; it may be read without the lock.
func (s *Store) snapshot(ctx context.Context) ([]eventstore.Recorded, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.log, s.readable(ctx)
}

// readable is the error of a read; the caller has the lock.
func (s *Store) readable(ctx context.Context) error {
	if s.closed {
		return eventstore.ErrClosed
	}
	return ctx.Err()
}

// Watch implements eventstore.Store. Close wakes the watchers too.
func (s *Store) Watch() <-chan struct{} { return s.bell.Watch() }

// Head implements eventstore.Store.
func (s *Store) Head(ctx context.Context) (eventstore.Position, error) {
	log, err := s.snapshot(ctx)
	switch {
	case err != nil:
		return eventstore.Position{}, fmt.Errorf("read the head: %w", err)
	case len(log) == 0:
		return eventstore.Position{}, nil
	default:
		return log[len(log)-1].Position, nil
	}
}

func (s *Store) head() eventstore.Position { return s.log[len(s.log)-1].Position }

// Close implements eventstore.Store. The second call does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.bell.Wake()
	return nil
}

func clone(e eventstore.Recorded) eventstore.Recorded {
	e.Data, e.Meta = bytes.Clone(e.Data), bytes.Clone(e.Meta)
	return e
}
