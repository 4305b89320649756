// Package eventstore is an append-only log of streams of bytes. It knows
// nothing about monitors: it stores events, keeps their order and wakes readers.
//
// Backends live in subpackages and are held to one contract, the suite in
// eventstoretest.
package eventstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Limits that every backend enforces with ErrInvalid.
const (
	MaxStreamName    = 200             // bytes
	MaxTypeName      = 200             // bytes
	MaxEventBytes    = 4 << 20         // Data plus Meta of one event
	MaxAppendEvents  = 1000            // events of one append
	MaxReadPage      = 10_000          // events of one page
	DefaultPollEvery = 1 * time.Second // beside Watch, so that a missed wake costs at most this
)

// Errors. Backends wrap them; compare with errors.Is.
var (
	// ErrConflict: the stream is not at the expected version.
	ErrConflict = errors.New("stream is not at the expected version")
	// ErrInvalid: the append can never succeed: empty, too large, a bad name.
	ErrInvalid = errors.New("invalid append")
	// ErrUnavailable: the backend can't answer now; the outcome of an append is unknown.
	ErrUnavailable = errors.New("event store unavailable")
	// ErrNoSpace: the append was refused because it can't be made durable.
	ErrNoSpace = errors.New("no space left for the event log")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("event store closed")
)

// ConflictError is an ErrConflict that carries the stream's actual version.
type ConflictError struct {
	Stream   string
	Expected Expected
	Actual   int64 // -1 when the backend does not know it
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("append to %s: expected version %d, is at %d", e.Stream, e.Expected, e.Actual)
}

// Is makes errors.Is(err, ErrConflict) true.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// Expected is the version that a stream must be at for an append to land.
// Versions count from 1, so the expected version is also the number of events read.
type Expected int64

const (
	// Any appends whatever the stream's version is.
	Any Expected = -1
	// NoStream appends only when the stream has no event.
	NoStream Expected = 0
)

// Event is what is appended. ID makes the append idempotent within its stream.
type Event struct {
	ID   uuid.UUID
	Type string
	Data []byte // exact bytes; never re-encoded
	Meta []byte // envelope; may be nil
}

// Recorded is an event with its place in the log.
type Recorded struct {
	Event
	Stream   string
	Version  int64 // place in the stream, from 1
	Position Position
	Time     time.Time // when it was recorded, UTC, the store's clock
}

// Position is a place in the global order. Opaque: only compare it, print it, parse it.
// The zero Position is before every event.
type Position struct{ hi, lo uint64 }

// NewPosition is for backends: hi orders first, lo breaks ties.
func NewPosition(hi, lo uint64) Position { return Position{hi, lo} }

// Parts is for backends: what NewPosition was given.
func (p Position) Parts() (hi, lo uint64) { return p.hi, p.lo }

// IsZero reports whether p is before every event.
func (p Position) IsZero() bool { return p == Position{} }

// Compare is -1, 0 or 1.
func (p Position) Compare(q Position) int {
	switch {
	case p == q:
		return 0
	case p.hi < q.hi, p.hi == q.hi && p.lo < q.lo:
		return -1
	default:
		return 1
	}
}

// String is "hi" or "hi,lo"; ParsePosition reads it back.
func (p Position) String() string {
	if p.lo == 0 {
		return strconv.FormatUint(p.hi, 10)
	}
	return strconv.FormatUint(p.hi, 10) + "," + strconv.FormatUint(p.lo, 10)
}

// ParsePosition reads what String wrote; the empty string is the zero Position.
func ParsePosition(s string) (Position, error) {
	if s == "" {
		return Position{}, nil
	}
	hi, lo, both := strings.Cut(s, ",")
	var p Position
	var err error
	if p.hi, err = strconv.ParseUint(hi, 10, 64); err != nil {
		return Position{}, fmt.Errorf("position %q is not a number", s)
	}
	if both {
		if p.lo, err = strconv.ParseUint(lo, 10, 64); err != nil {
			return Position{}, fmt.Errorf("position %q is not a pair of numbers", s)
		}
	}
	return p, nil
}

// Filter narrows ReadAll. The zero Filter matches every event; the set fields are
// alternatives within themselves (any of the prefixes) and must all hold together.
type Filter struct {
	StreamPrefixes []string // "run-"
	TypePrefixes   []string // "runner.", or a whole type
}

// Match reports whether e passes.
func (f Filter) Match(e Recorded) bool {
	return hasPrefix(f.StreamPrefixes, e.Stream) && hasPrefix(f.TypePrefixes, e.Type)
}

func hasPrefix(prefixes []string, s string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return len(prefixes) == 0
}

// AppendResult says where an append landed.
type AppendResult struct {
	Version  int64    // of the last event
	Position Position // of the last event
	Replayed bool     // the same events were already there: nothing was written
}

// Store is the contract; eventstoretest.Run holds every backend to it.
type Store interface {
	// Append writes all events or none, is durable when it returns, and is
	// idempotent: the same ids in the same order already in the stream return the
	// first result (Replayed), whatever was expected; an overlap of only some of
	// them, or in another order, is ErrConflict. Errors: ErrConflict, ErrInvalid,
	// ErrUnavailable, ErrNoSpace, ErrClosed, or the context's, after which the
	// outcome is unknown and the same append may be tried again.
	Append(ctx context.Context, stream string, expected Expected, events ...Event) (AppendResult, error)

	// ReadStream returns up to limit events with a version over after, in order.
	// A stream that does not exist is empty, not an error.
	ReadStream(ctx context.Context, stream string, after int64, limit int) ([]Recorded, error)

	// ReadAll returns up to limit events after the position that match, in the
	// global order, and the position to go on from, which moves on even where
	// nothing matched. Nothing with a lower position ever becomes visible later.
	// A page may be empty although there is more: at the end, next equals after.
	ReadAll(ctx context.Context, after Position, limit int, filter Filter) (events []Recorded, next Position, err error)

	// Watch returns a channel that is closed when events may have been appended
	// since the call. Read after calling it, not before, and poll beside it every
	// DefaultPollEvery.
	Watch() <-chan struct{}

	// Head is the position of the last event.
	Head(ctx context.Context) (Position, error)

	// Close waits for appends under way and releases everything.
	Close() error
}
