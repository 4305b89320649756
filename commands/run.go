package commands

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
)

// TriggerMonitor runs a monitor now: one run on each of its runners. The runs are
// in the Result's Runs; a paused monitor can be triggered too.
type TriggerMonitor struct {
	Monitor domain.MonitorID
	Trigger domain.Trigger
}

func (TriggerMonitor) actors() []domain.ActorKind { return people }

func (c TriggerMonitor) handle(ctx context.Context, s *Service, r request) (Result, error) {
	m := new(domain.Monitor)
	if _, err := load(ctx, s.store, c.Monitor.Stream(), m); err != nil {
		return Result{}, err
	}
	if !m.Exists() {
		return Result{}, domain.Errorf(domain.NotFound, "there is no such monitor")
	}
	execution := newID[domain.ExecutionID](r)
	all := Result{ID: string(execution), At: s.now().UTC()}
	for _, runner := range m.Runners {
		plan, err := s.plan(ctx, m, runner)
		if err != nil {
			return Result{}, err
		}
		id := domain.DeriveID[domain.RunID](string(execution), string(runner))
		res, err := s.queue(ctx, r, domain.RunQueued{
			ID: id, Execution: execution, Trigger: c.Trigger, DueAt: s.now(), Plan: plan,
		}, "")
		if err != nil {
			return Result{}, err
		}
		all.Runs, all.Position, all.Replayed = append(all.Runs, id), res.Position, res.Replayed
	}
	return all, nil
}

// ScheduleRun makes the run of a slot. Its id follows from the slot, so that any
// number of schedulers make it once. When it can't run any more (its collection
// or runner was deleted, the runner is not visible), the same append says that it
// was missed, and why.
type ScheduleRun struct {
	Monitor domain.MonitorID
	Runner  domain.RunnerID
	Nominal time.Time
	Due     time.Time
}

func (ScheduleRun) actors() []domain.ActorKind { return itself }

func (c ScheduleRun) handle(ctx context.Context, s *Service, r request) (Result, error) {
	m := new(domain.Monitor)
	if _, err := load(ctx, s.store, c.Monitor.Stream(), m); err != nil {
		return Result{}, err
	}
	if !m.Exists() || m.Paused || m.Schedule == nil || !slices.Contains(m.Runners, c.Runner) {
		return Result{}, domain.Errorf(domain.Conflict, "the monitor is not scheduled any more")
	}
	plan, planErr := s.plan(ctx, m, c.Runner)
	if planErr != nil && domain.KindOf(planErr) != domain.Conflict {
		return Result{}, planErr
	}
	nominal := c.Nominal.UTC()
	q := domain.RunQueued{
		ID:        domain.ScheduledRunID(m.ID, plan.Lane, nominal),
		Execution: domain.DeriveID[domain.ExecutionID](string(m.ID), nominal.Format(time.RFC3339)),
		Trigger:   domain.TriggerScheduled, NominalAt: &nominal, DueAt: c.Due, Plan: plan,
	}
	cause, err := s.obstacle(ctx, &domain.Run{RunQueued: q})
	if err != nil {
		return Result{}, err
	}
	if planErr != nil {
		cause = domain.MissedDeleted
	}
	return s.queue(ctx, r, q, cause)
}

// queue appends the run unless it is there already, which is no error. One with
// a cause is missed at once.
func (s *Service) queue(ctx context.Context, r request, q domain.RunQueued, cause domain.MissCause) (Result, error) {
	run := new(domain.Run)
	facts, err := run.Queue(q)
	if err != nil {
		return Result{}, err
	}
	if cause != "" {
		facts = append(facts, domain.RunMissed{ID: q.ID, Monitor: q.Monitor, Runner: q.Runner, Cause: cause})
	}
	res := Result{ID: string(q.ID), State: run, At: s.now().UTC()}
	done, err := s.append(ctx, r, q.ID.Stream(), eventstore.NoStream, q.Workspace, facts)
	if errors.Is(err, eventstore.ErrConflict) {
		res.Replayed = true
		at, err := load(ctx, s.store, q.ID.Stream(), run)
		res.Version, res.Position = at.version, at.position
		return res, err
	}
	domain.Fold(run, facts...)
	res.Version, res.Position = done.Version, done.Position
	return res, err
}

// plan pins the exact versions of everything that the run uses.
func (s *Service) plan(ctx context.Context, m *domain.Monitor, runner domain.RunnerID) (domain.Plan, error) {
	p := domain.Plan{
		Monitor: m.ID, MonitorName: m.Name, MonitorRevision: m.Revision, Workspace: m.Workspace,
		Runner: runner, Lane: string(runner), Collection: m.Collection, Environment: m.Environment,
		Options: m.Options, MaxAttempts: domain.DefaultMaxAttempts,
	}
	c, err := s.collectionIn(ctx, m.Workspace, m.Collection)
	if err != nil {
		return p, notRunnable(err)
	}
	e, err := s.environmentIn(ctx, m.Workspace, m.Environment)
	if err != nil {
		return p, notRunnable(err)
	}
	p.CollectionHash, p.EnvironmentHash = c.Document.Hash, e.Document.Hash
	return p, nil
}

// notRunnable words a bad reference of a stored monitor for whoever starts it.
func notRunnable(err error) error {
	if domain.KindOf(err) == domain.Invalid {
		return domain.Errorf(domain.Conflict, "the monitor can't run: its collection or environment was deleted; edit the monitor")
	}
	return err
}

// MissRun ends a run that no instance took.
type MissRun struct {
	Run   domain.RunID
	Cause domain.MissCause
}

func (MissRun) actors() []domain.ActorKind { return itself }

func (c MissRun) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return s.updateRun(ctx, r, c.Run, func(run *domain.Run) ([]domain.Event, error) { return run.Miss(c.Cause) })
}

// ClaimRun hands a queued run to an instance. A Conflict means that somebody else
// has it, that its lane is busy, or that it can't run any more: try the next one.
type ClaimRun struct {
	Run      domain.RunID
	Runner   domain.RunnerID
	Instance domain.InstanceID
	ClaimID  string
	Lease    time.Duration
}

func (ClaimRun) actors() []domain.ActorKind { return machines }

func (c ClaimRun) handle(ctx context.Context, s *Service, r request) (Result, error) {
	var cause domain.MissCause
	res, err := s.updateRun(ctx, r, c.Run, func(run *domain.Run) ([]domain.Event, error) {
		if run.Runner != c.Runner {
			return nil, domain.Errorf(domain.NotFound, "there is no such run")
		}
		facts, err := run.Claim(c.Instance, c.ClaimID, c.Lease)
		if err != nil || len(facts) == 0 { // a repeated claim has the run already
			return nil, err
		}
		if cause, err = s.obstacle(ctx, run); err != nil {
			return nil, err
		}
		if cause != "" {
			return run.Miss(cause)
		}
		if run.Trigger == domain.TriggerScheduled {
			free, err := s.lanes.TakeLane(ctx, string(run.Monitor), run.Lane, string(run.ID))
			if err != nil {
				return nil, err
			}
			if !free {
				return nil, domain.Errorf(domain.Conflict, "the run before it is still going")
			}
		}
		return facts, nil
	})
	if err == nil && cause != "" {
		err = domain.Errorf(domain.Conflict, "the run was missed: %s", cause)
	}
	return res, err
}

// obstacle says what has happened to the monitor or runner since the run was
// queued that forbids it now.
func (s *Service) obstacle(ctx context.Context, run *domain.Run) (domain.MissCause, error) {
	m := new(domain.Monitor)
	if _, err := load(ctx, s.store, run.Monitor.Stream(), m); err != nil {
		return "", err
	}
	rn := new(domain.Runner)
	if _, err := load(ctx, s.store, run.Runner.Stream(), rn); err != nil {
		return "", err
	}
	switch {
	case !m.Exists(), !rn.Exists():
		return domain.MissedDeleted, nil
	case m.Paused && run.Trigger == domain.TriggerScheduled:
		return domain.MissedPaused, nil
	case !rn.Visibility.In(run.Workspace):
		return domain.MissedNotVisible, nil
	}
	return "", nil
}

// Attempt names the attempt that an instance acts on. Its fencing token decides,
// not the instance: one that lost its own token goes on under another id.
type Attempt struct {
	Run    domain.RunID
	Runner domain.RunnerID
	Token  int64
}

// StartRun notes that the first request is about to leave.
type StartRun struct{ Attempt }

func (StartRun) actors() []domain.ActorKind { return machines }

func (c StartRun) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return s.updateAttempt(ctx, r, c.Attempt, func(run *domain.Run) ([]domain.Event, error) { return run.Start(c.Token) })
}

// ReleaseRun hands an attempt back.
type ReleaseRun struct {
	Attempt
	Reason string
}

func (ReleaseRun) actors() []domain.ActorKind { return machines }

func (c ReleaseRun) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return s.updateAttempt(ctx, r, c.Attempt, func(run *domain.Run) ([]domain.Event, error) { return run.Release(c.Token, c.Reason) })
}

func (s *Service) updateAttempt(ctx context.Context, r request, a Attempt, decide func(*domain.Run) ([]domain.Event, error)) (Result, error) {
	return s.updateRun(ctx, r, a.Run, func(run *domain.Run) ([]domain.Event, error) {
		if run.State == "" || run.Runner != a.Runner {
			return nil, domain.Errorf(domain.NotFound, "there is no such run")
		}
		return decide(run)
	})
}

// ReportRun ends a run with an attempt's result. The report's blob is durable
// before the command is sent. It is taken even after the lease lapsed, unless a
// later attempt was handed out: then it is kept as evidence, and the Result's
// State says so. Any instance of the runner may bring it: the one that ran it may
// have been restarted since.
type ReportRun struct {
	Attempt
	Number     int
	Result     domain.Result
	FinishedAt time.Time
}

func (ReportRun) actors() []domain.ActorKind { return machines }

func (c ReportRun) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return s.updateRun(ctx, r, c.Run, func(run *domain.Run) ([]domain.Event, error) {
		if run.Runner != c.Runner {
			return nil, domain.Errorf(domain.NotFound, "there is no such run")
		}
		return run.Report(c.Token, c.Number, c.Result, c.FinishedAt)
	})
}

// ExpireLease takes an attempt back from an instance that went silent.
type ExpireLease struct {
	Run      domain.RunID
	Token    int64
	KeyReset bool // the instance's key is dead, so that it can't report any more
}

func (ExpireLease) actors() []domain.ActorKind { return itself }

func (c ExpireLease) handle(ctx context.Context, s *Service, r request) (Result, error) {
	return s.updateRun(ctx, r, c.Run, func(run *domain.Run) ([]domain.Event, error) { return run.Expire(c.Token, c.KeyReset) })
}

// updateRun also frees the lane of a run that waits or has ended. If it fails to,
// the lease keeper does: the command itself is done.
func (s *Service) updateRun(ctx context.Context, r request, id domain.RunID, decide func(*domain.Run) ([]domain.Event, error)) (Result, error) {
	res, err := update(ctx, s, r, string(id), id.Stream(), fresh[domain.Run], decide)
	run, ok := res.State.(*domain.Run)
	if !ok {
		return res, err
	}
	var lost error
	switch run.State {
	case domain.StateFinished:
		lost = s.lanes.Settle(context.WithoutCancel(ctx), string(id))
	case domain.StateQueued:
		lost = s.lanes.FreeLane(context.WithoutCancel(ctx), string(id))
	case domain.StateClaimed, domain.StateRunning: // it keeps its lane
	}
	if lost != nil {
		s.log.WarnContext(ctx, "lane not freed", "run", id, "err", lost)
	}
	return res, err
}

// LoadRun is the run as its stream says; its State is empty when there is none.
func (s *Service) LoadRun(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	run := new(domain.Run)
	_, err := load(ctx, s.store, id.Stream(), run)
	return run, storeError(err)
}
