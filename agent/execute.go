package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/picket-api/picket/api/client"
	"github.com/picket-api/picket/api/wire"
)

// defaultRunLimit is for monitors that set none.
const defaultRunLimit = 15 * time.Minute

// Job is a run for an Executor.
type Job struct {
	Workspace   string // id
	Collection  []byte // Postman document
	Environment []byte // Postman document; nil: none
	Options     wire.MonitorOptions
	MaxReport   int             // bytes of JSON that the report may have
	Sent        func(total int) // told how many requests were sent so far
}

// Executor runs collections. Several runs go on at the same time.
//
// Execute returns soon after ctx ended, with what there is by then and an empty
// Outcome; a run that came to its end has one. Nothing secret may be in the
// report. An error means that the run couldn't even begin.
type Executor interface {
	Execute(ctx context.Context, job Job) (wire.Report, error)
}

// hold does all that a lease asks for: fetch, start, execute, report. It returns
// when the slot is free again; the result may still be on its way then.
func (a *Agent) hold(serve, work context.Context, lease wire.Lease) {
	ctx, cancel := context.WithCancelCause(work)
	defer cancel(nil)
	at := newAttempt(lease, cancel)
	if !a.held.add(at) {
		return
	}
	log := a.cfg.Log.With("run", at.Run, "attempt", at.Attempt, "monitor", at.MonitorName)
	log.Info("run claimed", "trigger", at.Trigger)

	// Until it started, a stop hands the run back at once.
	unlink := context.AfterFunc(serve, func() { cancel(errHandBack) })
	job, broken, err := a.begin(ctx, at)
	if !unlink() && err == nil {
		err = errHandBack
	}
	if err != nil {
		a.giveUp(work, ctx, at, err)
		return
	}
	report := failed(broken)
	if broken == nil {
		report, err = a.perform(ctx, job)
	}
	if err != nil {
		a.giveUp(work, ctx, at, err)
		return
	}
	log.Info("run ended", "outcome", report.Outcome, "requests", report.Counts.Requests, "failed_assertions", report.Counts.FailedAssertions)
	a.finish(work, at, report)
}

// giveUp ends an attempt that gets no report.
func (a *Agent) giveUp(work, ctx context.Context, at *attempt, err error) {
	defer a.held.drop(at.Run, at.Token)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	log := a.cfg.Log.With("run", at.Run, "attempt", at.Attempt)
	switch {
	case work.Err() != nil: // aborted
		return
	case !errors.Is(err, errHandBack):
		log.Warn("run dropped", "reason", err)
		return
	}
	release, cancel := context.WithTimeout(work, 5*time.Second)
	defer cancel()
	err = a.link.call(release, func(s *session) error {
		return s.agent.Release(release, at.Run, wire.Release{Attempt: at.Attempt, Token: at.Token, Reason: errHandBack.Error()})
	})
	if err != nil {
		log.Warn("run not handed back: its lease will lapse", "error", err)
		return
	}
	log.Info("run handed back")
}

// begin gets what the run needs and announces its start: no request may leave
// before the control plane agreed. broken is why the run can't be executed,
// though it began; an error means that it didn't begin.
func (a *Agent) begin(ctx context.Context, at *attempt) (job Job, broken, err error) {
	job = Job{
		Workspace: at.Workspace,
		Options:   at.Options,
		MaxReport: a.link.current().MaxReportBytes,
		Sent:      func(total int) { at.requests.Store(int64(total)) },
	}
	job.Collection, err = a.document(ctx, at, at.CollectionHash, onDisk)
	if err == nil && at.EnvironmentHash != "" {
		// Environments hold secrets: they never touch the disk.
		job.Environment, err = a.document(ctx, at, at.EnvironmentHash, inMemory)
	}
	var lost *contentError
	if err != nil && !errors.As(err, &lost) {
		return job, nil, err
	}
	if lost != nil {
		broken = lost
	}
	err = a.whileLeased(ctx, at, func(ctx context.Context, s *session) error {
		return s.agent.Start(ctx, at.named())
	})
	if client.Status(err) != 0 && !passing(err) {
		err = fmt.Errorf("start refused: %w", err)
	}
	return job, broken, err
}

// contentError means that a document can't be had, now or later.
type contentError struct {
	hash string
	err  error
}

func (e *contentError) Error() string {
	return fmt.Sprintf("content %s is lost: %s", e.hash, e.err)
}

// document is a blob from the cache or from the control plane.
func (a *Agent) document(ctx context.Context, at *attempt, hash string, where place) ([]byte, error) {
	if data, ok := a.blobs.get(hash, where); ok {
		return data, nil
	}
	var data []byte
	damaged := 0
	err := a.whileLeased(ctx, at, func(ctx context.Context, s *session) (err error) {
		data, err = s.agent.Blob(ctx, hash, at.Run, at.Token)
		var mismatch *client.HashError
		if errors.As(err, &mismatch) {
			if damaged++; damaged >= 3 {
				return &contentError{hash: hash, err: err}
			}
			return &client.NetworkError{Server: a.link.api.Server(), Err: err}
		}
		return err
	})
	switch {
	case err == nil:
		a.blobs.put(hash, data, where)
	case client.Status(err) == http.StatusGone:
		return nil, &contentError{hash: hash, err: err}
	}
	return data, err
}

// whileLeased repeats a call that meets passing trouble, as long as the lease lives.
func (a *Agent) whileLeased(ctx context.Context, at *attempt, try func(context.Context, *session) error) error {
	wait := backoff{most: 2 * time.Second}
	for {
		until := at.leasedUntil()
		once, cancel := context.WithDeadline(ctx, until)
		err := a.link.call(once, func(s *session) error { return try(once, s) })
		cancel()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !passing(err) && !foreign(err) && !errors.Is(err, context.DeadlineExceeded):
			return err
		case !time.Now().Before(at.leasedUntil()):
			return fmt.Errorf("the lease lapsed: %w", err)
		}
		sleep(ctx, min(wait.after(err), time.Until(at.leasedUntil())))
	}
}

// perform executes the collection within the run's time limit.
func (a *Agent) perform(ctx context.Context, job Job) (wire.Report, error) {
	limit := defaultRunLimit
	if job.Options.RunLimitMS != nil {
		limit = duration(*job.Options.RunLimitMS)
	}
	// Not a deadline: connections would see it a moment before the context ends,
	// and a request that it cut would look like one that failed by itself.
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer time.AfterFunc(limit, func() { cancel(errRunLimit) }).Stop()
	report, err := a.executeSafely(limited, job)
	switch {
	case err != nil && limited.Err() == nil:
		return failed(err), nil
	case err == nil && report.Outcome != "":
		return report, nil
	case ctx.Err() != nil:
		return wire.Report{}, context.Cause(ctx)
	}
	report.Outcome = "abort"
	if report.FirstError == nil {
		report.FirstError = &wire.Trouble{Class: "limit", Message: fmt.Sprintf("%s of %s", errRunLimit, limit)}
	}
	report.Warnings = append(report.Warnings, fmt.Sprintf("aborted: %s of %s", errRunLimit, limit))
	return report, nil
}

// executeSafely keeps a fault of the engine from ending the other runs.
func (a *Agent) executeSafely(ctx context.Context, job Job) (report wire.Report, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			// The value may quote what the run worked with, so it stays here.
			a.cfg.Log.Error("the engine panicked", "stack", string(debug.Stack()))
			err = errors.New("the engine failed: see the log of the runner")
		}
	}()
	return a.cfg.Executor.Execute(ctx, job)
}

// failed is the report of a run that couldn't be executed.
func failed(err error) wire.Report {
	if err == nil {
		return wire.Report{}
	}
	return wire.Report{
		Outcome:    "error",
		FirstError: &wire.Trouble{Class: "runner", Message: err.Error()},
		Requests:   []wire.RequestReport{},
	}
}
