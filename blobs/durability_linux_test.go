package blobs_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/blobs"
)

// TestMain lets the test binary play the process that is traced.
func TestMain(m *testing.M) {
	if root := os.Getenv("PICKET_BLOBS_CHILD"); root != "" {
		if err := child(root); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const childPuts = 4

// child puts blobs, some of them twice, and prints a line when each is acknowledged.
func child(root string) error {
	fmt.Println("begin")
	dir, err := blobs.OpenDir(root)
	if err != nil {
		return err
	}
	for i := range childPuts {
		for _, word := range []string{"new", "again"} {
			if _, err := dir.Put(context.Background(), fmt.Appendf(nil, "blob %d", i)); err != nil {
				return err
			}
			fmt.Println(word)
		}
	}
	return nil
}

// TestSyncs follows the system calls of a put: the file is synced before it gets its
// name and the folder afterwards, before the put is acknowledged.
func TestSyncs(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed, so nobody can watch fsync")
	}
	program, err := os.Executable()
	require.NoError(t, err)
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.CommandContext(t.Context(), strace, "-f", "-y", "-o", trace,
		"-e", "trace=fsync,rename,renameat,renameat2,mkdir,mkdirat,write", program)
	cmd.Env = append(os.Environ(), "PICKET_BLOBS_CHILD="+filepath.Join(t.TempDir(), "blobs"))
	out, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(string(out), "ptrace") {
		t.Skipf("strace may not trace here: %s", out)
	}
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(trace)
	require.NoError(t, err)

	acknowledged := 0
	for _, step := range steps(string(text)) {
		switch {
		case strings.HasSuffix(step, "new"):
			require.Contains(t, step, "write-file fsync-file rename fsync-folder")
		case strings.HasSuffix(step, "again"):
			require.Equal(t, "fsync-folder again", step, "whoever put it first may not have come this far")
		default:
			continue
		}
		require.Equal(t, strings.Count(step, "mkdir"), strings.Count(step, "mkdir fsync-folder"), "a new folder's name is durable")
		acknowledged++
	}
	require.Equal(t, 2*childPuts, acknowledged)
}

// steps are the system calls up to each line that the child printed, with that line.
func steps(trace string) []string {
	var out, calls []string
	for line := range strings.Lines(trace) {
		switch _, printed, ok := strings.Cut(line, `write(1<`); {
		case ok:
			_, word, _ := strings.Cut(printed, `"`)
			word, _, _ = strings.Cut(word, `\n`)
			out = append(out, strings.Join(append(calls, word), " "))
			calls = nil
		case strings.Contains(line, "resumed>"):
		case strings.Contains(line, " mkdir"):
			calls = append(calls, "mkdir")
		case strings.Contains(line, " rename"):
			calls = append(calls, "rename")
		case strings.Contains(line, " write(") && strings.Contains(line, "/.put-"):
			calls = append(calls, "write-file")
		case strings.Contains(line, " fsync(") && strings.Contains(line, "/.put-"):
			calls = append(calls, "fsync-file")
		case strings.Contains(line, " fsync("):
			calls = append(calls, "fsync-folder")
		}
	}
	return out
}

// TestFullDisk fills a real file system. That takes the right to mount one.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("can't mount a small file system: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(root, 0)) })
	dir, err := blobs.OpenDir(root)
	require.NoError(t, err)
	small := mustPut(t, dir, "small")
	for i := range 3 {
		_, err = dir.Put(t.Context(), bytes.Repeat([]byte{byte(i)}, 2<<20))
		require.ErrorIs(t, err, blobs.ErrNoSpace)
	}
	got, err := dir.Get(t.Context(), small)
	require.NoError(t, err, "reads go on")
	require.Equal(t, "small", string(got))
	require.Len(t, files(t, root), 1, "nothing is left of what was refused")
	mustPut(t, dir, strings.Repeat("x", 512<<10))
}
