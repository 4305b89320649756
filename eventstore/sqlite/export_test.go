package sqlite

import (
	"context"
	"strings"

	"github.com/picket-api/picket/eventstore"
)

// Options that only tests need: they make bounds small enough to be met.

func ScanWindow(n int64) Option { return func(o *options) { o.scanWindow = n } }
func CacheCost(n int) Option    { return func(o *options) { o.cacheCost = n } }
func MaxWAL(n int) Option       { return func(o *options) { o.maxWAL = n } }
func PageBytes(n int) Option    { return func(o *options) { o.pageBytes = n } }

const EarlyIDs = earlyIDs

// Pragma runs "PRAGMA text" on the writer's own connection; the writer must be idle.
func (s *Store) Pragma(ctx context.Context, text string) (value string, err error) {
	err = s.conn.QueryRowContext(ctx, "PRAGMA "+text).Scan(&value)
	return value, err
}

// Break takes the writer's connection away.
func (s *Store) Break() error { return s.conn.Close() }

// Waiting is how many appends the writer hasn't taken yet.
func (s *Store) Waiting() int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return len(s.queue.waiting)
}

// Commits is how many transactions the writer has committed.
func (s *Store) Commits() int64 { return s.commits.Load() }

// Plan is SQLite's plan for a query of the writer.
func (s *Store) Plan(ctx context.Context, query string, args ...any) (string, error) {
	rows, err := s.readDB.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return "", err
		}
		plan = append(plan, detail)
	}
	return strings.Join(plan, "\n"), rows.Err()
}

// Queries are the statements whose plan matters.
func Queries() map[string]string {
	return map[string]string{
		"first":       firstQuery,
		"early":       earlyQuery,
		"version":     versionQuery,
		"position":    positionQuery,
		"lateVersion": lateVersionQuery,
		"stream":      streamQuery,
		"log":         logQuery,
	}
}

func FilteredQuery(after, end int64, limit int, filter eventstore.Filter) (string, []any) {
	return filteredQuery(after, end, limit, filter)
}
