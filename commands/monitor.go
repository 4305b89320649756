package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/picket-api/picket/domain"
)

// CreateMonitor makes a monitor in a workspace.
type CreateMonitor struct {
	Workspace     domain.WorkspaceID
	Configuration domain.Configuration
}

func (CreateMonitor) actors() []domain.ActorKind { return people }

func (c CreateMonitor) handle(ctx context.Context, s *Service, r request) (Result, error) {
	id := newID[domain.MonitorID](r)
	return update(ctx, s, r, string(id), id.Stream(), fresh[domain.Monitor], func(m *domain.Monitor) ([]domain.Event, error) {
		if err := s.checkReferences(ctx, c.Workspace, c.Configuration); err != nil {
			return nil, err
		}
		return m.Create(id, c.Workspace, c.Configuration, s.now())
	})
}

// EditMonitor replaces the configuration.
type EditMonitor struct {
	ID            domain.MonitorID
	Workspace     domain.WorkspaceID // "" or the monitor's own
	Configuration domain.Configuration
}

func (EditMonitor) actors() []domain.ActorKind { return people }

func (c EditMonitor) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return updateMonitor(ctx, s, r, c.ID, func(m *domain.Monitor) ([]domain.Event, error) {
		switch {
		case !m.Exists():
			return m.Edit(c.Configuration, s.now()) // says what is wrong
		case c.Workspace != "" && c.Workspace != m.Workspace:
			return nil, domain.FieldErrorf("/workspace", "can't be changed; leave it out")
		}
		if err := s.checkReferences(ctx, m.Workspace, c.Configuration); err != nil {
			return nil, err
		}
		return m.Edit(c.Configuration, s.now())
	})
}

// PauseMonitor stops a monitor's schedule.
type PauseMonitor struct {
	ID     domain.MonitorID
	Reason string
}

func (PauseMonitor) actors() []domain.ActorKind { return people }

func (c PauseMonitor) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return updateMonitor(ctx, s, r, c.ID, func(m *domain.Monitor) ([]domain.Event, error) { return m.Pause(c.Reason) })
}

// ResumeMonitor starts a monitor's schedule again.
type ResumeMonitor struct{ ID domain.MonitorID }

func (ResumeMonitor) actors() []domain.ActorKind { return people }

func (c ResumeMonitor) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return updateMonitor(ctx, s, r, c.ID, (*domain.Monitor).Resume)
}

// DeleteMonitor ends a monitor. What it ran stays.
type DeleteMonitor struct{ ID domain.MonitorID }

func (DeleteMonitor) actors() []domain.ActorKind { return people }

func (c DeleteMonitor) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return updateMonitor(ctx, s, r, c.ID, (*domain.Monitor).Delete)
}

// MissSlots records consecutive slots of a lane that had no run.
type MissSlots struct {
	Monitor  domain.MonitorID
	Lane     string
	From, To time.Time
	Count    int
	Cause    domain.MissCause
}

func (MissSlots) actors() []domain.ActorKind { return itself }

func (c MissSlots) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return updateMonitor(ctx, s, r, c.Monitor, func(m *domain.Monitor) ([]domain.Event, error) {
		return m.MissSlots(c.Lane, c.From, c.To, c.Count, c.Cause)
	})
}

func updateMonitor(ctx context.Context, s *Service, r request, id domain.MonitorID, decide func(*domain.Monitor) ([]domain.Event, error)) (Result, error) {
	return update(ctx, s, r, string(id), id.Stream(), fresh[domain.Monitor], decide)
}

// checkReferences wants everything that a configuration names to exist in the
// monitor's workspace, and its runners to be visible there.
func (s *Service) checkReferences(ctx context.Context, w domain.WorkspaceID, c domain.Configuration) error {
	if err := s.internalWorkspaceFor(ctx, w, "/workspace"); err != nil {
		return err
	}
	if c.Collection != "" {
		if _, err := s.collectionIn(ctx, w, c.Collection); err != nil {
			return err
		}
	}
	if _, err := s.environmentIn(ctx, w, c.Environment); err != nil {
		return err
	}
	if len(c.Runners) > domain.MaxMonitorRunners {
		return nil // the domain refuses it
	}
	for i, id := range c.Runners {
		if err := s.runnerIn(ctx, w, id, fmt.Sprintf("/runners/%d", i)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) collectionIn(ctx context.Context, w domain.WorkspaceID, id domain.CollectionID) (*domain.Collection, error) {
	c := new(domain.Collection)
	if _, err := load(ctx, s.store, id.Stream(), c); err != nil {
		return nil, err
	}
	if !c.Exists() || c.Workspace != w {
		return nil, domain.FieldErrorf("/collection", "names no collection of the monitor's workspace")
	}
	return c, nil
}

// environmentIn loads the environment; none for an empty id.
func (s *Service) environmentIn(ctx context.Context, w domain.WorkspaceID, id domain.EnvironmentID) (*domain.Environment, error) {
	e := new(domain.Environment)
	if id == "" {
		return e, nil
	}
	if _, err := load(ctx, s.store, id.Stream(), e); err != nil {
		return nil, err
	}
	if !e.Exists() || e.Workspace != w {
		return nil, domain.FieldErrorf("/environment", "names no environment of the monitor's workspace")
	}
	return e, nil
}

func (s *Service) runnerIn(ctx context.Context, w domain.WorkspaceID, id domain.RunnerID, field string) error {
	r := new(domain.Runner)
	if _, err := load(ctx, s.store, id.Stream(), r); err != nil {
		return err
	}
	switch {
	case !r.Exists():
		return domain.FieldErrorf(field, "names a runner that does not exist")
	case !r.Visibility.In(w):
		return domain.FieldErrorf(field, "names a runner that is not visible in the monitor's workspace")
	}
	return nil
}
