package agent

import (
	"context"
	"sync"
	"time"

	"github.com/picket-api/picket/api/wire"
)

const (
	deliveries  = 4  // results on their way at the same time
	refusalsMax = 20 // refusals by something that isn't Picket before a result is given up
)

// finish makes sure of a result: to disk first, then on its way.
func (a *Agent) finish(work context.Context, at *attempt, report wire.Report) {
	report.Run, report.Attempt = at.Run, at.Attempt
	if report.Requests == nil {
		report.Requests = []wire.RequestReport{}
	}
	bound(&report, a.link.current().MaxReportBytes-envelopeBytes)
	result := spooled{Run: at.Run, Attempt: at.Attempt, Token: at.Token, FinishedAt: time.Now(), Report: report}
	at.setEnded()
	name, err := a.spool.put(result)
	if err != nil {
		// Not safe on disk: the slot stays taken until the result is delivered, so
		// that results don't pile up in memory.
		a.cfg.Log.Error("result not written to the spool: delivering it from memory", "run", at.Run, "error", err)
		a.deliver(work, parcel{memory: &result})
		return
	}
	a.out.add(parcel{name: name, finished: result.FinishedAt})
}

// deliverAll delivers one result after another until ctx ends.
func (a *Agent) deliverAll(ctx context.Context) {
	for {
		select {
		case p := <-a.out.parcels:
			if a.deliver(ctx, p) {
				a.out.done()
			}
		case <-ctx.Done():
			return
		}
	}
}

// deliver brings one result to its end: accepted, refused for good, or put back
// behind the others. It waits while the control plane is away. False means that
// the result is still there.
func (a *Agent) deliver(ctx context.Context, p parcel) bool {
	result, err := a.open(p)
	if err != nil {
		a.cfg.Log.Error("result in the spool can't be read: set aside", "file", p.name, "error", err)
		a.spool.reject(p.name)
		return true
	}
	log := a.cfg.Log.With("run", result.Run, "attempt", result.Attempt)
	wait := backoff{tries: p.refusals}
	for ctx.Err() == nil {
		receipt, err := a.submit(ctx, result)
		switch {
		case err == nil:
			if !receipt.Accepted {
				log.Warn("result came too late: a later attempt had been handed out; the control plane keeps it as evidence", "state", receipt.State)
			}
			a.settle(p, result)
			return true
		case ctx.Err() != nil: // stopping: it stays on disk
		case passing(err):
			sleep(ctx, wait.after(err))
		case foreign(err) && p.refusals < refusalsMax:
			// A proxy in between: it may be about this result only, so others go first.
			p.refusals++
			log.Warn("result refused by something in between: trying again", "error", err)
			sleep(ctx, wait.after(err))
			if p.memory == nil && ctx.Err() == nil {
				a.out.again(p)
				return false
			}
		default:
			log.Error("result refused for good", "error", err, "kept", a.spool.reject(p.name))
			a.held.drop(result.Run, result.Token)
			return true
		}
	}
	if p.memory != nil {
		log.Error("result lost: it was neither written to disk nor delivered")
		a.held.drop(result.Run, result.Token)
	}
	return false
}

func (a *Agent) open(p parcel) (spooled, error) {
	if p.memory != nil {
		return *p.memory, nil
	}
	result, err := a.spool.load(p.name)
	if !p.finished.IsZero() {
		result.FinishedAt = p.finished // with the monotonic clock, which the file can't keep
	}
	return result, err
}

func (a *Agent) submit(ctx context.Context, result spooled) (receipt wire.ReportReceipt, err error) {
	err = a.link.call(ctx, func(s *session) (err error) {
		receipt, err = s.agent.Report(ctx, result.Run, wire.SubmitReport{
			Token:         result.Token,
			FinishedAgoMS: max(0, float64(time.Since(result.FinishedAt))/float64(time.Millisecond)),
			Report:        result.Report,
		})
		return err
	})
	return receipt, err
}

// settle forgets a result that the control plane has.
func (a *Agent) settle(p parcel, result spooled) {
	if p.name != "" {
		if err := a.spool.remove(p.name); err != nil {
			a.cfg.Log.Warn("delivered result not removed: it will be delivered again, which changes nothing", "file", p.name, "error", err)
		}
	}
	a.held.drop(result.Run, result.Token)
}

// parcel is a result on its way.
type parcel struct {
	name     string    // in the spool
	finished time.Time // zero for results of an earlier process
	refusals int
	memory   *spooled // in place of name, when the spool is out of order
}

// outbox are the parcels on their way.
type outbox struct {
	parcels chan parcel

	mu    sync.Mutex
	open  int
	clear chan struct{} // closed while nothing is open
}

func newOutbox() *outbox {
	o := &outbox{parcels: make(chan parcel, 2*maxSpoolFiles), clear: make(chan struct{})}
	close(o.clear)
	return o
}

// add puts a parcel on its way. The spool's bound keeps the channel from filling up.
func (o *outbox) add(p parcel) {
	o.mu.Lock()
	if o.open == 0 {
		o.clear = make(chan struct{})
	}
	o.open++
	o.mu.Unlock()
	o.parcels <- p
}

// again puts a parcel behind the others.
func (o *outbox) again(p parcel) { o.parcels <- p }

func (o *outbox) done() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open--; o.open == 0 {
		close(o.clear)
	}
}

func (o *outbox) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.open
}

// empty is closed when every parcel arrived.
func (o *outbox) empty() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.clear
}
