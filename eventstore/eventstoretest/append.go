package eventstoretest

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
)

var appendTests = []test{
	{"versions count from one", testVersions, false},
	{"a wrong version is a typed conflict", testWrongVersion, false},
	{"any ignores the version", testAny, false},
	{"several events land together", testAtomic, false},
	{"a refused append leaves nothing", testRefusedLeavesNothing, false},
	{"recorded events are exact", testExact, false},
	{"a mebibyte is preserved", testMebibyte, false},
	{"limits are invalid", testLimits, false},
	{"the largest append lands", testLargestAppend, false},
	{"the store's clock gives the time", testClock, false},
}

func testVersions(b *bench) {
	first := b.mustAppend("run-1", eventstore.NoStream, event("a"))
	second := b.mustAppend("run-1", 1, events(2)...)
	other := b.mustAppend("run-2", eventstore.NoStream, event("d"))
	require.Equal(b, []int64{1, 3, 1}, []int64{first.Version, second.Version, other.Version})
	require.Positive(b, first.Position.Compare(eventstore.Position{}))
	require.Positive(b, second.Position.Compare(first.Position))
	require.Positive(b, other.Position.Compare(second.Position))

	log := b.log(eventstore.Position{}, 10, eventstore.Filter{})
	require.Len(b, log, 4)
	require.Equal(b, first.Position, log[0].Position)
	require.Equal(b, second.Position, log[2].Position, "the position is that of the last event")
	require.Equal(b, other.Position, log[3].Position)
}

func testWrongVersion(b *bench) {
	b.mustAppend("run-1", eventstore.NoStream, events(3)...)
	for _, expected := range []eventstore.Expected{eventstore.NoStream, 1, 2, 4, 1000} {
		_, err := b.Append(b.ctx, "run-1", expected, event("late"))
		b.requireConflict(err, "run-1", expected, 3)
	}
	_, err := b.Append(b.ctx, "run-none", 1, event("early"))
	b.requireConflict(err, "run-none", 1, 0)
	require.Len(b, b.stream("run-1"), 3)
	require.Empty(b, b.stream("run-none"))
}

func testAny(b *bench) {
	require.EqualValues(b, 1, b.mustAppend("audit", eventstore.Any, event("a")).Version)
	require.EqualValues(b, 3, b.mustAppend("audit", eventstore.Any, events(2)...).Version)
	require.EqualValues(b, 4, b.mustAppend("audit", 3, event("d")).Version)
	require.Len(b, b.stream("audit"), 4)
}

// testAtomic reads while pairs are written: no reader ever sees half of one.
func testAtomic(b *bench) {
	const pairs = 50
	done := make(chan error, 1)
	go func() {
		defer close(done)
		for i := range pairs {
			if _, err := b.Append(b.ctx, "pairs", eventstore.Expected(2*i), events(2)...); err != nil {
				done <- err
				return
			}
		}
	}()
	for finished := false; !finished; {
		select {
		case err := <-done:
			require.NoError(b, err)
			finished = true
		default:
		}
		page, err := b.ReadStream(b.ctx, "pairs", 0, 1000)
		require.NoError(b, err)
		require.Zero(b, len(page)%2, "half an append is visible")
	}
	require.Len(b, b.stream("pairs"), 2*pairs)
}

func testRefusedLeavesNothing(b *bench) {
	b.mustAppend("run-1", eventstore.NoStream, event("a"))
	before, err := b.Head(b.ctx)
	require.NoError(b, err)
	_, err = b.Append(b.ctx, "run-1", eventstore.NoStream, events(5)...)
	require.ErrorIs(b, err, eventstore.ErrConflict)
	bad := append(events(4), eventstore.Event{ID: uuid.New()})
	_, err = b.Append(b.ctx, "run-1", 1, bad...)
	require.ErrorIs(b, err, eventstore.ErrInvalid)

	after, err := b.Head(b.ctx)
	require.NoError(b, err)
	require.Equal(b, before, after)
	require.Len(b, b.stream("run-1"), 1)
}

func testExact(b *bench) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	want := []eventstore.Event{
		{ID: uuid.New(), Type: "json.kept.v1", Data: []byte("{\"b\" : 1,\n \"a\":1.0, \"a\":\"\\u00e9\"}  "), Meta: []byte(`{ }`)},
		{ID: uuid.New(), Type: "bytes.kept.v1", Data: all, Meta: all},
		{ID: uuid.New(), Type: "empty.kept.v1", Data: []byte{}, Meta: []byte{}},
		{ID: uuid.New(), Type: "nil.kept.v1"},
		{ID: uuid.New(), Type: "Ünïcode ☃", Data: []byte("☃")},
	}
	b.mustAppend("straße/☃ '\"%_", eventstore.NoStream, want...)
	fromStream := b.stream("straße/☃ '\"%_")
	require.Equal(b, fromStream, b.log(eventstore.Position{}, 10, eventstore.Filter{}), "both reads agree")
	require.Len(b, fromStream, len(want))
	for i, got := range fromStream {
		require.Equal(b, want[i].ID, got.ID)
		require.Equal(b, want[i].Type, got.Type)
		require.Equal(b, "straße/☃ '\"%_", got.Stream)
		require.EqualValues(b, i+1, got.Version)
		require.True(b, bytes.Equal(want[i].Data, got.Data), "data of %s", got.Type)
		require.True(b, bytes.Equal(want[i].Meta, got.Meta), "meta of %s", got.Type)
	}
}

func testMebibyte(b *bench) {
	large := event("large")
	large.Data = make([]byte, 1<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, err := random.Read(large.Data)
	require.NoError(b, err)
	want := bytes.Clone(large.Data)
	b.mustAppend("large", eventstore.NoStream, event("before"), large, event("after"))

	got := b.stream("large")
	require.Len(b, got, 3)
	require.True(b, bytes.Equal(want, got[1].Data), "the bytes come back exactly")
	got[1].Data[0]++
	require.True(b, bytes.Equal(want, b.stream("large")[1].Data), "a reader's copy is its own")
}

func testLimits(b *bench) {
	long := strings.Repeat("x", 201)
	with := func(change func(e *eventstore.Event)) []eventstore.Event {
		e := event("limit")
		change(&e)
		return []eventstore.Event{e}
	}
	twice := event("twice")
	tests := map[string]struct {
		stream   string
		expected eventstore.Expected
		events   []eventstore.Event
	}{
		"no events":           {"s", eventstore.Any, nil},
		"too many events":     {"s", eventstore.Any, events(eventstore.MaxAppendEvents + 1)},
		"no stream name":      {"", eventstore.Any, events(1)},
		"long stream name":    {long, eventstore.Any, events(1)},
		"control in the name": {"run\n1", eventstore.Any, events(1)},
		"name is not UTF-8":   {"run-\xff", eventstore.Any, events(1)},
		"impossible version":  {"s", -2, events(1)},
		"no type":             {"s", eventstore.Any, with(func(e *eventstore.Event) { e.Type = "" })},
		"long type":           {"s", eventstore.Any, with(func(e *eventstore.Event) { e.Type = long })},
		"control in the type": {"s", eventstore.Any, with(func(e *eventstore.Event) { e.Type = "a\x00b" })},
		"no id":               {"s", eventstore.Any, with(func(e *eventstore.Event) { e.ID = uuid.Nil })},
		"large event": {"s", eventstore.Any, with(func(e *eventstore.Event) {
			e.Data = make([]byte, eventstore.MaxEventBytes-len(e.Meta)+1)
		})},
		"same id twice": {"s", eventstore.Any, []eventstore.Event{twice, event("between"), twice}},
	}
	for name, test := range tests {
		_, err := b.Append(b.ctx, test.stream, test.expected, test.events...)
		require.ErrorIs(b, err, eventstore.ErrInvalid, name)
	}
	for _, limit := range []int{-1, 0, eventstore.MaxReadPage + 1} {
		_, err := b.ReadStream(b.ctx, "s", 0, limit)
		require.ErrorIs(b, err, eventstore.ErrInvalid, "page of %d", limit)
		_, _, err = b.ReadAll(b.ctx, eventstore.Position{}, limit, eventstore.Filter{})
		require.ErrorIs(b, err, eventstore.ErrInvalid, "page of %d", limit)
	}
	require.Empty(b, b.log(eventstore.Position{}, 10, eventstore.Filter{}))
}

func testLargestAppend(b *bench) {
	es := events(eventstore.MaxAppendEvents)
	name := strings.Repeat("n", eventstore.MaxStreamName)
	result := b.mustAppend(name, eventstore.NoStream, es...)
	require.EqualValues(b, eventstore.MaxAppendEvents, result.Version)

	page, err := b.ReadStream(b.ctx, name, 0, eventstore.MaxReadPage)
	require.NoError(b, err)
	require.Len(b, page, eventstore.MaxAppendEvents)
	b.requireOrdered(page)
	for i := range es {
		require.Equal(b, es[i].ID, page[i].ID)
	}
}

func testClock(b *bench) {
	if b.features.NoClock {
		b.Skip("this backend has a clock of its own")
	}
	want := b.clock.now().Truncate(time.Microsecond)
	b.mustAppend("s", eventstore.NoStream, events(2)...)
	b.clock.add(time.Hour)
	b.mustAppend("s", 2, event("later"))

	got := b.stream("s")
	require.Equal(b, want, got[0].Time)
	require.Equal(b, want, got[1].Time)
	require.Equal(b, want.Add(time.Hour), got[2].Time)
	require.Equal(b, time.UTC, got[0].Time.Location())
}
