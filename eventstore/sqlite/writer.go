package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/picket-api/picket/eventstore"
)

// writer is the goroutine that owns the write connection.
//
// A batch is one transaction. Requests are judged in order against the heads in memory,
// which already include the requests before them, their rows are inserted many at a
// time, and nobody is answered before the commit. An SQL error spoils the whole batch:
// it is rolled back and its requests run once more, each in a transaction of its own.
type writer struct {
	s     *Store
	conn  *sql.Conn
	stmt  *writeStatements
	heads *headCache

	batch   []*request
	rows    []row
	args    []any
	next    int64 // position of the next event; 0 when it must be loaded
	begun   bool  // inside a transaction
	careful bool  // look up late ids before inserting
	unsized int   // bytes written since the WAL was last measured
}

func newWriter(ctx context.Context, s *Store) (*writer, error) {
	w := &writer{s: s, conn: s.conn, stmt: &s.write, heads: newHeadCache(s.opts.cacheCost)}
	if err := w.stmt.prepare(ctx, s.conn); err != nil {
		return nil, err
	}
	if err := w.loadNext(ctx); err != nil {
		return nil, err
	}
	s.head.Store(w.next - 1)
	return w, nil
}

// run answers requests until the queue is closed and empty.
func (w *writer) run() {
	defer close(w.s.written)
	for w.s.queue.wait() {
		w.heads.turn()
		w.serve()
		clear(w.batch)
		w.batch = w.batch[:0]
		w.boundWAL()
	}
}

// serve takes a batch, writes it and answers it.
func (w *writer) serve() {
	if err := w.attempt(w.fill); err == nil {
		w.answer(w.batch)
		return
	}
	w.careful = true
	for i, r := range w.batch {
		alone := w.batch[i : i+1]
		if err := w.attempt(func() error { return w.judge(r) }); err != nil {
			r.result, r.err = eventstore.AppendResult{}, fmt.Errorf("append to %s: %w", r.stream, appendError(err))
		}
		w.answer(alone)
	}
	w.careful = false
}

// fill takes what waits and inserts it, and then what has come meanwhile, until nothing
// waits or the batch is full.
func (w *writer) fill() error {
	judged, bytes := 0, 0
	for {
		var added int
		w.batch, added = w.s.queue.takeInto(w.batch, w.s.opts.maxBatch, maxBatchBytes-bytes)
		if judged == len(w.batch) {
			return nil
		}
		bytes += added
		for ; judged < len(w.batch); judged++ {
			if err := w.judge(w.batch[judged]); err != nil {
				return err
			}
		}
		if err := w.flush(); err != nil {
			return err
		}
	}
}

// attempt runs body and commits what it inserted; after an error nothing of it is left.
func (w *writer) attempt(body func() error) (err error) {
	defer func() {
		if err != nil {
			w.rollback()
		}
	}()
	if err := body(); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	return w.commit()
}

func (w *writer) commit() error {
	if !w.begun {
		return nil
	}
	if _, err := w.stmt.commit.Exec(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	w.begun = false
	w.s.commits.Add(1)
	w.s.head.Store(w.next - 1)
	w.s.bell.Wake()
	return nil
}

// rollback leaves no transaction and no memory of one. SQLite may have rolled back by
// itself already, so the statement's error says nothing.
func (w *writer) rollback() {
	_, _ = w.conn.ExecContext(context.Background(), "ROLLBACK")
	w.begun = false
	w.next = 0
	clear(w.rows)
	w.rows = w.rows[:0]
	w.heads.drop()
}

func (w *writer) answer(batch []*request) {
	for _, r := range batch {
		r.done <- struct{}{}
	}
}

// loadNext finds the next position when it isn't known.
func (w *writer) loadNext(ctx context.Context) error {
	if w.next > 0 {
		return nil
	}
	var last int64
	if err := w.stmt.lastPosition.QueryRowContext(ctx).Scan(&last); err != nil {
		return fmt.Errorf("load head: %w", err)
	}
	w.next = last + 1
	return nil
}

// now is the time of recording, in the precision that all backends have.
func (w *writer) now() int64 { return w.s.opts.clock().UnixMicro() }

func fromMicro(t int64) time.Time { return time.UnixMicro(t).UTC() }

// boundWAL keeps readers that follow each other closely from holding the WAL open for
// ever: SQLite's own checkpoints never wait for them, so the file would grow. Rarely
// needed, and only a matter of space: an error changes nothing.
func (w *writer) boundWAL() {
	if w.unsized < w.s.opts.maxWAL {
		return
	}
	w.unsized = 0
	info, err := os.Stat(w.s.path + "-wal")
	if err != nil || info.Size() <= int64(w.s.opts.maxWAL) {
		return
	}
	const script = "PRAGMA busy_timeout=200; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout=5000"
	_, _ = w.conn.ExecContext(context.Background(), script)
}

const (
	firstQuery       = `SELECT pos FROM events WHERE stream = ? AND ` + isFirst
	earlyQuery       = `SELECT id FROM events WHERE first = ? AND version <= ? ORDER BY version`
	versionQuery     = `SELECT coalesce(max(version), 0) FROM events WHERE first = ?`
	positionQuery    = `SELECT pos FROM events WHERE first = ? AND version = ?`
	lateVersionQuery = `SELECT version FROM events WHERE first = ? AND id = ? AND ` + isLate
)

// writeStatements are prepared once, on the writer's connection.
type writeStatements struct {
	begin, commit, lastPosition, insertOne, insertMany *sql.Stmt
	first, early, version, position, lateVersion       *sql.Stmt

	all []*sql.Stmt
}

func (st *writeStatements) prepare(ctx context.Context, conn *sql.Conn) error {
	for _, p := range []struct {
		to    **sql.Stmt
		query string
	}{
		{&st.begin, `BEGIN IMMEDIATE`},
		{&st.commit, `COMMIT`},
		{&st.lastPosition, `SELECT coalesce(max(pos), 0) FROM events`},
		{&st.insertOne, insertRows(1)},
		{&st.insertMany, insertRows(manyRows)},
		{&st.first, firstQuery},
		{&st.early, earlyQuery},
		{&st.version, versionQuery},
		{&st.position, positionQuery},
		{&st.lateVersion, lateVersionQuery},
	} {
		stmt, err := conn.PrepareContext(ctx, p.query) //nolint:sqlclosecheck // close closes it
		if err != nil {
			return fmt.Errorf("prepare %s: %w", p.query, err)
		}
		*p.to = stmt
		st.all = append(st.all, stmt)
	}
	return nil
}

// close must come before the connection's: one with open statements stays open.
func (st *writeStatements) close() error {
	errs := make([]error, 0, len(st.all))
	for _, stmt := range st.all {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(errs...)
}
