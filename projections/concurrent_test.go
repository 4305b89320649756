package projections_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

// While somebody writes, and views are rebuilt over and over, every query finds
// what was there when Wait returned.
func TestRebuildWhileWritersRunAndReadersQuery(t *testing.T) {
	t.Parallel()
	log := newTape()
	facts := makeHistory(21, fewer(900, 350))
	path := newPath(t)
	v := open(t, path, log, projections.PageSize(40))
	stop := run(t, v)
	reach(t, v, log.add(t, facts[:200]...))

	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	var rebuilds, reads atomic.Int64
	for _, name := range []string{"", "runs"} {
		readers.Go(func() {
			for ctx.Err() == nil {
				if err := v.Rebuild(ctx, name, nil); err != nil && ctx.Err() == nil {
					t.Errorf("rebuild %q: %v", name, err)
					return
				}
				rebuilds.Add(1)
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if err := askEverything(ctx, v); err != nil && ctx.Err() == nil {
					t.Errorf("query: %v", err)
					return
				}
				reads.Add(1)
			}
		})
	}
	for _, f := range facts[200:] {
		pos := log.add(t, f)
		if f.event.Type != "run.queued.v1" {
			continue
		}
		require.NoError(t, v.Wait(t.Context(), pos, "runs", "queue"))
		id := domain.RunID(f.stream[len("run-"):])
		row, err := v.RunByID(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, domain.StateQueued, row.State)
		waits, err := v.Queue(t.Context(), row.Runner, 0)
		require.NoError(t, err)
		found := false
		for _, q := range waits {
			found = found || q.Run == id
		}
		require.True(t, found, "in the queue")
	}
	cancel()
	readers.Wait()
	require.Positive(t, rebuilds.Load())
	require.Positive(t, reads.Load())

	require.NoError(t, v.Rebuild(t.Context(), "workspaces", nil)) // cut short ones go on meanwhile
	for changed := v.Changed(); ; changed = v.Changed() {
		list, err := v.Status(t.Context())
		require.NoError(t, err)
		open := false
		for _, s := range list {
			open = open || s.Rebuilding
			require.Empty(t, s.Error)
		}
		if !open {
			break
		}
		<-changed
	}
	require.NoError(t, v.Wait(t.Context(), log.add(t, makeHistory(22, 1)[0])))
	stop()
	require.NoError(t, v.Close())

	fresh := newPath(t)
	w := open(t, fresh, log)
	require.NoError(t, w.CatchUp(t.Context()))
	require.NoError(t, w.Close())
	same(t, dump(t, fresh), dump(t, path))
}

// askEverything runs each kind of query once.
func askEverything(ctx context.Context, v *projections.Views) error {
	p := projections.Page{Limit: 20}
	asks := []func() error{
		func() error { _, _, err := v.Workspaces(ctx, p); return err },
		func() error { _, _, err := v.Collections(ctx, "", p); return err },
		func() error { _, _, err := v.Environments(ctx, "", p); return err },
		func() error {
			list, _, err := v.Runners(ctx, projections.RunnerFilter{}, p)
			if err == nil && len(list) > 0 {
				_, _, err = v.RunnerAudit(ctx, list[0].ID, p)
			}
			return err
		},
		func() error {
			list, _, err := v.Monitors(ctx, projections.MonitorFilter{}, p)
			if err == nil && len(list) > 0 {
				_, err = v.Monitor(ctx, list[0].ID)
			}
			return err
		},
		func() error { _, err := v.ScheduledMonitors(ctx); return err },
		func() error { _, err := v.OpenRuns(ctx); return err },
		func() error {
			_, _, err := v.Runs(ctx, projections.RunFilter{Outcome: domain.Failure}, p)
			return err
		},
		func() error { _, _, err := v.Audit(ctx, projections.AuditFilter{}, p); return err },
	}
	for _, ask := range asks {
		if err := ask(); err != nil {
			return err
		}
	}
	return nil
}
