// Package ops keeps operational state beside the log: leases, lanes, presence
// and instance tokens. It changes far too often to be events, and it is not a
// view either: deleting the views must lose none of it.
//
// What losing each table does (the log decides in the end, so none loses a run):
//
//	leases     rebuilt from the log at start; every attempt under way gets one full lease
//	lanes      rebuilt from the log at start
//	presence   unknown until the next heartbeat
//	tokens     instances register again with their key
//	ticks      down-time can't be told from a fresh start; no slot is recorded as missed
package ops

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver
)

const layout = 1

const schema = `
CREATE TABLE IF NOT EXISTS leases(
  run TEXT PRIMARY KEY, token INTEGER NOT NULL, attempt INTEGER NOT NULL,
  monitor TEXT NOT NULL, runner TEXT NOT NULL, instance TEXT NOT NULL,
  claim_id TEXT NOT NULL, expires_at INTEGER NOT NULL, requests INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX IF NOT EXISTS leases_expiry ON leases(expires_at);
CREATE INDEX IF NOT EXISTS leases_claim ON leases(instance, claim_id);
CREATE TABLE IF NOT EXISTS lanes(
  monitor TEXT NOT NULL, lane TEXT NOT NULL, run TEXT NOT NULL, PRIMARY KEY(monitor, lane)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS lanes_run ON lanes(run);
CREATE TABLE IF NOT EXISTS presence(
  instance TEXT PRIMARY KEY, runner TEXT NOT NULL, seen_at INTEGER NOT NULL,
  in_flight INTEGER NOT NULL, capacity INTEGER NOT NULL, online INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS presence_runner ON presence(runner);
CREATE TABLE IF NOT EXISTS tokens(
  hash TEXT PRIMARY KEY, instance TEXT NOT NULL, runner TEXT NOT NULL, key_id TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS tokens_runner ON tokens(runner);
CREATE TABLE IF NOT EXISTS ticks(name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
`

// DB is the operational state of one installation. Safe for concurrent use.
type DB struct {
	db *sql.DB
	mu sync.Mutex // one writer at a time, so that none waits in SQLite
}

// Open makes or opens the file. A file of a newer layout is refused.
func Open(ctx context.Context, path string) (*DB, error) {
	q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(NORMAL)", "busy_timeout(5000)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(4)
	d := &DB{db: db}
	if err := d.init(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return d, nil
}

func (d *DB) init(ctx context.Context) error {
	var version int
	if err := d.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > layout {
		return fmt.Errorf("a newer version of Picket made it (layout %d, this one knows %d)", version, layout)
	}
	if _, err := d.db.ExecContext(ctx, schema); err != nil {
		return err
	}
	_, err := d.db.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", layout))
	return err
}

// Close releases the file.
func (d *DB) Close() error { return d.db.Close() }

func (d *DB) exec(ctx context.Context, query string, args ...any) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	res, err := d.db.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("operational state: %w", err)
	}
	return res.RowsAffected()
}

// rows collects what query yields.
func rows[T any](ctx context.Context, d *DB, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rs, err := d.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("operational state: %w", err)
	}
	defer rs.Close()
	var all []T
	for rs.Next() {
		v, err := scan(rs)
		if err != nil {
			return nil, fmt.Errorf("operational state: %w", err)
		}
		all = append(all, v)
	}
	return all, rs.Err()
}

func ms(t time.Time) int64     { return t.UnixMilli() }
func fromMS(n int64) time.Time { return time.UnixMilli(n).UTC() }

// Tick notes that something ran at that time.
func (d *DB) Tick(ctx context.Context, name string, at time.Time) error {
	_, err := d.exec(ctx, "INSERT INTO ticks VALUES(?,?) ON CONFLICT DO UPDATE SET at=excluded.at", name, ms(at))
	return err
}

// LastTick is when Tick was last called with the name; zero if never.
func (d *DB) LastTick(ctx context.Context, name string) (time.Time, error) {
	var at int64
	err := d.db.QueryRowContext(ctx, "SELECT at FROM ticks WHERE name=?", name).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return fromMS(at), err
}
