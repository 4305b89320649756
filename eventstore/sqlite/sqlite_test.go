package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/sqlite"
)

func newPath(t *testing.T) string { return filepath.Join(t.TempDir(), "events.db") }

func open(t *testing.T, path string, opts ...sqlite.Option) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func event(text string) eventstore.Event {
	return eventstore.Event{ID: uuid.New(), Type: "test.happened.v1", Data: []byte(text)}
}

func events(n int) []eventstore.Event {
	es := make([]eventstore.Event, n)
	for i := range es {
		es[i] = event(fmt.Sprint(i))
	}
	return es
}

func mustAppend(t *testing.T, store *sqlite.Store, stream string, expected eventstore.Expected, es ...eventstore.Event) eventstore.AppendResult {
	t.Helper()
	result, err := store.Append(t.Context(), stream, expected, es...)
	require.NoError(t, err)
	return result
}

func readAll(t *testing.T, store *sqlite.Store) []eventstore.Recorded {
	t.Helper()
	var all []eventstore.Recorded
	after := eventstore.Position{}
	for {
		page, next, err := store.ReadAll(t.Context(), after, 1000, eventstore.Filter{})
		require.NoError(t, err)
		if next == after {
			return all
		}
		all, after = append(all, page...), next
	}
}

// gate is a clock at which the writer stands still, in the middle of its first append,
// until the gate is opened. What is appended meanwhile waits in the queue.
type gate struct{ reached, open chan struct{} }

func newGate() *gate { return &gate{make(chan struct{}), make(chan struct{})} }

func (g *gate) clock() sqlite.Option {
	var once sync.Once
	return sqlite.Clock(func() time.Time {
		once.Do(func() {
			close(g.reached)
			<-g.open
		})
		return time.Now()
	})
}

// holdReader keeps a snapshot of the log open until its function is called.
func holdReader(t *testing.T, path string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	_, err = conn.ExecContext(t.Context(), "BEGIN; SELECT count(*) FROM events")
	require.NoError(t, err)
	return func() {
		_, err := conn.ExecContext(t.Context(), "ROLLBACK")
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
}

// waitFor gives way to other goroutines until n appends wait for the writer.
func waitFor(t *testing.T, store *sqlite.Store, n int) {
	t.Helper()
	for store.Waiting() != n {
		require.NoError(t, t.Context().Err())
		runtime.Gosched()
	}
}

// openFiles are the names of the files that this process has open.
func openFiles(t *testing.T) []string {
	t.Helper()
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Skipf("can't list open files: %v", err)
	}
	var names []string
	for _, entry := range entries {
		if name, err := os.Readlink(filepath.Join(dir, entry.Name())); err == nil {
			names = append(names, name)
		}
	}
	return names
}

// answer is the outcome of an append that runs in a goroutine.
type answer struct {
	result eventstore.AppendResult
	err    error
}

func appendLater(ctx context.Context, store *sqlite.Store, stream string, expected eventstore.Expected, es ...eventstore.Event) <-chan answer {
	out := make(chan answer, 1)
	go func() {
		result, err := store.Append(ctx, stream, expected, es...)
		out <- answer{result, err}
	}()
	return out
}

func TestPaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a b.db", "what?.db", "100%25#1.db", "ünder;score'.db", "file.db?mode=memory"} {
		path := filepath.Join(dir, name)
		store := open(t, path)
		mustAppend(t, store, "s", eventstore.NoStream, event("here"))
		require.NoError(t, store.Close())
		require.FileExists(t, path)
		require.Len(t, readAll(t, open(t, path)), 1)
	}
	for _, path := range []string{"", ":memory:", "file:x.db", filepath.Join(dir, "absent", "events.db")} {
		_, err := sqlite.Open(t.Context(), path)
		require.Error(t, err, path)
	}
}

func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no file modes on Windows")
	}
	path := newPath(t)
	store := open(t, path)
	mustAppend(t, store, "s", eventstore.NoStream, event("secret"))
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + suffix)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), info.Name())
	}
}

func TestEpoch(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := open(t, path)
	epoch := store.Epoch()
	_, err := uuid.Parse(epoch)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	require.Equal(t, epoch, open(t, path).Epoch(), "it stays with the file")
	require.NotEqual(t, epoch, open(t, newPath(t)).Epoch(), "each file has its own")
}

func TestForeignFiles(t *testing.T) {
	t.Parallel()
	script := func(t *testing.T, path, statement string) {
		db, err := sql.Open("sqlite", path)
		require.NoError(t, err)
		_, err = db.Exec(statement)
		require.NoError(t, err)
		require.NoError(t, db.Close())
	}
	tests := map[string]func(t *testing.T, path string){
		"text": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("this is not a database, but it is long enough to be read as one"), 0o600))
		},
		"another database": func(t *testing.T, path string) { script(t, path, "CREATE TABLE users(name TEXT)") },
		"a newer schema": func(t *testing.T, path string) {
			require.NoError(t, open(t, path).Close())
			script(t, path, "UPDATE meta SET value = '2' WHERE key = 'schema'")
		},
		"no epoch": func(t *testing.T, path string) {
			require.NoError(t, open(t, path).Close())
			script(t, path, "DELETE FROM meta WHERE key = 'epoch'")
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			prepare(t, path)
			_, err := sqlite.Open(t.Context(), path)
			require.ErrorIs(t, err, sqlite.ErrForeign)
			require.ErrorContains(t, err, path)
			require.NoError(t, os.Remove(path))
			open(t, path) // the lock is free again
		})
	}
}

func TestDamagedFile(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := open(t, path)
	mustAppend(t, store, "s", eventstore.NoStream, events(500)...)
	require.NoError(t, store.Close())

	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	info, err := f.Stat()
	require.NoError(t, err)
	_, err = f.WriteAt(make([]byte, 4096), info.Size()/4096/2*4096)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = sqlite.Open(t.Context(), path)
	require.ErrorIs(t, err, sqlite.ErrCorrupt)
	open(t, path, sqlite.SkipCheck()) // what is left can still be read
}

func TestOpenContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := newPath(t)
	_, err := sqlite.Open(ctx, path)
	require.ErrorIs(t, err, context.Canceled)
	open(t, path)
}
