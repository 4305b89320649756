package client

import (
	"context"
	"net/url"

	"github.com/picket-api/picket/api/wire"
)

// MonitorFilter picks monitors.
type MonitorFilter struct {
	Page
	Workspace string
	Runner    string // that it uses
	Search    string // part of the name
}

func (f MonitorFilter) values() url.Values {
	q := f.Page.values()
	set(q, "workspace", f.Workspace)
	set(q, "runner", f.Runner)
	set(q, "search", f.Search)
	return q
}

// CreateMonitor creates a monitor.
func (c *Client) CreateMonitor(ctx context.Context, m wire.ConfigureMonitor) (wire.Monitor, error) {
	var out wire.Monitor
	err := c.post(ctx, apiBase+"/monitors", m, &out)
	return out, err
}

// Monitor reads one monitor.
func (c *Client) Monitor(ctx context.Context, id string) (wire.Monitor, error) {
	var out wire.Monitor
	err := c.get(ctx, at(apiBase+"/monitors", id), nil, &out)
	return out, err
}

// Monitors lists monitors.
func (c *Client) Monitors(ctx context.Context, f MonitorFilter) (wire.List[wire.Monitor], error) {
	var out wire.List[wire.Monitor]
	err := c.get(ctx, apiBase+"/monitors", f.values(), &out)
	return out, err
}

// EditMonitor replaces the settings of a monitor.
func (c *Client) EditMonitor(ctx context.Context, id string, m wire.ConfigureMonitor) (wire.Monitor, error) {
	var out wire.Monitor
	err := c.put(ctx, at(apiBase+"/monitors", id), m, &out)
	return out, err
}

// PauseMonitor stops the schedule of a monitor.
func (c *Client) PauseMonitor(ctx context.Context, id string, why wire.Reason) (wire.Monitor, error) {
	var out wire.Monitor
	err := c.post(ctx, at(apiBase+"/monitors", id, "pause"), why, &out)
	return out, err
}

// ResumeMonitor starts the schedule of a monitor again.
func (c *Client) ResumeMonitor(ctx context.Context, id string, why wire.Reason) (wire.Monitor, error) {
	var out wire.Monitor
	err := c.post(ctx, at(apiBase+"/monitors", id, "resume"), why, &out)
	return out, err
}

// DeleteMonitor deletes a monitor; its runs stay.
func (c *Client) DeleteMonitor(ctx context.Context, id string) error {
	return c.delete(ctx, at(apiBase+"/monitors", id))
}

// RunMonitor triggers a monitor: one run for each of its runners.
func (c *Client) RunMonitor(ctx context.Context, id string, t wire.TriggerMonitor) (wire.Triggered, error) {
	var out wire.Triggered
	err := c.post(ctx, at(apiBase+"/monitors", id, "run"), t, &out)
	return out, err
}
