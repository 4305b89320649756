package agent_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/agent"
	"github.com/picket-api/picket/api/wire"
)

func TestDocumentsAreCachedAndChecked(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		cache := t.TempDir()
		once := func() []string {
			proc := start(t, p, func(c *agent.Config) { c.CacheDir = cache })
			p.set(func() { p.calls = nil })
			p.offer(nil)
			time.Sleep(time.Second)
			p.offer(nil)
			time.Sleep(time.Second)
			synctest.Wait()
			calls := p.seen()
			proc.signal()
			require.NoError(t, proc.end())
			return calls
		}
		both := []string{"claim", "blob", "blob", "start", "report", "claim", "start", "report"}
		require.Equal(t, both, once())
		require.Equal(t, []string{"claim", "blob", "start", "report", "claim", "start", "report"}, once(),
			"after a restart the collection is there, the environment isn't")
		files, err := os.ReadDir(cache)
		require.NoError(t, err)
		require.Len(t, files, 1)
		file := filepath.Join(cache, files[0].Name())
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, collection, data)
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

		require.NoError(t, os.WriteFile(file, bytes.ToUpper(data), 0o600))
		require.Equal(t, both, once(), "a damaged file is fetched again")
	})
}

func TestLostAndDamagedDocuments(t *testing.T) {
	bubble(t, func(t *testing.T, p *plane) {
		proc := start(t, p, nil)
		p.offer(func(l *wire.Lease) {
			l.CollectionHash = "0000000000000000000000000000000000000000000000000000000000000000"
		})
		time.Sleep(30 * time.Second)
		p.set(func() { p.blobs["bad"] = []byte("other bytes") })
		p.offer(func(l *wire.Lease) { l.CollectionHash = "bad" })
		time.Sleep(30 * time.Second)
		synctest.Wait()
		require.Len(t, p.got(), 2)
		for _, r := range p.got() {
			require.Equal(t, "error", r.Report.Outcome)
			require.Contains(t, r.Report.FirstError.Message, "is lost")
		}
		proc.signal()
		require.NoError(t, proc.end())
	})
}
