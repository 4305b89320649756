package projections

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore/codec"
)

// Record is when a thing came to be and when it changed last.
type Record struct {
	CreatedAt time.Time
	CreatedBy domain.Actor
	UpdatedAt time.Time
}

// docs is a table of aggregates: each is folded from its events and kept whole,
// beside what lists are sorted and narrowed by.
type docs[T any, A interface {
	*T
	domain.Aggregate
}] struct {
	table   string // "{monitors}"
	thing   string // what a missing one is called
	extra   []string
	columns func(A) docColumns
	// touches says whether the event changes what people see as the thing
	// itself; nil: each does.
	touches func(domain.Event) bool
}

// docColumns are the columns that are taken out of an aggregate.
type docColumns struct {
	workspace domain.WorkspaceID
	name      string
	search    string // what else a search looks at
	deleted   bool
	extra     []any
}

// entry is an aggregate with what its events say about it.
type entry[A any] struct {
	id      string
	state   A
	created int64 // nanoseconds
	by      string
	updated int64
}

func (d *docs[T, A]) schema() string {
	var extra strings.Builder
	for _, c := range d.extra {
		extra.WriteString("\n  " + c + ",")
	}
	return `
CREATE TABLE ` + d.table + `(
  seq INTEGER PRIMARY KEY, -- in the order of creation
  id TEXT NOT NULL UNIQUE,
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  search TEXT NOT NULL,
  deleted INTEGER NOT NULL,` + extra.String() + `
  doc TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;`
}

// indexes serve lists of a workspace.
func (d *docs[T, A]) indexes() string {
	return `
CREATE INDEX IF NOT EXISTS ` + d.table + `_workspace ON ` + d.table + `(workspace, seq) WHERE deleted = 0;`
}

// fold applies the batch, all events of which are of this kind of aggregate.
func (d *docs[T, A]) fold(t *tx, batch []*event) error {
	if len(batch) == 0 {
		return nil
	}
	entries, order, err := d.load(t, batch)
	if err != nil {
		return err
	}
	for _, e := range batch {
		n := entries[e.id()]
		if n.created == 0 {
			env, err := e.envelope()
			if err != nil {
				return err
			}
			if n.by, err = toJSON(env.Actor); err != nil {
				return err
			}
			n.created, n.updated = e.Time.UnixNano(), e.Time.UnixNano()
		}
		n.state.Apply(e.payload)
		if d.touches == nil || d.touches(e.payload) {
			n.updated = e.Time.UnixNano()
		}
	}
	for _, id := range order {
		if err := d.save(t, entries[id]); err != nil {
			return err
		}
	}
	return nil
}

// load reads the aggregates of the batch; those that are not there yet are new.
func (d *docs[T, A]) load(t *tx, batch []*event) (map[string]*entry[A], []string, error) {
	entries := make(map[string]*entry[A])
	var order []string
	for _, e := range batch {
		if id := e.id(); entries[id] == nil {
			entries[id] = &entry[A]{id: id, state: new(T)}
			order = append(order, id)
		}
	}
	err := t.each(func(scan func(...any) error) error {
		var id, doc, by string
		var created, updated int64
		if err := scan(&id, &doc, &created, &by, &updated); err != nil {
			return err
		}
		n := entries[id]
		n.created, n.by, n.updated = created, by, updated
		return codec.Unmarshal([]byte(doc), n.state)
	}, `SELECT id, doc, created_at, created_by, updated_at FROM `+d.table+` WHERE id IN (SELECT value FROM json_each(?))`, jsonList(order))
	return entries, order, err
}

func (d *docs[T, A]) save(t *tx, n *entry[A]) error {
	doc, err := toJSON(n.state)
	if err != nil {
		return err
	}
	c := d.columns(n.state)
	names, marks, sets := "", "", ""
	for _, column := range d.extra {
		name, _, _ := strings.Cut(column, " ")
		names, marks, sets = names+", "+name, marks+", ?", sets+", "+name+" = excluded."+name
	}
	search := strings.ToLower(c.name + "\n" + c.search)
	args := append([]any{n.id, string(c.workspace), c.name, search, c.deleted, doc, n.created, n.by, n.updated}, c.extra...)
	return t.exec(`INSERT INTO `+d.table+`(id, workspace, name, search, deleted, doc, created_at, created_by, updated_at`+names+`)
		VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?`+marks+`)
		ON CONFLICT(id) DO UPDATE SET workspace = excluded.workspace, name = excluded.name, search = excluded.search,
		deleted = excluded.deleted, doc = excluded.doc, updated_at = excluded.updated_at`+sets, args...)
}

// found is a row of a docs table.
type found[A any] struct {
	seq   int64
	state A
	Record
}

const docSelect = "SELECT seq, doc, created_at, created_by, updated_at FROM "

func (d *docs[T, A]) scan(scan func(...any) error) (found[A], error) {
	f := found[A]{state: new(T)}
	var doc, by string
	var created, updated instant
	if err := scan(&f.seq, &doc, &created, &by, &updated); err != nil {
		return f, err
	}
	f.CreatedAt, f.UpdatedAt = created.Time, updated.Time
	return f, errors.Join(codec.Unmarshal([]byte(doc), f.state), codec.Unmarshal([]byte(by), &f.CreatedBy))
}

// get is the live aggregate of that id.
func (d *docs[T, A]) get(r *reader, id string) (found[A], error) {
	rows, err := d.list(r, docSelect+d.table+" WHERE id = ? AND deleted = 0", id)
	if err != nil {
		return found[A]{}, err
	}
	if len(rows) == 0 {
		return found[A]{}, domain.Errorf(domain.NotFound, "there is no such %s", d.thing)
	}
	return rows[0], nil
}

func (d *docs[T, A]) list(r *reader, query string, args ...any) ([]found[A], error) {
	var rows []found[A]
	err := r.each(func(scan func(...any) error) error {
		f, err := d.scan(scan)
		rows = append(rows, f)
		return err
	}, query, args...)
	return rows, err
}

// page lists live aggregates in the order of creation.
func (d *docs[T, A]) page(r *reader, w where, p Page) (rows []found[A], next string, err error) {
	limit, err := p.size()
	if err != nil {
		return nil, "", err
	}
	after, err := p.after(d.table, 1)
	if err != nil {
		return nil, "", err
	}
	w.and("deleted = 0")
	if after != nil {
		w.and("seq > ?", after[0])
	}
	query := docSelect + d.table + w.String() + fmt.Sprintf(" ORDER BY seq LIMIT %d", limit+1)
	if rows, err = d.list(r, query, w.args...); err != nil {
		return nil, "", err
	}
	rows, next = paged(rows, limit, func(f found[A]) string { return cursor(d.table, f.seq) })
	return rows, next, nil
}

// search adds the condition that the text occurs, in any case.
func (w *where) search(text string) {
	if text = strings.TrimSpace(text); text != "" {
		w.and("instr(search, ?) > 0", strings.ToLower(text))
	}
}

// ofCategory are the events of the batch whose type starts with one of the
// categories ("runner.").
func ofCategory(batch []*event, categories ...string) []*event {
	var of []*event
	for _, e := range batch {
		for _, c := range categories {
			if strings.HasPrefix(e.Type, c) {
				of = append(of, e)
			}
		}
	}
	return of
}
