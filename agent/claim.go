package agent

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/picket-api/picket/api/wire"
)

// claimRuns asks for runs while a slot is free, one long poll at a time, until
// serve ends. Runs go on under work.
func (a *Agent) claimRuns(serve, work context.Context, runs *sync.WaitGroup) {
	for {
		select {
		case a.slots <- struct{}{}: // a slot first: what is claimed must be able to begin at once
		case <-serve.Done(): // stopping, with all slots taken
			return
		}
		lease := a.nextLease(serve)
		if lease == nil {
			<-a.slots
			return
		}
		runs.Go(func() {
			defer func() { <-a.slots }()
			a.hold(serve, work, *lease)
		})
	}
}

// nextLease waits for a run; nil means that ctx ended.
func (a *Agent) nextLease(ctx context.Context) *wire.Lease {
	var wait backoff
	id := uuid.NewString()
	for ctx.Err() == nil {
		began := time.Now()
		lease, pause, err := a.claim(ctx, id)
		switch {
		case err != nil:
			if !passing(err) && ctx.Err() == nil {
				a.cfg.Log.Warn("claim refused: trying again", "error", err)
			}
			// The same id again: if the answer was lost, its lease is given again.
			sleep(ctx, wait.after(err))
		case lease != nil:
			return lease
		default: // the poll time is over
			id = uuid.NewString()
			wait.reset()
			if pause == 0 && time.Since(began) < time.Second {
				pause = jitter(time.Second) // a server that doesn't wait is not to be flooded
			}
			sleep(ctx, pause)
		}
	}
	return nil
}

func (a *Agent) claim(ctx context.Context, id string) (*wire.Lease, time.Duration, error) {
	var lease *wire.Lease
	var pause time.Duration
	err := a.link.call(ctx, func(s *session) (err error) {
		lease, pause, err = s.agent.Claim(ctx, id, duration(s.PollMS))
		return err
	})
	return lease, pause, err
}
