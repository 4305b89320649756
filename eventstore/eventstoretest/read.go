package eventstoretest

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
)

var readTests = []test{
	{"an absent stream is empty", testAbsentStream, false},
	{"a stream reads in pages", testStreamPages, false},
	{"the log reads in pages", testLogPages, false},
	{"the end keeps its position", testEnd, false},
	{"positions survive as text", testPositionText, false},
	{"the head is the last event", testHead, false},
	{"what was read is the reader's own", testOwnCopy, false},
}

func testAbsentStream(b *bench) {
	page, err := b.ReadStream(b.ctx, "nobody", 0, 10)
	require.NoError(b, err)
	require.Empty(b, page)
	b.mustAppend("somebody", eventstore.NoStream, event("a"))
	page, err = b.ReadStream(b.ctx, "nobody", 0, 10)
	require.NoError(b, err)
	require.Empty(b, page)
}

func testStreamPages(b *bench) {
	es := events(25)
	b.mustAppend("s", eventstore.NoStream, es...)
	b.mustAppend("t", eventstore.NoStream, event("other"))
	for _, c := range []struct {
		after int64
		limit int
		first int64
		n     int
	}{{0, 10, 1, 10}, {10, 10, 11, 10}, {20, 10, 21, 5}, {24, 1, 25, 1}, {0, 100, 1, 25}, {25, 10, 0, 0}, {1000, 10, 0, 0}} {
		page, err := b.ReadStream(b.ctx, "s", c.after, c.limit)
		require.NoError(b, err)
		require.Len(b, page, c.n, "after %d, limit %d", c.after, c.limit)
		for i, e := range page {
			require.Equal(b, c.first+int64(i), e.Version)
			require.Equal(b, es[e.Version-1].ID, e.ID)
		}
	}
}

// fill appends n events, over some streams in turn.
func (b *bench) fill(n int) {
	b.Helper()
	for i := range n {
		b.mustAppend(fmt.Sprintf("s-%d", i%4), eventstore.Any, event(fmt.Sprint(i)))
	}
}

func testLogPages(b *bench) {
	b.fill(53)
	whole := b.log(eventstore.Position{}, 1000, eventstore.Filter{})
	require.Len(b, whole, 53)
	b.requireOrdered(whole)
	for _, limit := range []int{1, 2, 7, 52, 53, 54} {
		require.Equal(b, whole, b.log(eventstore.Position{}, limit, eventstore.Filter{}), "pages of %d", limit)
	}
	for _, from := range []int{0, 1, 20, 51, 52} {
		require.Equal(b, ids(whole[from+1:]), ids(b.log(whole[from].Position, 5, eventstore.Filter{})), "after event %d", from)
	}
}

func testEnd(b *bench) {
	start := eventstore.Position{}
	page, next, err := b.ReadAll(b.ctx, start, 10, eventstore.Filter{})
	require.NoError(b, err)
	require.Empty(b, page)
	require.Equal(b, start, next, "an empty log")

	b.fill(3)
	head, err := b.Head(b.ctx)
	require.NoError(b, err)
	hi, lo := head.Parts()
	for _, after := range []eventstore.Position{head, eventstore.NewPosition(hi+1000, lo), eventstore.NewPosition(1<<63+5, 7)} {
		page, next, err = b.ReadAll(b.ctx, after, 10, eventstore.Filter{})
		require.NoError(b, err)
		require.Empty(b, page)
		require.Equal(b, after, next)
	}
}

func testPositionText(b *bench) {
	b.fill(12)
	whole := b.log(eventstore.Position{}, 1000, eventstore.Filter{})
	for i, e := range whole {
		parsed, err := eventstore.ParsePosition(e.Position.String())
		require.NoError(b, err)
		require.Equal(b, e.Position, parsed)
		require.Equal(b, ids(whole[i+1:]), ids(b.log(parsed, 4, eventstore.Filter{})))
	}
}

func testHead(b *bench) {
	head, err := b.Head(b.ctx)
	require.NoError(b, err)
	require.True(b, head.IsZero(), "an empty log")
	for i := range 5 {
		result := b.mustAppend("s", eventstore.Expected(i*2), events(2)...)
		head, err = b.Head(b.ctx)
		require.NoError(b, err)
		require.Equal(b, result.Position, head)
	}
}

func testOwnCopy(b *bench) {
	e := event("mine")
	b.mustAppend("s", eventstore.NoStream, e)
	data, meta := string(e.Data), string(e.Meta)
	e.Data[0], e.Meta[0] = 'X', 'X' // the caller's bytes are the caller's again
	for range 2 {
		got := append(b.stream("s"), b.log(eventstore.Position{}, 10, eventstore.Filter{})...)
		require.Len(b, got, 2)
		for i := range got {
			require.Equal(b, data, string(got[i].Data))
			require.Equal(b, meta, string(got[i].Meta))
			got[i].Data[0], got[i].Meta[0] = 'X', 'X'
		}
	}
}
