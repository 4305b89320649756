package projections_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/projections"
)

// built makes views that have taken in everything, and closes them.
func built(t *testing.T, p *played, opts ...projections.Option) (path string) {
	t.Helper()
	path = newPath(t)
	v := open(t, path, p.log, opts...)
	require.NoError(t, v.CatchUp(t.Context()))
	require.NoError(t, v.Close())
	return path
}

func exec1(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec(statement)
	require.NoError(t, err)
}

func TestFileThatIsOfNoUseIsReplaced(t *testing.T) {
	t.Parallel()
	p := play(t)
	overwrite := func(t *testing.T, path string, at int64, data []byte) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.WriteAt(data, at)
		require.NoError(t, errors.Join(err, f.Close()))
	}
	for name, spoil := range map[string]func(t *testing.T, path string){
		"nothing wrong": func(*testing.T, string) {},
		"deleted":       func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"empty":         func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 0)) },
		"cut short": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, os.Truncate(path, info.Size()/2))
		},
		"no database":     func(t *testing.T, path string) { overwrite(t, path, 0, []byte("this is not SQLite")) },
		"damaged inside":  func(t *testing.T, path string) { overwrite(t, path, 3*4096, make([]byte, 20*4096)) },
		"another layout":  func(t *testing.T, path string) { exec1(t, path, "PRAGMA user_version = 99") },
		"another product": func(t *testing.T, path string) { exec1(t, path, "PRAGMA user_version = 0; DROP TABLE generations") },
		"beyond the head": func(t *testing.T, path string) {
			exec1(t, path, "UPDATE generations SET position = '99999999' WHERE projection = 'queue'")
		},
		"another event there": func(t *testing.T, path string) {
			exec1(t, path, "UPDATE generations SET anchor_id = '0198a0c0-0000-7000-8000-000000000000' WHERE projection = 'runs'")
		},
		"an unknown projection": func(t *testing.T, path string) {
			exec1(t, path, `CREATE TABLE gone_g77(x); INSERT INTO generations VALUES(77, 'gone', 1, 1, 1, '5', 5, '4', '')`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := built(t, p)
			spoil(t, path)
			v := open(t, path, p.log)
			require.NoError(t, v.CatchUp(t.Context()))
			same(t, p.want, dump(t, path))
		})
	}
}

func TestAnotherEpochOfTheLogIsBuiltAnew(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := built(t, p, projections.Epoch("one"))
	v := open(t, path, p.log, projections.Epoch("one"))
	require.True(t, statusOf(t, v, "runs").CaughtUp)
	require.NoError(t, v.Close())
	v = open(t, path, p.log, projections.Epoch("two"))
	require.True(t, statusOf(t, v, "runs").Rebuilding)
	require.NoError(t, v.CatchUp(t.Context()))
	same(t, p.want, dump(t, path))
}

// The log was replaced by a shorter one, and has grown to the old length since.
func TestRestoredLogIsNoticedByItsEvents(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := built(t, p)
	log := newTape()
	log.add(t, makeHistory(99, len(p.facts)+50)...)
	v := open(t, path, log)
	require.True(t, statusOf(t, v, "runs").Rebuilding)
}

func TestOpenFailsWhenTheFileCannotBe(t *testing.T) {
	t.Parallel()
	_, err := projections.Open(t.Context(), filepath.Join(t.TempDir(), "no", "such", "folder", "views.db"), newTape())
	require.Error(t, err)
	log := newTape()
	require.NoError(t, log.Close())
	_, err = projections.Open(t.Context(), newPath(t), log)
	require.ErrorIs(t, err, eventstore.ErrClosed)
}

func TestPathMayHoldAnyCharacter(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := filepath.Join(t.TempDir(), "a b?c#d%41&e=ü.db")
	v := open(t, path, p.log)
	require.NoError(t, v.CatchUp(t.Context()))
	require.FileExists(t, path)
}

func TestRaisedVersionIsBuiltBesideTheOld(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := built(t, p)
	half := eventstore.NewPosition(uint64(len(p.facts)/2), 0)
	v := open(t, path, p.log, projections.Raised("runs", true), projections.PageSize(100))
	s := statusOf(t, v, "runs")
	require.True(t, s.Serving && s.Rebuilding && !s.CaughtUp, "%+v", s)
	require.Equal(t, 1, s.Version, "the old one serves")
	list, _, err := v.Runs(t.Context(), projections.RunFilter{}, projections.Page{})
	require.NoError(t, err)
	require.NotEmpty(t, list)
	require.NoError(t, v.Wait(t.Context(), half, "runs"), "the old tables have it")
	require.ErrorIs(t, v.Wait(t.Context(), eventstore.NewPosition(1<<40, 0), "runs"), projections.ErrStopped)

	run(t, v)
	for changed := v.Changed(); statusOf(t, v, "runs").Rebuilding; changed = v.Changed() {
		<-changed
	}
	require.Equal(t, 2, statusOf(t, v, "runs").Version)
	require.NoError(t, v.Wait(t.Context(), p.pos))
	again, _, err := v.Runs(t.Context(), projections.RunFilter{}, projections.Page{})
	require.NoError(t, err)
	require.Equal(t, list, again)
	require.NoError(t, v.Rebuild(t.Context(), "workspaces", nil)) // waits until old tables are gone
	same(t, p.want, dump(t, path))
}

// The old tables lack a column that the queries of the new version want.
func TestTablesOfAnOlderVersionThatDoNotFitAnswerUnavailable(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := built(t, p)
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	table := column(t, db, "SELECT name FROM sqlite_schema WHERE name LIKE 'runs_g%' AND type = 'table'")[0]
	require.NoError(t, db.Close())
	exec1(t, path, fmt.Sprintf("ALTER TABLE %s DROP COLUMN late_reports", table))
	v := open(t, path, p.log, projections.Raised("runs", true))
	_, _, err = v.Runs(t.Context(), projections.RunFilter{}, projections.Page{})
	require.ErrorContains(t, err, "being built")
	require.NoError(t, v.CatchUp(t.Context()))
	_, _, err = v.Runs(t.Context(), projections.RunFilter{}, projections.Page{})
	require.NoError(t, err)
}

func TestTablesOfAnOlderVersionThatWouldBeMisreadAreNotServed(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := built(t, p)
	v := open(t, path, p.log, projections.Raised("runs", false))
	require.False(t, statusOf(t, v, "runs").Serving)
	_, _, err := v.Runs(t.Context(), projections.RunFilter{}, projections.Page{})
	require.ErrorContains(t, err, "being built")
	_, _, err = v.Audit(t.Context(), projections.AuditFilter{}, projections.Page{})
	require.NoError(t, err)
	require.NoError(t, v.CatchUp(t.Context()))
	require.NoError(t, v.Close())

	v = open(t, path, p.log) // the older program again
	require.False(t, statusOf(t, v, "runs").Serving)
	require.NoError(t, v.CatchUp(t.Context()))
	same(t, p.want, dump(t, path))
}

func TestProjectionThatIsNewIsBuiltBesideTheOthers(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := built(t, p, projections.Only("runs"))
	v := open(t, path, p.log)
	run(t, v)
	require.NoError(t, v.Wait(t.Context(), p.pos, "runs"))
	reach(t, v, p.pos)
	same(t, p.want, dump(t, path))
}

func TestFileIsForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	open(t, path, newTape())
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), suffix)
	}
}

const killedPath = "PICKET_TEST_KILLED_VIEWS"

// TestProcessThatIsKilled is the child of TestKilledProcess: it applies the
// history page by page, and says so, until it is killed.
func TestProcessThatIsKilled(t *testing.T) {
	path := os.Getenv(killedPath)
	if path == "" {
		return // it is a child of TestKilledProcess only
	}
	p := &played{facts: makeHistory(11, fewer(3000, 700)), log: newTape()}
	p.log.add(t, p.facts...)
	v := open(t, path, p.log, projections.PageSize(3))
	go func() { _ = v.Run(context.Background()) }()
	for {
		changed := v.Changed()
		fmt.Println("committed", statusOf(t, v, "runs").Position)
		<-changed
	}
}

func TestKilledProcess(t *testing.T) {
	t.Parallel()
	p := play(t)
	path := newPath(t)
	for _, commits := range []int{2, 20, 60} {
		child := exec.Command(os.Args[0], "-test.run=^TestProcessThatIsKilled$", "-test.v")
		child.Env = append(os.Environ(), killedPath+"="+path)
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		lines := bufio.NewScanner(out)
		for n := 0; n < commits && lines.Scan(); {
			var pos string
			if _, err := fmt.Sscanf(lines.Text(), "committed %s", &pos); err == nil {
				n++
			}
		}
		require.NoError(t, child.Process.Kill())
		require.Error(t, child.Wait(), "was killed")
	}
	v := open(t, path, p.log)
	s := statusOf(t, v, "runs")
	require.False(t, s.Position.IsZero(), "the child did something")
	require.False(t, s.CaughtUp, "and did not finish")
	require.NoError(t, v.CatchUp(t.Context()))
	same(t, p.want, dump(t, path))
}
