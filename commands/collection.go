package commands

import (
	"context"

	"github.com/picket-api/picket/domain"
)

// SaveCollection keeps a version of a collection, a new one when ID is empty. Its content
// is durable in the blob store before the command is sent.
type SaveCollection struct {
	ID        domain.CollectionID
	Workspace domain.WorkspaceID
	Document  domain.Document
}

func (SaveCollection) actors() []domain.ActorKind { return people }

func (c SaveCollection) handle(ctx context.Context, s *Service, r request) (Result, error) {
	isNew := c.ID == ""
	if isNew {
		c.ID = newID[domain.CollectionID](r)
		if _, err := s.workspaceFor(ctx, c.Workspace, "workspace"); err != nil {
			return Result{}, err
		}
	}
	return update(ctx, s, r, string(c.ID), c.ID.Stream(), fresh[domain.Collection], func(d *domain.Collection) ([]domain.Event, error) {
		if !isNew {
			if !d.Exists() {
				return nil, domain.Errorf(domain.NotFound, "there is no such collection")
			}
			c.Workspace = d.Workspace
		}
		return d.Save(c.ID, c.Workspace, c.Document)
	})
}

// DeleteCollection ends a collection; runs that pinned a version keep it.
type DeleteCollection struct {
	ID domain.CollectionID
}

func (DeleteCollection) actors() []domain.ActorKind { return people }

func (c DeleteCollection) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return update(ctx, s, r, string(c.ID), c.ID.Stream(), fresh[domain.Collection], func(d *domain.Collection) ([]domain.Event, error) {
		return d.Delete()
	})
}
