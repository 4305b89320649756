package sqlite

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/picket-api/picket/eventstore"
)

// Errors of Open; compare with errors.Is.
var (
	// ErrLocked: another process has the log open.
	ErrLocked = errors.New("the event log is in use")
	// ErrForeign: the file is not an event log, or one of a newer Picket.
	ErrForeign = errors.New("not an event log that this version can open")
	// ErrCorrupt: the file is damaged.
	ErrCorrupt = errors.New("the event log is damaged")
)

// primaryCode is SQLite's result code without its extension; 0 for other errors.
func primaryCode(err error) int {
	if e, ok := errors.AsType[*driver.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// openError gives an SQL error of Open its meaning.
func openError(err error) error {
	switch primaryCode(err) {
	case lib.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrForeign, err)
	case lib.SQLITE_CORRUPT:
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	default:
		return err
	}
}

// appendError gives an SQL error of the writer its meaning in the contract.
func appendError(err error) error {
	switch primaryCode(err) {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN:
		return fmt.Errorf("%w: %w", eventstore.ErrNoSpace, err)
	}
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: %w", eventstore.ErrNoSpace, err)
	}
	return fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
}

// readError gives an SQL error of a reader its meaning in the contract.
func readError(ctx context.Context, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	return fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
}
