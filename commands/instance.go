package commands

import (
	"context"
	"time"

	"github.com/picket-api/picket/domain"
)

// ConnectInstance notes that a process authenticated as a runner. The token that
// it goes on with is in the Result's Secret.
type ConnectInstance struct {
	Instance domain.InstanceConnected // without its ID
}

func (ConnectInstance) actors() []domain.ActorKind { return machines }

func (c ConnectInstance) handle(ctx context.Context, s *Service, r request) (Result, error) {
	c.Instance.ID = newID[domain.InstanceID](r)
	res, err := updateInstance(ctx, s, r, c.Instance.ID, func(i *domain.Instance) ([]domain.Event, error) {
		return i.Connect(c.Instance)
	})
	return withSecret(res, newSecret("pki_")), err
}

// HearInstance notes a sign of life; only one after silence is news.
type HearInstance struct{ ID domain.InstanceID }

func (HearInstance) actors() []domain.ActorKind { return machines }

func (c HearInstance) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return updateInstance(ctx, s, r, c.ID, (*domain.Instance).Heard)
}

// LoseInstance notes that an instance went silent.
type LoseInstance struct {
	ID       domain.InstanceID
	LastSeen time.Time
}

func (LoseInstance) actors() []domain.ActorKind { return itself }

func (c LoseInstance) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return updateInstance(ctx, s, r, c.ID, func(i *domain.Instance) ([]domain.Event, error) { return i.Lose(c.LastSeen) })
}

// StopInstance notes that an instance signed off.
type StopInstance struct{ ID domain.InstanceID }

func (StopInstance) actors() []domain.ActorKind { return machines }

func (c StopInstance) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return updateInstance(ctx, s, r, c.ID, (*domain.Instance).Stop)
}

func updateInstance(ctx context.Context, s *Service, r request, id domain.InstanceID, decide func(*domain.Instance) ([]domain.Event, error)) (Result, error) {
	return update(ctx, s, r, string(id), id.Stream(), fresh[domain.Instance], decide)
}
