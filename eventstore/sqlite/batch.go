package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/picket-api/picket/eventstore"
)

// manyRows is how many rows an INSERT has. More save nothing.
const manyRows = 16

// errOutOfStep: someone else wrote to the file. The batch is rolled back and tried again
// with what the file has.
var errOutOfStep = errors.New("positions are out of step")

// row is an event that is judged but not yet inserted.
type row struct {
	event   *eventstore.Event
	stream  string
	first   int64
	version int64
	time    int64
}

// judge decides a request against its stream's head, which includes the requests judged
// before it, and queues its rows. The error is one of SQL and spoils the transaction.
func (w *writer) judge(r *request) error {
	r.result, r.err = eventstore.AppendResult{}, nil
	if err := w.loadNext(context.Background()); err != nil {
		return err
	}
	head, err := w.loadHead(r.stream)
	if err != nil {
		return err
	}
	fits := r.expected == eventstore.Any || int64(r.expected) == head.version
	overlap, last, err := w.overlap(r, head, fits)
	switch {
	case err != nil:
		return err
	case overlap == eventstore.SameEvents:
		return w.replay(r, head, last)
	case overlap == eventstore.PartOverlap || !fits:
		r.conflict(head.version)
		return nil
	default:
		return w.add(r, head)
	}
}

// overlap compares the request with its stream. The first ids are in memory. Whether the
// stream has one of the others among its late ids is looked up, except where the expected
// version is the right one, which a retry's seldom is: there it is left to the index,
// which spoils the batch if so, after which we are careful.
func (w *writer) overlap(r *request, head *streamHead, fits bool) (eventstore.Overlap, int64, error) {
	overlap, last := eventstore.FindOverlap(r.events, head.earlyVersion)
	if head.version <= earlyIDs || overlap == eventstore.SameEvents {
		return overlap, last, nil
	}
	if overlap == eventstore.NoOverlap && fits && r.expected != eventstore.Any && !w.careful {
		return overlap, last, nil
	}
	if err := w.flush(); err != nil {
		return 0, 0, err
	}
	var failed error
	overlap, last = eventstore.FindOverlap(r.events, func(id uuid.UUID) int64 {
		if version := head.earlyVersion(id); version > 0 || failed != nil {
			return version
		}
		var version int64
		err := w.stmt.lateVersion.QueryRow(head.first, id[:]).Scan(&version)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			failed = fmt.Errorf("look for event %s in %s: %w", id, r.stream, err)
		}
		return version
	})
	return overlap, last, failed
}

// replay answers a request whose events are in the stream already.
func (w *writer) replay(r *request, head *streamHead, last int64) error {
	if err := w.flush(); err != nil {
		return err
	}
	var pos int64
	if err := w.stmt.position.QueryRow(head.first, last).Scan(&pos); err != nil {
		return fmt.Errorf("find version %d of %s: %w", last, r.stream, err)
	}
	r.result = eventstore.AppendResult{Version: last, Position: position(pos), Replayed: true}
	return nil
}

// add queues the request's rows. Whoever comes after it finds the head moved on.
func (w *writer) add(r *request, head *streamHead) error {
	if err := w.begin(); err != nil {
		return err
	}
	now := w.now()
	if head.version == 0 {
		head.first = w.next + int64(len(w.rows))
	}
	for i := range r.events {
		head.add(r.events[i].ID)
		w.rows = append(w.rows, row{&r.events[i], r.stream, head.first, head.version, now})
	}
	w.heads.grew(len(r.events))
	w.unsized += r.bytes
	end := w.next + int64(len(w.rows)) - 1
	r.result = eventstore.AppendResult{Version: head.version, Position: position(end)}
	return nil
}

func (w *writer) begin() error {
	if w.begun {
		return nil
	}
	if _, err := w.stmt.begin.Exec(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	w.begun = true
	return nil
}

// flush inserts the queued rows.
func (w *writer) flush() error {
	rows := w.rows
	for len(rows) > 0 {
		stmt, n := w.stmt.insertOne, 1
		if len(rows) >= manyRows {
			stmt, n = w.stmt.insertMany, manyRows
		}
		result, err := stmt.Exec(w.bind(rows[:n])...)
		if err != nil {
			return fmt.Errorf("insert: %w", err)
		}
		w.next += int64(n)
		if last, err := result.LastInsertId(); err != nil || last != w.next-1 {
			return fmt.Errorf("%w: the last event is at %d, not at %d", errOutOfStep, last, w.next-1)
		}
		rows = rows[n:]
	}
	clear(w.rows)
	clear(w.args)
	w.rows = w.rows[:0]
	return nil
}

// insertRows is the statement for n rows. SQLite gives them the positions after the last.
// It keeps no journal for each statement, which costs a tenth, if a failure spoils the
// transaction anyway (OR ROLLBACK) and if the position isn't an argument.
func insertRows(n int) string {
	const row = `(?,?,?,?,?,?,?,?)`
	return `INSERT OR ROLLBACK INTO events(time, stream, first, version, id, type, meta, data) VALUES` +
		row + strings.Repeat(`,`+row, n-1)
}

// bind returns the arguments of insertRows, in a slice that the next call uses again.
func (w *writer) bind(rows []row) []any {
	args := w.args[:0]
	for _, r := range rows {
		data := r.event.Data
		if data == nil {
			data = []byte{} // nil would be NULL
		}
		args = append(args, r.time, r.stream, r.first, r.version, r.event.ID[:], r.event.Type, r.event.Meta, data)
	}
	w.args = args
	return args
}

// loadHead finds a stream's head in the cache or in the file.
func (w *writer) loadHead(stream string) (*streamHead, error) {
	if h := w.heads.get(stream); h != nil {
		return h, nil
	}
	h := &streamHead{}
	switch err := w.stmt.first.QueryRow(stream).Scan(&h.first); {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return nil, fmt.Errorf("find %s: %w", stream, err)
	default:
		if err := w.loadEvents(h); err != nil {
			return nil, fmt.Errorf("load head of %s: %w", stream, err)
		}
	}
	w.heads.put(stream, h)
	return h, nil
}

// loadEvents adds a stream's events to its head.
func (w *writer) loadEvents(h *streamHead) error {
	rows, err := w.stmt.early.Query(h.first, earlyIDs)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		h.add(id)
	}
	if err := rows.Err(); err != nil || h.version < earlyIDs {
		return err
	}
	return w.stmt.version.QueryRow(h.first).Scan(&h.version)
}

func position(pos int64) eventstore.Position { return eventstore.NewPosition(uint64(pos), 0) }
