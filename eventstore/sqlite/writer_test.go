package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/sqlite"
)

func TestQueuedAppendCancelled(t *testing.T) {
	t.Parallel()
	gate := newGate()
	store := open(t, newPath(t), gate.clock())
	first := appendLater(t.Context(), store, "first", eventstore.NoStream, event("a"))
	<-gate.reached

	ctx, cancel := context.WithCancel(t.Context())
	queued := appendLater(ctx, store, "queued", eventstore.NoStream, event("b"))
	waitFor(t, store, 1)
	cancel()
	require.ErrorIs(t, (<-queued).err, context.Canceled, "the writer still stands")
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	_, err := store.Append(ctx, "dead", eventstore.NoStream, event("b"))
	require.ErrorIs(t, err, context.Canceled)
	close(gate.open)
	require.NoError(t, (<-first).err)
	mustAppend(t, store, "last", eventstore.NoStream, event("c"))
	require.Len(t, readAll(t, store), 2, "what nobody waits for isn't written")
}

// queued is an append of a batch and what is to come of it.
type queued struct {
	name     string
	stream   string
	expected eventstore.Expected
	events   []eventstore.Event
	want     string
}

// TestBatch queues appends behind a writer that stands still, so that they are judged in
// one transaction, in this order.
func TestBatch(t *testing.T) {
	t.Parallel()
	long := events(sqlite.EarlyIDs + 50)
	pair, next, more := events(2), event("next"), events(40)
	batch := []queued{
		{"fresh", "s", eventstore.NoStream, pair, "version 2"},
		{"builds on the one before", "s", 2, []eventstore.Event{next}, "version 3"},
		{"conflicts with it", "s", 2, events(1), "conflict at 3"},
		{"replays it", "s", 2, []eventstore.Event{next}, "replay of 3"},
		{"replays the first", "s", eventstore.Any, pair, "replay of 2"},
		{"overlaps in part", "s", eventstore.Any, []eventstore.Event{next, event("x")}, "conflict at 3"},
		{"any version", "s", eventstore.Any, events(1), "version 4"},
		{"another stream", "t", eventstore.NoStream, more, "version 40"},
		{"one more", "u", eventstore.NoStream, events(1), "version 1"},
		{"the first stream again", "s", 4, events(1), "version 5"},
	}
	late := append(batch[:len(batch):len(batch)],
		queued{"a late id at any version", "long", eventstore.Any, long[len(long)-2:], "replay of 306"})
	spoilt := append(batch[:len(batch):len(batch)], []queued{
		{"a late id", "long", eventstore.Any, long[len(long)-2:], "replay of 306"},
		{"a late id in part", "long", 306, []eventstore.Event{event("y"), long[len(long)-1]}, "conflict at 306"},
		{"after those", "long", 306, events(1), "version 307"},
	}...)
	for name, test := range map[string]struct {
		batch   []queued
		lands   int
		commits int64
		opts    []sqlite.Option
	}{
		"heads known":             {batch, 46, 1, nil},
		"heads forgotten":         {batch, 46, 1, []sqlite.Option{sqlite.CacheCost(1)}},
		"late id":                 {late, 46, 1, nil},
		"spoilt":                  {spoilt, 47, 8, nil}, // one for each that lands
		"spoilt, heads forgotten": {spoilt, 47, 8, []sqlite.Option{sqlite.CacheCost(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			store := open(t, path)
			mustAppend(t, store, "long", eventstore.NoStream, long...)
			require.NoError(t, store.Close())
			gate := newGate()
			store = open(t, path, append(test.opts, gate.clock())...)
			runBatch(t, store, gate, test.batch)
			require.Equal(t, test.commits, store.Commits())
			all := readAll(t, store)
			require.Len(t, all, len(long)+1+test.lands)
			for i, e := range all {
				require.Equal(t, eventstore.NewPosition(uint64(i+1), 0), e.Position, "no gaps")
			}
		})
	}
}

func runBatch(t *testing.T, store *sqlite.Store, gate *gate, batch []queued) {
	t.Helper()
	first := appendLater(t.Context(), store, "first", eventstore.NoStream, event("a"))
	<-gate.reached
	var answers []<-chan answer
	for i, q := range batch {
		answers = append(answers, appendLater(t.Context(), store, q.stream, q.expected, q.events...))
		waitFor(t, store, i+1)
	}
	close(gate.open)
	require.NoError(t, (<-first).err)
	for i, q := range batch {
		require.Equal(t, q.want, describe(<-answers[i]), q.name)
	}
}

func describe(a answer) string {
	conflict, ok := errors.AsType[*eventstore.ConflictError](a.err)
	switch {
	case ok:
		return fmt.Sprintf("conflict at %d", conflict.Actual)
	case a.err != nil:
		return a.err.Error()
	case a.result.Replayed:
		return fmt.Sprintf("replay of %d", a.result.Version)
	default:
		return fmt.Sprintf("version %d", a.result.Version)
	}
}

// TestForgottenHeads makes the cache so small that every stream must be loaded again.
func TestForgottenHeads(t *testing.T) {
	t.Parallel()
	store := open(t, newPath(t), sqlite.CacheCost(10))
	const streams, rounds = 7, 6
	appended := map[string][]eventstore.Event{}
	for round := range rounds {
		for i := range streams {
			name := fmt.Sprintf("s-%d", i)
			e := event(name)
			require.EqualValues(t, round+1, mustAppend(t, store, name, eventstore.Expected(round), e).Version)
			appended[name] = append(appended[name], e)
		}
	}
	long := events(sqlite.EarlyIDs + 3)
	mustAppend(t, store, "long", eventstore.NoStream, long...)
	for name, es := range appended {
		replay := mustAppend(t, store, name, eventstore.NoStream, es[2:4]...)
		require.True(t, replay.Replayed)
		require.EqualValues(t, 4, replay.Version)
		_, err := store.Append(t.Context(), name, rounds-1, event("late"))
		require.ErrorIs(t, err, eventstore.ErrConflict)
	}
	require.True(t, mustAppend(t, store, "long", 5, long...).Replayed, "over the bound of known ids")
	require.EqualValues(t, len(long)+1, mustAppend(t, store, "long", eventstore.Expected(len(long)), event("more")).Version)
}

// TestGroupCommit counts commits: what waits shares one, up to the greatest batch.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	for maxBatch, want := range map[int]int64{512: 1, 4: 3, 1: 10} {
		t.Run(fmt.Sprint(maxBatch), func(t *testing.T) {
			t.Parallel()
			gate := newGate()
			store := open(t, newPath(t), gate.clock(), sqlite.MaxBatch(maxBatch))
			answers := []<-chan answer{appendLater(t.Context(), store, "s", eventstore.Any, event("first"))}
			<-gate.reached
			for i := range 9 {
				answers = append(answers, appendLater(t.Context(), store, "s", eventstore.Any, event("x")))
				waitFor(t, store, i+1)
			}
			before := store.Commits()
			close(gate.open)
			for _, a := range answers {
				require.NoError(t, (<-a).err)
			}
			require.Equal(t, want, store.Commits()-before)
		})
	}
}

// TestFullFile lets the file grow no further, as on a full disk.
func TestFullFile(t *testing.T) {
	t.Parallel()
	store := open(t, newPath(t))
	mustAppend(t, store, "s", eventstore.NoStream, events(10)...)
	pages, err := store.Pragma(t.Context(), "page_count")
	require.NoError(t, err)
	_, err = store.Pragma(t.Context(), "max_page_count="+pages)
	require.NoError(t, err)

	large := event(strings.Repeat("x", 1<<16))
	for range 3 {
		_, err = store.Append(t.Context(), "s", 10, large)
		require.ErrorIs(t, err, eventstore.ErrNoSpace)
		require.Len(t, readAll(t, store), 10, "reads go on")
	}
	require.False(t, mustAppend(t, store, "s", 10, event("small enough")).Replayed)

	_, err = store.Pragma(t.Context(), "max_page_count=1000000")
	require.NoError(t, err)
	result := mustAppend(t, store, "s", 11, large)
	require.False(t, result.Replayed, "a refused append left nothing")
	require.EqualValues(t, 12, result.Version)
	require.Equal(t, eventstore.NewPosition(12, 0), result.Position)
}

// TestForeignWriter lets someone write to the file behind the store's back, as nobody
// should: positions stay right.
func TestForeignWriter(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := open(t, path)
	mustAppend(t, store, "s", eventstore.NoStream, events(2)...)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `INSERT INTO events(time, stream, first, version, id, type, data)
		VALUES(0, 'theirs', 3, 1, x'00112233445566778899aabbccddeeff', 'test.intruded.v1', x'')`)
	require.NoError(t, err)

	result := mustAppend(t, store, "s", 2, event("x"))
	require.Equal(t, eventstore.NewPosition(4, 0), result.Position)
	result = mustAppend(t, store, "new", eventstore.NoStream, events(2)...)
	require.Equal(t, eventstore.NewPosition(6, 0), result.Position)
	page, err := store.ReadStream(t.Context(), "new", 0, 10)
	require.NoError(t, err)
	require.Len(t, page, 2)
	require.Len(t, readAll(t, store), 6)
}

// TestBrokenConnection expects answers though nothing works any more.
func TestBrokenConnection(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	mustAppend(t, store, "s", eventstore.NoStream, events(3)...)
	require.NoError(t, store.Break())
	for range 3 {
		one := appendLater(t.Context(), store, "s", 3, event("x"))
		other := appendLater(t.Context(), store, "t", eventstore.NoStream, event("y"))
		require.ErrorIs(t, (<-one).err, eventstore.ErrUnavailable)
		require.ErrorIs(t, (<-other).err, eventstore.ErrUnavailable)
		require.Len(t, readAll(t, store), 3, "reads go on")
	}
	require.Error(t, store.Close())
	require.Len(t, readAll(t, open(t, path)), 3, "the lock was released")
}

// TestWALIsBounded lets a reader hold the WAL open while it grows.
func TestWALIsBounded(t *testing.T) {
	t.Parallel()
	const bound = 256 << 10
	path := newPath(t)
	store := open(t, path, sqlite.MaxWAL(bound))
	mustAppend(t, store, "s", eventstore.NoStream, event("a"))
	release := holdReader(t, path)
	grow := func() (wal int64) {
		for range 12 {
			mustAppend(t, store, "s", eventstore.Any, event(strings.Repeat("x", 64<<10)))
		}
		info, err := os.Stat(path + "-wal")
		require.NoError(t, err)
		return info.Size()
	}
	require.Greater(t, grow(), int64(2*bound))
	release()
	require.Less(t, grow(), int64(2*bound))
}

func TestPlans(t *testing.T) {
	t.Parallel()
	store := open(t, newPath(t))
	mustAppend(t, store, "s", eventstore.NoStream, events(300)...)
	const primaryKey = "SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
	want := map[string]string{
		"first":       "COVERING INDEX events_streams (stream=?)",
		"early":       "INDEX events_versions (first=? AND version<?)",
		"version":     "COVERING INDEX events_versions (first=?)",
		"position":    "COVERING INDEX events_versions (first=? AND version=?)",
		"lateVersion": "INDEX events_late_ids (first=? AND id=?)",
		"stream":      "INDEX events_versions (first=? AND version>?)",
		"log":         primaryKey,
	}
	for name, query := range sqlite.Queries() {
		plan, err := store.Plan(t.Context(), query, make([]any, strings.Count(query, "?"))...)
		require.NoError(t, err)
		require.Contains(t, plan, want[name], name)
		require.NotContains(t, plan, "TEMP B-TREE", name)
	}
	filter := eventstore.Filter{StreamPrefixes: []string{"run-", "s"}, TypePrefixes: []string{"test."}}
	query, args := sqlite.FilteredQuery(0, 100, 10, filter)
	plan, err := store.Plan(t.Context(), query, args...)
	require.NoError(t, err)
	require.Equal(t, primaryKey, plan)
}

func TestScanWindow(t *testing.T) {
	t.Parallel()
	store := open(t, newPath(t), sqlite.ScanWindow(20))
	mustAppend(t, store, "s", eventstore.NoStream, events(100)...)
	mustAppend(t, store, "wanted", eventstore.NoStream, event("x"))
	after, pages := eventstore.Position{}, 0
	var found []eventstore.Recorded
	for {
		page, next, err := store.ReadAll(t.Context(), after, 10, eventstore.Filter{StreamPrefixes: []string{"wanted"}})
		require.NoError(t, err)
		if next == after {
			break
		}
		found, after = append(found, page...), next
		pages++
	}
	require.Len(t, found, 1)
	require.Equal(t, 6, pages, "each page looks at 20 events")
}

// TestLargePages asks for more than a page may hold.
func TestLargePages(t *testing.T) {
	t.Parallel()
	store := open(t, newPath(t), sqlite.PageBytes(4000))
	const n = 6
	for i := range n {
		mustAppend(t, store, "s", eventstore.Expected(i), event(strings.Repeat(fmt.Sprint(i), 1000)))
	}
	page, next, err := store.ReadAll(t.Context(), eventstore.Position{}, eventstore.MaxReadPage, eventstore.Filter{})
	require.NoError(t, err)
	require.Len(t, page, 4)
	require.Equal(t, page[3].Position, next)
	page, next, err = store.ReadAll(t.Context(), next, eventstore.MaxReadPage, eventstore.Filter{})
	require.NoError(t, err)
	require.Len(t, page, 2)
	require.Equal(t, eventstore.NewPosition(n, 0), next)
}

func TestCloseReleasesEverything(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := open(t, path)
	mustAppend(t, store, "s", eventstore.NoStream, event("a"))
	require.NoError(t, store.Close())
	_, err := os.Stat(path + "-wal")
	require.ErrorIs(t, err, fs.ErrNotExist, "the WAL was emptied into the file")
	for _, name := range openFiles(t) {
		require.NotContains(t, name, filepath.Dir(path))
	}
}
