// Package e2e tests the whole product as people run it: the real binary as real
// processes, talked to over HTTP, killed at bad moments.
package e2e
