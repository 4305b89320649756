package eventstoretest

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
)

var concurrencyTests = []test{
	{"a tail sees the order of 32 writers", testTail, false},
	{"increments of one stream land once each", testContention, false},
	{"a slow reader holds nobody up", testSlowReader, false},
	{"conflicts in a crowd concern nobody else", testCrowd, false},
}

const (
	writers   = 32
	perWriter = 12
)

// write appends perWriter times, to a stream of its own and to one shared by all, some
// events alone and some in pairs.
func (b *bench) write(writer int) error {
	own := fmt.Sprintf("writer-%d", writer)
	for i := range perWriter {
		es := events(i%2 + 1)
		stream, expected := "shared", eventstore.Any
		if i%3 > 0 {
			stream = own
		}
		if _, err := b.Append(b.ctx, stream, expected, es...); err != nil {
			return err
		}
	}
	return nil
}

// written is how many events all writers append together.
const written = writers * perWriter * 3 / 2

func testTail(b *bench) {
	limits := []int{1, 7, 1000}
	tails := make([][]eventstore.Recorded, len(limits))
	b.each(writers+len(limits), func(i int) (err error) {
		if i < writers {
			return b.write(i)
		}
		i -= writers
		tails[i], err = b.tail(eventstore.Position{}, limits[i], written)
		return err
	})
	whole := b.log(eventstore.Position{}, 1000, eventstore.Filter{})
	require.Len(b, whole, written)
	b.requireOrdered(whole)
	require.Len(b, streamsOf(whole), writers+1)
	for i, tail := range tails {
		require.Equal(b, whole, tail, "a tail in pages of %d, read while it was written", limits[i])
	}
}

func testContention(b *bench) {
	const callers, increments = 8, 10
	var conflicts atomic.Int64
	b.each(callers, func(caller int) error {
		for i := 0; i < increments; {
			page, err := b.ReadStream(b.ctx, "counter", 0, eventstore.MaxReadPage)
			if err != nil {
				return err
			}
			_, err = b.Append(b.ctx, "counter", eventstore.Expected(len(page)), event(fmt.Sprintf("%d/%d", caller, i)))
			switch {
			case err == nil:
				i++
			case errors.Is(err, eventstore.ErrConflict):
				conflicts.Add(1)
			default:
				return err
			}
		}
		return nil
	})
	counter := b.stream("counter")
	require.Len(b, counter, callers*increments)
	b.requireOrdered(counter)
	seen := map[string]bool{}
	for _, e := range counter {
		require.False(b, seen[string(e.Data)], "%s landed twice", e.Data)
		seen[string(e.Data)] = true
	}
	b.Logf("%d increments, %d conflicts", len(counter), conflicts.Load())
}

// testSlowReader keeps a reader between two pages until the writers are done.
func testSlowReader(b *bench) {
	b.fill(20)
	page, next, err := b.ReadAll(b.ctx, eventstore.Position{}, 5, eventstore.Filter{})
	require.NoError(b, err)
	b.each(writers, b.write)
	rest := b.log(next, 5, eventstore.Filter{})
	seen := append(page, rest...)
	require.Len(b, seen, 20+written)
	b.requireOrdered(seen)
}

// testCrowd mixes appends that must fail among those that must not.
func testCrowd(b *bench) {
	b.mustAppend("taken", eventstore.NoStream, event("first"))
	b.each(writers, func(i int) error {
		for round := range perWriter {
			if i%4 == 0 {
				_, err := b.Append(b.ctx, "taken", eventstore.NoStream, event("too late"))
				if !errors.Is(err, eventstore.ErrConflict) {
					return fmt.Errorf("want a conflict, got %w", err)
				}
				continue
			}
			if _, err := b.Append(b.ctx, fmt.Sprintf("own-%d", i), eventstore.Expected(round), event("fine")); err != nil {
				return err
			}
		}
		return nil
	})
	require.Len(b, b.stream("taken"), 1)
	require.Len(b, b.log(eventstore.Position{}, 1000, eventstore.Filter{StreamPrefixes: []string{"own-"}}), writers*3/4*perWriter)
}
