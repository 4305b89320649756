package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// resident is how many bytes of memory a process has.
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, after, ok := strings.Cut(string(status), "VmRSS:")
	require.True(t, ok)
	var kb int64
	_, err = fmt.Sscan(after, &kb)
	require.NoError(t, err)
	return kb << 10
}

// A run of 10,000 iterations takes no more memory at its end than after its first
// thousand: reporters write as they go.
func TestMemoryDoesNotGrowWithIterations(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	const iterations = 10_000
	reached := make(chan string) // unbuffered: the run waits while it is measured
	measured := make(chan struct{})
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n++; n == iterations/10 || n == iterations {
			reached <- fmt.Sprint(n)
			<-measured
		}
		_, _ = w.Write([]byte(`{"items":[` + strings.Repeat(`"some text",`, 100) + `1]}`))
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	file := filepath.Join(dir, "c.json")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `{"info":{"name":"many"},"item":[{"name":"get","request":"%s",
		"event":[{"listen":"test","script":{"exec":["pm.environment.set('n', pm.info.iteration);","console.log(pm.response.text().length);",
		"pm.test('has items', () => pm.expect(pm.response.json().items).to.have.lengthOf(101));"]}}]}]}`, server.URL), 0o600))
	p := start(t, nil, "collection", "run", file, "-n", fmt.Sprint(iterations), "-r", "json", "--reporter-json-export", filepath.Join(dir, "report.json"))
	var sizes []int64
	for range 2 {
		select {
		case <-reached:
		case <-time.After(4 * time.Minute):
			require.FailNow(t, "the run is stuck", p.output())
		}
		sizes = append(sizes, resident(t, p.Process.Pid))
		measured <- struct{}{}
	}
	require.Zero(t, p.ended(t, time.Minute), p.output())
	require.Less(t, sizes[1]-sizes[0], int64(8<<20), "from %d to %d bytes", sizes[0], sizes[1])
}
