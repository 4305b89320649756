package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// fileLock keeps other processes out. The system frees it when the process ends, however
// it ends; the file stays, since removing it would let two processes lock two files.
type fileLock struct{ f *os.File }

// errHeld is what tryLock returns when someone else has the lock.
var errHeld = errors.New("held")

func lockFile(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := tryLock(f); err != nil {
		defer f.Close()
		if errors.Is(err, errHeld) {
			return nil, fmt.Errorf("%w by process %s (lock file %s); one server at a time can have it open", ErrLocked, holder(f), path)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	l := &fileLock{f}
	if err := l.writePID(); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), l.release())
	}
	return l, nil
}

// writePID tells others who has the lock. A full disk must not keep the log from being
// read, so only a failure to empty the file is an error.
func (l *fileLock) writePID() error {
	if err := l.f.Truncate(0); err != nil {
		return err
	}
	_, _ = l.f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	return nil
}

func (l *fileLock) release() error { return l.f.Close() }

func holder(f *os.File) string {
	pid, err := io.ReadAll(io.LimitReader(f, 20))
	if err != nil || len(pid) == 0 {
		return "unknown"
	}
	return strings.TrimSpace(string(pid))
}
