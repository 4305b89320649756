// Package blobs keeps immutable bytes under the hash of their content: collections,
// environments, reports and whatever else is too large for an event. An event names a
// blob by its hash, so the blob is stored, and durable, before the event is appended.
//
// Dir keeps them in a folder. It never deletes: what no event names any more is swept by
// others, who may tell its age by the modification time, which Put renews.
package blobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// MaxBytes is the size of the largest blob.
const MaxBytes = 64 << 20

// Errors. Implementations wrap them; compare with errors.Is.
var (
	// ErrNotFound: no blob has that hash.
	ErrNotFound = errors.New("blob not found")
	// ErrCorrupt: the stored bytes are not those of the hash. Putting them again repairs it.
	ErrCorrupt = errors.New("blob is damaged")
	// ErrTooLarge: the blob is over MaxBytes.
	ErrTooLarge = errors.New("blob is too large")
	// ErrNoSpace: the blob was refused because it can't be made durable.
	ErrNoSpace = errors.New("no space left for blobs")
	// ErrBadHash: this is not the hash of any blob: it isn't 64 lower-case hex digits.
	ErrBadHash = errors.New("not a blob's hash")
)

// Store is the contract. All methods may be called from any goroutine.
type Store interface {
	// Put stores data, durably when it returns, and returns its hash. The same data
	// again changes nothing but the age. Errors: ErrTooLarge, ErrNoSpace, the
	// context's, or another one, after all of which it may be tried again.
	Put(ctx context.Context, data []byte) (hash string, err error)

	// Get returns the bytes with that hash, which it has verified. Errors: ErrNotFound,
	// ErrCorrupt, ErrBadHash, the context's, or another one of reading.
	Get(ctx context.Context, hash string) ([]byte, error)
}

// Hash is the address of data: its SHA-256 in lower-case hex.
func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// checkHash keeps everything but a hash from becoming a path.
func checkHash(hash string) error {
	valid := len(hash) == 2*sha256.Size
	for i := range len(hash) {
		c := hash[i]
		valid = valid && ('0' <= c && c <= '9' || 'a' <= c && c <= 'f')
	}
	if !valid {
		return fmt.Errorf("%w: %.80q", ErrBadHash, hash)
	}
	return nil
}
