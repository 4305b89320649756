package projections_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/sqlite"
	"github.com/picket-api/picket/projections"
	"github.com/stretchr/testify/require"
)

// played is a log with a long history in it, and the dump of views that took it
// in live, in small batches.
type played struct {
	facts []fact
	log   *tape
	pos   eventstore.Position
	want  map[string][]string
}

var playedOnce = sync.OnceValue(func() *played {
	p := &played{facts: makeHistory(11, 4000), log: newTape()}
	return p
})

// play gives all tests the same log; they only read it, each through a tape of
// its own.
func play(t *testing.T) *played {
	t.Helper()
	shared := playedOnce()
	shared.once(t)
	own := newTape()
	own.Store = shared.log.Store
	return &played{facts: shared.facts, log: own, pos: shared.pos, want: shared.want}
}

var once sync.Once

func (p *played) once(t *testing.T) {
	once.Do(func() {
		path := newPath(t)
		v := open(t, path, p.log, projections.PageSize(7))
		stop := run(t, v)
		p.pos = p.log.add(t, p.facts...)
		reach(t, v, p.pos)
		stop()
		require.NoError(t, v.Close())
		p.want = dump(t, path)
	})
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
	require.Greater(t, len(p.want["runs"]), 300)
	require.Greater(t, types["run.late_report_quarantined.v1"], 3)
	require.Greater(t, types["run.lease_expired.v1"], 10)
	require.Greater(t, types["runner.key_reset.v1"], 3)
}

func TestFreshBuildEqualsIncremental(t *testing.T) {
	t.Parallel()
	p := play(t)
	for _, size := range []int{1, 3, 100, 1000, 10_000} {
		t.Run(fmt.Sprint("pages of ", size), func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			v := open(t, path, p.log, projections.PageSize(size))
			require.NoError(t, v.CatchUp(t.Context()))
			require.Equal(t, p.want, dump(t, path))
		})
	}
}

func TestRebuildEqualsIncremental(t *testing.T) {
	t.Parallel()
	p := play(t)
	for _, name := range append(projections.Names(), "") {
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
				require.Equal(t, p.want, dump(t, path))
			})
		}
	}
}

func TestRestartAnywhereEqualsIncremental(t *testing.T) {
	t.Parallel()
	p := play(t)
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 1))
			path := newPath(t)
			for at := 0; at < len(p.facts); {
				at = min(len(p.facts), at+1+rng.IntN(700))
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
			require.Equal(t, p.want, dump(t, path))
		})
	}
}

func TestClosedInTheMiddle(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := newPath(t)
	for range 12 {
		v := open(t, path, p.log, projections.PageSize(50))
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
	require.Equal(t, p.want, dump(t, path))
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
	require.Equal(t, p.want, dump(t, path))
}

func TestOverTheStoreInSQLite(t *testing.T) {
	t.Parallel()
	facts := makeHistory(5, 1500)
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
	require.Equal(t, want, dump(t, other))
}
