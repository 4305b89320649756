package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

const schemaVersion = 1

// schema has one row for each event; the payload is the exact bytes. Rows are never
// deleted, so positions rise without AUTOINCREMENT and its extra page in each commit.
//
// first is the position of the stream's first event and stands for the stream in the
// indexes: the streams of today lie side by side there, so the events of a commit share
// pages, where the names of streams, which begin like each other and end at random,
// would give each event a page of its own to write. Names are indexed once for each
// stream, and also kept in each row, so that reading the log needs no join.
//
// Event ids are unique within a stream. An index of all of them costs half as much
// again as the rest of an append, so the writer compares the first earlyIDs of a stream
// in memory, and only what lies beyond has an index.
var schema = []string{
	`CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,
	`CREATE TABLE events(
		pos INTEGER PRIMARY KEY, time INTEGER NOT NULL, stream TEXT NOT NULL, first INTEGER NOT NULL, version INTEGER NOT NULL,
		id BLOB NOT NULL, type TEXT NOT NULL, meta BLOB, data BLOB NOT NULL) STRICT`,
	`CREATE UNIQUE INDEX events_streams ON events(stream) WHERE ` + isFirst,
	`CREATE UNIQUE INDEX events_versions ON events(first, version)`,
	`CREATE UNIQUE INDEX events_late_ids ON events(first, id) WHERE ` + isLate,
}

// earlyIDs is how many ids of a stream the writer knows by heart. It is part of the schema.
const (
	earlyIDs = 256
	isLate   = `version > 256`
	isFirst  = `version = 1`
)

// writerPragmas make commits durable (fullfsync is for macOS). The page cache is small
// on purpose: SQLite looks through all of it when a commit has split a page. A checkpoint
// each 4 MiB costs hardly more than rarer ones, and holds the writer up for 8 ms, not 40.
var writerPragmas = []string{
	"busy_timeout=5000",
	"synchronous=FULL",
	"fullfsync=1",
	"checkpoint_fullfsync=1",
	"cache_size=-16384",
	"temp_store=MEMORY",
	"trusted_schema=0",
	"wal_autocheckpoint=1000",
}

// resolve makes one name out of all names that a file can have, so that all of them
// meet at one lock.
func resolve(path string) (string, error) {
	if path == "" || strings.HasPrefix(path, ":") || strings.HasPrefix(path, "file:") {
		return "", errors.New("it must be the path of a file")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real, nil
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	return filepath.Join(dir, filepath.Base(abs)), err
}

// createFile makes an empty file that only we may read; SQLite gives its WAL the same mode.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func dsn(path string, params url.Values) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") { // C:/…
		slashed = "/" + slashed
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: params.Encode()}
	return u.String()
}

func (s *Store) openWriter(ctx context.Context) (err error) {
	if s.writeDB, err = sql.Open("sqlite", dsn(s.path, nil)); err != nil {
		return err
	}
	s.writeDB.SetMaxOpenConns(1)
	if s.conn, err = s.writeDB.Conn(ctx); err != nil {
		return err
	}
	for _, pragma := range writerPragmas {
		if _, err := s.conn.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return fmt.Errorf("set %s: %w", pragma, err)
		}
	}
	return nil
}

// prepareFile checks the file, makes the schema where there is none and loads the epoch.
func (s *Store) prepareFile(ctx context.Context) error {
	conn := s.conn
	var mode string
	err := conn.QueryRowContext(ctx, "PRAGMA journal_mode=WAL").Scan(&mode)
	switch {
	case err != nil:
		return err
	case mode != "wal":
		return fmt.Errorf("the file system has no write-ahead log: journal mode is %s", mode)
	}
	if !s.opts.skipCheck {
		if err := quickCheck(ctx, conn); err != nil {
			return err
		}
	}
	var tables int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	if tables == 0 {
		if err := createSchema(ctx, conn); err != nil {
			return err
		}
	}
	return s.loadMeta(ctx, conn)
}

func quickCheck(ctx context.Context, conn *sql.Conn) error {
	var finding string
	err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&finding)
	switch {
	case err != nil:
		return fmt.Errorf("check integrity: %w", err)
	case finding != "ok":
		return fmt.Errorf("%w: %s", ErrCorrupt, finding)
	default:
		return nil
	}
}

func createSchema(ctx context.Context, conn *sql.Conn) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	for _, statement := range schema {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("create schema: %w", err)
		}
	}
	const insert = `INSERT INTO meta(key, value) VALUES('schema', ?), ('epoch', ?)`
	if _, err := tx.ExecContext(ctx, insert, strconv.Itoa(schemaVersion), uuid.NewString()); err != nil {
		return fmt.Errorf("create schema: %w", err)
	}
	return tx.Commit()
}

func (s *Store) loadMeta(ctx context.Context, conn *sql.Conn) error {
	const query = `SELECT (SELECT value FROM meta WHERE key = 'schema'), (SELECT value FROM meta WHERE key = 'epoch')`
	var version, epoch string
	if err := conn.QueryRowContext(ctx, query).Scan(&version, &epoch); err != nil {
		return fmt.Errorf("%w: %w", ErrForeign, err)
	}
	if version != strconv.Itoa(schemaVersion) {
		return fmt.Errorf("%w: its schema is version %s, this Picket knows %d", ErrForeign, version, schemaVersion)
	}
	s.epoch = epoch
	return nil
}
