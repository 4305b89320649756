package eventstoretest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/picket-api/picket/eventstore"
)

var modelTests = []test{
	{"any sequence of appends agrees with the model", testModel, false},
}

// model is the contract in its simplest form: a list of ids for each stream.
type model map[string][]uuid.UUID

// append says what a store must answer: the version, and whether it is a replay; or the
// version of the conflict.
func (m model) append(stream string, expected eventstore.Expected, es []uuid.UUID) (version int64, replayed, conflict bool) {
	have := m[stream]
	known := 0
	for _, id := range es {
		if slices.Contains(have, id) {
			known++
		}
	}
	if at := slices.Index(have, es[0]); known == len(es) && at+len(es) <= len(have) && slices.Equal(have[at:at+len(es)], es) {
		return int64(at + len(es)), true, false
	}
	if known > 0 || expected != eventstore.Any && int(expected) != len(have) {
		return int64(len(have)), false, true
	}
	m[stream] = append(have, es...)
	return int64(len(m[stream])), false, false
}

// step is an append of a sequence. The ids come from a small pool, so that they repeat.
type step struct {
	stream string
	offset int // of the expected version from the actual one; anyVersion is any
	ids    []int
}

const anyVersion = -100

var steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
	return step{
		stream: rapid.SampledFrom([]string{"a", "a", "a", "b", "c"}).Draw(t, "stream"),
		offset: rapid.SampledFrom([]int{0, 0, 0, 0, anyVersion, anyVersion, -1, 1, -3}).Draw(t, "offset"),
		ids:    rapid.SliceOfNDistinct(rapid.IntRange(0, 15), 1, 4, rapid.ID[int]).Draw(t, "ids"),
	}
}), 1, 12)

func testModel(b *bench) {
	run := 0
	rapid.Check(b.T, func(t *rapid.T) {
		run++
		prefix := fmt.Sprintf("run-%d-", run)
		pool := make([]uuid.UUID, 16)
		for i := range pool {
			pool[i] = uuid.New()
		}
		m := model{}
		start, err := b.Head(b.ctx)
		require.NoError(t, err)
		var order []uuid.UUID
		for _, s := range steps.Draw(t, "steps") {
			order = append(order, b.step(t, m, prefix, s, pool)...)
		}
		for stream, want := range m {
			require.Equal(t, want, ids(b.stream(prefix+stream)))
		}
		require.Equal(t, order, ids(b.log(start, 100, eventstore.Filter{})))
		require.Equal(t, order, ids(b.log(start, 7, eventstore.Filter{StreamPrefixes: []string{prefix}})))
	})
}

// step appends to the store and to the model, compares, and returns what is new.
func (b *bench) step(t *rapid.T, m model, prefix string, s step, pool []uuid.UUID) []uuid.UUID {
	var es []eventstore.Event
	var want []uuid.UUID
	for _, i := range s.ids {
		es = append(es, eventstore.Event{ID: pool[i], Type: "model", Data: []byte{byte(i)}})
		want = append(want, pool[i])
	}
	expected := eventstore.Any
	if s.offset != anyVersion {
		expected = max(eventstore.Expected(len(m[s.stream])+s.offset), eventstore.NoStream)
	}
	version, replayed, conflict := m.append(s.stream, expected, want)
	result, err := b.Append(b.ctx, prefix+s.stream, expected, es...)
	if conflict {
		require.ErrorIs(t, err, eventstore.ErrConflict)
		actual, ok := errors.AsType[*eventstore.ConflictError](err)
		require.True(t, ok)
		if !b.features.NoActual {
			require.Equal(t, version, actual.Actual)
		}
		return nil
	}
	require.NoError(t, err)
	require.Equal(t, version, result.Version)
	require.Equal(t, replayed, result.Replayed)
	if replayed {
		return nil
	}
	return want
}
