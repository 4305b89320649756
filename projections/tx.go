package projections

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/picket-api/picket/domain"
)

// tx is what a projection writes with while it applies a batch.
type tx struct {
	gen     *generation
	file    *file
	effects *effects
}

// effects are what the hooks are told after the commit.
type effects struct {
	queued   map[domain.RunnerID]int
	runners  []domain.RunnerID
	monitors []domain.MonitorID
}

// exec runs a prepared statement with the names of the tables in braces.
func (t *tx) exec(query string, args ...any) error {
	s, err := t.file.prepared(t.gen.query(query))
	if err != nil {
		return err
	}
	_, err = s.ExecContext(context.Background(), args...)
	return err
}

// each calls row for every row that the query finds.
func (t *tx) each(row func(scan func(...any) error) error, query string, args ...any) error {
	s, err := t.file.prepared(t.gen.query(query))
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	return eachRow(rows, row)
}

func eachRow(rows *sql.Rows, row func(scan func(...any) error) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// savepoint runs do so that its failure, or panic, leaves no trace in the
// transaction. err means that the transaction itself is lost: SQLite rolls back
// by itself after some errors (a full disk).
func (t *tx) savepoint(do func() error) (failed, err error) {
	if err := t.exec("SAVEPOINT batch"); err != nil {
		return nil, err
	}
	failed = guarded(do)
	if failed != nil {
		if err := t.exec("ROLLBACK TO batch"); err != nil {
			return nil, fmt.Errorf("%w (and then: %w)", failed, err)
		}
	}
	return failed, t.exec("RELEASE batch")
}

func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return do()
}

// jsonList is the argument of json_each.
func jsonList[T any](values []T) string {
	if len(values) == 0 {
		return "[]"
	}
	data, err := json.Marshal(values)
	if err != nil { // of strings and numbers: can't be
		panic(err)
	}
	return string(data)
}

func toJSON(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

// nanos is how a time is stored: NULL for none.
func nanos(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}

func nanosOf(t *time.Time) any {
	if t == nil {
		return nil
	}
	return nanos(*t)
}

// instant reads a time back.
type instant struct{ time.Time }

// Scan implements sql.Scanner.
func (i *instant) Scan(src any) error {
	switch n := src.(type) {
	case nil:
		i.Time = time.Time{}
	case int64:
		i.Time = time.Unix(0, n).UTC()
	default:
		return fmt.Errorf("a time is stored as %T", src)
	}
	return nil
}

// ptr is nil for no time.
func (i instant) ptr() *time.Time {
	if i.IsZero() {
		return nil
	}
	return &i.Time
}
