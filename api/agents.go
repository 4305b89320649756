package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/ops"
)

const (
	registerPath = "/agent/v1/register"
	claimPath    = "/agent/v1/claim"
	// claimRetry is how often a waiting claim looks by itself, in case a wake was lost.
	claimRetry = 5 * time.Second
	// claimCandidates bounds the runs that one look tries to claim.
	claimCandidates = 20
)

func (s *Server) agentRoutes() {
	registerAgent(s, route{id: "agent-register", method: http.MethodPost, path: registerPath, summary: "Authenticate as a runner and become an instance of it"}, s.registerInstance)
	registerAgent(s, route{id: "agent-claim", method: http.MethodPost, path: claimPath, summary: "Wait for a run and take it"}, s.claim)
	registerAgent(s, route{id: "agent-heartbeat", method: http.MethodPost, path: "/agent/v1/heartbeat", summary: "Give a sign of life and renew leases"}, s.heartbeat)
	registerAgent(s, route{id: "agent-start", method: http.MethodPost, path: "/agent/v1/runs/{id}/start", summary: "Say that the first request is about to leave", status: http.StatusNoContent}, s.startRun)
	registerAgent(s, route{id: "agent-release", method: http.MethodPost, path: "/agent/v1/runs/{id}/release", summary: "Hand a run back", status: http.StatusNoContent}, s.releaseRun)
	registerAgent(s, route{id: "agent-report", method: http.MethodPost, path: "/agent/v1/runs/{id}/report", summary: "Report the result of an attempt", body: maxReport}, s.reportRun)
	registerAgent(s, route{id: "agent-blob", method: http.MethodGet, path: "/agent/v1/blobs/{hash}", summary: "Fetch a document of a run that the instance holds"}, s.fetchBlob)
	registerAgent(s, route{id: "agent-disconnect", method: http.MethodPost, path: "/agent/v1/disconnect", summary: "Sign off", status: http.StatusNoContent}, s.disconnect)
}

type registerIn struct{ Body wire.Register }

type registerOut struct{ Body wire.Registered }

func (s *Server) registerInstance(ctx context.Context, in *registerIn) (*registerOut, error) {
	b := in.Body
	id := domain.RunnerID(lower(b.Runner))
	runner, key, ok, err := s.Commands.RunnerByKey(ctx, id, b.Key)
	if err != nil {
		return nil, s.fail(err)
	}
	if !ok {
		return nil, keyRefused()
	}
	by := caller(ctx)
	by.IdempotencyKey = "" // its answer holds a secret; a lost one is asked for again
	by.Actor = domain.Actor{Kind: domain.ActorInstance, ID: string(id), Name: b.HostName}
	res, err := s.Commands.Do(ctx, by, commands.ConnectInstance{Instance: domain.InstanceConnected{
		Runner: id, Key: key, HostName: b.HostName, UniqueID: b.UniqueID, Version: b.Version, OS: b.OS, Arch: b.Arch, Capacity: b.Capacity,
	}})
	if err != nil {
		return nil, s.fail(err)
	}
	now := s.Now()
	if err := s.Ops.PutToken(ctx, res.Secret, ops.Token{Instance: res.ID, Runner: string(id), KeyID: string(key)}, now); err != nil {
		return nil, s.fail(err)
	}
	if _, err := s.Ops.Seen(ctx, ops.Presence{Instance: res.ID, Runner: string(id), SeenAt: now, Capacity: b.Capacity}); err != nil {
		return nil, s.fail(err)
	}
	return &registerOut{wire.Registered{
		Instance: res.ID, Token: res.Secret, RunnerName: runner.Name,
		HeartbeatMS: int(s.Heartbeat.Milliseconds()), PollMS: int(s.Poll.Milliseconds()), LeaseMS: int(s.Lease.Milliseconds()),
		MaxReportBytes: maxReport, Protocol: wire.AgentVersion, Capabilities: []string{"collection"}, ControlPlaneEpoch: s.Epoch,
	}}, nil
}

type claimIn struct{ Body wire.Claim }

type claimOut struct {
	Status     int
	RetryAfter string `header:"Retry-After"`
	Body       *wire.Lease
}

// claim answers as soon as there is a run for the instance, or with 204 when the
// poll time is over. The same claim id gets the same lease again.
func (s *Server) claim(ctx context.Context, in *claimIn) (*claimOut, error) {
	who := instanceOf(ctx)
	if l, ok, err := s.Ops.LeaseOfClaim(ctx, who.Instance, in.Body.ClaimID); err != nil || ok {
		if err != nil {
			return nil, s.fail(err)
		}
		return s.leaseAgain(ctx, l)
	}
	over := time.NewTimer(s.Poll)
	defer over.Stop()
	for {
		woken, leave := s.waiting.wait(domain.RunnerID(who.Runner))
		lease, err := s.tryClaim(ctx, who, in.Body.ClaimID)
		if err != nil || lease != nil {
			leave(lease != nil)
			if err != nil {
				return nil, s.fail(err)
			}
			return &claimOut{Status: http.StatusOK, Body: lease}, nil
		}
		again := time.NewTimer(claimRetry)
		select {
		case <-woken:
			leave(true)
		case <-again.C:
			leave(false)
		case <-over.C:
			leave(false)
			return &claimOut{Status: http.StatusNoContent, RetryAfter: "0"}, nil
		case <-s.stopping:
			leave(false)
			return &claimOut{Status: http.StatusNoContent, RetryAfter: fmt.Sprint(1 + s.Now().UnixNano()%3)}, nil
		case <-ctx.Done():
			leave(false)
			return nil, newProblem(http.StatusServiceUnavailable, "the request took too long")
		}
		again.Stop()
		if err := s.keyStillLive(ctx, who); err != nil {
			return nil, err
		}
	}
}

// tryClaim looks once through the oldest waiting runs; nil when there is none.
func (s *Server) tryClaim(ctx context.Context, who ops.Token, claimID string) (*wire.Lease, error) {
	queued, err := s.Views.Queue(ctx, domain.RunnerID(who.Runner), claimCandidates)
	if err != nil {
		return nil, err
	}
	for _, q := range queued {
		res, err := s.Commands.Do(ctx, caller(ctx), commands.ClaimRun{
			Run: q.Run, Runner: domain.RunnerID(who.Runner), Instance: domain.InstanceID(who.Instance), ClaimID: claimID, Lease: s.Lease,
		})
		if kind := domain.KindOf(err); kind == domain.Conflict || kind == domain.NotFound {
			continue // somebody else has it: the next one
		}
		if err != nil {
			return nil, err
		}
		run := res.State.(*domain.Run)
		// The claim is in the log: it must have its lease even if the client left.
		if err := s.Ops.PutLease(context.WithoutCancel(ctx), s.leaseOf(run)); err != nil {
			return nil, err
		}
		lease := s.lease(ctx, run)
		return &lease, nil
	}
	return nil, nil
}

func (s *Server) leaseOf(run *domain.Run) ops.Lease {
	return ops.Lease{
		Run: string(run.ID), Monitor: string(run.Monitor), Runner: string(run.Runner), Instance: string(run.Instance),
		ClaimID: run.ClaimID, Token: run.Token, Attempt: run.Attempt, ExpiresAt: s.Now().Add(s.Lease),
	}
}

func (s *Server) lease(ctx context.Context, run *domain.Run) wire.Lease {
	return wire.Lease{
		Run: string(run.ID), Monitor: string(run.Monitor), MonitorName: run.MonitorName, Workspace: string(run.Workspace),
		Trigger: string(run.Trigger), Attempt: run.Attempt, Token: run.Token, LeaseMS: int(s.Lease.Milliseconds()),
		CollectionHash: run.CollectionHash, EnvironmentHash: run.EnvironmentHash, Options: options(run.Options),
		TraceParent: caller(ctx).Traceparent,
	}
}

// leaseAgain answers a repeated claim, if the lease is still the instance's.
func (s *Server) leaseAgain(ctx context.Context, l ops.Lease) (*claimOut, error) {
	run, err := s.Commands.LoadRun(ctx, domain.RunID(l.Run))
	if err != nil {
		return nil, s.fail(err)
	}
	if !run.Holds(l.Token) {
		return &claimOut{Status: http.StatusNoContent, RetryAfter: "0"}, nil
	}
	lease := s.lease(ctx, run)
	return &claimOut{Status: http.StatusOK, Body: &lease}, nil
}

type heartbeatIn struct{ Body wire.Heartbeat }

type heartbeatOut struct{ Body wire.HeartbeatAnswer }

func (s *Server) heartbeat(ctx context.Context, in *heartbeatIn) (*heartbeatOut, error) {
	who, now := instanceOf(ctx), s.Now()
	capacity := 0
	if p, ok, err := s.Ops.PresenceOfInstance(ctx, who.Instance); err == nil && ok {
		capacity = p.Capacity
	}
	away, err := s.Ops.Seen(ctx, ops.Presence{Instance: who.Instance, Runner: who.Runner, SeenAt: now, InFlight: in.Body.InFlight, Capacity: capacity})
	if err == nil && away {
		_, err = s.Commands.Do(ctx, caller(ctx), commands.HearInstance{ID: domain.InstanceID(who.Instance)})
	}
	if err != nil {
		return nil, s.fail(err)
	}
	out := &heartbeatOut{wire.HeartbeatAnswer{Stop: []string{}}}
	for _, l := range in.Body.Leases {
		going, err := s.renew(ctx, who, l)
		if err != nil {
			return nil, s.fail(err)
		}
		if !going {
			out.Body.Stop = append(out.Body.Stop, l.Run)
		}
	}
	return out, nil
}

// renew puts off the end of a lease. A lease that is not in the table may still
// be the instance's: the log decides.
func (s *Server) renew(ctx context.Context, who ops.Token, a wire.Attempted) (bool, error) {
	ok, err := s.Ops.RenewLease(ctx, a.Run, a.Token, s.Now().Add(s.Lease), a.Requests)
	if err != nil || ok {
		return ok, err
	}
	run, err := s.Commands.LoadRun(ctx, domain.RunID(lower(a.Run)))
	if err != nil || !run.Holds(a.Token) || string(run.Runner) != who.Runner {
		return false, err
	}
	return true, s.Ops.PutLease(ctx, s.leaseOf(run))
}

type attemptIn struct {
	ID   string `path:"id" format:"uuid"`
	Body wire.Attempted
}

func (s *Server) attempt(ctx context.Context, run string, token int64) commands.Attempt {
	who := instanceOf(ctx)
	return commands.Attempt{Run: domain.RunID(lower(run)), Runner: domain.RunnerID(who.Runner), Token: token}
}

func (s *Server) startRun(ctx context.Context, in *attemptIn) (*struct{}, error) {
	_, err := s.Commands.Do(ctx, caller(ctx), commands.StartRun{Attempt: s.attempt(ctx, in.ID, in.Body.Token)})
	return nil, s.leaseFail(err)
}

type releaseIn struct {
	ID   string `path:"id" format:"uuid"`
	Body wire.Release
}

func (s *Server) releaseRun(ctx context.Context, in *releaseIn) (*struct{}, error) {
	_, err := s.Commands.Do(ctx, caller(ctx), commands.ReleaseRun{Attempt: s.attempt(ctx, in.ID, in.Body.Token), Reason: in.Body.Reason})
	if err == nil {
		err = s.Ops.DropLease(ctx, lower(in.ID), in.Body.Token)
	}
	return nil, s.leaseFail(err)
}

// leaseFail marks a conflict, so that the runner knows that it lost the run.
func (s *Server) leaseFail(err error) error {
	if domain.KindOf(err) == domain.Conflict {
		p := newProblem(http.StatusConflict, err.Error())
		p.Type = wire.ProblemLeaseOver
		return p
	}
	return s.fail(err)
}

type reportIn struct {
	ID   string `path:"id" format:"uuid"`
	Body wire.SubmitReport
}

type receiptOut struct{ Body wire.ReportReceipt }

// reportRun makes the report durable, then the fact that there is one.
func (s *Server) reportRun(ctx context.Context, in *reportIn) (*receiptOut, error) {
	rep := in.Body.Report
	if lower(rep.Run) != lower(in.ID) {
		return nil, s.fail(domain.FieldErrorf("/report/run", "is another run than that of the path"))
	}
	data, err := json.Marshal(rep)
	if err != nil {
		return nil, s.fail(err)
	}
	hash, err := s.Blobs.Put(ctx, data)
	if err != nil {
		return nil, s.fail(err)
	}
	a := s.attempt(ctx, in.ID, in.Body.Token)
	res, err := s.Commands.Do(ctx, caller(ctx), commands.ReportRun{
		Attempt: a, Number: rep.Attempt, Result: result(rep, hash),
		FinishedAt: s.Now().Add(-time.Duration(in.Body.FinishedAgoMS * float64(time.Millisecond))),
	})
	if err != nil {
		return nil, s.fail(err)
	}
	if err := s.Ops.DropLease(ctx, string(a.Run), a.Token); err != nil {
		return nil, s.fail(err)
	}
	s.waiting.wake(a.Runner, 1) // its lane is free: the next run of the monitor may go
	run := res.State.(*domain.Run)
	return &receiptOut{wire.ReportReceipt{
		Accepted: run.Ended.ReportHash == hash, State: string(run.State), Outcome: string(run.Outcome),
	}}, nil
}

type blobIn struct {
	Hash  string `path:"hash" maxLength:"128"`
	Run   string `query:"run" format:"uuid" required:"true"`
	Token int64  `query:"token" required:"true"`
}

type rawOut struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// fetchBlob serves a document only within a live lease that names it.
func (s *Server) fetchBlob(ctx context.Context, in *blobIn) (*rawOut, error) {
	who := instanceOf(ctx)
	run, err := s.Commands.LoadRun(ctx, domain.RunID(lower(in.Run)))
	if err != nil {
		return nil, s.fail(err)
	}
	if !run.Holds(in.Token) || string(run.Runner) != who.Runner || in.Hash != run.CollectionHash && in.Hash != run.EnvironmentHash {
		p := newProblem(http.StatusNotFound, "no lease of this runner names that document")
		p.Type = wire.ProblemLeaseOver
		return nil, p
	}
	data, err := s.Blobs.Get(ctx, in.Hash)
	if err != nil {
		return nil, s.contentLost(err)
	}
	return &rawOut{ContentType: "application/json", Body: data}, nil
}

func (s *Server) disconnect(ctx context.Context, _ *struct{}) (*struct{}, error) {
	who := instanceOf(ctx)
	res, err := s.Commands.Do(ctx, caller(ctx), commands.StopInstance{ID: domain.InstanceID(who.Instance)})
	if err == nil {
		s.settle(ctx, res, "runners") // or it would look lost for a moment
		_, err = s.Ops.MarkAway(ctx, who.Instance, s.Now().Add(time.Second))
	}
	if err == nil {
		err = s.Ops.DropTokens(ctx, who.Instance)
	}
	return nil, s.fail(err)
}
