package sqlite

import (
	"context"
	"fmt"

	"github.com/picket-api/picket/eventstore"
)

// Append implements eventstore.Store.
//
// When the context ends while the append waits for its turn, it is not written; when the
// writer has it already, the outcome is unknown. Either way the bytes of the events must
// stay as they are, since the writer may be reading them.
//
// A full disk and an input or output error are ErrNoSpace; reads go on. When such an
// error hit the commit itself, a crash right after it may bring the append to light: try
// it again with the same ids.
func (s *Store) Append(ctx context.Context, stream string, expected eventstore.Expected, events ...eventstore.Event) (eventstore.AppendResult, error) {
	if err := eventstore.CheckAppend(stream, expected, events); err != nil {
		return eventstore.AppendResult{}, err
	}
	if err := ctx.Err(); err != nil {
		return eventstore.AppendResult{}, fmt.Errorf("append to %s: %w", stream, err)
	}
	r := newRequest(stream, expected, events)
	if !s.queue.put(r) {
		return eventstore.AppendResult{}, fmt.Errorf("append to %s: %w", stream, eventstore.ErrClosed)
	}
	select {
	case <-r.done:
		return r.result, r.err
	case <-ctx.Done():
		r.abandon()
		return eventstore.AppendResult{}, fmt.Errorf("append to %s: %w", stream, ctx.Err())
	}
}
