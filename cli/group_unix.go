//go:build !windows

package cli

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from a program that we started: it comes to
// its whole group, and we tell the program ourselves when it is to end.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
