package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/picket-api/picket/api/wire"
)

const (
	maxSpoolFiles = 2_000
	maxSpoolBytes = 512 << 20
	maxRejected   = 100
	spoolVersion  = 1
)

// spooled is a result that waits for delivery, as it is on disk. Secrets in the
// report are masked already.
type spooled struct {
	Version    int         `json:"version"`
	Run        string      `json:"run"`
	Attempt    int         `json:"attempt"`
	Token      int64       `json:"token"`
	FinishedAt time.Time   `json:"finished_at"` // by this machine's clock
	Report     wire.Report `json:"report"`
}

// spool is a folder of results: one file each, written whole or not at all. Two
// runners on one machine may share it: to deliver a result twice changes nothing.
type spool struct {
	dir string
	log *slog.Logger

	maxFiles int

	mu    sync.Mutex
	files map[string]int64 // sizes
	bytes int64
}

func openSpool(dir string, log *slog.Logger) (*spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for results that wait for delivery: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read folder of results that wait for delivery: %w", err)
	}
	s := &spool{dir: dir, log: log, maxFiles: maxSpoolFiles, files: map[string]int64{}}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if strings.HasPrefix(e.Name(), "new-") && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(filepath.Join(dir, e.Name())) // left by a crash
		}
		if strings.HasSuffix(e.Name(), ".json") && len(s.files) < maxSpoolFiles {
			s.files[e.Name()] = info.Size()
			s.bytes += info.Size()
		}
	}
	return s, nil
}

// list names what waits.
func (s *spool) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.files))
	for name := range s.files {
		names = append(names, name)
	}
	return names
}

// put writes a result and returns when it survives a loss of power.
func (s *spool) put(r spooled) (name string, err error) {
	if _, err := uuid.Parse(r.Run); err != nil {
		return "", fmt.Errorf("run id %q is no UUID", r.Run) // it becomes a file's name
	}
	r.Version = spoolVersion
	data, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encode result: %w", err)
	}
	name = fmt.Sprintf("%s-%d-%d.json", r.Run, r.Attempt, r.Token)
	if err := s.reserve(name, int64(len(data))); err != nil {
		return "", err
	}
	if err := writeWhole(filepath.Join(s.dir, name), data, true); err != nil {
		s.forget(name)
		return "", err
	}
	return name, nil
}

func (s *spool) reserve(name string, size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.files) >= s.maxFiles || s.bytes+size > maxSpoolBytes {
		return fmt.Errorf("the spool %s is full: %d results, %d bytes wait for the control plane", s.dir, len(s.files), s.bytes)
	}
	s.bytes += size - s.files[name]
	s.files[name] = size
	return nil
}

func (s *spool) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes -= s.files[name]
	delete(s.files, name)
}

func (s *spool) load(name string) (r spooled, err error) {
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("decode: %w", err)
	}
	if r.Version != spoolVersion || r.Run == "" {
		return r, fmt.Errorf("version %d is not known", r.Version)
	}
	return r, nil
}

// remove forgets a delivered result.
func (s *spool) remove(name string) error {
	s.forget(name)
	if err := os.Remove(filepath.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// reject puts a result aside that nobody will take, for people to look at. It
// returns where; "" when it is gone.
func (s *spool) reject(name string) string {
	if name == "" {
		return ""
	}
	s.forget(name)
	from, aside := filepath.Join(s.dir, name), filepath.Join(s.dir, "rejected")
	entries, _ := os.ReadDir(aside)
	if err := os.MkdirAll(aside, 0o700); err == nil && len(entries) < maxRejected {
		to := filepath.Join(aside, name)
		if os.Rename(from, to) == nil {
			return to
		}
	}
	s.log.Error("the folder of rejected results is full or can't be written: result deleted", "folder", aside, "file", name)
	_ = os.Remove(from)
	return ""
}

// writeWhole writes a file whole or not at all. A durable one survives a loss of
// power once writeWhole returned nil.
func writeWhole(path string, data []byte, durable bool) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "new-*") // 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err == nil && durable {
		err = f.Sync()
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err = f.Close(); err != nil {
		return fmt.Errorf("close %s: %w", path, err)
	}
	if err = os.Rename(f.Name(), path); err != nil || !durable {
		return err
	}
	return syncFolder(filepath.Dir(path))
}
