//go:build !windows

package cli

import (
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup keeps a terminal's Ctrl-C from a program that we started: it comes to
// its whole group, and we tell the program ourselves when it is to end.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// pipe makes a read of stdin wait in the runtime's poller: with a script going on
// beside it, that costs half as much as waiting in a thread of its own.
func pipe() (io.Reader, error) {
	if err := syscall.SetNonblock(syscall.Stdin, true); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(syscall.Stdin), "stdin"), nil
}

// columns is the width of the terminal that stdout is.
func columns() int {
	size, err := unix.IoctlGetWinsize(syscall.Stdout, unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return 80 // what terminals have that don't say
	}
	return int(size.Col)
}
