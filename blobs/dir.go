package blobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Dir is a Store in a folder, as aa/bb/<hash>. Several processes may share the folder if
// its file system makes a rename visible to all at once. Make it with OpenDir.
type Dir struct {
	root string
	now  func() time.Time

	durable sync.Map // folders whose own names are on disk
}

var _ Store = (*Dir)(nil)

// OpenDir returns the store in a folder, which it makes, for us alone, when it is absent.
func OpenDir(dir string) (*Dir, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open blobs in %q: %w", dir, err)
	}
	if err := makeDir(root); err != nil {
		return nil, fmt.Errorf("open blobs: %w", noSpace(err))
	}
	return &Dir{root: root, now: time.Now}, nil
}

// makeDir makes a folder and those above it, and makes the names of the new ones durable.
func makeDir(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(dir)
	if err := makeDir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

// Put implements Store. The bytes go to a file of another name, which is synced, renamed
// and made durable by syncing its folder; so a blob is there whole or not at all. What is
// there already is verified before it is relied on, and repaired if it is damaged. A
// crash may leave a file named .put-*, which is nobody's.
func (d *Dir) Put(ctx context.Context, data []byte) (string, error) {
	if len(data) > MaxBytes {
		return "", fmt.Errorf("%w: %d bytes, the most is %d", ErrTooLarge, len(data), MaxBytes)
	}
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("put blob: %w", err)
	}
	hash := Hash(data)
	if err := d.put(hash, data); err != nil {
		return "", fmt.Errorf("put blob %s: %w", hash, noSpace(err))
	}
	return hash, nil
}

func (d *Dir) put(hash string, data []byte) error {
	path := d.path(hash)
	folder := filepath.Dir(path)
	if err := d.ensureFolder(folder); err != nil {
		return err
	}
	kept, err := d.renew(path, hash)
	if err != nil {
		return err
	}
	if !kept {
		if err := writeFile(folder, path, data); err != nil {
			return err
		}
	}
	// Also for a blob that was there: whoever put it may not have come this far.
	return syncDir(folder)
}

// renew makes a blob that is there, and intact, as young as a new one.
func (d *Dir) renew(path, hash string) (bool, error) {
	if _, err := read(path, hash); err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrCorrupt) {
			return false, nil
		}
		return false, err
	}
	now := d.now()
	err := os.Chtimes(path, now, now)
	if errors.Is(err, fs.ErrNotExist) { // swept just now
		return false, nil
	}
	return err == nil, err
}

func writeFile(folder, path string, data []byte) (err error) {
	f, err := os.CreateTemp(folder, ".put-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			_ = os.Remove(f.Name()) // what stays is nobody's
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// ensureFolder makes the two folders of a blob. Their names are made durable the first
// time that this process uses them, whoever made them, since it may have crashed. They
// must not be removed while the store is in use.
func (d *Dir) ensureFolder(folder string) error {
	for _, dir := range []string{filepath.Dir(folder), folder} {
		if _, ok := d.durable.Load(dir); ok {
			continue
		}
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := syncDir(filepath.Dir(dir)); err != nil {
			return err
		}
		d.durable.Store(dir, nil)
	}
	return nil
}

// Get implements Store.
func (d *Dir) Get(ctx context.Context, hash string) ([]byte, error) {
	if err := checkHash(hash); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("get blob %s: %w", hash, err)
	}
	data, err := read(d.path(hash), hash)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("get blob %s: %w", hash, ErrNotFound)
	case err != nil:
		return nil, fmt.Errorf("get blob %s: %w", hash, err)
	default:
		return data, nil
	}
}

func (d *Dir) path(hash string) string {
	return filepath.Join(d.root, hash[:2], hash[2:4], hash)
}

// read returns the bytes of a file if they have that hash.
func read(path, hash string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > MaxBytes {
		return nil, fmt.Errorf("%w: %s of %d bytes", ErrCorrupt, info.Mode().Type(), info.Size())
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if got := Hash(data); got != hash {
		return nil, fmt.Errorf("%w: its %d bytes have the hash %s", ErrCorrupt, len(data), got)
	}
	return data, nil
}

// noSpace gives the errors of a full disk their meaning in the contract.
func noSpace(err error) error {
	if errors.Is(err, syscall.ENOSPC) || isQuota(err) {
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	return err
}
