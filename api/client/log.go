package client

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/picket-api/picket/api/wire"
)

// AuditFilter picks audit entries; what is empty matches all. Action may be the
// beginning of one.
type AuditFilter struct {
	Page
	Category, Object, Action, Workspace, Actor string
	From, To                                   time.Time
}

func (f AuditFilter) values() url.Values {
	q := f.Page.values()
	set(q, "category", f.Category)
	set(q, "object", f.Object)
	set(q, "action", f.Action)
	set(q, "workspace", f.Workspace)
	set(q, "actor", f.Actor)
	setTime(q, "from", f.From)
	setTime(q, "to", f.To)
	return q
}

// Audit lists who changed what, newest first.
func (c *Client) Audit(ctx context.Context, f AuditFilter) (wire.List[wire.AuditEntry], error) {
	var out wire.List[wire.AuditEntry]
	err := c.get(ctx, apiBase+"/audit", f.values(), &out)
	return out, err
}

// RunnerHistory lists who did what to a runner, newest first.
func (c *Client) RunnerHistory(ctx context.Context, id string, p Page) (wire.List[wire.AuditEntry], error) {
	var out wire.List[wire.AuditEntry]
	err := c.get(ctx, at(apiBase+"/runners", id, "history"), p.values(), &out)
	return out, err
}

// Projections lists the views and how far they are.
func (c *Client) Projections(ctx context.Context) (wire.List[wire.Projection], error) {
	var out wire.List[wire.Projection]
	err := c.get(ctx, apiBase+"/projections", nil, &out)
	return out, err
}

// RebuildProjection begins to make a view anew from the log; the old one serves
// meanwhile. Projections tells how far it is.
func (c *Client) RebuildProjection(ctx context.Context, name string) (wire.List[wire.Projection], error) {
	var out wire.List[wire.Projection]
	err := c.post(ctx, at(apiBase+"/projections", name, "rebuild"), nil, &out)
	return out, err
}

// Events reads the log after a position ("" is the beginning), in its order.
func (c *Client) Events(ctx context.Context, after string, limit int) (wire.List[wire.Event], error) {
	q := url.Values{}
	set(q, "after", after)
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	var out wire.List[wire.Event]
	err := c.get(ctx, apiBase+"/events", q, &out)
	return out, err
}

// Stream reads the events of one stream, oldest first. The page's cursor is the
// version after which to read.
func (c *Client) Stream(ctx context.Context, stream string, p Page) (wire.List[wire.Event], error) {
	q := Page{Limit: p.Limit}.values()
	set(q, "after", p.Cursor)
	var out wire.List[wire.Event]
	err := c.get(ctx, at(apiBase+"/streams", stream), q, &out)
	return out, err
}
