package projections

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/picket-api/picket/domain"
)

// Bounds of Page.Limit.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Page says which part of a list to return.
type Page struct {
	Limit  int    // from 1 to MaxLimit; 0 is DefaultLimit
	Cursor string // what the page before returned; empty for the first
}

// size is the limit to use.
func (p Page) size() (int, error) {
	switch {
	case p.Limit == 0:
		return DefaultLimit, nil
	case p.Limit < 0 || p.Limit > MaxLimit:
		return 0, domain.FieldErrorf("limit", "must be from 1 to %d", MaxLimit)
	}
	return p.Limit, nil
}

// cursor makes the text that leads on after a row of the list.
func cursor(list string, key ...int64) string {
	text := list
	for _, k := range key {
		text += ":" + strconv.FormatInt(k, 10)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// after reads back the n keys of a cursor of the list; nil for the first page.
func (p Page) after(list string, n int) ([]int64, error) {
	if p.Cursor == "" {
		return nil, nil
	}
	bad := domain.FieldErrorf("cursor", "is not one that this list returned; leave it out to start at the beginning")
	text, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil {
		return nil, bad
	}
	parts := strings.Split(string(text), ":")
	if len(parts) != n+1 || parts[0] != list {
		return nil, bad
	}
	keys := make([]int64, n)
	for i, part := range parts[1:] {
		if keys[i], err = strconv.ParseInt(part, 10, 64); err != nil {
			return nil, bad
		}
	}
	return keys, nil
}

// where collects conditions that must all hold.
type where struct {
	conditions []string
	args       []any
}

func (w *where) and(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// equals adds column = value unless the value is empty.
func (w *where) equals(column, value string) {
	if value != "" {
		w.and(column+" = ?", value)
	}
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// reader answers a query from one state of the tables.
type reader struct {
	ctx    context.Context
	tables map[string]table
	frozen bool // one of them is of an older version
	db     interface {
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}
}

// ask runs a query of one statement.
func (v *Views) ask(ctx context.Context, do func(r *reader) error) error {
	v.names.RLock()
	defer v.names.RUnlock()
	r := &reader{ctx: ctx, tables: v.tables, db: v.file.reads}
	return r.explain(do(r))
}

// snapshot runs a query of several statements that must agree with each other.
func (v *Views) snapshot(ctx context.Context, do func(r *reader) error) error {
	v.names.RLock()
	defer v.names.RUnlock()
	tx, err := v.file.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	r := &reader{ctx: ctx, tables: v.tables, db: tx}
	return r.explain(do(r))
}

// explain turns what a query can't find in tables of an older version into an
// answer.
func (r *reader) explain(err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok && r.frozen && e.Code()&0xff == sqlite3.SQLITE_ERROR {
		return errBeingBuilt
	}
	return err
}

var errBeingBuilt = domain.Errorf(domain.Unavailable, "the view is being built from the log; try again in a moment")

// each calls row for every row that the query finds. It returns an Unavailable
// error while a table that it names has nothing that serves.
func (r *reader) each(row func(scan func(...any) error) error, query string, args ...any) error {
	q, err := r.expand(query)
	if err != nil {
		return err
	}
	rows, err := r.db.QueryContext(r.ctx, q, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, row)
}

// expand puts the names of tables in the place of those in braces.
func (r *reader) expand(query string) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(query, "{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, after, _ := strings.Cut(rest, "}")
		t, ok := r.tables[name]
		switch {
		case !ok:
			return "", fmt.Errorf("query of a table {%s} that no projection has", name)
		case t.name == "":
			return "", errBeingBuilt
		}
		r.frozen = r.frozen || t.frozen
		b.WriteString(t.name)
		query = after
	}
}

// paged trims rows to the limit; they were asked for one more, which says that
// there is a next page after the last.
func paged[T any](rows []T, limit int, key func(T) string) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	return rows, key(rows[limit-1])
}

// between adds that a column of times is at from or later and before to.
func (w *where) between(column string, from, to time.Time) {
	if !from.IsZero() {
		w.and(column+" >= ?", from.UnixNano())
	}
	if !to.IsZero() {
		w.and(column+" < ?", to.UnixNano())
	}
}
