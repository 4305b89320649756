package agent

import (
	"context"
	"slices"
	"time"

	"github.com/picket-api/picket/api/wire"
)

// maxLeases is what a heartbeat may name.
const maxLeases = 1000

// heartbeats tells the control plane in its rhythm what the instance holds, until
// work ends. The end of serve is told at once.
func (a *Agent) heartbeats(work, serve context.Context) {
	stopping := serve.Done()
	for {
		timer := time.NewTimer(max(duration(a.link.current().HeartbeatMS), 100*time.Millisecond))
		select {
		case <-timer.C:
		case <-stopping: // once
			stopping = nil
			timer.Stop()
		case <-work.Done():
			timer.Stop()
			return
		}
		a.heartbeat(work, serve.Err() != nil)
	}
}

// heartbeat renews the leases and ends the runs whose leases are over.
func (a *Agent) heartbeat(ctx context.Context, draining bool) {
	beat := wire.Heartbeat{InFlight: a.held.running(), Leases: []wire.Attempted{}, Draining: draining}
	attempts := a.held.firstToRenew(maxLeases)
	for _, at := range attempts {
		beat.Leases = append(beat.Leases, at.named())
	}
	sent := time.Now()
	var answer wire.HeartbeatAnswer
	err := a.link.call(ctx, func(s *session) (err error) {
		// An answer that comes later than the next beat is of no use.
		ctx, cancel := context.WithTimeout(ctx, max(2*duration(s.HeartbeatMS), time.Second))
		defer cancel()
		sent = time.Now()
		answer, err = s.agent.Heartbeat(ctx, beat)
		return err
	})
	if err != nil {
		if !passing(err) && ctx.Err() == nil {
			a.cfg.Log.Warn("heartbeat refused", "error", err)
		}
		return // the next beat is soon
	}
	for _, at := range attempts {
		switch {
		case !slices.Contains(answer.Stop, at.Run):
			at.renewedAt(sent)
		case at.ended():
			// The result is delivered all the same: it is evidence, or still wanted.
			a.held.drop(at.Run, at.Token)
		default:
			at.cancel(errLeaseOver)
		}
	}
}

func (a *attempt) named() wire.Attempted {
	return wire.Attempted{Run: a.Run, Attempt: a.Attempt, Token: a.Token, Requests: int(a.requests.Load())}
}
