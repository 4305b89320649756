// Package picket wires the control plane. Read this file first: New builds every
// part, Run runs them.
package picket

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/picket-api/picket/api"
	"github.com/picket-api/picket/blobs"
	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/sqlite"
	"github.com/picket-api/picket/ops"
	"github.com/picket-api/picket/projections"
	"github.com/picket-api/picket/reactors"
)

// drainTime is how long requests under way may take when the control plane stops.
const drainTime = 10 * time.Second

// App is a control plane.
type App struct {
	Commands *commands.Service
	Views    *projections.Views
	FirstKey string // API key made at the first start; print it once, then forget it

	config    Config
	store     *guardedStore
	ops       *ops.DB
	api       *api.Server
	scheduler *reactors.Scheduler
	keeper    *reactors.LeaseKeeper
	listener  net.Listener
	loops     loops
}

// New opens the stores and builds every part. It listens already, so that URL is
// known; Run serves.
func New(ctx context.Context, c Config) (*App, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.setDefaults()
	a := &App{config: c}
	if err := a.build(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) build(ctx context.Context) error {
	c := a.config
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	// Three stores: the truth, operational state beside it, and what can be built
	// from the truth again.
	log, err := sqlite.Open(ctx, filepath.Join(c.Data, "events.db"), sqlite.Clock(c.Now))
	if err != nil {
		return err
	}
	a.store = &guardedStore{Store: log}
	if a.ops, err = ops.Open(ctx, filepath.Join(c.Data, "ops.db")); err != nil {
		return err
	}
	if a.Views, err = projections.Open(ctx, filepath.Join(c.Data, "views.db"), a.store, projections.Epoch(log.Epoch()), projections.Logger(c.Log)); err != nil {
		return err
	}
	documents, err := blobs.OpenDir(filepath.Join(c.Data, "blobs"))
	if err != nil {
		return err
	}

	a.Commands = commands.New(commands.Config{Store: a.store, Lanes: a.ops, Now: c.Now, Log: c.Log, Version: c.Version})
	if err := a.bootstrap(ctx); err != nil {
		return err
	}
	var lc net.ListenConfig
	if a.listener, err = lc.Listen(ctx, "tcp", c.Addr); err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	a.api = api.New(api.Config{
		Commands: a.Commands, Views: a.Views, Ops: a.ops, Blobs: documents,
		Log: &eventLog{a.store}, Documents: postmanDocuments{},
		Version: c.Version, Epoch: log.Epoch(), PublicURL: a.URL(), TrustedProxies: c.TrustedProxies,
		Lease: c.Lease, Heartbeat: c.Heartbeat, Poll: c.Poll, Ready: a.store.ready,
		Background: a.loops.background, Now: c.Now, Logger: c.Log,
	})
	r := reactors.Config{Commands: a.Commands, Views: a.Views, Ops: a.ops, Lease: c.Lease, Wake: a.api.Wake, Now: c.Now, Log: c.Log}
	a.scheduler, a.keeper = reactors.NewScheduler(r), reactors.NewLeaseKeeper(r)
	return nil
}

// bootstrap makes sure that there is an API key: the one that was given, or at
// the first start a new one.
func (a *App) bootstrap(ctx context.Context) error {
	if k := a.config.BootstrapAPIKey; k != "" {
		_, err := a.Commands.Do(ctx, commands.System, commands.CreateAPIKey{Name: "bootstrap", Known: k})
		return err
	}
	has, err := a.Commands.HasAPIKey(ctx)
	if err != nil || has {
		return err
	}
	res, err := a.Commands.Do(ctx, commands.System, commands.CreateAPIKey{Name: "first start"})
	a.FirstKey = res.Secret
	return err
}

// URL is how runners and people reach the control plane.
func (a *App) URL() string {
	if a.config.PublicURL != "" {
		return a.config.PublicURL
	}
	scheme := "http"
	if a.config.TLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + a.listener.Addr().String()
}

// Run serves until ctx ends, then drains. It returns nil after a clean stop.
func (a *App) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a.loops.start(ctx, cancel)
	a.loops.run("projections", a.Views.Run)
	a.loops.run("reactors", a.react)
	a.loops.run("http", a.serve)
	a.loops.wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// react runs the reactors, once the views that they look at show all that has
// happened. A view that has stopped keeps them waiting: /readyz names it.
func (a *App) react(ctx context.Context) error {
	head, err := a.store.Head(ctx)
	if err != nil {
		return err
	}
	for a.Views.Wait(ctx, head, "monitors", "queue", "runs") != nil {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
			a.config.Log.WarnContext(ctx, "scheduler and lease keeper wait for the views to catch up")
		}
	}
	a.loops.run("scheduler", a.scheduler.Run)
	a.loops.run("lease keeper", a.keeper.Run)
	return nil
}

func (a *App) serve(ctx context.Context) error {
	server := &http.Server{
		Handler: a.api, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	failed := make(chan error, 1)
	go func() {
		if a.config.TLSCert == "" {
			failed <- server.Serve(a.listener)
			return
		}
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificates(a.config.TLSCert, a.config.TLSKey)}
		failed <- server.ServeTLS(a.listener, "", "")
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	a.api.Shutdown()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return server.Close()
	}
	return nil
}

// Close releases what New opened. Call it after Run has returned.
func (a *App) Close() error {
	var errs []error
	if a.listener != nil {
		if err := a.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.Views != nil {
		errs = append(errs, a.Views.Close())
	}
	if a.ops != nil {
		errs = append(errs, a.ops.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}

// loops are goroutines that end together: with the context, or when one fails.
type loops struct {
	mu     sync.Mutex
	wg     sync.WaitGroup
	ctx    context.Context //nolint:containedctx // the lifetime of the loops themselves
	cancel context.CancelCauseFunc
}

func (l *loops) start(ctx context.Context, cancel context.CancelCauseFunc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ctx, l.cancel = ctx, cancel
}

func (l *loops) run(name string, loop func(context.Context) error) {
	l.wg.Go(func() {
		if err := loop(l.ctx); err != nil && l.ctx.Err() == nil {
			l.cancel(fmt.Errorf("%s: %w", name, err))
		}
	})
}

// background runs work beside the loops; it is refused when they are not running.
func (l *loops) background(work func(context.Context) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil || l.ctx.Err() != nil {
		return eventstore.ErrClosed
	}
	ctx := l.ctx
	l.wg.Go(func() { _ = work(ctx) }) // it says itself how it went
	return nil
}

func (l *loops) wait() { l.wg.Wait() }
