package projections

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/picket-api/picket/eventstore"
)

// generation is one set of tables of a projection, with its checkpoint.
type generation struct {
	id      int64
	proj    *projection
	version int
	serving bool
	indexed bool // has its secondary indexes
	pos     eventstore.Position
	seen    int64 // events looked at
	anchor  anchor
	err     error // why it stopped; nil while it advances
	inStep  bool  // moves on with the others that serve
	busy    bool  // somebody is bringing it forward

	// memo is what a projection remembers from one batch to the next; it is lost
	// when a transaction fails, and must be possible to read from the tables.
	memo any

	attitudes map[string]attitude // by event type; a cache
	queries   map[string]string   // by text with braces; a cache
}

// anchor ties a checkpoint to its log: the first event after the position has
// the id.
type anchor struct {
	after eventstore.Position
	id    string
}

// frozen reports whether its tables are of an older version: they can be read
// until the new ones are built, but nothing applies events to them.
func (g *generation) frozen() bool { return g.version != g.proj.version }

// advances reports whether there is such a generation and events are applied to it.
func (g *generation) advances() bool { return g != nil && !g.frozen() }

func (g *generation) table(name string) string {
	return name + "_g" + strconv.FormatInt(g.id, 10)
}

// query puts the names of its tables in the place of those in braces.
func (g *generation) query(text string) string {
	if q, ok := g.queries[text]; ok {
		return q
	}
	q := text
	for _, t := range g.proj.tables {
		q = strings.ReplaceAll(q, "{"+t+"}", g.table(t))
	}
	g.queries[text] = q
	return q
}

func (g *generation) attitudeTo(eventType string) attitude {
	a, ok := g.attitudes[eventType]
	if !ok {
		a = g.proj.attitudeTo(eventType)
		g.attitudes[eventType] = a
	}
	return a
}

func newGeneration() *generation {
	return &generation{attitudes: make(map[string]attitude), queries: make(map[string]string)}
}

// generations are those in the file that are of use to one of the projections.
func (f *file) generations(list []*projection) ([]*generation, error) {
	rows, err := f.conn.QueryContext(context.Background(),
		"SELECT id, projection, version, serving, indexed, position, events, anchor_after, anchor_id FROM generations ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var gens []*generation
	for rows.Next() {
		var name, pos, after string
		g := newGeneration()
		if err := rows.Scan(&g.id, &name, &g.version, &g.serving, &g.indexed, &pos, &g.seen, &after, &g.anchor.id); err != nil {
			return nil, err
		}
		if g.pos, err = eventstore.ParsePosition(pos); err != nil {
			return nil, err
		}
		if g.anchor.after, err = eventstore.ParsePosition(after); err != nil {
			return nil, err
		}
		i := slices.IndexFunc(list, func(p *projection) bool { return p.name == name })
		if i < 0 {
			continue
		}
		g.proj = list[i]
		readable := g.version >= g.proj.since && g.version <= g.proj.version
		if g.serving && readable || !g.frozen() {
			gens = append(gens, g)
		}
	}
	return gens, rows.Err()
}

// create makes the tables of a new generation.
func (f *file) create(p *projection, serving, indexed bool) (*generation, error) {
	g := newGeneration()
	g.proj, g.version, g.serving, g.indexed = p, p.version, serving, indexed
	err := f.write(func() error {
		ctx := context.Background()
		res, err := f.conn.ExecContext(ctx, `INSERT INTO generations(projection, version, serving, indexed, position, events, anchor_after, anchor_id)
			VALUES(?, ?, ?, ?, '0', 0, '0', '')`, p.name, p.version, serving, indexed)
		if err != nil {
			return err
		}
		if g.id, err = res.LastInsertId(); err != nil {
			return err
		}
		schema := p.schema
		if indexed {
			schema += p.indexes
		}
		_, err = f.conn.ExecContext(ctx, g.query(schema))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("create the tables of %s: %w", p.name, err)
	}
	return g, nil
}

// index makes the secondary indexes of a generation that was filled without.
func (f *file) index(g *generation) error {
	err := f.write(func() error {
		ctx := context.Background()
		if _, err := f.conn.ExecContext(ctx, g.query(g.proj.indexes)); err != nil {
			return err
		}
		_, err := f.conn.ExecContext(ctx, "UPDATE generations SET indexed = 1 WHERE id = ?", g.id)
		return err
	})
	if err != nil {
		return fmt.Errorf("index the tables of %s: %w", g.proj.name, err)
	}
	g.indexed = true
	return nil
}

// swap makes the generation serve in the place of another one, if any.
func (f *file) swap(g, old *generation) error {
	return f.write(func() error {
		ctx := context.Background()
		if old != nil {
			if _, err := f.conn.ExecContext(ctx, "DELETE FROM generations WHERE id = ?", old.id); err != nil {
				return err
			}
		}
		_, err := f.conn.ExecContext(ctx, "UPDATE generations SET serving = 1 WHERE id = ?", g.id)
		return err
	})
}
