//go:build !race

package script_test

const cycles = 1000
