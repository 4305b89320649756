package blobs_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/blobs"
)

func openDir(t *testing.T) (*blobs.Dir, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "deep", "blobs")
	dir, err := blobs.OpenDir(root)
	require.NoError(t, err)
	return dir, root
}

func mustPut(t *testing.T, dir *blobs.Dir, data string) string {
	t.Helper()
	hash, err := dir.Put(t.Context(), []byte(data))
	require.NoError(t, err)
	return hash
}

func pathOf(root, hash string) string { return filepath.Join(root, hash[:2], hash[2:4], hash) }

// files are all files in the store, as paths relative to it.
func files(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(root, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}))
	return names
}

func TestPutAndGet(t *testing.T) {
	t.Parallel()
	dir, root := openDir(t)
	for _, data := range []string{"hello", "", "\x00\xff", strings.Repeat("large ", 1<<18)} {
		hash := mustPut(t, dir, data)
		require.Equal(t, fmt.Sprintf("%x", sha256.Sum256([]byte(data))), hash)
		require.Equal(t, hash, blobs.Hash([]byte(data)))
		got, err := dir.Get(t.Context(), hash)
		require.NoError(t, err)
		require.True(t, bytes.Equal([]byte(data), got))
	}
	require.Contains(t, files(t, root), "2c/f2/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")

	again, err := blobs.OpenDir(root)
	require.NoError(t, err)
	got, err := again.Get(t.Context(), blobs.Hash([]byte("hello")))
	require.NoError(t, err)
	require.Equal(t, "hello", string(got))
}

func TestModes(t *testing.T) {
	t.Parallel()
	dir, root := openDir(t)
	path := pathOf(root, mustPut(t, dir, "private"))
	for ; path != filepath.Dir(filepath.Dir(root)); path = filepath.Dir(path) {
		info, err := os.Stat(path)
		require.NoError(t, err)
		want := fs.FileMode(0o600)
		if info.IsDir() {
			want = 0o700
		}
		require.Equal(t, want, info.Mode().Perm(), path)
	}
}

func TestSameDataAgain(t *testing.T) {
	t.Parallel()
	dir, root := openDir(t)
	hash := mustPut(t, dir, "same")
	path := pathOf(root, hash)
	old := time.Now().Add(-48 * time.Hour)
	require.NoError(t, os.Chtimes(path, old, old))
	before, err := os.Stat(path)
	require.NoError(t, err)

	require.Equal(t, hash, mustPut(t, dir, "same"))
	after, err := os.Stat(path)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "it isn't written again")
	require.WithinDuration(t, time.Now(), after.ModTime(), time.Minute, "it is as young as a new one")
	require.Len(t, files(t, root), 1)
}

func TestConcurrentPuts(t *testing.T) {
	t.Parallel()
	dir, root := openDir(t)
	const callers, kinds = 16, 5
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			data := bytes.Repeat([]byte{byte(i % kinds)}, 100_000)
			hash, err := dir.Put(t.Context(), data)
			if err == nil {
				_, err = dir.Get(t.Context(), hash)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Len(t, files(t, root), kinds)
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	dir, _ := openDir(t)
	_, err := dir.Get(t.Context(), blobs.Hash([]byte("never put")))
	require.ErrorIs(t, err, blobs.ErrNotFound)
}

func TestBadHashes(t *testing.T) {
	t.Parallel()
	dir, root := openDir(t)
	hash := mustPut(t, dir, "hello")
	secret := filepath.Join(filepath.Dir(root), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
	for _, bad := range []string{
		"", "..", "../../secret", "/etc/passwd", secret, hash[:63], hash + "0", strings.ToUpper(hash), hash[:63] + "g", " " + hash[1:],
		hash[:2] + "/" + hash[3:], "../" + hash[3:], hash[:63] + "\x00", strings.Repeat(".", 64), strings.Repeat("../", 21) + "a", strings.Repeat("é", 32),
	} {
		_, err := dir.Get(t.Context(), bad)
		require.ErrorIs(t, err, blobs.ErrBadHash, bad)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	dir, root := openDir(t)
	const data = "what was put must come back"
	hash := mustPut(t, dir, data)
	path := pathOf(root, hash)
	damage := map[string]func() error{
		"truncated": func() error { return os.Truncate(path, 5) },
		"emptied":   func() error { return os.Truncate(path, 0) },
		"grown":     func() error { return os.WriteFile(path, []byte(data+"!"), 0o600) },
		"changed":   func() error { return os.WriteFile(path, []byte(strings.ToUpper(data)), 0o600) },
		"too large": func() error { return os.Truncate(path, blobs.MaxBytes+1) },
	}
	for name, inflict := range damage {
		require.NoError(t, inflict())
		_, err := dir.Get(t.Context(), hash)
		require.ErrorIs(t, err, blobs.ErrCorrupt, name)
		require.ErrorContains(t, err, hash)

		require.Equal(t, hash, mustPut(t, dir, data), name)
		got, err := dir.Get(t.Context(), hash)
		require.NoError(t, err, "put again, it is repaired")
		require.Equal(t, data, string(got))
	}
	require.Len(t, files(t, root), 1)
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	dir, root := openDir(t)
	_, err := dir.Put(t.Context(), make([]byte, blobs.MaxBytes+1))
	require.ErrorIs(t, err, blobs.ErrTooLarge)
	require.Empty(t, files(t, root))
}

func TestContext(t *testing.T) {
	t.Parallel()
	dir, root := openDir(t)
	hash := mustPut(t, dir, "there")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := dir.Put(ctx, []byte("late"))
	require.ErrorIs(t, err, context.Canceled)
	_, err = dir.Get(ctx, hash)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, files(t, root), 1)
}

// TestFailedPut keeps the blob from being renamed: nothing may be left of it.
func TestFailedPut(t *testing.T) {
	t.Parallel()
	dir, root := openDir(t)
	hash := blobs.Hash([]byte("blocked"))
	require.NoError(t, os.MkdirAll(filepath.Join(pathOf(root, hash), "in the way"), 0o700))
	_, err := dir.Put(t.Context(), []byte("blocked"))
	require.Error(t, err)
	require.Empty(t, files(t, root))
}

func TestOpenDir(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, bad := range []string{file, filepath.Join(file, "below")} {
		_, err := blobs.OpenDir(bad)
		require.Error(t, err)
	}
}
