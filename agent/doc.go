// Package agent is the runner: the process that users start with
// `picket runner start` inside a private network. It registers as an instance of
// a runner, and from then on does four things, one file each:
//
//	claim.go      asks for runs while a slot is free
//	execute.go    runs a collection under the rules of its lease
//	report.go     delivers results, from disk when the control plane was away
//	heartbeat.go  keeps the leases, and learns which are over
//
// It makes outbound connections only. What may leave the network is decided here
// and not at the control plane: reports carry metadata only, secrets are masked
// (redact.go), and collections can't reach the machine itself or its cloud's
// metadata service (egress.go).
//
// Only the control plane's clock decides: what crosses the network are durations.
package agent
