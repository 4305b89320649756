//go:build linux && !race

package script_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/script/worker"
)

// The race detector needs more memory than a worker may have: what its limits do is
// tested without it.

func TestWorkersSeeNothing(t *testing.T) {
	t.Setenv("PICKET_SECRET", "canary")
	file, err := os.Open("/dev/null")
	require.NoError(t, err)
	defer file.Close()
	s := inWorker(t, newPool(t, worker.Options{}))
	pid := s.(interface{ Pid() int }).Pid()
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	require.NoError(t, err)
	for _, l := range []string{"Max data size", "Max cpu time", "Max open files", "Max file size", "Max core file size"} {
		i := strings.Index(string(limits), l)
		require.Positive(t, i)
		line, _, _ := strings.Cut(string(limits)[i:], "\n")
		require.NotContains(t, line, "unlimited")
	}
	if environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err == nil { // root only: the process is closed
		require.Empty(t, environment)
	}
	if files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid)); err == nil {
		for _, f := range files {
			target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, f.Name()))
			require.NoError(t, err)
			require.Regexp(t, `^(pipe|anon_inode):|^/sys/fs/cgroup/|^/dev/null$`, target)
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	require.Contains(t, string(status), "NoNewPrivs:\t1")
}

// A worker takes 20 MiB at most that it doesn't share with others.
func TestWorkersAreSmall(t *testing.T) {
	t.Parallel()
	s := inWorker(t, newPool(t, worker.Options{}))
	for range 20 {
		require.Nil(t, s.Run(t.Context(), input(`pm.test("a", () => pm.expect(pm.response.json()).to.have.property("n", 3)); pm.environment.set("o", {a: [1]})`)).Error)
	}
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", s.(interface{ Pid() int }).Pid()))
	require.NoError(t, err)
	_, after, _ := strings.Cut(string(rollup), "\nPss:")
	var kilobytes int
	_, err = fmt.Sscan(after, &kilobytes)
	require.NoError(t, err)
	t.Logf("%d kB", kilobytes)
	require.Less(t, kilobytes, 20<<10)
}
