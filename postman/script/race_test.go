//go:build race

package script_test

import "time"

// The engine is many times slower with the race detector in.
const (
	cycles        = 60 // sandboxes that the memory test makes
	scriptTimeout = time.Minute
)
