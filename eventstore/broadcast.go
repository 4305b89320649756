package eventstore

import "sync"

// Broadcast is for backends: it wakes everyone who watches. The zero value is ready.
// All methods may be called from any goroutine.
type Broadcast struct {
	mu sync.Mutex
	ch chan struct{}
}

// Watch returns a channel that the next Wake closes.
func (b *Broadcast) Watch() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

// Wake closes the channels that Watch returned so far. It costs next to nothing
// when nobody watches.
func (b *Broadcast) Wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
