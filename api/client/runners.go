package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/picket-api/picket/api/wire"
)

// CreateRunner registers a runner. The answer is the only one that has its key.
func (c *Client) CreateRunner(ctx context.Context, r wire.CreateRunner) (wire.RunnerSecret, error) {
	var out wire.RunnerSecret
	err := c.post(ctx, apiBase+"/runners", r, &out)
	return out, err
}

// Runner reads one runner.
func (c *Client) Runner(ctx context.Context, id string) (wire.Runner, error) {
	var out wire.Runner
	err := c.get(ctx, at(apiBase+"/runners", id), nil, &out)
	return out, err
}

// RunnerFilter picks runners.
type RunnerFilter struct {
	Page
	Search    string // part of the name or description
	Workspace string // where they can be picked
	Health    string
}

func (f RunnerFilter) values() url.Values {
	q := f.Page.values()
	set(q, "search", f.Search)
	set(q, "workspace", f.Workspace)
	set(q, "health", f.Health)
	return q
}

// Runners lists runners.
func (c *Client) Runners(ctx context.Context, f RunnerFilter) (wire.List[wire.Runner], error) {
	var out wire.List[wire.Runner]
	err := c.get(ctx, apiBase+"/runners", f.values(), &out)
	return out, err
}

// EditRunner changes name and description.
func (c *Client) EditRunner(ctx context.Context, id string, r wire.EditRunner) (wire.Runner, error) {
	var out wire.Runner
	err := c.put(ctx, at(apiBase+"/runners", id), r, &out)
	return out, err
}

// ChangeVisibility changes where the runner can be picked.
func (c *Client) ChangeVisibility(ctx context.Context, id string, v wire.Visibility) (wire.Runner, error) {
	var out wire.Runner
	err := c.put(ctx, at(apiBase+"/runners", id, "visibility"), v, &out)
	return out, err
}

// ResetRunnerKey makes a new key. The answer is the only one that has it.
func (c *Client) ResetRunnerKey(ctx context.Context, id string, r wire.ResetRunnerKey) (wire.RunnerSecret, error) {
	var out wire.RunnerSecret
	err := c.post(ctx, at(apiBase+"/runners", id, "reset-key"), r, &out)
	return out, err
}

// DeleteRunner deletes a runner: its instances stop. The reason may be empty.
func (c *Client) DeleteRunner(ctx context.Context, id, reason string) error {
	q := url.Values{}
	set(q, "reason", reason)
	_, err := c.do(ctx, call{method: http.MethodDelete, path: at(apiBase+"/runners", id), query: q})
	return err
}
