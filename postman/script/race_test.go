//go:build race

package script_test

// The detector sees every access of the engine, too: what takes long there is
// scaled down.
const (
	cycles  = 30
	slow    = 15
	sampled = 5

	confined = false // the shadow memory is more than a worker may have
)
