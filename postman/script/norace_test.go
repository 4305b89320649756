//go:build !race

package script_test

import "time"

const (
	cycles        = 1000 // sandboxes that the memory test makes
	scriptTimeout = 2 * time.Second
)
