package eventstore_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
)

func TestFindOverlap(t *testing.T) {
	t.Parallel()
	ids := make([]uuid.UUID, 8)
	for i := range ids {
		ids[i] = uuid.New()
	}
	stream := map[uuid.UUID]int64{ids[1]: 1, ids[2]: 2, ids[3]: 3, ids[4]: 4}
	tests := map[string]struct {
		append []int
		want   eventstore.Overlap
		last   int64
	}{
		"all new":            {[]int{5, 6}, eventstore.NoOverlap, 0},
		"one, there":         {[]int{3}, eventstore.SameEvents, 3},
		"one, new":           {[]int{0}, eventstore.NoOverlap, 0},
		"all there":          {[]int{1, 2, 3, 4}, eventstore.SameEvents, 4},
		"a part of those":    {[]int{2, 3}, eventstore.SameEvents, 3},
		"other order":        {[]int{2, 1}, eventstore.PartOverlap, 0},
		"not side by side":   {[]int{1, 3}, eventstore.PartOverlap, 0},
		"first there":        {[]int{4, 5}, eventstore.PartOverlap, 0},
		"last there":         {[]int{5, 4}, eventstore.PartOverlap, 0},
		"new in the middle":  {[]int{1, 5, 3}, eventstore.PartOverlap, 0},
		"only middle there":  {[]int{5, 2, 6}, eventstore.PartOverlap, 0},
		"there, but further": {[]int{3, 4, 5}, eventstore.PartOverlap, 0},
	}
	for name, test := range tests {
		var events []eventstore.Event
		for _, i := range test.append {
			events = append(events, eventstore.Event{ID: ids[i]})
		}
		overlap, last := eventstore.FindOverlap(events, func(id uuid.UUID) int64 { return stream[id] })
		require.Equal(t, test.want, overlap, name)
		require.Equal(t, test.last, last, name)
	}
}

func TestBroadcast(t *testing.T) {
	t.Parallel()
	var b eventstore.Broadcast
	b.Wake() // nobody watches
	early := b.Watch()
	select {
	case <-early:
		require.Fail(t, "woken by what came before")
	default:
	}
	b.Wake()
	<-early
	var wg sync.WaitGroup
	for range 8 {
		wake := b.Watch()
		wg.Go(func() { <-wake })
	}
	b.Wake()
	wg.Wait()
	require.NotEqual(t, early, b.Watch())
}
