package eventstore

import (
	"fmt"
	"unicode/utf8"

	"github.com/google/uuid"
)

// CheckAppend is for backends: it reports what can never be appended, as ErrInvalid.
// Every backend calls it before anything else, so that all refuse the same.
func CheckAppend(stream string, expected Expected, events []Event) error {
	switch {
	case len(stream) > MaxStreamName || !printable(stream):
		return fmt.Errorf("%w: stream name %.60q is empty, over %d bytes or not printable", ErrInvalid, stream, MaxStreamName)
	case expected < Any:
		return fmt.Errorf("%w: expected version %d of %s", ErrInvalid, expected, stream)
	case len(events) == 0:
		return fmt.Errorf("%w: no events for %s", ErrInvalid, stream)
	case len(events) > MaxAppendEvents:
		return fmt.Errorf("%w: %d events for %s, the most is %d", ErrInvalid, len(events), stream, MaxAppendEvents)
	}
	for i := range events {
		if err := checkEvent(&events[i]); err != nil {
			return fmt.Errorf("%w: event %d for %s: %w", ErrInvalid, i+1, stream, err)
		}
	}
	if repeated(events) {
		return fmt.Errorf("%w: two events for %s have the same id", ErrInvalid, stream)
	}
	return nil
}

// CheckPage is for backends: a limit outside 1 to MaxReadPage is ErrInvalid.
func CheckPage(limit int) error {
	if limit < 1 || limit > MaxReadPage {
		return fmt.Errorf("%w: a page of %d events, it can have 1 to %d", ErrInvalid, limit, MaxReadPage)
	}
	return nil
}

func checkEvent(e *Event) error {
	switch {
	case e.ID == uuid.Nil:
		return fmt.Errorf("it has no id")
	case len(e.Type) > MaxTypeName || !printable(e.Type):
		return fmt.Errorf("type %.60q is empty, over %d bytes or not printable", e.Type, MaxTypeName)
	case len(e.Data)+len(e.Meta) > MaxEventBytes:
		return fmt.Errorf("%d bytes, the most is %d", len(e.Data)+len(e.Meta), MaxEventBytes)
	default:
		return nil
	}
}

// printable reports whether s is a name: UTF-8, not empty, no control characters.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return s != "" && utf8.ValidString(s)
}

func repeated(events []Event) bool {
	if len(events) < 2 {
		return false
	}
	seen := make(map[uuid.UUID]struct{}, len(events))
	for i := range events {
		seen[events[i].ID] = struct{}{}
	}
	return len(seen) < len(events)
}
