// Package worker runs scripts in processes of their own, so that whatever a script
// does to the engine ends one run and not the program: a worker is this binary
// again, started with an empty environment, no files but two pipes, and limits on
// memory and CPU time. It serves one run at a time, is used again only after a run
// that ended well, and only for the tenant that had it before.
//
// The parent has a Pool, whose sandboxes stand in for those of package script; the
// worker calls Serve. Between them go frames of JSON: the parent sends a script
// with the variables that changed since the last one, the worker asks for what
// only the run can do (requests, cookies) and tells of changed variables.
package worker
