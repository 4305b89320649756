// Package reactors turns facts and time into commands: the scheduler makes due
// slots into runs, the lease keeper takes runs back from instances that went
// silent.
//
// It is the only place where a fact causes a command, so that rebuilding a view
// can never do anything.
package reactors

import (
	"context"
	"log/slog"
	"time"

	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/ops"
	"github.com/picket-api/picket/projections"
)

// Config is what reactors need.
type Config struct {
	Commands *commands.Service
	Views    *projections.Views
	Ops      *ops.DB
	Lease    time.Duration         // default 15 s: how long an instance may be silent
	Wake     func(domain.RunnerID) // tells a waiting instance to look for work
	Now      func() time.Time
	Log      *slog.Logger
}

func (c *Config) setDefaults() {
	if c.Lease == 0 {
		c.Lease = 15 * time.Second
	}
	if c.Wake == nil {
		c.Wake = func(domain.RunnerID) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// every calls f at once and then each interval until ctx ends. What f can't do it
// logs, and tries again the next time.
func every(ctx context.Context, interval time.Duration, f func(context.Context)) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		f(ctx)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
