package sqlite

import "github.com/google/uuid"

// defaultCacheCost bounds a generation of the cache: ids, counting a stream as eight. Two
// generations take 8 MiB at most.
const defaultCacheCost = 1 << 18

const streamCost = 8

// streamHead is what the writer knows of a stream: where it begins, its version and its
// first ids.
type streamHead struct {
	first   int64 // position of its first event
	version int64
	early   []uuid.UUID // ids of versions 1 to earlyIDs
}

func (h *streamHead) add(id uuid.UUID) {
	h.version++
	if len(h.early) < earlyIDs {
		h.early = append(h.early, id)
	}
}

// earlyVersion is the version of the event with that id, if it is one of the first.
func (h *streamHead) earlyVersion(id uuid.UUID) int64 {
	for i := range h.early {
		if h.early[i] == id {
			return int64(i) + 1
		}
	}
	return 0
}

// headCache keeps the heads of the streams written to last: those used since the last
// turn and those of the turn before. That is nearly a least-recently-used list, without
// the list.
type headCache struct {
	maxCost  int
	cost     int
	now, old map[string]*streamHead
}

func newHeadCache(maxCost int) *headCache {
	c := &headCache{maxCost: maxCost}
	c.drop()
	return c
}

// get returns nil when the stream must be loaded.
func (c *headCache) get(stream string) *streamHead {
	if h := c.now[stream]; h != nil {
		return h
	}
	h := c.old[stream]
	if h != nil {
		c.put(stream, h)
	}
	return h
}

func (c *headCache) put(stream string, h *streamHead) {
	c.now[stream] = h
	c.cost += streamCost + len(h.early)
}

// turn makes room. It runs between batches only: within one, a stream must stay known,
// since its last rows may not be in the file yet.
func (c *headCache) turn() {
	if c.cost > c.maxCost {
		c.old, c.now, c.cost = c.now, map[string]*streamHead{}, 0
	}
}

// grew counts n events added to a stream of this turn.
func (c *headCache) grew(n int) { c.cost += n }

// drop forgets everything: after a rollback the heads are wrong.
func (c *headCache) drop() {
	c.now, c.old, c.cost = map[string]*streamHead{}, nil, 0
}
