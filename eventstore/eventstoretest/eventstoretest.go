// Package eventstoretest is the contract of eventstore.Store as a suite. Every backend
// runs it, in a test of a few lines:
//
//	func TestContract(t *testing.T) {
//		eventstoretest.Run(t, eventstoretest.Features{Durable: true, New: …})
//	}
package eventstoretest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
)

// patience bounds every wait of the suite: a test that needs it has failed.
const patience = 20 * time.Second

// Open opens the store at its place, empty or with what was written there before. The
// suite closes it. A backend that can't take its time from clock ignores it.
type Open func(t *testing.T, clock func() time.Time) eventstore.Store

// Features says what a backend is.
type Features struct {
	// New makes an empty place for a log that nobody else uses. It is called once for
	// each test, from tests that run in parallel.
	New func(t *testing.T) Open
	// Durable: a store opened again at the same place has the events.
	Durable bool
	// NoClock: recorded times come from elsewhere, so the suite doesn't compare them.
	NoClock bool
	// NoActual: conflicts don't carry the stream's version.
	NoActual bool
}

// Run runs the suite; its tests run in parallel.
func Run(t *testing.T, f Features) {
	topics := []struct {
		name  string
		tests []test
	}{
		{"append", appendTests},
		{"idempotency", idempotencyTests},
		{"read", readTests},
		{"filter", filterTests},
		{"concurrency", concurrencyTests},
		{"subscribe", subscribeTests},
		{"lifecycle", lifecycleTests},
		{"model", modelTests},
	}
	for _, topic := range topics {
		t.Run(topic.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range topic.tests {
				if test.durable && !f.Durable {
					continue // the backend says that it forgets
				}
				t.Run(strings.ReplaceAll(test.name, " ", "_"), func(t *testing.T) {
					t.Parallel()
					test.run(newBench(t, f))
				})
			}
		})
	}
}

type test struct {
	name    string
	run     func(b *bench)
	durable bool // only for a store that has its events when it is opened again
}

// bench is a store under test with what tests need around it.
type bench struct {
	*testing.T
	eventstore.Store
	ctx      context.Context
	features Features
	open     Open
	clock    *clock
}

func newBench(t *testing.T, f Features) *bench {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	b := &bench{T: t, ctx: ctx, features: f, open: f.New(t), clock: &clock{t: time.Date(2026, 3, 29, 1, 59, 59, 123456789, time.UTC)}}
	b.Store = b.open(t, b.clock.now)
	t.Cleanup(func() { require.NoError(t, b.Close(), "close at the end of the test") })
	return b
}

// reopen closes the store and opens it again at the same place.
func (b *bench) reopen() {
	require.NoError(b, b.Close())
	b.Store = b.open(b.T, b.clock.now)
}

// clock is a time that stands still until a test moves it.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// event returns an event with a new id; the label is in its bytes.
func event(label string) eventstore.Event {
	return eventstore.Event{
		ID:   uuid.New(),
		Type: "test.happened.v1",
		Data: fmt.Appendf(nil, `{"label": %q}`, label),
		Meta: []byte(`{"actor":"suite"}`),
	}
}

// events returns n events.
func events(n int) []eventstore.Event {
	es := make([]eventstore.Event, n)
	for i := range es {
		es[i] = event(fmt.Sprint(i + 1))
	}
	return es
}

// mustAppend appends and expects it to land.
func (b *bench) mustAppend(stream string, expected eventstore.Expected, es ...eventstore.Event) eventstore.AppendResult {
	b.Helper()
	result, err := b.Append(b.ctx, stream, expected, es...)
	require.NoError(b, err)
	require.False(b, result.Replayed)
	return result
}

// requireConflict expects err to be a typed conflict at that version.
func (b *bench) requireConflict(err error, stream string, expected eventstore.Expected, actual int64) {
	b.Helper()
	require.ErrorIs(b, err, eventstore.ErrConflict)
	var conflict *eventstore.ConflictError
	require.ErrorAs(b, err, &conflict)
	if b.features.NoActual && conflict.Actual == -1 {
		actual = -1
	}
	require.Equal(b, eventstore.ConflictError{Stream: stream, Expected: expected, Actual: actual}, *conflict)
}

// stream reads a whole stream, in small pages.
func (b *bench) stream(name string) []eventstore.Recorded {
	b.Helper()
	var all []eventstore.Recorded
	for {
		page, err := b.ReadStream(b.ctx, name, int64(len(all)), 100)
		require.NoError(b, err)
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

// log reads everything after a position, in pages of limit.
func (b *bench) log(after eventstore.Position, limit int, filter eventstore.Filter) []eventstore.Recorded {
	b.Helper()
	var all []eventstore.Recorded
	for {
		page, next, err := b.ReadAll(b.ctx, after, limit, filter)
		require.NoError(b, err)
		require.LessOrEqual(b, len(page), limit)
		if next == after {
			require.Empty(b, page, "a page with events moves the position")
			return all
		}
		require.Positive(b, next.Compare(after), "the position moves forward")
		all = append(all, page...)
		after = next
	}
}

// tail follows the log from a position until it has n events, waking on Watch and polling
// beside it. Other goroutines may call it, so it returns its error.
func (b *bench) tail(after eventstore.Position, limit, n int) (seen []eventstore.Recorded, err error) {
	poll := time.NewTicker(eventstore.DefaultPollEvery)
	defer poll.Stop()
	for len(seen) < n {
		wake := b.Watch()
		page, next, err := b.ReadAll(b.ctx, after, limit, eventstore.Filter{})
		if err != nil {
			return seen, err
		}
		seen = append(seen, page...)
		if next != after {
			after = next
			continue
		}
		select {
		case <-wake:
		case <-poll.C:
		case <-b.ctx.Done():
			return seen, fmt.Errorf("saw %d of %d events: %w", len(seen), n, b.ctx.Err())
		}
	}
	return seen, nil
}

// requireOrdered expects positions that rise and versions without gap or repeat in each
// stream, counted from the first one seen.
func (b *bench) requireOrdered(log []eventstore.Recorded) {
	b.Helper()
	versions := map[string]int64{}
	for i, e := range log {
		if i > 0 {
			require.Positive(b, e.Position.Compare(log[i-1].Position), "event %d comes after event %d", i, i-1)
		}
		if last, ok := versions[e.Stream]; ok {
			require.Equal(b, last+1, e.Version, "next version of %s", e.Stream)
		}
		versions[e.Stream] = e.Version
	}
}

// each runs n goroutines and expects none to fail.
func (b *bench) each(n int, run func(i int) error) {
	b.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = run(i) })
	}
	wg.Wait()
	for i, err := range errs {
		require.NoError(b, err, "goroutine %d", i)
	}
}

// ids are the event ids in order.
func ids(log []eventstore.Recorded) []uuid.UUID {
	var out []uuid.UUID
	for i := range log {
		out = append(out, log[i].ID)
	}
	return out
}

// streamsOf are the distinct streams in order of appearance.
func streamsOf(log []eventstore.Recorded) []string {
	var out []string
	for _, e := range log {
		if !slices.Contains(out, e.Stream) {
			out = append(out, e.Stream)
		}
	}
	return out
}
