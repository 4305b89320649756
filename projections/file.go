package projections

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// layout is of the tables in layoutSchema; a file of another one is replaced.
	layout       = 1
	layoutSchema = `
CREATE TABLE origin(epoch TEXT NOT NULL) STRICT;
CREATE TABLE generations(
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- the suffix of its tables; never used twice
  projection TEXT NOT NULL,
  version INTEGER NOT NULL,
  serving INTEGER NOT NULL,
  indexed INTEGER NOT NULL,
  position TEXT NOT NULL,    -- the checkpoint
  events INTEGER NOT NULL,   -- looked at so far
  anchor_after TEXT NOT NULL,-- the first event after this position
  anchor_id TEXT NOT NULL    -- has this id, or the log is another one
) STRICT;`
	// checkUpTo bounds the files that are checked page by page when opened.
	checkUpTo = 32 << 20
	// What is not yet in the file proper, in pages: little while it serves, so
	// that commits stay short; much while it is filled.
	walServing, walFilling = 1000, 10000
)

// errReplace means that the file can't be used as it is.
var errReplace = errors.New("not usable")

// file is views.db: one connection that writes, and a pool that reads.
type file struct {
	reads  *sql.DB
	writes *sql.DB

	mu    sync.Mutex // held for the length of a write transaction
	conn  *sql.Conn  // the only one of writes
	stmts map[string]*sql.Stmt
	execs map[string]driver.StmtExecContext
	args  []driver.NamedValue // of the statement that is executed
}

func openFile(ctx context.Context, path, epoch string, log *slog.Logger) (*file, error) {
	f, err := tryFile(ctx, path, epoch)
	if err == nil || !errors.Is(err, errReplace) && !damaged(err) {
		return f, err
	}
	log.Warn("the views can't be used and are built anew", "file", path, "reason", err)
	if err := removeFile(path); err != nil {
		return nil, err
	}
	return tryFile(ctx, path, epoch)
}

// damaged reports whether SQLite says that the file is no sound database.
func damaged(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB
	}
	return false
}

func removeFile(path string) error {
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func dsn(path string, pragmas ...string) string {
	q := url.Values{}
	q.Add("_pragma", "busy_timeout(5000)")
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func tryFile(ctx context.Context, path, epoch string) (*file, error) {
	// SQLite would let everybody read it.
	made, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	writes, err := sql.Open("sqlite", dsn(path, "journal_mode(WAL)", "synchronous(NORMAL)", "temp_store(MEMORY)", "cache_size(-65536)", "journal_size_limit(16777216)"))
	if err != nil {
		return nil, err
	}
	f := &file{writes: writes, stmts: make(map[string]*sql.Stmt), execs: make(map[string]driver.StmtExecContext)}
	if f.conn, err = writes.Conn(ctx); err != nil {
		return nil, errors.Join(err, writes.Close())
	}
	if err := f.prepare(ctx, path, epoch); err != nil {
		return nil, errors.Join(err, f.close())
	}
	f.reads, err = sql.Open("sqlite", dsn(path, "query_only(1)", "temp_store(MEMORY)", "cache_size(-4096)"))
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	n := max(4, 2*runtime.GOMAXPROCS(0))
	f.reads.SetMaxOpenConns(n)
	f.reads.SetMaxIdleConns(n)
	return f, nil
}

// prepare makes the layout in a new file and checks that of an old one.
func (f *file) prepare(ctx context.Context, path, epoch string) error {
	var version int
	if err := f.conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	var objects int
	if err := f.conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&objects); err != nil {
		return err
	}
	if version == 0 && objects == 0 {
		return f.write(func() error {
			for _, q := range []string{layoutSchema, "PRAGMA user_version = " + strconv.Itoa(layout)} {
				if _, err := f.conn.ExecContext(ctx, q); err != nil {
					return err
				}
			}
			_, err := f.conn.ExecContext(ctx, "INSERT INTO origin(epoch) VALUES(?)", epoch)
			return err
		})
	}
	if version != layout {
		return fmt.Errorf("%w: layout %d, not %d", errReplace, version, layout)
	}
	var was string
	if err := f.conn.QueryRowContext(ctx, "SELECT epoch FROM origin").Scan(&was); err != nil {
		return fmt.Errorf("%w: %w", errReplace, err)
	}
	if was != epoch {
		return fmt.Errorf("%w: the log has another epoch", errReplace)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > checkUpTo {
		return err
	}
	var sound string
	if err := f.conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&sound); err != nil {
		return err
	}
	if sound != "ok" {
		return fmt.Errorf("%w: %s", errReplace, sound)
	}
	return nil
}

// write runs do in a transaction of its own. It does not heed a context: what it
// does is bounded, and half a batch is worth nothing.
func (f *file) write(do func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	ctx := context.Background()
	if _, err := f.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err := do()
	if err == nil {
		if _, err = f.conn.ExecContext(ctx, "COMMIT"); err == nil {
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
	}
	// After some errors SQLite has rolled back by itself; then this one fails.
	_, _ = f.conn.ExecContext(ctx, "ROLLBACK")
	return err
}

// filling lets more gather in the write-ahead log while nothing is served.
func (f *file) filling(on bool) error {
	pages := walServing
	if on {
		pages = walFilling
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.conn.ExecContext(context.Background(), "PRAGMA wal_autocheckpoint = "+strconv.Itoa(pages))
	return err
}

// prepared is the statement for a query on the writing connection.
func (f *file) prepared(query string) (*sql.Stmt, error) {
	if s, ok := f.stmts[query]; ok {
		return s, nil
	}
	s, err := f.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	f.stmts[query] = s
	return s, nil
}

// execPrepared runs a statement through the driver itself: at two statements for
// each run, what database/sql does around it is a tenth of a rebuild.
func (f *file) execPrepared(query string, args []any) (res driver.Result, err error) {
	f.args = f.args[:0]
	for i, a := range args {
		if n, ok := a.(int); ok {
			a = int64(n)
		}
		f.args = append(f.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	err = f.conn.Raw(func(conn any) error {
		s, ok := f.execs[query]
		if !ok {
			prepared, err := conn.(driver.ConnPrepareContext).PrepareContext(context.Background(), query)
			if err != nil {
				return err
			}
			s = prepared.(driver.StmtExecContext)
			f.execs[query] = s
		}
		res, err = s.ExecContext(context.Background(), f.args)
		return err
	})
	return res, err
}

// forget closes the statements, before a table goes away. Closing reports the
// last error of a statement again, which is of no use.
func (f *file) forget() {
	for _, s := range f.stmts {
		_ = s.Close()
	}
	_ = f.conn.Raw(func(any) error {
		for _, s := range f.execs {
			_ = s.(driver.Stmt).Close()
		}
		return nil
	})
	clear(f.stmts)
	clear(f.execs)
}

func (f *file) close() error {
	var errs []error
	if f.reads != nil {
		errs = append(errs, f.reads.Close())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget()
	errs = append(errs, f.conn.Close(), f.writes.Close())
	return errors.Join(errs...)
}
