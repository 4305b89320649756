package commands

import (
	"context"

	"github.com/picket-api/picket/domain"
)

// CreateWorkspace makes a workspace; Type defaults to internal.
type CreateWorkspace struct {
	Name string
	Type domain.WorkspaceType
}

func (CreateWorkspace) actors() []domain.ActorKind { return people }

func (c CreateWorkspace) handle(ctx context.Context, s *Service, r request) (Result, error) {
	id := newID[domain.WorkspaceID](r)
	return update(ctx, s, r, string(id), id.Stream(), fresh[domain.Workspace], func(w *domain.Workspace) ([]domain.Event, error) {
		return w.Create(id, c.Name, c.Type)
	})
}

// RenameWorkspace gives a workspace another name.
type RenameWorkspace struct {
	ID   domain.WorkspaceID
	Name string
}

func (RenameWorkspace) actors() []domain.ActorKind { return people }

func (c RenameWorkspace) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return update(ctx, s, r, string(c.ID), c.ID.Stream(), fresh[domain.Workspace], func(w *domain.Workspace) ([]domain.Event, error) {
		return w.Rename(c.Name)
	})
}

// fresh makes an empty aggregate.
func fresh[A any]() *A { return new(A) }

// workspaceFor loads a workspace that a command refers to by field.
func (s *Service) workspaceFor(ctx context.Context, id domain.WorkspaceID, field string) (*domain.Workspace, error) {
	w := new(domain.Workspace)
	if _, err := load(ctx, s.store, id.Stream(), w); err != nil {
		return nil, err
	}
	if !w.Exists() {
		return nil, domain.FieldErrorf(field, "names a workspace that does not exist")
	}
	return w, nil
}

// internalWorkspaceFor also wants it to be one that runners serve.
func (s *Service) internalWorkspaceFor(ctx context.Context, id domain.WorkspaceID, field string) error {
	w, err := s.workspaceFor(ctx, id, field)
	if err == nil && w.Type != domain.InternalWorkspace {
		return domain.FieldErrorf(field, "names a workspace that is not internal; runners serve internal ones only")
	}
	return err
}
