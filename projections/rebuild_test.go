package projections_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/sqlite"
	"github.com/picket-api/picket/projections"
)

// played is a log with a long history in it, and the dump of views that took it
// in live, in small batches.
type played struct {
	facts []fact
	log   *tape
	pos   eventstore.Position
	want  map[string][]string
}

var (
	shared   = &played{log: newTape()}
	playOnce sync.Once
)

// play gives each test the same log behind a tape of its own. None appends to it.
func play(t *testing.T) *played {
	t.Helper()
	playOnce.Do(func() {
		shared.facts = makeHistory(11, fewer(3000, 700))
		path := newPath(t)
		v := open(t, path, shared.log, projections.PageSize(fewer(7, 50)))
		stop := run(t, v)
		shared.pos = shared.log.add(t, shared.facts...)
		reach(t, v, shared.pos)
		stop()
		require.NoError(t, v.Close())
		shared.want = dump(t, path)
	})
	own := newTape()
	own.Store = shared.log.Store
	return &played{facts: shared.facts, log: own, pos: shared.pos, want: shared.want}
}

// fewer is how much of something to do, with and without the race detector.
func fewer(n, race int) int {
	if raceDetector {
		return race
	}
	return n
}

func TestTheHistoryIsWorthTheName(t *testing.T) {
	t.Parallel()
	p := play(t)
	types := make(map[string]int)
	for _, f := range p.facts {
		types[f.event.Type]++
	}
	for table, rows := range p.want {
		require.NotEmptyf(t, rows, "table %s", table)
	}
	for _, eventType := range domain.EventTypes() {
		require.Positivef(t, types[eventType]+fewer(0, 1), "%s", eventType)
	}
}

func TestFreshBuildEqualsIncremental(t *testing.T) {
	t.Parallel()
	p := play(t)
	for _, size := range []int{1, 3, 1000, 10_000}[fewer(0, 1):] {
		t.Run(fmt.Sprint("pages of ", size), func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			v := open(t, path, p.log, projections.PageSize(size))
			require.NoError(t, v.CatchUp(t.Context()))
			same(t, p.want, dump(t, path))
		})
	}
}

func TestRebuildEqualsIncremental(t *testing.T) {
	t.Parallel()
	p := play(t)
	for _, name := range append(projections.Names(), "")[fewer(0, 7):] {
		for _, live := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s live %v", name, live), func(t *testing.T) {
				t.Parallel()
				path := newPath(t)
				v := open(t, path, p.log)
				if live {
					run(t, v)
					reach(t, v, p.pos)
				}
				var reports int
				err := v.Rebuild(t.Context(), name, func(done, total int64) {
					reports++
					require.LessOrEqual(t, done, int64(len(p.facts)))
				})
				require.NoError(t, err)
				require.Positive(t, reports)
				require.NoError(t, v.CatchUp(t.Context()))
				same(t, p.want, dump(t, path))
			})
		}
	}
}

func TestRebuildOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	v := open(t, newPath(t), newTape())
	requireMissing(t, v.Rebuild(t.Context(), "nonsense", nil), "there is no such projection")
	require.NoError(t, v.Rebuild(t.Context(), "", nil), "of an empty log")
}

func TestRestartAnywhereEqualsIncremental(t *testing.T) {
	t.Parallel()
	p := play(t)
	for seed := range uint64(fewer(4, 1)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 1))
			path := newPath(t)
			for at := 0; at < len(p.facts); {
				at = min(len(p.facts), at+1+rng.IntN(len(p.facts)/6))
				p.log.hold(at)
				v := open(t, path, p.log, projections.PageSize(1+rng.IntN(400)))
				if rng.IntN(2) == 0 {
					require.NoError(t, v.CatchUp(t.Context()))
				} else {
					stop := run(t, v)
					reach(t, v, eventstore.NewPosition(uint64(at), 0))
					stop()
				}
				require.NoError(t, v.Close())
			}
			same(t, p.want, dump(t, path))
		})
	}
}

func TestClosedInTheMiddle(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := newPath(t)
	for range fewer(12, 5) {
		v := open(t, path, p.log, projections.PageSize(len(p.facts)/60))
		ctx, cancel := context.WithCancel(t.Context())
		changed, done := v.Changed(), make(chan error, 1)
		go func() { done <- v.Run(ctx) }()
		<-changed // at least one page of many
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, v.Close())
	}
	v := open(t, path, p.log)
	require.NoError(t, v.CatchUp(t.Context()))
	same(t, p.want, dump(t, path))
}

func TestInterruptedRebuildGoesOn(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := newPath(t)
	v := open(t, path, p.log, projections.PageSize(100))
	require.NoError(t, v.CatchUp(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	err := v.Rebuild(ctx, "runs", func(int64, int64) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	status, err := v.Status(t.Context())
	require.NoError(t, err)
	require.True(t, status[7].Rebuilding && status[7].CaughtUp, "%+v", status[7])
	require.NoError(t, v.Close())

	v = open(t, path, p.log)
	run(t, v)
	for {
		changed := v.Changed()
		status, err := v.Status(t.Context())
		require.NoError(t, err)
		if !status[7].Rebuilding {
			break
		}
		<-changed
	}
	require.NoError(t, v.Rebuild(t.Context(), "queue", nil)) // waits until old tables are gone
	same(t, p.want, dump(t, path))
}

func TestOverTheStoreInSQLite(t *testing.T) {
	t.Parallel()
	facts := makeHistory(5, fewer(1000, 300))
	log, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"))
	require.NoError(t, err)
	defer log.Close()
	path := newPath(t)
	v := open(t, path, log, projections.Epoch(log.Epoch()))
	stop := run(t, v)
	var pos eventstore.Position
	for _, f := range facts {
		res, err := log.Append(t.Context(), f.stream, eventstore.Any, f.event)
		require.NoError(t, err)
		pos = res.Position
	}
	reach(t, v, pos)
	stop()
	require.NoError(t, v.Close())
	want := dump(t, path)

	other := newPath(t)
	v = open(t, other, log, projections.Epoch(log.Epoch()))
	require.NoError(t, v.CatchUp(t.Context()))
	same(t, want, dump(t, other))
}
