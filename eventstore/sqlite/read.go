package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"

	"github.com/picket-api/picket/eventstore"
)

const (
	columns     = `SELECT pos, time, stream, version, id, type, meta, data FROM events `
	streamQuery = columns + `WHERE first = (` + firstQuery + `) AND version > ? ORDER BY version LIMIT ?`
	logQuery    = columns + `WHERE pos > ? AND pos <= ? ORDER BY pos LIMIT ?`
)

// readStatements are shared by the read connections.
type readStatements struct{ stream, log *sql.Stmt }

func (s *Store) openReaders(ctx context.Context) (err error) {
	params := url.Values{
		"mode":    {"ro"},
		"_pragma": {"busy_timeout(5000)", "cache_size(-4096)", "temp_store(MEMORY)", "trusted_schema(0)"},
	}
	if s.readDB, err = sql.Open("sqlite", dsn(s.path, params)); err != nil {
		return err
	}
	s.readDB.SetMaxOpenConns(s.opts.readers)
	s.readDB.SetMaxIdleConns(s.opts.readers)
	if s.read.stream, err = s.readDB.PrepareContext(ctx, streamQuery); err != nil {
		return err
	}
	s.read.log, err = s.readDB.PrepareContext(ctx, logQuery)
	return err
}

func (st *readStatements) close() error {
	var errs []error
	for _, stmt := range []*sql.Stmt{st.stream, st.log} {
		if stmt != nil { // nil when opening failed
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(errs...)
}

// beginRead lets a read in; the caller calls s.reads.RUnlock when it returns nil.
func (s *Store) beginRead(ctx context.Context) error {
	s.reads.RLock()
	if s.closed {
		s.reads.RUnlock()
		return eventstore.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		s.reads.RUnlock()
		return err
	}
	return nil
}

// Head implements eventstore.Store. It doesn't touch the file.
func (s *Store) Head(ctx context.Context) (eventstore.Position, error) {
	if err := s.beginRead(ctx); err != nil {
		return eventstore.Position{}, fmt.Errorf("read the head: %w", err)
	}
	defer s.reads.RUnlock()
	return position(s.head.Load()), nil
}

// ReadStream implements eventstore.Store.
func (s *Store) ReadStream(ctx context.Context, stream string, after int64, limit int) ([]eventstore.Recorded, error) {
	if err := eventstore.CheckPage(limit); err != nil {
		return nil, err
	}
	if err := s.beginRead(ctx); err != nil {
		return nil, fmt.Errorf("read %s: %w", stream, err)
	}
	defer s.reads.RUnlock()
	rows, err := s.read.stream.QueryContext(ctx, stream, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", stream, readError(ctx, err))
	}
	page, _, err := scan(rows, math.MaxInt)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", stream, readError(ctx, err))
	}
	return page, nil
}

// ReadAll implements eventstore.Store. A page holds about 16 MiB at most, however many
// events were asked for, and a filtered one looks at 20,000 events at most. At the end of
// the log it doesn't touch the file.
func (s *Store) ReadAll(ctx context.Context, after eventstore.Position, limit int, filter eventstore.Filter) ([]eventstore.Recorded, eventstore.Position, error) {
	if err := eventstore.CheckPage(limit); err != nil {
		return nil, after, err
	}
	if err := s.beginRead(ctx); err != nil {
		return nil, after, fmt.Errorf("read the log: %w", err)
	}
	defer s.reads.RUnlock()
	// Every position up to head is on disk and visible to a query that begins now, so
	// nothing can turn up later at or below the end of this page.
	head := s.head.Load()
	hi, _ := after.Parts()
	if hi >= uint64(head) {
		return nil, after, nil
	}
	rows, end, err := s.queryLog(ctx, int64(hi), head, limit, filter)
	if err != nil {
		return nil, after, fmt.Errorf("read the log: %w", readError(ctx, err))
	}
	page, cut, err := scan(rows, s.opts.pageBytes)
	if err != nil {
		return nil, after, fmt.Errorf("read the log: %w", readError(ctx, err))
	}
	if cut || len(page) == limit {
		return page, page[len(page)-1].Position, nil
	}
	return page, position(end), nil
}

// queryLog begins a page of the log; end is the last position that it looks at.
func (s *Store) queryLog(ctx context.Context, after, head int64, limit int, filter eventstore.Filter) (rows *sql.Rows, end int64, err error) {
	if len(filter.StreamPrefixes)+len(filter.TypePrefixes) == 0 {
		rows, err = s.read.log.QueryContext(ctx, after, head, limit)
		return rows, head, err
	}
	end = head
	if window := max(s.opts.scanWindow, int64(limit)); head-after > window {
		end = after + window
	}
	query, args := filteredQuery(after, end, limit, filter)
	rows, err = s.readDB.QueryContext(ctx, query, args...)
	return rows, end, err
}

// filteredQuery walks the log in order and skips what doesn't match; the unary plus keeps
// SQLite from going through the index of streams and sorting afterwards.
func filteredQuery(after, end int64, limit int, filter eventstore.Filter) (string, []any) {
	var b strings.Builder
	b.WriteString(columns + `WHERE pos > ? AND pos <= ?`)
	args := []any{after, end}
	args = prefixTerms(&b, args, "+stream", filter.StreamPrefixes)
	args = prefixTerms(&b, args, "+type", filter.TypePrefixes)
	b.WriteString(` ORDER BY pos LIMIT ?`)
	return b.String(), append(args, limit)
}

func prefixTerms(b *strings.Builder, args []any, column string, prefixes []string) []any {
	if len(prefixes) == 0 {
		return args
	}
	b.WriteString(` AND (`)
	for i, prefix := range prefixes {
		if i > 0 {
			b.WriteString(` OR `)
		}
		b.WriteString(column + ` >= ?`)
		args = append(args, prefix)
		if end := prefixEnd(prefix); end != "" {
			b.WriteString(` AND ` + column + ` < ?`)
			args = append(args, end)
		}
	}
	b.WriteString(`)`)
	return args
}

// prefixEnd is the least string over all that begin with prefix; empty when there is none.
func prefixEnd(prefix string) string {
	b := []byte(prefix)
	for len(b) > 0 {
		last := len(b) - 1
		if b[last] < 0xff {
			b[last]++
			return string(b)
		}
		b = b[:last]
	}
	return ""
}

// scan reads rows and closes them. It stops when the page has maxBytes; cut says so.
func scan(rows *sql.Rows, maxBytes int) (page []eventstore.Recorded, cut bool, err error) {
	defer rows.Close()
	bytes := 0
	for rows.Next() {
		var e eventstore.Recorded
		var pos, micro int64
		if err := rows.Scan(&pos, &micro, &e.Stream, &e.Version, &e.ID, &e.Type, &e.Meta, &e.Data); err != nil {
			return nil, false, err
		}
		e.Position, e.Time = position(pos), fromMicro(micro)
		page = append(page, e)
		if bytes += len(e.Data) + len(e.Meta); bytes >= maxBytes {
			return page, true, nil
		}
	}
	return page, false, rows.Err()
}
