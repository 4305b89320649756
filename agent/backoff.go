package agent

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/picket-api/picket/api/client"
)

// backoff gives growing, jittered waits. The zero value starts at a quarter of a
// second and ends at half a minute.
type backoff struct {
	first, most time.Duration
	tries       int
}

// after is how long to wait after another failure; a longer wish of the server holds.
func (b *backoff) after(err error) time.Duration {
	first, most := b.first, b.most
	if first == 0 {
		first = 250 * time.Millisecond
	}
	if most == 0 {
		most = 30 * time.Second
	}
	wait := min(first<<min(b.tries, 16), most)
	b.tries++
	return max(jitter(wait), client.RetryAfter(err))
}

func (b *backoff) reset() { b.tries = 0 }

// jitter is between half of d and d, so that many runners don't call at once.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1) //nolint:gosec // spreads load, guards nothing
}

// sleep waits, less if ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
