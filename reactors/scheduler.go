package reactors

import (
	"context"
	"fmt"
	"time"

	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

const (
	schedulerTick = "scheduler"
	tickEvery     = 5 * time.Second
)

// Scheduler makes due slots into runs. Any number of schedulers may race: the id
// of a run follows from its slot, so that each slot is made once.
type Scheduler struct {
	Config
	through  map[laneKey]time.Time // nominal times that are done, ahead of the view
	lastTick time.Time
}

type laneKey struct {
	monitor domain.MonitorID
	lane    string
}

// NewScheduler makes a Scheduler.
func NewScheduler(c Config) *Scheduler {
	c.setDefaults()
	return &Scheduler{Config: c, through: make(map[laneKey]time.Time)}
}

// Run schedules until ctx ends. The views must have caught up before.
func (s *Scheduler) Run(ctx context.Context) error {
	last, err := s.Ops.LastTick(ctx, schedulerTick)
	if err != nil {
		return err
	}
	if gap := s.Now().Sub(last); !last.IsZero() && gap > time.Minute {
		s.Log.InfoContext(ctx, "scheduler was away", "since", last.Format(time.RFC3339), "for", gap.Round(time.Second).String())
	}
	every(ctx, time.Second, s.Tick)
	return nil
}

// Tick makes every slot that is due now.
func (s *Scheduler) Tick(ctx context.Context) {
	now := s.Now().UTC()
	monitors, err := s.Views.ScheduledMonitors(ctx)
	if err != nil {
		s.complain(ctx, "list scheduled monitors", err)
		return
	}
	live := make(map[laneKey]bool)
	for _, m := range monitors {
		for _, runner := range m.Runners {
			key := laneKey{m.ID, string(runner)}
			live[key] = true
			if err := s.lane(ctx, m, runner, now); err != nil {
				s.complain(ctx, "schedule monitor "+string(m.ID), err)
			}
		}
	}
	for key := range s.through {
		if !live[key] {
			delete(s.through, key)
		}
	}
	if now.Sub(s.lastTick) >= tickEvery {
		if err := s.Ops.Tick(ctx, schedulerTick, now); err != nil {
			s.complain(ctx, "note the tick", err)
		}
		s.lastTick = now
	}
}

// lane makes the newest due slot of a monitor on a runner into a run. Older ones
// that were due meanwhile had nobody to start them: they are recorded as missed.
func (s *Scheduler) lane(ctx context.Context, m projections.MonitorRow, runner domain.RunnerID, now time.Time) error {
	lane := string(runner)
	key := laneKey{m.ID, lane}
	due := dueSlots(m, lane, s.through[key], now)
	if due.count == 0 {
		return nil
	}
	if due.count > 1 {
		_, err := s.Commands.Do(ctx, commands.System, commands.MissSlots{
			Monitor: m.ID, Lane: lane, From: due.first, To: due.before, Count: due.count - 1, Cause: domain.MissedControlPlane,
		})
		if err != nil {
			return fmt.Errorf("record missed slots: %w", err)
		}
	}
	if err := s.missWaiting(ctx, key, runner); err != nil {
		return err
	}
	_, err := s.Commands.Do(ctx, commands.System, commands.ScheduleRun{
		Monitor: m.ID, Runner: runner, Nominal: due.last, Due: due.last.Add(m.Schedule.Offset(m.ID)),
	})
	if err != nil && domain.KindOf(err) != domain.Conflict { // paused or edited meanwhile: the view will say so
		return err
	}
	s.through[key] = due.last
	return nil
}

// slots are those of a lane that are due: first … before, last.
type slots struct {
	first, before, last time.Time // nominal
	count               int
}

// dueSlots are the slots after what was scheduled, and after the monitor's last
// change, whose time has come.
func dueSlots(m projections.MonitorRow, lane string, through, now time.Time) slots {
	schedule, offset := m.Schedule, m.Schedule.Offset(m.ID)
	from := m.ScheduledThrough[lane]
	for _, t := range []time.Time{through, m.UpdatedAt.Add(-offset)} {
		if t.After(from) {
			from = t
		}
	}
	var due slots
	for at := schedule.Next(from); !at.IsZero() && !at.Add(offset).After(now); at = schedule.Next(at) {
		if due.count == 0 {
			due.first = at
		}
		due.before, due.last = due.last, at
		due.count++
	}
	return due
}

// missWaiting ends the runs of earlier slots that still wait: their time is over.
func (s *Scheduler) missWaiting(ctx context.Context, key laneKey, runner domain.RunnerID) error {
	waiting, err := s.Views.QueuedOfLane(ctx, key.monitor, key.lane)
	if err != nil || len(waiting) == 0 {
		return err
	}
	cause, err := s.whyWaiting(ctx, key, runner)
	if err != nil {
		return err
	}
	for _, q := range waiting {
		if q.Trigger != domain.TriggerScheduled {
			continue
		}
		_, err := s.Commands.Do(ctx, commands.System, commands.MissRun{Run: q.Run, Cause: cause})
		if err != nil && domain.KindOf(err) != domain.Conflict { // claimed meanwhile
			return err
		}
	}
	return nil
}

func (s *Scheduler) whyWaiting(ctx context.Context, key laneKey, runner domain.RunnerID) (domain.MissCause, error) {
	busy, err := s.Ops.LaneOf(ctx, string(key.monitor), key.lane)
	if err != nil {
		return "", err
	}
	if busy != "" {
		return domain.MissedOverlap, nil
	}
	seen, err := s.Ops.PresenceOf(ctx, string(runner))
	if err != nil {
		return "", err
	}
	for _, p := range seen {
		if p.Online {
			return domain.MissedOverCapacity, nil
		}
	}
	return domain.MissedNoInstance, nil
}

func (s *Scheduler) complain(ctx context.Context, doing string, err error) {
	if ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "scheduler: "+doing, "err", err)
	}
}
