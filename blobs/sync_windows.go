package blobs

import (
	"errors"

	"golang.org/x/sys/windows"
)

// syncDir does nothing: Windows keeps names durable itself.
func syncDir(string) error { return nil }

func isQuota(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
