// Package sqlite is the default event store: one SQLite file beside the server, no
// service to run, no cgo.
//
// One goroutine writes, on one connection, and commits what waits together (group
// commit): while a commit reaches the disk the next batch queues up, so nobody waits
// on purpose and 64 writers share an fsync. WAL with synchronous=FULL: an append that
// returned survives a power cut. Readers have connections of their own and never block
// the writer. Positions are the row numbers; as there is one writer they have no gaps
// and become visible in order.
//
// A file belongs to one process. A lock file keeps a second one out; it holds for
// processes of one machine, so the file must lie on a local disk.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/picket-api/picket/eventstore"
)

const (
	defaultMaxBatch   = 512     // requests of one commit
	maxBatchBytes     = 8 << 20 // of events of one commit, so that a batch of large ones stays in memory
	defaultScanWindow = 20_000  // events that a filtered page looks at
	defaultPageBytes  = 16 << 20
	defaultMaxWAL     = 64 << 20 // bytes; beyond it a checkpoint waits for readers
)

// Store is an eventstore.Store in a SQLite file. Make it with Open.
type Store struct {
	path  string
	epoch string
	opts  options

	lock    *fileLock
	writeDB *sql.DB
	conn    *sql.Conn // of writeDB, the writer's
	readDB  *sql.DB
	read    readStatements
	write   writeStatements
	queue   queue
	bell    eventstore.Broadcast
	head    atomic.Int64 // position of the last event on disk
	commits atomic.Int64 // since it was opened
	written chan struct{}

	reads     sync.RWMutex // held by reads, taken by Close
	closed    bool         // guarded by reads
	closeOnce sync.Once
	closeErr  error
}

var _ eventstore.Store = (*Store)(nil)

type options struct {
	clock      func() time.Time
	maxBatch   int
	readers    int
	skipCheck  bool
	scanWindow int64
	cacheCost  int
	maxWAL     int
	pageBytes  int
}

// Option changes a default of Open.
type Option func(*options)

// Clock sets where the time of recording comes from; time.Now by default. The writer
// calls it, so it must not block.
func Clock(now func() time.Time) Option { return func(o *options) { o.clock = now } }

// MaxBatch sets how many appends a commit takes at most: 512 by default, at least 1.
func MaxBatch(n int) Option { return func(o *options) { o.maxBatch = max(n, 1) } }

// Readers sets how many pages can be read at the same time: by default one for each
// processor, at least 4.
func Readers(n int) Option { return func(o *options) { o.readers = max(n, 1) } }

// SkipCheck leaves out the integrity check, which reads the whole file.
func SkipCheck() Option { return func(o *options) { o.skipCheck = true } }

// Open opens the log at path and makes it when there is none; the folder must exist.
// It returns ErrLocked when another process has it open, ErrForeign when the file is
// something else or was written by a newer Picket, and ErrCorrupt when it is damaged.
// The context bounds the opening only.
func Open(ctx context.Context, path string, opts ...Option) (*Store, error) {
	o := options{
		clock:      time.Now,
		maxBatch:   defaultMaxBatch,
		readers:    max(4, runtime.GOMAXPROCS(0)),
		scanWindow: defaultScanWindow,
		cacheCost:  defaultCacheCost,
		maxWAL:     defaultMaxWAL,
		pageBytes:  defaultPageBytes,
	}
	for _, opt := range opts {
		opt(&o)
	}
	resolved, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("open event log %q: %w", path, err)
	}
	s := &Store{path: resolved, opts: o, queue: newQueue(), written: make(chan struct{})}
	if err := s.open(ctx); err != nil {
		_ = s.release() // the first error says more
		return nil, fmt.Errorf("open event log %s: %w", s.path, openError(err))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) (err error) {
	if s.lock, err = lockFile(s.path + ".lock"); err != nil {
		return err
	}
	if err := createFile(s.path); err != nil {
		return err
	}
	if err := s.openWriter(ctx); err != nil {
		return err
	}
	if err := s.prepareFile(ctx); err != nil {
		return err
	}
	w, err := newWriter(ctx, s)
	if err != nil {
		return err
	}
	if err := s.openReaders(ctx); err != nil {
		return err
	}
	go w.run()
	return nil
}

// Epoch names this log; it is made with the file and stays. Positions and cursors of
// another epoch mean nothing here.
func (s *Store) Epoch() string { return s.epoch }

// Watch implements eventstore.Store. Close wakes the watchers too.
func (s *Store) Watch() <-chan struct{} { return s.bell.Watch() }

// Close waits for the appends that were accepted and for the reads under way, then
// releases the file. Afterwards all methods return eventstore.ErrClosed. Further calls
// return the first one's result.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.queue.close()
		<-s.written
		s.reads.Lock()
		s.closed = true
		s.reads.Unlock()
		s.closeErr = s.release()
		s.bell.Wake()
	})
	return s.closeErr
}

// release closes whatever was opened: the writer after the readers, since the last
// connection empties the WAL, and the lock at the very end.
func (s *Store) release() error {
	var errs []error
	if s.readDB != nil {
		errs = append(errs, s.read.close(), s.readDB.Close())
	}
	if s.conn != nil {
		errs = append(errs, s.write.close(), s.conn.Close())
	}
	if s.writeDB != nil {
		errs = append(errs, s.writeDB.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.release())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close event log %s: %w", s.path, err)
	}
	return nil
}
