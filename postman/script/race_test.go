//go:build race

package script_test

// cycles is how many sandboxes the memory test makes; the race detector is slow.
const cycles = 60
