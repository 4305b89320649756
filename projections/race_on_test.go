//go:build race

package projections_test

// The race detector makes SQLite, which is Go here, many times slower.
const raceDetector = true
