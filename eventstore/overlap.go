package eventstore

import "github.com/google/uuid"

// Overlap says how the events of an append relate to those already in its stream.
type Overlap int

const (
	// NoOverlap: none of the ids is in the stream.
	NoOverlap Overlap = iota
	// SameEvents: all ids are there, one after the other in the same order: a retry.
	SameEvents
	// PartOverlap: only some ids are there, or elsewhere or in another order: a conflict.
	PartOverlap
)

// FindOverlap is for backends: it compares an append with its stream. versionOf
// returns the version of the event with that id, or 0 when the stream has none.
// With SameEvents, last is the version of the last event. The payload is not compared:
// an id stands for one event.
func FindOverlap(events []Event, versionOf func(uuid.UUID) int64) (overlap Overlap, last int64) {
	first := versionOf(events[0].ID)
	for i := 1; i < len(events); i++ {
		version := versionOf(events[i].ID)
		if (version == 0) != (first == 0) || version != 0 && version != first+int64(i) {
			return PartOverlap, 0
		}
	}
	if first == 0 {
		return NoOverlap, 0
	}
	return SameEvents, first + int64(len(events)) - 1
}
