package worker

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// The limits of a worker's process, all of them the kernel's. RLIMIT_DATA counts
// private writable memory, which is what a Go program and the engine's heap are
// made of; RLIMIT_AS would count the address space that the Go runtime reserves.
const (
	dataBytes  = 768 << 20
	cpuSeconds = 2 * 60 * 60 // of its whole life
	openFiles  = 32
)

// Confine limits the process that it is called in, for good: memory, CPU time,
// files; it can't write any, gain rights, or be looked into by its like.
func Confine() error {
	for _, l := range []struct {
		name  string
		which int
		limit uint64
	}{
		{"RLIMIT_DATA", unix.RLIMIT_DATA, dataBytes},
		{"RLIMIT_CPU", unix.RLIMIT_CPU, cpuSeconds},
		{"RLIMIT_NOFILE", unix.RLIMIT_NOFILE, openFiles},
		{"RLIMIT_FSIZE", unix.RLIMIT_FSIZE, 0},
		{"RLIMIT_CORE", unix.RLIMIT_CORE, 0},
	} {
		var now unix.Rlimit
		if err := unix.Getrlimit(l.which, &now); err != nil {
			return fmt.Errorf("read %s: %w", l.name, err)
		}
		limit := min(l.limit, now.Max)
		if err := unix.Setrlimit(l.which, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			return fmt.Errorf("set %s: %w", l.name, err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("close the process to others: %w", err)
	}
	return nil
}
