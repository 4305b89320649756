package eventstoretest

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
)

var filterTests = []test{
	{"the position moves where nothing matches", testNothingMatches, false},
	{"prefixes select streams and types", testPrefixes, false},
}

// mixed appends events of several streams and types.
func (b *bench) mixed(rounds int) []eventstore.Recorded {
	b.Helper()
	for range rounds {
		for _, stream := range []string{"run-1", "run-2", "runner-1", "monitor-1", "RUN-3", "r%n-4", "run", "run."} {
			for _, kind := range []string{"run.started.v1", "runner.seen.v1", "run", "r_n.x", "ünder"} {
				b.mustAppend(stream, eventstore.Any, eventstore.Event{ID: uuid.New(), Type: kind, Data: []byte("{}")})
			}
		}
	}
	return b.log(eventstore.Position{}, 1000, eventstore.Filter{})
}

var filters = []eventstore.Filter{
	{},
	{StreamPrefixes: []string{"run-"}},
	{StreamPrefixes: []string{"run"}},
	{StreamPrefixes: []string{"monitor-", "runner-"}},
	{StreamPrefixes: []string{""}},
	{StreamPrefixes: []string{"run-", "run-1", "nothing"}},
	{StreamPrefixes: []string{"r%n", "run_"}},
	{StreamPrefixes: []string{"\xff"}},
	{TypePrefixes: []string{"run.started.v1"}},
	{TypePrefixes: []string{"run.", "runner."}},
	{TypePrefixes: []string{"ü"}},
	{TypePrefixes: []string{"r_n"}},
	{TypePrefixes: []string{"ün", ""}},
	{StreamPrefixes: []string{"run-"}, TypePrefixes: []string{"runner."}},
	{StreamPrefixes: []string{"runner-", "monitor-"}, TypePrefixes: []string{"run.", "ü"}},
	{StreamPrefixes: []string{"run-"}, TypePrefixes: []string{"absent"}},
}

func testNothingMatches(b *bench) {
	b.mixed(2)
	head, err := b.Head(b.ctx)
	require.NoError(b, err)
	after := eventstore.Position{}
	for {
		page, next, err := b.ReadAll(b.ctx, after, 5, eventstore.Filter{TypePrefixes: []string{"absent"}})
		require.NoError(b, err)
		require.Empty(b, page)
		if next == after {
			break
		}
		require.Positive(b, next.Compare(after))
		after = next
	}
	require.Equal(b, head, after, "the position reaches the head")

	b.mustAppend("s", eventstore.NoStream, eventstore.Event{ID: uuid.New(), Type: "absent.no.more", Data: []byte("{}")})
	require.Len(b, b.log(after, 5, eventstore.Filter{TypePrefixes: []string{"absent"}}), 1)
}

func testPrefixes(b *bench) {
	whole := b.mixed(1)
	for _, filter := range filters {
		var want []eventstore.Recorded
		for _, e := range whole {
			if filter.Match(e) {
				want = append(want, e)
			}
		}
		for _, limit := range []int{3, 100} {
			require.Equal(b, want, b.log(eventstore.Position{}, limit, filter), fmt.Sprintf("pages of %d, filter %+v", limit, filter))
		}
	}
}
