package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/picket-api/picket/api/wire"
)

const apiBase = "/api/v1"

// CreateWorkspace creates a workspace.
func (c *Client) CreateWorkspace(ctx context.Context, w wire.CreateWorkspace) (wire.Workspace, error) {
	var out wire.Workspace
	err := c.post(ctx, apiBase+"/workspaces", w, &out)
	return out, err
}

// Workspace reads one workspace.
func (c *Client) Workspace(ctx context.Context, id string) (wire.Workspace, error) {
	var out wire.Workspace
	err := c.get(ctx, at(apiBase+"/workspaces", id), nil, &out)
	return out, err
}

// Workspaces lists workspaces.
func (c *Client) Workspaces(ctx context.Context, p Page) (wire.List[wire.Workspace], error) {
	var out wire.List[wire.Workspace]
	err := c.get(ctx, apiBase+"/workspaces", p.values(), &out)
	return out, err
}

// RenameWorkspace changes a workspace's name.
func (c *Client) RenameWorkspace(ctx context.Context, id, name string) (wire.Workspace, error) {
	var out wire.Workspace
	err := c.put(ctx, at(apiBase+"/workspaces", id), map[string]string{"name": name}, &out)
	return out, err
}

// DocumentFilter picks collections or environments.
type DocumentFilter struct {
	Page
	Workspace string
}

func (f DocumentFilter) values() url.Values {
	q := f.Page.values()
	set(q, "workspace", f.Workspace)
	return q
}

// CreateCollection saves an exported Postman collection, its bytes as they are.
func (c *Client) CreateCollection(ctx context.Context, workspace string, document []byte) (wire.Document, error) {
	return c.createDocument(ctx, "/collections", workspace, document)
}

// SaveCollection saves a new version of a collection.
func (c *Client) SaveCollection(ctx context.Context, id string, document []byte) (wire.Document, error) {
	return c.saveDocument(ctx, at(apiBase+"/collections", id), document)
}

// Collection reads what is known of a collection.
func (c *Client) Collection(ctx context.Context, id string) (wire.Document, error) {
	var out wire.Document
	err := c.get(ctx, at(apiBase+"/collections", id), nil, &out)
	return out, err
}

// ExportCollection reads the Postman collection as it was imported.
func (c *Client) ExportCollection(ctx context.Context, id string) ([]byte, error) {
	var out []byte
	err := c.get(ctx, at(apiBase+"/collections", id, "document"), nil, &out)
	return out, err
}

// Collections lists collections.
func (c *Client) Collections(ctx context.Context, f DocumentFilter) (wire.List[wire.Document], error) {
	var out wire.List[wire.Document]
	err := c.get(ctx, apiBase+"/collections", f.values(), &out)
	return out, err
}

// DeleteCollection deletes a collection.
func (c *Client) DeleteCollection(ctx context.Context, id string) error {
	return c.delete(ctx, at(apiBase+"/collections", id))
}

// CreateEnvironment saves an exported Postman environment, its bytes as they are.
func (c *Client) CreateEnvironment(ctx context.Context, workspace string, document []byte) (wire.Document, error) {
	return c.createDocument(ctx, "/environments", workspace, document)
}

// SaveEnvironment saves a new version of an environment.
func (c *Client) SaveEnvironment(ctx context.Context, id string, document []byte) (wire.Document, error) {
	return c.saveDocument(ctx, at(apiBase+"/environments", id), document)
}

// Environment reads what is known of an environment.
func (c *Client) Environment(ctx context.Context, id string) (wire.Document, error) {
	var out wire.Document
	err := c.get(ctx, at(apiBase+"/environments", id), nil, &out)
	return out, err
}

// Environments lists environments.
func (c *Client) Environments(ctx context.Context, f DocumentFilter) (wire.List[wire.Document], error) {
	var out wire.List[wire.Document]
	err := c.get(ctx, apiBase+"/environments", f.values(), &out)
	return out, err
}

// DeleteEnvironment deletes an environment.
func (c *Client) DeleteEnvironment(ctx context.Context, id string) error {
	return c.delete(ctx, at(apiBase+"/environments", id))
}

func (c *Client) createDocument(ctx context.Context, kind, workspace string, document []byte) (wire.Document, error) {
	var out wire.Document
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: apiBase + kind,
		query: url.Values{"workspace": {workspace}},
		raw:   document, out: &out, creates: true,
	})
	return out, err
}

func (c *Client) saveDocument(ctx context.Context, path string, document []byte) (wire.Document, error) {
	var out wire.Document
	_, err := c.do(ctx, call{method: http.MethodPut, path: path, raw: document, out: &out})
	return out, err
}
