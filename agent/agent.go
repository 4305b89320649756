package agent

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/picket-api/picket/api/client"
	"github.com/picket-api/picket/api/wire"
)

// ErrAborted is what Run returns after Abort.
var ErrAborted = errors.New("the runner was aborted: what was under way is lost, results on disk are delivered at the next start")

// Why the context of a run ended.
var (
	errLeaseOver = errors.New("the control plane ended the lease")
	errHandBack  = errors.New("the runner stops")
	errRunLimit  = errors.New("the run took longer than its limit")
)

// Agent is one instance of a runner.
type Agent struct {
	cfg   Config
	link  *link
	held  *held
	blobs *blobs
	spool *spool
	out   *outbox
	slots chan struct{} // one element for each run under way

	drain, abort         chan struct{}
	drainOnce, abortOnce sync.Once
}

// New checks the configuration and opens the spool. It doesn't call the control plane.
func New(cfg Config) (*Agent, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	options := cfg.Control
	options.APIKey, options.Token = "", ""
	api, err := client.New(options)
	if err != nil {
		return nil, err
	}
	spool, err := openSpool(cfg.SpoolDir, cfg.Log)
	if err != nil {
		return nil, err
	}
	if cfg.Executor == nil {
		if cfg.Executor, err = newEngine(cfg); err != nil {
			return nil, err
		}
	}
	return &Agent{
		cfg: cfg,
		link: newLink(api, wire.Register{
			Runner: cfg.RunnerID, Key: cfg.Key,
			HostName: cfg.HostName, UniqueID: cfg.UniqueID, Version: cfg.Version,
			OS: runtime.GOOS, Arch: runtime.GOARCH,
			Capacity: cfg.Capacity, Protocol: wire.AgentVersion,
		}, cfg.Log),
		held:  newHeld(),
		blobs: openBlobs(cfg.CacheDir, cfg.Log),
		spool: spool,
		out:   newOutbox(),
		slots: make(chan struct{}, cfg.Capacity),
		drain: make(chan struct{}),
		abort: make(chan struct{}),
	}, nil
}

// Drain makes Run end in good order: no run is claimed any more, those under way
// have DrainTimeout to end, the rest is handed back, results are delivered. The
// end of Run's context does the same. It doesn't wait.
func (a *Agent) Drain() { a.drainOnce.Do(func() { close(a.drain) }) }

// Abort makes Run end at once. It doesn't wait.
func (a *Agent) Abort() { a.abortOnce.Do(func() { close(a.abort) }) }

// Run serves until it is told to stop, and returns nil then. It returns
// ErrKeyRefused when the runner's key is no good, ErrAborted after Abort; nothing
// else ends it: while the control plane is away it waits. Call it once.
func (a *Agent) Run(ctx context.Context) error {
	// work is for what has begun: it outlives the wish to stop.
	work, end := context.WithCancelCause(context.WithoutCancel(ctx))
	// serve is for what is to begin.
	serve, stopServing := context.WithCancelCause(work)
	var loops sync.WaitGroup
	defer a.link.api.Close()
	defer loops.Wait()
	defer end(nil)
	a.link.lost = end
	loops.Go(func() { a.watch(ctx, work, stopServing, end) })

	if err := a.link.renew(serve, nil, nil); err != nil {
		return ended(work)
	}
	a.ready()
	for _, name := range a.spool.list() {
		a.out.add(parcel{name: name})
	}
	loops.Go(func() { a.heartbeats(work, serve) })
	for range deliveries {
		loops.Go(func() { a.deliverAll(work) })
	}
	var runs sync.WaitGroup
	a.claimRuns(serve, work, &runs)
	a.windDown(work, &runs)
	result := ended(work)
	end(nil)
	runs.Wait()
	return result
}

// ended is the error that ended work, nil when it goes on or was ended in good order.
func ended(work context.Context) error {
	cause := context.Cause(work)
	if errors.Is(cause, ErrKeyRefused) || errors.Is(cause, ErrAborted) {
		return cause
	}
	return nil
}

// watch turns what the outside wants into the ends of the two contexts.
func (a *Agent) watch(ctx, work context.Context, stopServing, end context.CancelCauseFunc) {
	select {
	case <-ctx.Done(): // the first signal
	case <-a.drain:
	case <-a.abort: // told to abort without draining first
		end(ErrAborted)
		return
	case <-work.Done(): // Run is over
		return
	}
	a.cfg.Log.Info("stopping: no more runs are claimed", "under_way", a.held.running(), "drain_timeout", a.cfg.DrainTimeout)
	stopServing(errHandBack)
	select {
	case <-a.abort: // the second signal
		end(ErrAborted)
	case <-work.Done():
	}
}

func (a *Agent) ready() {
	s := a.link.current()
	if a.cfg.OnReady != nil {
		a.cfg.OnReady(Ready{
			RunnerName: s.RunnerName, Server: a.link.api.Server(),
			Instance: s.Instance, Capacity: a.cfg.Capacity, Spooled: len(a.spool.list()),
		})
	}
}

// windDown gives the runs and results under way their time, and says good-bye.
func (a *Agent) windDown(work context.Context, runs *sync.WaitGroup) {
	done := make(chan struct{})
	go func() { runs.Wait(); close(done) }()
	deadline := time.NewTimer(a.cfg.DrainTimeout)
	defer deadline.Stop()
	select {
	case <-done:
	case <-work.Done(): // aborted, or the key was refused: nothing to be polite about
		return
	case <-deadline.C:
		a.cfg.Log.Warn("handing back the runs that did not end in time", "runs", a.held.running())
		a.held.cancelAll(errHandBack)
		select {
		case <-done:
		case <-work.Done():
			return
		}
	}
	a.deliverRest(work)
	ctx, cancel := context.WithTimeout(work, 5*time.Second)
	defer cancel()
	if err := a.link.current().agent.Disconnect(ctx); err != nil && work.Err() == nil {
		a.cfg.Log.Warn("the control plane wasn't told that the instance stops", "error", err)
	}
}

// deliverRest waits a moment for the results that are on their way.
func (a *Agent) deliverRest(work context.Context) {
	patience := time.NewTimer(10 * time.Second)
	defer patience.Stop()
	select {
	case <-a.out.empty():
	case <-patience.C:
		a.cfg.Log.Warn("results stay on disk; the next start of the runner delivers them", "results", a.out.count(), "spool", a.cfg.SpoolDir)
	case <-work.Done():
	}
}
