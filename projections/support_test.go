package projections_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/memory"
	"github.com/picket-api/picket/projections"
)

// tape is a log whose clock shows the time of the fact that is being appended,
// and whose reader can be held at a position or made to fail.
type tape struct {
	eventstore.Store
	mu    sync.Mutex
	now   time.Time
	until eventstore.Position // zero: no limit
	fail  error               // of the next reads
	wake  chan struct{}
}

func newTape() *tape {
	l := &tape{now: start, wake: make(chan struct{})}
	l.Store = memory.New(memory.Clock(func() time.Time {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.now
	}))
	return l
}

func (l *tape) add(tb testing.TB, facts ...fact) eventstore.Position {
	tb.Helper()
	var pos eventstore.Position
	for _, f := range facts {
		l.mu.Lock()
		l.now = f.at
		l.mu.Unlock()
		res, err := l.Append(context.Background(), f.stream, eventstore.Any, f.event)
		require.NoError(tb, err)
		pos = res.Position
	}
	return pos
}

// hold lets readers see nothing beyond the n-th event; 0 lets them see all.
func (l *tape) hold(n int) {
	l.mu.Lock()
	l.until = eventstore.NewPosition(uint64(n), 0)
	wake := l.wake
	l.wake = make(chan struct{})
	l.mu.Unlock()
	close(wake)
}

func (l *tape) break_(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = err
}

func (l *tape) ReadAll(ctx context.Context, after eventstore.Position, limit int, f eventstore.Filter) ([]eventstore.Recorded, eventstore.Position, error) {
	l.mu.Lock()
	until, fail := l.until, l.fail
	l.mu.Unlock()
	if fail != nil {
		return nil, after, fail
	}
	events, next, err := l.Store.ReadAll(ctx, after, limit, f)
	if err != nil || until.IsZero() || next.Compare(until) <= 0 {
		return events, next, err
	}
	if after.Compare(until) >= 0 {
		return nil, after, nil
	}
	i := slices.IndexFunc(events, func(e eventstore.Recorded) bool { return e.Position.Compare(until) > 0 })
	return events[:i], until, nil
}

func (l *tape) Head(ctx context.Context) (eventstore.Position, error) {
	head, err := l.Store.Head(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.until.IsZero() && head.Compare(l.until) > 0 {
		head = l.until
	}
	return head, err
}

func (l *tape) Watch() <-chan struct{} {
	inner := l.Store.Watch()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until.IsZero() {
		return inner
	}
	return l.wake
}

// open opens views that the test closes.
func open(tb testing.TB, path string, store eventstore.Store, opts ...projections.Option) *projections.Views {
	tb.Helper()
	v, err := projections.Open(context.Background(), path, store, opts...)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = v.Close() })
	return v
}

func newPath(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(tb.TempDir(), "views.db")
}

// run runs the views until the returned function is called, or the test ends.
func run(tb testing.TB, v *projections.Views) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- v.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil && !errors.Is(err, eventstore.ErrClosed) {
				tb.Errorf("run: %v", err)
			}
		})
	}
	tb.Cleanup(stop)
	return stop
}

// reach waits until all projections are at the position.
func reach(tb testing.TB, v *projections.Views, pos eventstore.Position, names ...string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		changed := v.Changed()
		err := v.Wait(ctx, pos, names...)
		if err == nil {
			return
		}
		require.ErrorIs(tb, err, projections.ErrStopped) // not built yet
		select {
		case <-changed:
		case <-ctx.Done():
			status, _ := v.Status(context.Background())
			require.FailNow(tb, "not reached", "%s: %+v", pos, status)
		}
	}
}

var suffix = regexp.MustCompile(`_g[0-9]+$`)

// dump is every row of every table, in order, without the generations.
func dump(tb testing.TB, path string) map[string][]string {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	require.NoError(tb, err)
	defer db.Close()
	tables := make(map[string][]string)
	for _, name := range column(tb, db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
		if suffix.MatchString(name) {
			key := suffix.ReplaceAllString(name, "")
			require.NotContains(tb, tables, key, "two generations of a table")
			tables[key] = rowsOf(tb, db, name)
		}
	}
	tables["checkpoints"] = column(tb, db, "SELECT projection || ' ' || serving || indexed || ' ' || position || ' ' || events FROM generations ORDER BY 1")
	tables["indexes"] = nil
	for _, name := range column(tb, db, "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name") {
		tables["indexes"] = append(tables["indexes"], regexp.MustCompile(`_g[0-9]+`).ReplaceAllString(name, ""))
	}
	slices.Sort(tables["indexes"])
	return tables
}

func column(tb testing.TB, db *sql.DB, query string) []string {
	tb.Helper()
	rows, err := db.Query(query)
	require.NoError(tb, err)
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		require.NoError(tb, rows.Scan(&s))
		list = append(list, s)
	}
	require.NoError(tb, rows.Err())
	return list
}

func rowsOf(tb testing.TB, db *sql.DB, table string) []string {
	tb.Helper()
	rows, err := db.Query(`SELECT * FROM "` + table + `" ORDER BY 1, 2`)
	require.NoError(tb, err)
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(tb, err)
	list := []string{}
	for rows.Next() {
		values := make([]any, len(names))
		targets := make([]any, len(names))
		for i := range values {
			targets[i] = &values[i]
		}
		require.NoError(tb, rows.Scan(targets...))
		var b strings.Builder
		for i, n := range names {
			fmt.Fprintf(&b, "%s=%v ", n, values[i])
		}
		list = append(list, b.String())
	}
	require.NoError(tb, rows.Err())
	return list
}

// same compares two dumps and shows only where they differ first.
func same(tb testing.TB, want, got map[string][]string) {
	tb.Helper()
	require.Equal(tb, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)))
	for table, rows := range want {
		for i := range min(len(rows), len(got[table])) {
			require.Equalf(tb, rows[i], got[table][i], "row %d of %s", i, table)
		}
		require.Lenf(tb, got[table], len(rows), "rows of %s", table)
	}
}
