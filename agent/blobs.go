package agent

import (
	"container/list"
	"crypto/sha256"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/picket-api/picket/api/client"
)

const (
	maxBlobDisk   = 200 << 20
	maxBlobMemory = 16 << 20
)

// place is where a blob may be kept.
type place int

const (
	inMemory place = iota // holds secrets
	onDisk
)

// blobs caches documents by the SHA-256 of their bytes, which is checked at each
// read from disk. What was used longest ago makes room.
type blobs struct {
	dir string // "": memory only
	log *slog.Logger

	mu     sync.Mutex
	byHash map[string]*list.Element
	recent *list.List // of blob, newest first
	bytes  int
}

type blob struct {
	hash string
	data []byte
}

func openBlobs(dir string, log *slog.Logger) *blobs {
	b := &blobs{dir: dir, log: log, byHash: map[string]*list.Element{}, recent: list.New()}
	if dir == "" {
		return b
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		log.Warn("collections are kept in memory only", "error", err)
		b.dir = ""
	}
	return b
}

func (b *blobs) get(hash string, where place) ([]byte, bool) {
	b.mu.Lock()
	if e, ok := b.byHash[hash]; ok {
		b.recent.MoveToFront(e)
		b.mu.Unlock()
		return e.Value.(blob).data, true
	}
	b.mu.Unlock()
	plain := client.PlainHash(hash)
	if where != onDisk || b.dir == "" || !isHash(plain) {
		return nil, false
	}
	file := filepath.Join(b.dir, plain)
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, false
	}
	if !client.Matches(hash, data) {
		b.log.Warn("cached collection is damaged: fetching it again", "hash", hash)
		_ = os.Remove(file)
		return nil, false
	}
	now := time.Now()
	_ = os.Chtimes(file, now, now) // used now
	b.remember(hash, data)
	return data, true
}

func (b *blobs) put(hash string, data []byte, where place) {
	b.remember(hash, data)
	plain := client.PlainHash(hash)
	if where != onDisk || b.dir == "" || !isHash(plain) {
		return
	}
	if err := writeWhole(filepath.Join(b.dir, plain), data, false); err != nil {
		b.log.Warn("collection not cached on disk", "error", err)
		return
	}
	b.makeRoom()
}

func (b *blobs) remember(hash string, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.byHash[hash]; ok || len(data) > maxBlobMemory/2 {
		return
	}
	b.byHash[hash] = b.recent.PushFront(blob{hash: hash, data: data})
	b.bytes += len(data)
	for b.bytes > maxBlobMemory {
		oldest := b.recent.Remove(b.recent.Back()).(blob)
		delete(b.byHash, oldest.hash)
		b.bytes -= len(oldest.data)
	}
}

// makeRoom deletes the files that were used longest ago.
func (b *blobs) makeRoom() {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return
	}
	type cached struct {
		name string
		size int64
		used time.Time
	}
	var files []cached
	var total int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, cached{e.Name(), info.Size(), info.ModTime()})
			total += info.Size()
		}
	}
	slices.SortFunc(files, func(x, y cached) int { return x.used.Compare(y.used) })
	for _, f := range files {
		if total <= maxBlobDisk {
			return
		}
		if os.Remove(filepath.Join(b.dir, f.name)) == nil {
			total -= f.size
		}
	}
}

// isHash keeps what the server says from becoming a path.
func isHash(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}
