package cli

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// Env is everything that a command may see of the system, so that commands can be
// tested. It is the only door to os.
type Env struct {
	Args    []string
	Getenv  func(string) string
	Stdin   io.Reader
	Pipe    func() (io.Reader, error) // Stdin that is waited for without a thread
	Stdout  io.Writer
	Stderr  io.Writer
	TTY     bool       // Stdout is a terminal
	Columns func() int // of that terminal; 0 where nobody can know
	Signals func(parent context.Context) (ctx context.Context, again <-chan os.Signal, stop func())
	Self    func(ctx context.Context, args ...string) (*exec.Cmd, error) // this program again
	TempDir func() (string, error)
	WorkDir func() (string, error)
}

// OS is the real one.
func OS() Env {
	info, err := os.Stdout.Stat()
	return Env{
		Args: os.Args[1:], Getenv: os.Getenv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		TTY:     err == nil && info.Mode()&os.ModeCharDevice != 0,
		Columns: columns,
		Pipe:    pipe,
		Signals: stopSignals,
		Self: func(ctx context.Context, args ...string) (*exec.Cmd, error) {
			self, err := executable()
			if err != nil {
				return nil, err
			}
			cmd := exec.CommandContext(ctx, self, args...)
			cmd.Args[0] = os.Args[0]
			cmd.SysProcAttr = ownGroup()
			return cmd, nil
		},
		TempDir: func() (string, error) { return os.MkdirTemp("", "picket-demo-") },
		WorkDir: os.Getwd,
	}
}

// executable is the program's own file; on Linux that which it was started from,
// even when an upgrade has put another in its place.
func executable() (string, error) {
	const image = "/proc/self/exe"
	if _, err := os.Stat(image); err == nil {
		return image, nil
	}
	return os.Executable()
}

// stopSignals ends the context at the first SIGINT or SIGTERM; again delivers
// those that follow.
func stopSignals(parent context.Context) (context.Context, <-chan os.Signal, func()) {
	ctx, cancel := context.WithCancel(parent)
	first, again := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(first, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-first:
			signal.Notify(again, os.Interrupt, syscall.SIGTERM)
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, again, func() {
		signal.Stop(first)
		signal.Stop(again)
		cancel()
	}
}

// Color reports whether the output may be coloured: a terminal, and nobody
// objects (https://no-color.org).
func (e Env) Color() bool {
	return e.TTY && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"
}
