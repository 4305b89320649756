package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
)

var lifecycleTests = []test{
	{"a dead context does nothing", testDeadContext, false},
	{"a cancelled append lands whole or not at all", testCancelledAppend, false},
	{"a closed store says so", testClosed, false},
	{"close waits for appends under way", testCloseUnderWay, false},
	{"close wakes the watchers", testCloseWakes, false},
	{"opened again it goes on", testReopen, true},
	{"opened again it resumes a subscription", testResume, true},
}

func testDeadContext(b *bench) {
	b.mustAppend("s", eventstore.NoStream, event("a"))
	dead, cancel := context.WithCancel(b.ctx)
	cancel()
	_, err := b.Append(dead, "s", 1, event("b"))
	require.ErrorIs(b, err, context.Canceled)
	_, err = b.ReadStream(dead, "s", 0, 10)
	require.ErrorIs(b, err, context.Canceled)
	_, _, err = b.ReadAll(dead, eventstore.Position{}, 10, eventstore.Filter{})
	require.ErrorIs(b, err, context.Canceled)
	_, err = b.Head(dead)
	require.ErrorIs(b, err, context.Canceled)
	require.Len(b, b.stream("s"), 1)
}

// testCancelledAppend cancels appends at any moment and tries each again until it is
// answered, as a caller would who doesn't know the outcome.
func testCancelledAppend(b *bench) {
	var cancelled atomic.Int64
	b.each(writers, func(i int) error {
		stream := fmt.Sprintf("s-%d", i)
		for round := range perWriter {
			pair := events(2)
			ctx, cancel := context.WithCancel(b.ctx)
			go cancel()
			_, err := b.Append(ctx, stream, eventstore.Expected(2*round), pair...)
			cancel()
			if err == nil {
				continue
			}
			if !errors.Is(err, context.Canceled) {
				return err
			}
			cancelled.Add(1)
			if _, err := b.Append(b.ctx, stream, eventstore.Expected(2*round), pair...); err != nil {
				return fmt.Errorf("second try: %w", err)
			}
		}
		return nil
	})
	whole := b.log(eventstore.Position{}, 1000, eventstore.Filter{})
	require.Len(b, whole, writers*perWriter*2)
	b.requireOrdered(whole)
	b.Logf("%d of %d appends were cancelled", cancelled.Load(), writers*perWriter)
}

func testClosed(b *bench) {
	b.mustAppend("s", eventstore.NoStream, event("a"))
	require.NoError(b, b.Close())
	_, err := b.Append(b.ctx, "s", 1, event("b"))
	require.ErrorIs(b, err, eventstore.ErrClosed)
	_, err = b.ReadStream(b.ctx, "s", 0, 10)
	require.ErrorIs(b, err, eventstore.ErrClosed)
	_, _, err = b.ReadAll(b.ctx, eventstore.Position{}, 10, eventstore.Filter{})
	require.ErrorIs(b, err, eventstore.ErrClosed)
	_, err = b.Head(b.ctx)
	require.ErrorIs(b, err, eventstore.ErrClosed)
	require.NoError(b, b.Close(), "a second close")
}

// testCloseUnderWay closes in the middle of appends: each is answered, with its result
// or with ErrClosed, and in a durable store exactly those with a result are there.
func testCloseUnderWay(b *bench) {
	var landed [writers]int64
	started := make(chan struct{}, writers)
	b.each(writers+1, func(i int) error {
		if i == writers {
			for range writers {
				<-started
			}
			return b.Close()
		}
		for n := 0; ; n++ {
			_, err := b.Append(b.ctx, fmt.Sprintf("s-%d", i), eventstore.Expected(n), event("x"))
			if n == 0 {
				started <- struct{}{}
			}
			if errors.Is(err, eventstore.ErrClosed) {
				return nil
			}
			if err != nil {
				return err
			}
			landed[i]++
		}
	})
	if !b.features.Durable {
		return
	}
	b.reopen()
	for i, n := range landed {
		require.Len(b, b.stream(fmt.Sprintf("s-%d", i)), int(n), "writer %d", i)
	}
}

func testCloseWakes(b *bench) {
	wake := b.Watch()
	require.NoError(b, b.Close())
	select {
	case <-wake:
	case <-b.ctx.Done():
		require.Fail(b, "nobody was woken")
	}
}

func testReopen(b *bench) {
	pair := events(2)
	first := b.mustAppend("s", eventstore.NoStream, pair...)
	b.fill(30)
	before := b.log(eventstore.Position{}, 1000, eventstore.Filter{})
	for range 3 {
		b.reopen()
		require.Equal(b, before, b.log(eventstore.Position{}, 1000, eventstore.Filter{}))
		head, err := b.Head(b.ctx)
		require.NoError(b, err)
		require.Equal(b, before[len(before)-1].Position, head)
		b.replays("s", first, pair...)
		_, err = b.Append(b.ctx, "s", 1, event("late"))
		b.requireConflict(err, "s", 1, 2)
	}
	require.EqualValues(b, 3, b.mustAppend("s", 2, event("next")).Version)
	after := b.log(eventstore.Position{}, 1000, eventstore.Filter{})
	require.Equal(b, before, after[:len(before)])
	require.Len(b, after, len(before)+1)
	b.requireOrdered(after)
}

// testResume stops a subscription in the middle and goes on from the text of its
// position, in a store opened anew.
func testResume(b *bench) {
	b.fill(40)
	seen, err := b.tail(eventstore.Position{}, 7, 21)
	require.NoError(b, err)
	text := seen[len(seen)-1].Position.String()
	b.reopen()
	b.fill(15)

	after, err := eventstore.ParsePosition(text)
	require.NoError(b, err)
	rest, err := b.tail(after, 7, 55-len(seen))
	require.NoError(b, err)
	seen = append(seen, rest...)
	require.Equal(b, ids(b.log(eventstore.Position{}, 1000, eventstore.Filter{})), ids(seen))
}
