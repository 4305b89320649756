package sqlite_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/sqlite"
)

// TestMain lets the test binary play the other process: see runChild.
func TestMain(m *testing.M) {
	if role := os.Getenv("PICKET_SQLITE_CHILD"); role != "" {
		os.Exit(child(role, os.Getenv("PICKET_SQLITE_PATH")))
	}
	os.Exit(m.Run())
}

// child is the program of another process; it returns the exit code.
func child(role, path string) int {
	var err error
	switch role {
	case "open":
		err = childOpen(path)
	case "append":
		err = childAppend(path)
	case "write":
		err = childWrite(path)
	default:
		err = fmt.Errorf("no such role: %s", role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// childCommand is this test binary in another process, with a role in child.
func childCommand(t *testing.T, role, path string, env ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), "PICKET_SQLITE_CHILD="+role, "PICKET_SQLITE_PATH="+path)
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

func TestLock(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := open(t, path)
	alias := filepath.Join(t.TempDir(), "alias.db")
	require.NoError(t, os.Symlink(path, alias))
	for _, name := range []string{path, alias} {
		_, err := sqlite.Open(t.Context(), name)
		require.ErrorIs(t, err, sqlite.ErrLocked)
		require.ErrorContains(t, err, path+".lock")
		require.ErrorContains(t, err, fmt.Sprintf("process %d ", os.Getpid()))
	}
	mustAppend(t, store, "s", eventstore.NoStream, event("still ours"))

	out, err := childCommand(t, "open", path).CombinedOutput()
	require.Error(t, err, "another process is kept out")
	require.Contains(t, string(out), "in use by process "+fmt.Sprint(os.Getpid()))
	require.Contains(t, string(out), path+".lock")

	require.NoError(t, store.Close())
	out, err = childCommand(t, "open", path).CombinedOutput()
	require.NoError(t, err, "the lock is free again: %s", out)
}
