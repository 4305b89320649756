package sqlite_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
)

// TestFullDisk fills a real file system. That takes the right to mount one.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("can't mount a small file system: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	path := filepath.Join(dir, "events.db")
	store := open(t, path)

	version := int64(0)
	var err error
	refused := event(strings.Repeat("x", 100<<10))
	for range 100 {
		if _, err = store.Append(t.Context(), "s", eventstore.Expected(version), refused); err != nil {
			break
		}
		version++
		refused = event(strings.Repeat("x", 100<<10))
	}
	require.ErrorIs(t, err, eventstore.ErrNoSpace)
	require.Positive(t, version)
	for range 2 {
		_, err = store.Append(t.Context(), "s", eventstore.Any, refused)
		require.ErrorIs(t, err, eventstore.ErrNoSpace)
		require.Len(t, readAll(t, store), int(version), "reads go on")
	}

	require.NoError(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT, "size=30m"))
	result := mustAppend(t, store, "s", eventstore.Expected(version), refused)
	require.False(t, result.Replayed)
	require.NoError(t, store.Close())
	require.Len(t, readAll(t, open(t, path)), int(version)+1, "appends go on once there is space")
}
