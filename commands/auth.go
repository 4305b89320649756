package commands

import (
	"context"

	"github.com/picket-api/picket/domain"
)

// APIKeyActor finds who an API key belongs to. It reads the team's stream, not a
// view, so that a revoked key is dead at once. False: there is no such live key.
func (s *Service) APIKeyActor(ctx context.Context, secret string) (domain.Actor, bool, error) {
	t := new(domain.Team)
	if _, err := load(ctx, s.store, domain.TeamStream, t); err != nil {
		return domain.Actor{}, false, storeError(err)
	}
	k, ok := t.Authenticate(secret)
	return domain.Actor{Kind: domain.ActorAPIKey, ID: string(k.Key.ID), Name: k.Name}, ok, nil
}

// RunnerByKey finds the live key that the secret is, of the runner with that id.
// False: no such runner, or not its key; a caller can't tell which.
func (s *Service) RunnerByKey(ctx context.Context, id domain.RunnerID, secret string) (*domain.Runner, domain.KeyID, bool, error) {
	r := new(domain.Runner)
	if _, err := load(ctx, s.store, id.Stream(), r); err != nil {
		return nil, "", false, storeError(err)
	}
	key, ok := r.Authenticate(secret, s.now())
	return r, key, ok, nil
}

// RunnerKeyLive reports whether a key of the runner still opens it: not reset
// (or within its grace period), and the runner not deleted.
func (s *Service) RunnerKeyLive(ctx context.Context, id domain.RunnerID, key domain.KeyID) (bool, error) {
	r := new(domain.Runner)
	if _, err := load(ctx, s.store, id.Stream(), r); err != nil {
		return false, storeError(err)
	}
	return r.LiveKey(key, s.now()), nil
}

// HasAPIKey reports whether any API key is live: if not, this is the first start.
func (s *Service) HasAPIKey(ctx context.Context) (bool, error) {
	t := new(domain.Team)
	_, err := load(ctx, s.store, domain.TeamStream, t)
	return len(t.Keys) > 0, storeError(err)
}

// CreateAPIKey makes an API key. Known is the secret of a key that exists already
// outside (bootstrap); when empty, a new one is in the Result's Secret. Creating
// a known key a second time changes nothing.
type CreateAPIKey struct {
	Name  string
	Known string
}

func (CreateAPIKey) actors() []domain.ActorKind { return people }

func (c CreateAPIKey) handle(ctx context.Context, s *Service, r request) (Result, error) {
	secret := c.Known
	if secret == "" {
		secret = newSecret("pka_")
	}
	res, err := update(ctx, s, r, domain.TeamID, domain.TeamStream, fresh[domain.Team], func(t *domain.Team) ([]domain.Event, error) {
		return t.CreateAPIKey(c.Name, domain.NewKey(domain.NewID[domain.KeyID](), secret))
	})
	return withSecret(res, secret), err
}
