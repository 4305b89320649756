package agent

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/picket-api/picket/api/wire"
)

// attempt is a lease that this instance holds, from the claim until its result
// is delivered.
type attempt struct {
	wire.Lease
	cancel   context.CancelCauseFunc
	requests atomic.Int64

	mu    sync.Mutex
	until time.Time // end of the lease, by our clock
	done  bool      // the run ended, its result is on the way
}

func newAttempt(l wire.Lease, cancel context.CancelCauseFunc) *attempt {
	return &attempt{Lease: l, cancel: cancel, until: time.Now().Add(duration(orDefault(l.LeaseMS, 15_000)))}
}

// leasedUntil is when the lease lapses unless a heartbeat renews it.
func (a *attempt) leasedUntil() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.until
}

func (a *attempt) renewedAt(t time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until = t.Add(duration(orDefault(a.LeaseMS, 15_000)))
}

func (a *attempt) ended() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.done
}

func (a *attempt) setEnded() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.done = true
}

// held are the leases of the instance, one for each run.
type held struct {
	mu   sync.Mutex
	runs map[string]*attempt
}

func newHeld() *held { return &held{runs: map[string]*attempt{}} }

// add takes a lease. An earlier attempt of the same run is superseded by it. False
// means that this very attempt is held already.
func (h *held) add(a *attempt) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.runs[a.Run]
	if old != nil {
		if old.Token >= a.Token {
			return false
		}
		old.cancel(errLeaseOver)
	}
	h.runs[a.Run] = a
	return true
}

// drop forgets the attempt with that token.
func (h *held) drop(run string, token int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.runs[run]; a != nil && a.Token == token {
		delete(h.runs, run)
	}
}

// all is a copy of what is held.
func (h *held) all() []*attempt {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*attempt, 0, len(h.runs))
	for _, a := range h.runs {
		list = append(list, a)
	}
	return list
}

// firstToRenew is what is held, at most n: what still runs before what only waits
// for the delivery of its result.
func (h *held) firstToRenew(n int) []*attempt {
	list := h.all()
	if len(list) <= n {
		return list
	}
	var running, ended []*attempt
	for _, a := range list {
		if a.ended() {
			ended = append(ended, a)
		} else {
			running = append(running, a)
		}
	}
	return append(running, ended...)[:n]
}

// running counts the runs that have not ended.
func (h *held) running() int {
	n := 0
	for _, a := range h.all() {
		if !a.ended() {
			n++
		}
	}
	return n
}

// cancelAll ends every run that is under way.
func (h *held) cancelAll(cause error) {
	for _, a := range h.all() {
		a.cancel(cause)
	}
}
