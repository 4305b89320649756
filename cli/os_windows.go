package cli

import (
	"io"
	"os"
	"syscall"
)

// ownGroup keeps a terminal's Ctrl-C from a program that we started.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func pipe() (io.Reader, error) { return os.Stdin, nil }

func columns() int { return 0 }
