//go:build !linux

package worker

// Confine does nothing here: limits of a process are set on Linux only. What is
// left is the limit of the engine's heap and the time limit of scripts.
func Confine() error { return nil }
