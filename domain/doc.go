// Package domain says what is true and what may happen: the aggregates with
// their events and decisions. It does no input or output and knows no clock:
// time comes in as an argument.
//
// An aggregate is folded from the events of its stream (Apply) and decides on a
// request by returning the events that it causes, or an Error. Nothing else
// changes state.
//
//	workspace    holds collections, environments and monitors
//	collection   a Postman collection; every saved version is content-addressed
//	environment  a Postman environment, saved the same way
//	runner       the registration of a runner: visibility and keys
//	instance     one process that authenticated as a runner
//	monitor      what to run, when, where and how
//	run          one runner's part of an execution, with its attempts
//	team         the installation's one tenant: API keys
package domain
