package commands

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/picket-api/picket/domain"
)

// CreateRunner registers a runner. Its key is in the Result's Secret and nowhere
// else; a retry of the command gets no key.
type CreateRunner struct {
	Name        string
	Description string
	Visibility  domain.Visibility
}

func (CreateRunner) actors() []domain.ActorKind { return people }

func (c CreateRunner) handle(ctx context.Context, s *Service, r request) (Result, error) {
	if err := s.checkVisibility(ctx, c.Visibility); err != nil {
		return Result{}, err
	}
	id, secret := newID[domain.RunnerID](r), newSecret("pkr_")
	res, err := update(ctx, s, r, string(id), id.Stream(), fresh[domain.Runner], func(a *domain.Runner) ([]domain.Event, error) {
		return a.Create(id, c.Name, c.Description, c.Visibility, domain.NewKey(domain.NewID[domain.KeyID](), secret))
	})
	return withSecret(res, secret), err
}

// EditRunner changes name and description.
type EditRunner struct {
	ID          domain.RunnerID
	Name        string
	Description string
}

func (EditRunner) actors() []domain.ActorKind { return people }

func (c EditRunner) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return updateRunner(ctx, s, r, c.ID, func(a *domain.Runner) ([]domain.Event, error) {
		return a.Edit(c.Name, c.Description)
	})
}

// ChangeVisibility changes where a runner can be picked. Monitors of workspaces
// that can't see it any more keep it in their configuration; their slots are
// missed with cause "not_visible" until one of the two is changed.
type ChangeVisibility struct {
	ID         domain.RunnerID
	Visibility domain.Visibility
}

func (ChangeVisibility) actors() []domain.ActorKind { return people }

func (c ChangeVisibility) handle(ctx context.Context, s *Service, r request) (Result, error) {
	if err := s.checkVisibility(ctx, c.Visibility); err != nil {
		return Result{}, err
	}
	return updateRunner(ctx, s, r, c.ID, func(a *domain.Runner) ([]domain.Event, error) {
		return a.ChangeVisibility(c.Visibility)
	})
}

// ResetRunnerKey makes a new key, in the Result's Secret. The one before lives on
// for Grace; without grace it is dead at once.
type ResetRunnerKey struct {
	ID     domain.RunnerID
	Reason string
	Grace  time.Duration
}

func (ResetRunnerKey) actors() []domain.ActorKind { return people }

func (c ResetRunnerKey) handle(ctx context.Context, s *Service, r request) (Result, error) {
	secret := newSecret("pkr_")
	res, err := updateRunner(ctx, s, r, c.ID, func(a *domain.Runner) ([]domain.Event, error) {
		return a.ResetKey(domain.NewKey(domain.NewID[domain.KeyID](), secret), c.Reason, c.Grace, s.now())
	})
	return withSecret(res, secret), err
}

// DeleteRunner ends a runner and its keys. Monitors keep it in their
// configuration; their slots on it are missed with cause "deleted".
type DeleteRunner struct {
	ID     domain.RunnerID
	Reason string
}

func (DeleteRunner) actors() []domain.ActorKind { return people }

func (c DeleteRunner) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return updateRunner(ctx, s, r, c.ID, func(a *domain.Runner) ([]domain.Event, error) {
		return a.Delete(c.Reason)
	})
}

func updateRunner(ctx context.Context, s *Service, r request, id domain.RunnerID, decide func(*domain.Runner) ([]domain.Event, error)) (Result, error) {
	return update(ctx, s, r, string(id), id.Stream(), fresh[domain.Runner], decide)
}

func (s *Service) checkVisibility(ctx context.Context, v domain.Visibility) error {
	if len(v.Workspaces) > domain.MaxVisibleWorkspaces {
		return nil // the domain refuses it
	}
	for i, w := range v.Workspaces {
		if err := s.internalWorkspaceFor(ctx, w, fmt.Sprintf("/visibility/workspaces/%d", i)); err != nil {
			return err
		}
	}
	return nil
}

// newSecret has 256 random bits.
func newSecret(prefix string) string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

func withSecret(res Result, secret string) Result {
	if !res.Replayed && res.ID != "" {
		res.Secret = secret
	}
	return res
}
