package api

import (
	"context"
	"net/http"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

func (s *Server) workspaceRoutes() {
	register(s, route{id: "create-workspace", method: http.MethodPost, path: "/api/v1/workspaces", summary: "Create a workspace", status: http.StatusCreated}, s.createWorkspace)
	register(s, route{id: "rename-workspace", method: http.MethodPut, path: "/api/v1/workspaces/{id}", summary: "Rename a workspace"}, s.renameWorkspace)
	register(s, route{id: "get-workspace", method: http.MethodGet, path: "/api/v1/workspaces/{id}", summary: "Read a workspace"}, s.getWorkspace)
	register(s, route{id: "list-workspaces", method: http.MethodGet, path: "/api/v1/workspaces", summary: "List workspaces"}, s.listWorkspaces)
}

type createWorkspaceIn struct{ Body wire.CreateWorkspace }

type workspaceOut struct {
	Location string `header:"Location"`
	Body     wire.Workspace
}

type workspacesOut struct{ Body wire.List[wire.Workspace] }

func (s *Server) createWorkspace(ctx context.Context, in *createWorkspaceIn) (*workspaceOut, error) {
	res, err := s.Commands.Do(ctx, caller(ctx), commands.CreateWorkspace{Name: in.Body.Name, Type: domain.WorkspaceType(in.Body.Type)})
	if err != nil {
		return nil, s.fail(err)
	}
	out := &workspaceOut{Body: workspaceState(ctx, res)}
	if s.settle(ctx, res, "workspaces") {
		if out, err = s.getWorkspace(ctx, &ByID{ID: res.ID}); err != nil {
			return nil, err
		}
	}
	out.Location = "/api/v1/workspaces/" + res.ID
	return out, nil
}

type renameWorkspaceIn struct {
	ByID
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200"`
	}
}

func (s *Server) renameWorkspace(ctx context.Context, in *renameWorkspaceIn) (*workspaceOut, error) {
	res, err := s.Commands.Do(ctx, caller(ctx), commands.RenameWorkspace{ID: domain.WorkspaceID(lower(in.ID)), Name: in.Body.Name})
	if err != nil {
		return nil, s.fail(err)
	}
	if s.settle(ctx, res, "workspaces") {
		return s.getWorkspace(ctx, &in.ByID)
	}
	return &workspaceOut{Body: workspaceState(ctx, res)}, nil
}

func (s *Server) getWorkspace(ctx context.Context, in *ByID) (*workspaceOut, error) {
	row, err := s.Views.Workspace(ctx, domain.WorkspaceID(lower(in.ID)))
	if err != nil {
		return nil, s.fail(err)
	}
	return &workspaceOut{Body: workspaceRow(row)}, nil
}

func (s *Server) listWorkspaces(ctx context.Context, in *PageIn) (*workspacesOut, error) {
	rows, next, err := s.Views.Workspaces(ctx, in.page())
	if err != nil {
		return nil, s.fail(err)
	}
	return &workspacesOut{list(rows, next, workspaceRow)}, nil
}

func workspaceState(ctx context.Context, res commands.Result) wire.Workspace {
	return workspaceRow(projections.WorkspaceRow{Workspace: *res.State.(*domain.Workspace), Record: record(ctx, res)})
}

func workspaceRow(r projections.WorkspaceRow) wire.Workspace {
	return wire.Workspace{ID: string(r.ID), Name: r.Name, Type: string(r.Type), CreatedAt: r.CreatedAt, CreatedBy: actor(r.CreatedBy), UpdatedAt: r.UpdatedAt}
}
