package worker

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/picket-api/picket/postman/script"
)

const (
	// maxRuns is after how many runs a worker is replaced.
	maxRuns = 100
	// idleTime is for how long a worker waits for another run of its tenant.
	idleTime = time.Minute
)

// Options say what a Pool's workers are.
type Options struct {
	// Command gives the command that starts a worker: a program with the arguments
	// that make it call Confine and Serve, and its environment, which is empty where
	// none is given. The rest is set by the pool.
	Command func() (*exec.Cmd, error)
	Memory  uintptr // of the JavaScript heap, in bytes; default script.DefaultMemory
	Newman  bool    // see script.Options
	Compat  bool    // see script.Options
	Spares  int     // workers that are kept ready for whoever comes next
	Idle    int     // workers that wait for another run of the tenant that had them, at most
}

// Pool keeps workers. Close must be called.
type Pool struct {
	opts Options

	mu      sync.Mutex
	spares  []*process
	idle    []*idleProcess // the longest first
	filling int            // spares that are being started
	closed  bool
	work    sync.WaitGroup
}

type idleProcess struct {
	*process
	tenant string
	expiry *time.Timer
}

var errClosed = errors.New("the pool of script workers is closed")

// NewPool makes a pool and starts its spares; that a worker can't be started is
// told when one is asked for.
func NewPool(o Options) *Pool {
	p := &Pool{opts: o}
	p.fill()
	return p
}

// Sandbox gives a sandbox for a run of the tenant. Its Close hands the worker back.
func (p *Pool) Sandbox(tenant string) (script.Sandbox, error) {
	w, err := p.take(tenant)
	p.fill()
	if w == nil && err == nil {
		w, err = p.start()
	}
	if err != nil {
		return nil, fmt.Errorf("start a worker for scripts: %w", err)
	}
	w.runs++
	return &sandbox{pool: p, tenant: tenant, process: w}, nil
}

// take finds a worker that is ready: the tenant's own, else one that had none.
func (p *Pool) take(tenant string) (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	for i := len(p.idle) - 1; i >= 0; i-- {
		if w := p.idle[i]; w.tenant == tenant && w.alive() && w.expiry.Stop() {
			p.idle = slices.Delete(p.idle, i, i+1)
			return w.process, nil
		}
	}
	for len(p.spares) > 0 {
		w := p.spares[0]
		p.spares = p.spares[1:]
		if w.alive() {
			return w, nil
		}
		w.end()
	}
	return nil, nil //nolint:nilnil // none is ready: that's no error
}

func (p *Pool) start() (*process, error) {
	cmd, err := p.opts.Command()
	if err != nil {
		return nil, err
	}
	w, err := start(cmd)
	if err != nil {
		return nil, err
	}
	if err := p.open(w); err != nil {
		return nil, err
	}
	return w, nil
}

func (p *Pool) open(w *process) error {
	return w.open(openOrder{Memory: p.opts.Memory, Newman: p.opts.Newman, Compat: p.opts.Compat})
}

// fill starts the spares that are missing.
func (p *Pool) fill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.closed && len(p.spares)+p.filling < p.opts.Spares {
		p.filling++
		p.work.Go(func() {
			w, err := p.start()
			p.mu.Lock()
			defer p.mu.Unlock()
			p.filling--
			switch {
			case err != nil: // whoever needs one hears of it
			case p.closed:
				w.end()
			default:
				p.spares = append(p.spares, w)
			}
		})
	}
}

// release takes a worker back. After a clean end it gets a fresh sandbox and waits
// for the tenant's next run.
func (p *Pool) release(w *process, tenant string, clean bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || !clean || w.runs >= maxRuns || p.opts.Idle == 0 {
		p.work.Go(w.end)
		return
	}
	p.work.Go(func() {
		if p.open(w) == nil {
			p.keep(w, tenant)
		}
	})
}

func (p *Pool) keep(w *process, tenant string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		w.end()
		return
	}
	kept := &idleProcess{process: w, tenant: tenant}
	kept.expiry = time.AfterFunc(idleTime, func() { p.drop(kept) })
	p.idle = append(p.idle, kept)
	if len(p.idle) > p.opts.Idle {
		oldest := p.idle[0]
		if oldest.expiry.Stop() {
			p.idle = p.idle[1:]
			p.work.Go(oldest.end)
		}
	}
}

// drop ends a worker that waited long enough.
func (p *Pool) drop(w *idleProcess) {
	p.mu.Lock()
	p.idle = slices.DeleteFunc(p.idle, func(o *idleProcess) bool { return o == w })
	p.mu.Unlock()
	w.end()
}

// Close ends the workers that nobody uses, and has the others ended when they are
// handed back.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	rest := p.spares
	for _, w := range p.idle {
		if w.expiry.Stop() {
			rest = append(rest, w.process)
		}
	}
	p.spares, p.idle = nil, nil
	p.mu.Unlock()
	for _, w := range rest {
		w.end()
	}
	p.work.Wait()
}
