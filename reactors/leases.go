package reactors

import (
	"context"
	"time"

	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/ops"
	"github.com/picket-api/picket/projections"
)

const (
	keeperEvery    = time.Second
	reconcileEvery = 30 * time.Second
	tokensKept     = 7 * 24 * time.Hour // of instances that are gone
)

// LeaseKeeper takes runs back from instances that went silent, and notes that
// they did.
type LeaseKeeper struct {
	Config
	reconciled time.Time
}

// NewLeaseKeeper makes a LeaseKeeper.
func NewLeaseKeeper(c Config) *LeaseKeeper {
	c.setDefaults()
	return &LeaseKeeper{Config: c}
}

// Run keeps leases until ctx ends. The views must have caught up before.
func (k *LeaseKeeper) Run(ctx context.Context) error {
	if err := k.recover(ctx); err != nil {
		return err
	}
	every(ctx, keeperEvery, k.Sweep)
	return nil
}

// recover starts with a full lease for everybody: the control plane was away,
// not the instances. What the tables lost is told anew by the log.
func (k *LeaseKeeper) recover(ctx context.Context) error {
	now := k.Now()
	if err := k.Ops.Forgive(ctx, now, now.Add(k.Lease)); err != nil {
		return err
	}
	return k.reconcile(ctx)
}

// Sweep looks once for silence.
func (k *LeaseKeeper) Sweep(ctx context.Context) {
	for _, step := range []struct {
		doing string
		do    func(context.Context) error
	}{
		{"expire leases", k.expireLeases},
		{"lose instances", k.loseInstances},
		{"reconcile", k.reconcileSometimes},
	} {
		if err := step.do(ctx); err != nil && ctx.Err() == nil {
			k.Log.ErrorContext(ctx, "lease keeper: "+step.doing, "err", err)
		}
	}
}

func (k *LeaseKeeper) expireLeases(ctx context.Context) error {
	expired, err := k.Ops.ExpiredLeases(ctx, k.Now())
	if err != nil {
		return err
	}
	for _, l := range expired {
		if err := k.expire(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// expire removes the row first: if a heartbeat was faster the lease lives on. If
// the event can't be written the row comes back, and the next sweep tries again.
func (k *LeaseKeeper) expire(ctx context.Context, l ops.Lease) error {
	keyReset, err := k.keyIsDead(ctx, l)
	if err != nil {
		return err
	}
	taken, err := k.Ops.TakeExpired(ctx, l.Run, l.Token, k.Now())
	if err != nil || !taken {
		return err
	}
	res, err := k.Commands.Do(ctx, commands.System, commands.ExpireLease{Run: domain.RunID(l.Run), Token: l.Token, KeyReset: keyReset})
	if err != nil {
		l.ExpiresAt = k.Now()
		_ = k.Ops.PutLease(context.WithoutCancel(ctx), l) // reconcile finds it if this fails too
		return err
	}
	if run, ok := res.State.(*domain.Run); ok {
		k.Log.WarnContext(ctx, "lease expired", "run", l.Run, "attempt", l.Attempt, "instance", l.Instance, "run_is_now", run.State)
	}
	k.Wake(domain.RunnerID(l.Runner))
	return nil
}

// keyIsDead reports whether the instance lost its key, so that it went silent
// because it was told to.
func (k *LeaseKeeper) keyIsDead(ctx context.Context, l ops.Lease) (bool, error) {
	key, err := k.Ops.KeyOf(ctx, l.Instance)
	if err != nil || key == "" {
		return false, err
	}
	live, err := k.Commands.RunnerKeyLive(ctx, domain.RunnerID(l.Runner), domain.KeyID(key))
	return !live, err
}

func (k *LeaseKeeper) loseInstances(ctx context.Context) error {
	since := k.Now().Add(-k.Lease)
	silent, err := k.Ops.Silent(ctx, since)
	if err != nil {
		return err
	}
	for _, p := range silent {
		away, err := k.Ops.MarkAway(ctx, p.Instance, since)
		if err != nil {
			return err
		}
		if !away {
			continue
		}
		k.Log.WarnContext(ctx, "instance lost", "instance", p.Instance, "runner", p.Runner, "last_seen", p.SeenAt.Format(time.RFC3339))
		if _, err := k.Commands.Do(ctx, commands.System, commands.LoseInstance{ID: domain.InstanceID(p.Instance), LastSeen: p.SeenAt}); err != nil {
			return err
		}
	}
	return nil
}

func (k *LeaseKeeper) reconcileSometimes(ctx context.Context) error {
	if k.Now().Sub(k.reconciled) < reconcileEvery {
		return nil
	}
	if err := k.Ops.DropStaleTokens(ctx, k.Now().Add(-tokensKept)); err != nil {
		return err
	}
	return k.reconcile(ctx)
}

// reconcile compares the tables with the log: an attempt under way has a lease, a
// lane belongs to a run that has not ended. (One that waits may have just taken
// its lane: it keeps it.)
func (k *LeaseKeeper) reconcile(ctx context.Context) error {
	open, err := k.Views.OpenRuns(ctx)
	if err != nil {
		return err
	}
	for _, r := range open {
		if err := k.ensureLease(ctx, r); err != nil {
			return err
		}
	}
	lanes, err := k.Ops.Lanes(ctx)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		run, err := k.Commands.LoadRun(ctx, domain.RunID(l.Run))
		if err != nil {
			return err
		}
		if run.State != domain.StateFinished && run.State != "" {
			continue
		}
		if err := k.Ops.FreeLane(ctx, l.Run); err != nil {
			return err
		}
	}
	k.reconciled = k.Now()
	return nil
}

func (k *LeaseKeeper) ensureLease(ctx context.Context, r projections.OpenRun) error {
	_, ok, err := k.Ops.LeaseOfRun(ctx, string(r.Run))
	if err != nil || ok {
		return err
	}
	run, err := k.Commands.LoadRun(ctx, r.Run) // the view may lag
	if err != nil || !run.Holds(run.Token) {
		return err
	}
	if run.Trigger == domain.TriggerScheduled {
		if _, err := k.Ops.TakeLane(ctx, string(run.Monitor), run.Lane, string(run.ID)); err != nil {
			return err
		}
	}
	return k.Ops.PutLease(ctx, ops.Lease{
		Run: string(run.ID), Monitor: string(run.Monitor), Runner: string(run.Runner), Instance: string(run.Instance),
		ClaimID: run.ClaimID, Token: run.Token, Attempt: run.Attempt, ExpiresAt: k.Now().Add(k.Lease),
	})
}
