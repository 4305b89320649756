package eventstoretest

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
)

var idempotencyTests = []test{
	{"the same append is replayed", testReplay, false},
	{"a replay of no stream", testReplayNoStream, false},
	{"a replay long after", testReplayLongAfter, false},
	{"part of an append is a conflict", testPartOverlap, false},
	{"another order is a conflict", testOtherOrder, false},
	{"not side by side is a conflict", testScattered, false},
	{"the payload of a replay is ignored", testReplayPayload, false},
	{"another stream has ids of its own", testOtherStream, false},
	{"a long stream remembers every id", testLongStream, false},
	{"the same append at the same time lands once", testSimultaneous, false},
}

// replays expects an append to return an earlier result, whatever version is expected.
func (b *bench) replays(stream string, first eventstore.AppendResult, es ...eventstore.Event) {
	b.Helper()
	want := first
	want.Replayed = true
	before, err := b.Head(b.ctx)
	require.NoError(b, err)
	for _, expected := range []eventstore.Expected{eventstore.Any, eventstore.NoStream, 1, eventstore.Expected(first.Version), 1 << 40} {
		got, err := b.Append(b.ctx, stream, expected, es...)
		require.NoError(b, err, "expected version %d", expected)
		require.Equal(b, want, got, "expected version %d", expected)
	}
	after, err := b.Head(b.ctx)
	require.NoError(b, err)
	require.Equal(b, before, after, "a replay writes nothing")
}

// conflicts expects an append to be refused, whatever version is expected.
func (b *bench) conflicts(stream string, version int64, es ...eventstore.Event) {
	b.Helper()
	for _, expected := range []eventstore.Expected{eventstore.Any, eventstore.NoStream, 1, eventstore.Expected(version)} {
		_, err := b.Append(b.ctx, stream, expected, es...)
		b.requireConflict(err, stream, expected, version)
	}
	require.Len(b, b.stream(stream), int(version))
}

func testReplay(b *bench) {
	b.mustAppend("s", eventstore.NoStream, event("first"))
	pair := events(2)
	first := b.mustAppend("s", 1, pair...)
	b.replays("s", first, pair...)
	require.EqualValues(b, 4, b.mustAppend("s", 3, event("next")).Version)
	b.replays("s", first, pair...)
	b.mustAppend("other", eventstore.Any, event("elsewhere"))
	b.replays("s", first, pair...)
}

func testReplayNoStream(b *bench) {
	one := event("created")
	first := b.mustAppend("s", eventstore.NoStream, one)
	b.replays("s", first, one)
	_, err := b.Append(b.ctx, "s", eventstore.NoStream, event("created by someone else"))
	b.requireConflict(err, "s", eventstore.NoStream, 1)

	anyway := event("appended at any version")
	second := b.mustAppend("s", eventstore.Any, anyway)
	b.replays("s", second, anyway)
	b.replays("s", first, one)
}

func testReplayLongAfter(b *bench) {
	triple := events(3)
	first := b.mustAppend("s", eventstore.NoStream, triple...)
	for i := range 20 {
		b.mustAppend("s", eventstore.Expected(3+i), event("more"))
	}
	b.replays("s", first, triple...)
	first.Version, first.Position = 2, b.stream("s")[1].Position
	b.replays("s", first, triple[:2]...) // side by side and in order, so the same events
}

func testPartOverlap(b *bench) {
	es := events(3)
	b.mustAppend("s", eventstore.NoStream, es...)
	b.conflicts("s", 3, es[2], event("new"))
	b.conflicts("s", 3, event("new"), es[0])
	b.conflicts("s", 3, es[0], es[1], es[2], event("new"))
	b.conflicts("s", 3, event("new"), es[0], es[1], es[2])
	b.conflicts("s", 3, es[0], event("new"), es[2])
}

func testOtherOrder(b *bench) {
	es := events(3)
	b.mustAppend("s", eventstore.NoStream, es...)
	b.conflicts("s", 3, es[1], es[0])
	b.conflicts("s", 3, es[2], es[1], es[0])
	b.conflicts("s", 3, es[0], es[2], es[1])
}

func testScattered(b *bench) {
	es := events(3)
	b.mustAppend("s", eventstore.NoStream, es...)
	b.conflicts("s", 3, es[0], es[2])
}

func testReplayPayload(b *bench) {
	one := event("original")
	first := b.mustAppend("s", eventstore.NoStream, one)
	changed := one
	changed.Data, changed.Type = []byte("changed"), "other.type.v1"
	b.replays("s", first, changed)
	require.Equal(b, one.Data, b.stream("s")[0].Data)
}

func testOtherStream(b *bench) {
	es := events(2)
	b.mustAppend("s", eventstore.NoStream, es...)
	b.mustAppend("t", eventstore.NoStream, es...)
	b.mustAppend("u", eventstore.NoStream, es[1], event("new"))
	b.mustAppend("v", eventstore.Any, es[1], es[0])
	require.Equal(b, ids(b.stream("s")), ids(b.stream("t")))
}

// testLongStream goes over any bound that a backend may have for looking back.
func testLongStream(b *bench) {
	var results []eventstore.AppendResult
	var appended [][]eventstore.Event
	version := int64(0)
	for version < 400 {
		es := events(len(appended)%7 + 1)
		result := b.mustAppend("long", eventstore.Expected(version), es...)
		results, appended = append(results, result), append(appended, es)
		version = result.Version
	}
	for i := 0; i < len(appended); i += 5 {
		b.replays("long", results[i], appended[i]...)
	}
	last := appended[len(appended)-1]
	b.conflicts("long", version, appended[0][0], last[0])
	b.conflicts("long", version, last[0], event("new"))
	b.conflicts("long", version, event("new"), last[0])
	middle := appended[len(appended)*2/3]
	b.conflicts("long", version, middle[0], last[0])
}

func testSimultaneous(b *bench) {
	const callers, rounds = 8, 10
	for round := range rounds {
		pair := events(2)
		results := make([]eventstore.AppendResult, callers)
		b.each(callers, func(i int) (err error) {
			expected := []eventstore.Expected{eventstore.Any, eventstore.Expected(2 * round)}[i%2]
			results[i], err = b.Append(b.ctx, "s", expected, pair...)
			return err
		})
		fresh := 0
		for _, r := range results {
			if !r.Replayed {
				fresh++
			}
			require.EqualValues(b, 2*round+2, r.Version)
			require.Equal(b, results[0].Position, r.Position)
		}
		require.Equal(b, 1, fresh, fmt.Sprintf("round %d", round))
	}
	require.Len(b, b.stream("s"), 2*rounds)
}
