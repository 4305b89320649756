package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/sqlite"
)

func TestWriterSyncs(t *testing.T) {
	t.Parallel()
	store := open(t, newPath(t))
	mustAppend(t, store, "s", eventstore.NoStream, event("a"))
	for pragma, want := range map[string]string{
		"synchronous": "2", "journal_mode": "wal", "fullfsync": "1", "checkpoint_fullfsync": "1", "busy_timeout": "5000",
	} {
		got, err := store.Pragma(t.Context(), pragma)
		require.NoError(t, err)
		require.Equal(t, want, got, pragma)
	}
}

func childOpen(path string) error {
	store, err := sqlite.Open(background, path)
	if err != nil {
		return err
	}
	return store.Close()
}

// background is for the other process, which has no test.
var background = context.Background()

const crashWriters = 8

// crashData is what the event with that id has, so that it can be checked by its id alone.
func crashData(id uuid.UUID) []byte {
	return []byte(strings.Repeat(id.String()+" ", int(id[0])%40+1))
}

// childAppend appends from several writers, for ever, and prints what was acknowledged.
func childAppend(path string) error {
	store, err := sqlite.Open(background, path)
	if err != nil {
		return err
	}
	var printing sync.Mutex
	failed := make(chan error, crashWriters)
	for w := range crashWriters {
		go func() {
			stream := fmt.Sprintf("writer-%d", w)
			head, err := store.ReadStream(background, stream, 0, eventstore.MaxReadPage)
			version := len(head)
			for err == nil {
				es := make([]eventstore.Event, version%3+1)
				for i := range es {
					es[i] = event("")
					es[i].Data = crashData(es[i].ID)
				}
				if _, err = store.Append(background, stream, eventstore.Expected(version), es...); err != nil {
					break
				}
				printing.Lock()
				for _, e := range es {
					version++
					fmt.Fprintf(os.Stdout, "%s %d %s\n", stream, version, e.ID)
				}
				printing.Unlock()
			}
			failed <- err
		}()
	}
	return <-failed
}

// acknowledged is what a child printed: the event id by stream and version.
type acknowledged map[string]uuid.UUID

// TestKill kills a process amid its writes, several times on the same log, and expects
// everything that was acknowledged, exactly, in order. It can't show a missing fsync,
// since the kernel keeps what was written; TestSyncsEachCommit does that.
func TestKill(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	acks := acknowledged{}
	for round := range 4 {
		appendAndKill(t, path, acks, 60+100*round)
		checkAfterCrash(t, path, acks)
	}
}

// appendAndKill lets a child append until it has acknowledged n events more.
func appendAndKill(t *testing.T, path string, acks acknowledged, n int) {
	t.Helper()
	cmd := childCommand(t, "append", path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewReader(stdout)
	for i := 0; ; i++ {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // the pipe's end; a line cut short wasn't acknowledged
		}
		words := strings.Fields(line) // stream, version, id
		require.Len(t, words, 3)
		place := words[0] + " " + words[1]
		require.NotContains(t, acks, place, "acknowledged twice")
		acks[place] = uuid.MustParse(words[2])
		if i == n {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	err = cmd.Wait()
	require.ErrorContains(t, err, "killed", "the child ended by itself: %s", stderr.String())
}

func checkAfterCrash(t *testing.T, path string, acks acknowledged) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	versions := map[string]int64{}
	found := 0
	for i, e := range readAll(t, store) {
		require.Equal(t, eventstore.NewPosition(uint64(i+1), 0), e.Position, "positions have no gap")
		versions[e.Stream]++
		require.Equal(t, versions[e.Stream], e.Version, "versions of %s have no gap", e.Stream)
		require.Equal(t, string(crashData(e.ID)), string(e.Data))
		if id, ok := acks[fmt.Sprintf("%s %d", e.Stream, e.Version)]; ok {
			require.Equal(t, id, e.ID)
			found++
		}
	}
	require.Equal(t, len(acks), found, "every acknowledged event is there")
}

// childWrite appends PICKET_SQLITE_COMMITS times, one after the other, and leaves the
// store open, so that only opening it and committing can have synced.
func childWrite(path string) error {
	commits, err := strconv.Atoi(os.Getenv("PICKET_SQLITE_COMMITS"))
	if err != nil {
		return err
	}
	store, err := sqlite.Open(background, path)
	if err != nil {
		return err
	}
	if pragma := os.Getenv("PICKET_SQLITE_PRAGMA"); pragma != "" {
		_, _ = store.Pragma(background, pragma) // it returns no row
	}
	for i := range commits {
		if _, err := store.Append(background, "s", eventstore.Expected(i), event("x")); err != nil {
			return err
		}
	}
	return nil
}

// TestSyncsEachCommit counts the system calls that bring a commit to the disk.
func TestSyncsEachCommit(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed, so nobody can count fsync")
	}
	const commits = 30
	opening := countSyncs(t, strace, 0, "")
	require.GreaterOrEqual(t, countSyncs(t, strace, commits, "")-opening, commits)
	require.Less(t, countSyncs(t, strace, commits, "synchronous=OFF")-opening, commits,
		"the control doesn't sync, or this test couldn't fail")
}

func countSyncs(t *testing.T, strace string, commits int, pragma string) int {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	child := childCommand(t, "write", newPath(t),
		fmt.Sprintf("PICKET_SQLITE_COMMITS=%d", commits), "PICKET_SQLITE_PRAGMA="+pragma)
	cmd := exec.CommandContext(t.Context(), strace, "-f", "-e", "trace=fsync,fdatasync", "-o", trace, child.Path)
	cmd.Env = child.Env
	out, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(string(out), "ptrace") {
		t.Skipf("strace may not trace here: %s", out)
	}
	require.NoError(t, err, "%s", out)
	calls, err := os.ReadFile(trace)
	require.NoError(t, err)
	count := 0
	for line := range strings.Lines(string(calls)) {
		if strings.Contains(line, "sync") && !strings.Contains(line, "resumed>") {
			count++
		}
	}
	return count
}
