package api

import (
	"slices"
	"sync"

	"github.com/picket-api/picket/domain"
)

// dispatcher wakes waiting claims: as many as there is work for, the one that
// has waited longest first, so that a run does not wake a thousand instances.
type dispatcher struct {
	mu      sync.Mutex
	waiters map[domain.RunnerID][]chan struct{}
}

func newDispatcher() *dispatcher {
	return &dispatcher{waiters: make(map[domain.RunnerID][]chan struct{})}
}

// wait joins the queue. leave must be called; a wake that came but was not used
// goes to the next in the queue.
func (d *dispatcher) wait(r domain.RunnerID) (woken <-chan struct{}, leave func(used bool)) {
	ch := make(chan struct{})
	d.mu.Lock()
	d.waiters[r] = append(d.waiters[r], ch)
	d.mu.Unlock()
	return ch, func(used bool) {
		d.mu.Lock()
		i := slices.Index(d.waiters[r], ch)
		if i >= 0 {
			d.waiters[r] = slices.Delete(d.waiters[r], i, i+1)
			if len(d.waiters[r]) == 0 {
				delete(d.waiters, r)
			}
		}
		d.mu.Unlock()
		if i < 0 && !used {
			d.wake(r, 1)
		}
	}
}

// wake releases n waiters of the runner.
func (d *dispatcher) wake(r domain.RunnerID, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ws := d.waiters[r]
	n = min(n, len(ws))
	for _, ch := range ws[:n] {
		close(ch)
	}
	if d.waiters[r] = ws[n:]; n == len(ws) {
		delete(d.waiters, r)
	}
}

// wakeAll releases every waiter of the runner: its key may be dead.
func (d *dispatcher) wakeAll(r domain.RunnerID) { d.wake(r, int(^uint(0)>>1)) }
