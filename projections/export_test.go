package projections

import (
	"context"
	"fmt"
	"maps"
	"time"
)

// Retry sets how soon trouble and stopped projections are tried again.
func Retry(d time.Duration) Option { return func(c *config) { c.poll, c.retry = d, d } }

// Broken makes a projection fail in the middle of its batch, after it wrote rows,
// while on says so.
func Broken(name string, on func() error) Option {
	return func(c *config) {
		for i, p := range c.list {
			if p.name == name {
				q := *p
				q.apply = func(t *tx, batch []*event) error {
					if err := p.apply(t, batch); err != nil {
						return err
					}
					return on()
				}
				c.list[i] = &q
			}
		}
	}
}

// PageSize sets the events of a page.
func PageSize(n int) Option { return func(c *config) { c.page, c.fill, c.beside = n, n, n } }

// Raised makes a projection one version newer, so that its tables are built anew;
// readable says whether its queries can read the old ones.
func Raised(name string, readable bool) Option {
	return func(c *config) {
		for i, p := range c.list {
			if p.name == name {
				q := *p
				q.version++
				if !readable {
					q.since = q.version
				}
				c.list[i] = &q
			}
		}
	}
}

// Forgetting makes a projection not know a type of event.
func Forgetting(name, eventType string) Option {
	return func(c *config) {
		for i, p := range c.list {
			if p.name == name {
				q := *p
				q.ignores = maps.Clone(p.ignores)
				delete(q.ignores, eventType)
				q.handles = nil
				for _, h := range p.handles {
					if h != eventType {
						q.handles = append(q.handles, h)
					}
				}
				c.list[i] = &q
			}
		}
	}
}

// Coverage is what each projection says of a type of event.
func Coverage(eventType string) map[string]string {
	says := make(map[string]string)
	for _, p := range all() {
		says[p.name] = [...]string{"", "handled", "ignored"}[p.attitudeTo(eventType)]
	}
	return says
}

// Declared are the types and categories that a projection names.
func Declared() (handles map[string][]string, ignores map[string]map[string]string) {
	handles, ignores = make(map[string][]string), make(map[string]map[string]string)
	for _, p := range all() {
		handles[p.name], ignores[p.name] = p.handles, p.ignores
	}
	return handles, ignores
}

// RunsPlan is how SQLite would answer a list of runs.
func (v *Views) RunsPlan(ctx context.Context, f RunFilter) (plan string, err error) {
	w := f.where()
	w.and("(r.created_at, r.seq) < (?, ?)", 1, 1)
	err = v.ask(ctx, func(r *reader) error {
		return r.each(func(scan func(...any) error) error {
			var a, b, c int
			var text string
			err := scan(&a, &b, &c, &text)
			plan += text + "\n"
			return err
		}, `EXPLAIN QUERY PLAN SELECT * FROM {runs} r`+w.String()+` ORDER BY r.created_at DESC, r.seq DESC LIMIT 51`, w.args...)
	})
	return plan, err
}

// LimitPages lets the file grow no further, as on a full disk; 0 lets it again.
func (v *Views) LimitPages(more int) error {
	v.file.mu.Lock()
	defer v.file.mu.Unlock()
	limit := 1 << 30
	if more > 0 {
		if err := v.file.conn.QueryRowContext(context.Background(), "PRAGMA page_count").Scan(&limit); err != nil {
			return err
		}
		limit += more
	}
	_, err := v.file.conn.ExecContext(context.Background(), fmt.Sprint("PRAGMA max_page_count = ", limit))
	return err
}

// Durable makes each commit wait for the disk, as the log does.
func (v *Views) Durable() error {
	_, err := v.file.conn.ExecContext(context.Background(), "PRAGMA synchronous = FULL")
	return err
}

// Only leaves one projection.
func Only(name string) Option {
	return func(c *config) {
		for _, p := range all() {
			if p.name == name {
				c.list = []*projection{p}
			}
		}
	}
}
