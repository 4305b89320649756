package commands

import (
	"context"

	"github.com/picket-api/picket/domain"
)

// SaveEnvironment keeps a version of an environment, a new one when ID is empty. Its content
// is durable in the blob store before the command is sent.
type SaveEnvironment struct {
	ID        domain.EnvironmentID
	Workspace domain.WorkspaceID
	Document  domain.Document
}

func (SaveEnvironment) actors() []domain.ActorKind { return people }

func (c SaveEnvironment) handle(ctx context.Context, s *Service, r request) (Result, error) {
	isNew := c.ID == ""
	if isNew {
		c.ID = newID[domain.EnvironmentID](r)
		if _, err := s.workspaceFor(ctx, c.Workspace, "workspace"); err != nil {
			return Result{}, err
		}
	}
	return update(ctx, s, r, string(c.ID), c.ID.Stream(), fresh[domain.Environment], func(d *domain.Environment) ([]domain.Event, error) {
		if !isNew {
			if !d.Exists() {
				return nil, domain.Errorf(domain.NotFound, "there is no such environment")
			}
			c.Workspace = d.Workspace
		}
		return d.Save(c.ID, c.Workspace, c.Document)
	})
}

// DeleteEnvironment ends an environment; runs that pinned a version keep it.
type DeleteEnvironment struct {
	ID domain.EnvironmentID
}

func (DeleteEnvironment) actors() []domain.ActorKind { return people }

func (c DeleteEnvironment) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return update(ctx, s, r, string(c.ID), c.ID.Stream(), fresh[domain.Environment], func(d *domain.Environment) ([]domain.Event, error) {
		return d.Delete()
	})
}
