package agent

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/picket-api/picket/api/client"
	"github.com/picket-api/picket/api/wire"
)

// ErrKeyRefused ends a runner for good: trying again with the same key is useless.
var ErrKeyRefused = errors.New("the control plane refused this runner's key: it was reset or the runner was deleted; create or reset the key and start again")

// keyTries is how often in a row Picket itself must refuse the key.
const keyTries = 3

// link is the connection to the control plane: it registers the instance, hands
// out its session and makes a new one when the token is refused.
type link struct {
	api   *client.Client
	hello wire.Register
	log   *slog.Logger

	lost func(error)   // told when the key is refused for good
	turn chan struct{} // held by the one that registers

	mu        sync.Mutex
	session   *session
	awaySince time.Time // zero while the control plane answers
}

// session is one registration.
type session struct {
	wire.Registered
	agent *client.Agent
}

func newLink(api *client.Client, hello wire.Register, log *slog.Logger) *link {
	return &link{api: api, hello: hello, log: log, lost: func(error) {}, turn: make(chan struct{}, 1)}
}

func (l *link) current() *session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.session
}

// call makes one call under the current session. A refused token leads to a new
// session and a second try; every other error is the caller's to judge.
func (l *link) call(ctx context.Context, f func(*session) error) error {
	s := l.current()
	err := f(s)
	if refusedToken(err) {
		if err = l.renew(ctx, s, err); err != nil {
			return err
		}
		err = f(l.current())
	}
	l.note(ctx, err)
	return err
}

func refusedToken(err error) bool {
	return client.Status(err) == http.StatusUnauthorized || client.IsProblem(err, wire.ProblemRunnerKeyRefused)
}

// renew registers again unless another call did so meanwhile.
func (l *link) renew(ctx context.Context, old *session, cause error) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if l.current() != old {
		return nil
	}
	strikes := 0
	if old != nil {
		l.log.Warn("the control plane refused the instance's token: registering again", "error", cause)
		if client.IsProblem(cause, wire.ProblemRunnerKeyRefused) {
			strikes = 1
		}
	}
	return l.register(ctx, strikes)
}

// register tries until the control plane accepts the instance. It gives up when
// ctx ends, or with ErrKeyRefused.
func (l *link) register(ctx context.Context, strikes int) error {
	var wait backoff
	for {
		answer, err := l.api.Agent().Register(ctx, l.hello)
		var pause time.Duration
		switch {
		case err == nil:
			l.accept(answer)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case client.IsProblem(err, wire.ProblemRunnerKeyRefused):
			if strikes++; strikes >= keyTries {
				l.lost(ErrKeyRefused)
				return ErrKeyRefused
			}
			pause = jitter(600 * time.Millisecond)
			l.log.Warn("the control plane refused the runner's key", "time", strikes, "of", keyTries)
		default:
			strikes = 0
			pause = wait.after(err)
			l.log.Warn("the control plane doesn't register this runner yet: trying again",
				"server", l.api.Server(), "error", err, "in", pause.Round(time.Millisecond))
		}
		sleep(ctx, pause)
	}
}

// accept makes the answer the current session.
func (l *link) accept(r wire.Registered) {
	r.HeartbeatMS = orDefault(r.HeartbeatMS, 5_000)
	r.PollMS = orDefault(r.PollMS, 30_000)
	r.LeaseMS = orDefault(r.LeaseMS, 15_000)
	r.MaxReportBytes = orDefault(r.MaxReportBytes, 8<<20)
	s := &session{Registered: r, agent: l.api.WithToken(r.Token).Agent()}
	l.mu.Lock()
	old := l.session
	l.session = s
	l.awaySince = time.Time{}
	l.mu.Unlock()
	l.log.Info("registered", "runner", r.RunnerName, "server", l.api.Server(), "instance", r.Instance, "capacity", l.hello.Capacity, "protocol", r.Protocol)
	if theirs, _, _ := strings.Cut(r.Protocol, "."); r.Protocol != "" && !strings.HasPrefix(wire.AgentVersion, theirs+".") {
		l.log.Warn("the control plane speaks another version of the protocol: update the older of the two", "ours", wire.AgentVersion, "theirs", r.Protocol)
	}
	if old != nil && old.ControlPlaneEpoch != r.ControlPlaneEpoch {
		l.log.Warn("the control plane's log is another one than before: it was restored or replaced")
	}
}

func orDefault(ms, otherwise int) int {
	if ms <= 0 {
		return otherwise
	}
	return ms
}

// note logs when the control plane goes away and when it is back, once each.
func (l *link) note(ctx context.Context, err error) {
	away := err != nil && passing(err)
	if away && ctx.Err() != nil {
		return // our own doing
	}
	l.mu.Lock()
	since := l.awaySince
	switch {
	case away && since.IsZero():
		l.awaySince = time.Now()
	case !away:
		l.awaySince = time.Time{}
	}
	l.mu.Unlock()
	switch {
	case away && since.IsZero():
		l.log.Warn("the control plane is away or busy: results are kept and calls repeated until it is back", "error", err)
	case away:
		l.log.Debug("the control plane is still away", "error", err)
	case !since.IsZero():
		l.log.Info("the control plane is back", "away_for", time.Since(since).Round(time.Millisecond))
	}
}

// passing says whether the same call may succeed later: nothing came back, or the
// answer speaks of a passing state.
func passing(err error) bool {
	var network *client.NetworkError
	switch status := client.Status(err); {
	case status == http.StatusUnauthorized, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return true
	case status >= 500:
		return true
	case status != 0:
		return false
	}
	return errors.As(err, &network)
}

// foreign says that a refusal isn't Picket's own, but of something in between.
func foreign(err error) bool {
	var refused *client.Error
	return errors.As(err, &refused) && refused.Problem == nil
}

func duration(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }
