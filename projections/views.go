package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
)

// Errors.
var (
	// ErrStopped: the projection does not move on, or has nothing that serves yet,
	// so that waiting for it is in vain. Status says why.
	ErrStopped = errors.New("the projection does not advance")
	// ErrRunning: Run was called while it runs already.
	ErrRunning = errors.New("the projections run already")
)

type config struct {
	epoch  string
	log    *slog.Logger
	list   []*projection
	page   int           // events of a page in step
	fill   int           // of one while nothing serves
	beside int           // of one beside tables that serve
	poll   time.Duration // how long a lost wake, or trouble, may delay
	retry  time.Duration // how often a stopped projection is tried again
}

// Option changes how Open works.
type Option func(*config)

// Epoch names the log's epoch, which is new after each restore. Views that were
// built from another epoch are built anew.
func Epoch(id string) Option { return func(c *config) { c.epoch = id } }

// Logger takes a line when a projection stops, goes on or is rebuilt.
func Logger(l *slog.Logger) Option { return func(c *config) { c.log = l } }

// Views answers questions from tables that follow the log. All methods may be
// called from any goroutine.
type Views struct {
	store eventstore.Store
	cfg   config
	file  *file

	// step is held while the generations in step move on or one joins them.
	step sync.Mutex

	beginning sync.Mutex // held while a generation is made

	// names is held for reading by each query, so that a table is dropped only
	// when no query can be using it.
	names  sync.RWMutex
	tables map[string]table

	mu      sync.Mutex // guards all below, and the fields of slots and generations
	slots   []*slot
	changed chan struct{} // closed at the next commit
	trouble error         // why no projection can advance: the log or the disk
	running bool
	kick    chan struct{} // wakes the goroutine that looks after stragglers
	hooks   hooks
}

// slot is a projection with what there is of it: a generation that serves, one
// that is being built, or both.
type slot struct {
	proj     *projection
	serving  *generation
	building *generation
}

// table is what a name in braces stands for.
type table struct {
	name   string
	frozen bool // of an older version: nothing applies events to it
}

type hooks struct {
	queued  []func(domain.RunnerID, int)
	runner  []func(domain.RunnerID)
	monitor []func(domain.MonitorID)
}

// Open opens the views in the SQLite file at path, creating or replacing it when
// it is missing, damaged, of another layout or not of this log. The tables are
// filled by Run or CatchUp. The caller keeps other processes out (the lock of
// the store does) and calls Close.
func Open(ctx context.Context, path string, store eventstore.Store, opts ...Option) (*Views, error) {
	cfg := config{
		log: slog.New(slog.DiscardHandler), list: all(), page: livePage, fill: fillPage, beside: besidePage,
		poll: eventstore.DefaultPollEvery, retry: retryEvery,
	}
	for _, o := range opts {
		o(&cfg)
	}
	v := &Views{store: store, cfg: cfg, changed: make(chan struct{}), kick: make(chan struct{}, 1)}
	head, err := store.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("open views: read the head of the log: %w", err)
	}
	if v.file, err = openFile(ctx, path, cfg.epoch, v.cfg.log); err != nil {
		return nil, fmt.Errorf("open views: %w", err)
	}
	if err := v.load(ctx, path, head); err != nil {
		return nil, errors.Join(fmt.Errorf("open views: %w", err), v.Close())
	}
	return v, nil
}

// load takes up the generations in the file, or starts afresh when they don't
// belong to the log.
func (v *Views) load(ctx context.Context, path string, head eventstore.Position) error {
	gens, err := v.file.generations(v.cfg.list)
	if err != nil {
		return err
	}
	ours, err := v.ofThisLog(ctx, gens, head)
	if err != nil {
		return err
	}
	if !ours {
		v.cfg.log.Warn("the views were built from another log: they are built anew", "file", path)
		if err := v.replaceFile(ctx, path); err != nil {
			return err
		}
		gens = nil
	}
	for _, p := range v.cfg.list {
		v.slots = append(v.slots, &slot{proj: p})
	}
	for _, g := range gens {
		s := v.slot(g.proj.name)
		if g.serving {
			s.serving = g
		} else {
			s.building = g
		}
	}
	if err := v.file.dropUnknown(gens); err != nil {
		return err
	}
	if err := v.create(head); err != nil {
		return err
	}
	v.rename()
	v.lineUp()
	return nil
}

func (v *Views) replaceFile(ctx context.Context, path string) error {
	err := v.file.close()
	v.file = nil
	if err != nil {
		return err
	}
	if err := removeFile(path); err != nil {
		return err
	}
	v.file, err = openFile(ctx, path, v.cfg.epoch, v.cfg.log)
	return err
}

// ofThisLog reports whether every checkpoint is a place in this log: not beyond
// its head, and with the same event there.
func (v *Views) ofThisLog(ctx context.Context, gens []*generation, head eventstore.Position) (bool, error) {
	seen := make(map[anchor]bool)
	for _, g := range gens {
		if g.pos.Compare(head) > 0 {
			return false, nil
		}
		if g.anchor.id == "" || seen[g.anchor] {
			continue
		}
		seen[g.anchor] = true
		events, _, err := v.store.ReadAll(ctx, g.anchor.after, 1, eventstore.Filter{})
		if err != nil {
			return false, fmt.Errorf("compare the views with the log: %w", err)
		}
		if len(events) == 0 || events[0].ID.String() != g.anchor.id {
			return false, nil
		}
	}
	return true, nil
}

// create makes a generation for each projection that has none of its version.
// On an empty log there is nothing to build: it serves at once.
func (v *Views) create(head eventstore.Position) error {
	nothingServes := true
	for _, s := range v.slots {
		nothingServes = nothingServes && (s.serving == nil || s.serving.frozen())
	}
	for _, s := range v.slots {
		if s.building != nil || s.serving != nil && !s.serving.frozen() {
			continue
		}
		g, err := v.file.create(s.proj, head.IsZero(), head.IsZero() || !nothingServes)
		if err != nil {
			return err
		}
		if !g.serving {
			s.building = g
			continue
		}
		if s.serving != nil {
			if err := v.file.drop(s.serving); err != nil {
				return err
			}
		}
		s.serving = g
	}
	return nil
}

// lineUp puts the serving generations that are farthest in step; the others
// catch up with them.
func (v *Views) lineUp() {
	var front eventstore.Position
	for _, s := range v.slots {
		if s.serving.advances() && s.serving.pos.Compare(front) > 0 {
			front = s.serving.pos
		}
	}
	for _, s := range v.slots {
		if s.serving.advances() {
			s.serving.inStep = s.serving.pos == front
		}
	}
}

// Close releases the file. Call it when Run has returned.
func (v *Views) Close() error {
	if v.file == nil {
		return nil
	}
	return v.file.close()
}

// OnQueued calls f after each commit by which n runs of a runner became ready to
// be claimed. Like the other hooks f must return quickly, is not called for the
// events of a rebuild, and may be called late: it wakes, it does not count.
// Hooks are set before Run.
func (v *Views) OnQueued(f func(runner domain.RunnerID, n int)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hooks.queued = append(v.hooks.queued, f)
}

// OnRunnerChanged calls f after each commit by which a runner was created,
// edited or deleted, or its visibility or key changed.
func (v *Views) OnRunnerChanged(f func(domain.RunnerID)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hooks.runner = append(v.hooks.runner, f)
}

// OnMonitorChanged calls f after each commit by which a monitor was created,
// edited, paused, resumed or deleted.
func (v *Views) OnMonitorChanged(f func(domain.MonitorID)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hooks.monitor = append(v.hooks.monitor, f)
}

// Changed returns a channel that is closed at the next commit of any projection.
// Read after calling it, not before.
func (v *Views) Changed() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.changed
}

func (v *Views) slot(name string) *slot {
	for _, s := range v.slots {
		if s.proj.name == name {
			return s
		}
	}
	return nil
}

// rename makes queries use the tables of the generations that serve, and those
// given instead of what serves now. It returns when no query uses any other.
func (v *Views) rename(instead ...*generation) {
	tables := make(map[string]table)
	v.mu.Lock()
	for _, s := range v.slots {
		g := s.serving
		for _, i := range instead {
			if i.proj == s.proj {
				g = i
			}
		}
		for _, t := range s.proj.tables {
			if g != nil {
				tables[t] = table{name: g.table(t), frozen: g.frozen()}
			} else {
				tables[t] = table{}
			}
		}
	}
	v.mu.Unlock()
	v.names.Lock()
	v.tables = tables
	v.names.Unlock()
}
