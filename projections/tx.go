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
	actors  map[domain.Actor]string // as JSON
}

// effects are what the hooks are told after the commit.
type effects struct {
	queued   map[domain.RunnerID]int
	runners  []domain.RunnerID
	monitors []domain.MonitorID
}

// exec runs a prepared statement with the names of the tables in braces.
func (t *tx) exec(query string, args ...any) error {
	_, err := t.file.execPrepared(t.gen.query(query), args)
	return err
}

// each calls row for every row that the query finds.
func (t *tx) each(row func(scan func(...any) error) error, query string, args ...any) error {
	s, err := t.file.prepared(t.gen.query(query)) //nolint:sqlclosecheck // kept for the next batch; file.forget closes it
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

// actor is an actor as JSON; the same few act all the time.
func (t *tx) actor(a domain.Actor) (string, error) {
	if text, ok := t.actors[a]; ok {
		return text, nil
	}
	text, err := toJSON(a)
	if t.actors == nil {
		t.actors = make(map[domain.Actor]string)
	}
	t.actors[a] = text
	return text, err
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
