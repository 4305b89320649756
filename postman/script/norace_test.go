//go:build !race

package script_test

const (
	cycles  = 2000 // sandboxes that the memory test makes
	slow    = 1    // how much longer everything takes
	sampled = 1    // one of so many long cases is run

	confined = true // workers are limited
)
