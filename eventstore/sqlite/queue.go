package sqlite

import (
	"sync"
	"sync/atomic"

	"github.com/picket-api/picket/eventstore"
)

// request is an append on its way through the writer.
type request struct {
	stream   string
	expected eventstore.Expected
	events   []eventstore.Event
	bytes    int

	state  atomic.Int32  // who has it: waiting, then taken or abandoned
	done   chan struct{} // gets one value when result and err are final
	result eventstore.AppendResult
	err    error
}

const (
	waiting int32 = iota
	taken
	abandoned
)

func newRequest(stream string, expected eventstore.Expected, events []eventstore.Event) *request {
	r := &request{stream: stream, expected: expected, events: events, done: make(chan struct{}, 1)}
	for i := range events {
		r.bytes += len(events[i].Data) + len(events[i].Meta)
	}
	return r
}

// take makes the request the writer's, unless its caller has gone.
func (r *request) take() bool { return r.state.CompareAndSwap(waiting, taken) }

// abandon keeps the writer from beginning with the request.
func (r *request) abandon() { r.state.CompareAndSwap(waiting, abandoned) }

func (r *request) conflict(actual int64) {
	r.err = &eventstore.ConflictError{Stream: r.stream, Expected: r.expected, Actual: actual}
}

// queue holds the appends that wait for the writer. It needs no bound: each caller waits
// for its own. A slice behind a mutex costs the writer one lock for a whole batch, a
// channel one for each append.
type queue struct {
	mu      sync.Mutex
	waiting []*request
	closed  bool
	ready   chan struct{} // has a value when something waits
	closing chan struct{}
}

func newQueue() queue {
	return queue{ready: make(chan struct{}, 1), closing: make(chan struct{})}
}

// put hands a request to the writer, which will answer it; false when the queue is closed.
func (q *queue) put(r *request) bool {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.waiting = append(q.waiting, r)
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
	return true
}

// wait blocks until something waits; false when the queue is closed and empty.
func (q *queue) wait() bool {
	for {
		q.mu.Lock()
		some, closed := len(q.waiting) > 0, q.closed
		q.mu.Unlock()
		if some || closed {
			return some
		}
		select {
		case <-q.ready:
		case <-q.closing:
		}
	}
}

// takeInto adds what waits to batch, up to maxBatch requests and about maxBytes of
// events, without waiting, and returns the bytes that it added.
func (q *queue) takeInto(batch []*request, maxBatch, maxBytes int) ([]*request, int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, bytes := 0, 0
	for n < len(q.waiting) && len(batch) < maxBatch && bytes < maxBytes {
		r := q.waiting[n]
		n++
		if r.take() {
			batch = append(batch, r)
			bytes += r.bytes
		}
	}
	left := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[left:])
	q.waiting = q.waiting[:left]
	return batch, bytes
}

// close refuses further requests; those in the queue are still answered.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.closing)
	}
}
