package client

import (
	"context"
	"net/url"
	"time"

	"github.com/picket-api/picket/api/wire"
)

// RunFilter picks runs; what is empty matches all.
type RunFilter struct {
	Page
	Workspace, Monitor, Runner, Execution string
	State, Outcome, Trigger               string
	From, To                              time.Time // due at or after, before
}

func (f RunFilter) values() url.Values {
	q := f.Page.values()
	set(q, "workspace", f.Workspace)
	set(q, "monitor", f.Monitor)
	set(q, "runner", f.Runner)
	set(q, "execution", f.Execution)
	set(q, "state", f.State)
	set(q, "outcome", f.Outcome)
	set(q, "trigger", f.Trigger)
	setTime(q, "from", f.From)
	setTime(q, "to", f.To)
	return q
}

func setTime(q url.Values, name string, t time.Time) {
	if !t.IsZero() {
		q.Set(name, t.UTC().Format(time.RFC3339Nano))
	}
}

// Run reads one run.
func (c *Client) Run(ctx context.Context, id string) (wire.Run, error) {
	var out wire.Run
	err := c.get(ctx, at(apiBase+"/runs", id), nil, &out)
	return out, err
}

// Runs lists runs, newest first.
func (c *Client) Runs(ctx context.Context, f RunFilter) (wire.List[wire.Run], error) {
	var out wire.List[wire.Run]
	err := c.get(ctx, apiBase+"/runs", f.values(), &out)
	return out, err
}

// Report reads the report of a run that finished.
func (c *Client) Report(ctx context.Context, run string) (wire.Report, error) {
	var out wire.Report
	err := c.get(ctx, at(apiBase+"/runs", run, "report"), nil, &out)
	return out, err
}
