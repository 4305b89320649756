package api

import (
	"context"
	"net/http"
	"time"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/ops"
	"github.com/picket-api/picket/projections"
)

func (s *Server) runnerRoutes() {
	register(s, route{id: "create-runner", method: http.MethodPost, path: "/api/v1/runners", summary: "Create a runner; its key is shown once", status: http.StatusCreated}, s.createRunner)
	register(s, route{id: "get-runner", method: http.MethodGet, path: "/api/v1/runners/{id}", summary: "Read a runner"}, s.getRunner)
	register(s, route{id: "list-runners", method: http.MethodGet, path: "/api/v1/runners", summary: "List runners"}, s.listRunners)
	register(s, route{id: "edit-runner", method: http.MethodPut, path: "/api/v1/runners/{id}", summary: "Change name and description"}, s.editRunner)
	register(s, route{id: "change-runner-visibility", method: http.MethodPut, path: "/api/v1/runners/{id}/visibility", summary: "Change where the runner can be picked"}, s.changeVisibility)
	register(s, route{id: "reset-runner-key", method: http.MethodPost, path: "/api/v1/runners/{id}/reset-key", summary: "Make a new key; it is shown once"}, s.resetRunnerKey)
	register(s, route{id: "delete-runner", method: http.MethodDelete, path: "/api/v1/runners/{id}", summary: "Delete a runner; its key is dead at once", status: http.StatusNoContent}, s.deleteRunner)
	register(s, route{id: "list-runner-history", method: http.MethodGet, path: "/api/v1/runners/{id}/history", summary: "Who did what to the runner, and from where"}, s.runnerHistory)
}

type createRunnerIn struct{ Body wire.CreateRunner }

type runnerSecretOut struct {
	Location string `header:"Location"`
	Body     wire.RunnerSecret
}

type runnerOut struct{ Body wire.Runner }

type runnersOut struct{ Body wire.List[wire.Runner] }

func (s *Server) createRunner(ctx context.Context, in *createRunnerIn) (*runnerSecretOut, error) {
	b := in.Body
	res, err := s.Commands.Do(ctx, caller(ctx), commands.CreateRunner{Name: b.Name, Description: b.Description, Visibility: visibilityOf(b.Visibility)})
	if err != nil {
		return nil, s.fail(err)
	}
	return &runnerSecretOut{Location: "/api/v1/runners/" + res.ID, Body: s.withKey(s.latest(ctx, res), res)}, nil
}

type resetKeyIn struct {
	ByID
	Body wire.ResetRunnerKey `required:"false"`
}

func (s *Server) resetRunnerKey(ctx context.Context, in *resetKeyIn) (*runnerSecretOut, error) {
	id := domain.RunnerID(lower(in.ID))
	res, err := s.Commands.Do(ctx, caller(ctx), commands.ResetRunnerKey{
		ID: id, Reason: in.Body.Reason, Grace: time.Duration(in.Body.GraceSeconds) * time.Second,
	})
	if err != nil {
		return nil, s.fail(err)
	}
	s.waiting.wakeAll(id) // open polls of the old key end now
	return &runnerSecretOut{Body: s.withKey(s.latest(ctx, res), res)}, nil
}

// latest is the runner as the view shows it after a command, or as the command
// left it if the view is late: an answer that holds a key is never held back.
func (s *Server) latest(ctx context.Context, res commands.Result) wire.Runner {
	if s.settle(ctx, res, "runners") {
		if row, err := s.Views.Runner(ctx, domain.RunnerID(res.ID)); err == nil {
			return s.runnerRow(row, s.presence(ctx, res.ID))
		}
	}
	return s.runnerState(ctx, res)
}

// withKey adds what is shown once.
func (s *Server) withKey(r wire.Runner, res commands.Result) wire.RunnerSecret {
	server := s.PublicURL
	if server == "" {
		server = "http://127.0.0.1:8080"
	}
	out := wire.RunnerSecret{Runner: r, Key: textPtr(res.Secret)}
	key := "<key>"
	if out.Key != nil {
		key = *out.Key
	}
	out.Command = "picket runner start --server " + server + " --id " + res.ID + " --key " + key
	return out
}

func (s *Server) getRunner(ctx context.Context, in *ByID) (*runnerOut, error) {
	row, err := s.Views.Runner(ctx, domain.RunnerID(lower(in.ID)))
	if err != nil {
		return nil, s.fail(err)
	}
	return &runnerOut{s.runnerRow(row, s.presence(ctx, lower(in.ID)))}, nil
}

type runnersIn struct {
	PageIn
	Search    string `query:"search" maxLength:"200" doc:"Part of the name or description"`
	Workspace string `query:"workspace" doc:"Only those that can be picked there"`
	Health    string `query:"health" enum:"healthy,unhealthy,never connected"`
}

func (s *Server) listRunners(ctx context.Context, in *runnersIn) (*runnersOut, error) {
	filter := projections.RunnerFilter{Search: in.Search, Workspace: domain.WorkspaceID(lower(in.Workspace))}
	rows, next, err := s.Views.Runners(ctx, filter, in.PageIn.page())
	if err != nil {
		return nil, s.fail(err)
	}
	seen := s.presence(ctx, "")
	out := &runnersOut{list(rows, next, func(r projections.RunnerRow) wire.Runner { return s.runnerRow(r, seen) })}
	if in.Health != "" {
		kept := out.Body.Items[:0]
		for _, r := range out.Body.Items {
			if r.Health == in.Health {
				kept = append(kept, r)
			}
		}
		out.Body.Items = kept
	}
	return out, nil
}

type editRunnerIn struct {
	ByID
	Body wire.EditRunner
}

func (s *Server) editRunner(ctx context.Context, in *editRunnerIn) (*runnerOut, error) {
	return s.changeRunner(ctx, in.ID, commands.EditRunner{ID: domain.RunnerID(lower(in.ID)), Name: in.Body.Name, Description: in.Body.Description})
}

type visibilityIn struct {
	ByID
	Body wire.Visibility
}

func (s *Server) changeVisibility(ctx context.Context, in *visibilityIn) (*runnerOut, error) {
	return s.changeRunner(ctx, in.ID, commands.ChangeVisibility{ID: domain.RunnerID(lower(in.ID)), Visibility: visibilityOf(&in.Body)})
}

func (s *Server) changeRunner(ctx context.Context, id string, c commands.Command) (*runnerOut, error) {
	res, err := s.Commands.Do(ctx, caller(ctx), c)
	if err != nil {
		return nil, s.fail(err)
	}
	if s.settle(ctx, res, "runners") {
		return s.getRunner(ctx, &ByID{ID: id})
	}
	return &runnerOut{s.runnerState(ctx, res)}, nil
}

type deleteRunnerIn struct {
	ByID
	Reason string `query:"reason" maxLength:"500"`
}

func (s *Server) deleteRunner(ctx context.Context, in *deleteRunnerIn) (*struct{}, error) {
	id := domain.RunnerID(lower(in.ID))
	res, err := s.Commands.Do(ctx, caller(ctx), commands.DeleteRunner{ID: id, Reason: in.Reason})
	if err == nil {
		s.waiting.wakeAll(id)
		s.settle(ctx, res, "runners")
	}
	return nil, s.fail(err)
}

type historyIn struct {
	ByID
	PageIn
}

func (s *Server) runnerHistory(ctx context.Context, in *historyIn) (*auditOut, error) {
	rows, next, err := s.Views.RunnerAudit(ctx, domain.RunnerID(lower(in.ID)), in.PageIn.page())
	if err != nil {
		return nil, s.fail(err)
	}
	return &auditOut{list(rows, next, func(r projections.RunnerAuditRow) wire.AuditEntry {
		return wire.AuditEntry{
			Position: r.Position, At: r.At, Actor: actor(r.Actor), Action: r.Action, Category: "runner", Object: lower(in.ID),
			IP: r.IP, UserAgent: r.UserAgent, Details: r.Details,
		}
	})}, nil
}

// presence is who was seen when, by instance; empty when it can't be read, which
// shows runners as unhealthy rather than hiding them.
func (s *Server) presence(ctx context.Context, runner string) map[string]ops.Presence {
	all, err := s.Ops.PresenceOf(ctx, runner)
	if err != nil {
		s.Logger.WarnContext(ctx, "presence not known", "err", err)
	}
	seen := make(map[string]ops.Presence, len(all))
	for _, p := range all {
		seen[p.Instance] = p
	}
	return seen
}

func (s *Server) runnerState(ctx context.Context, res commands.Result) wire.Runner {
	return s.runnerRow(projections.RunnerRow{Runner: *res.State.(*domain.Runner), Record: record(ctx, res)}, nil)
}

// Health of a runner.
const (
	healthy        = "healthy"
	unhealthy      = "unhealthy"
	neverConnected = "never connected"
)

func (s *Server) runnerRow(row projections.RunnerRow, seen map[string]ops.Presence) wire.Runner {
	r := row.Runner
	out := wire.Runner{
		ID: string(r.ID), Name: r.Name, Description: r.Description, Visibility: visibility(r.Visibility), Health: neverConnected,
		KeyLastFour: r.Key.LastFour, Instances: []wire.Instance{}, QueueDepth: row.QueueDepth, Monitors: row.Monitors,
		CreatedAt: row.CreatedAt, CreatedBy: actor(row.CreatedBy), UpdatedAt: row.UpdatedAt,
	}
	if now := s.Now(); now.Before(r.PreviousValidUntil) {
		out.PreviousValidUntil = timePtr(r.PreviousValidUntil)
	}
	if row.OldestQueuedAt != nil {
		out.OldestQueuedAgeMS = max(0, s.Now().Sub(*row.OldestQueuedAt).Milliseconds())
	}
	for _, i := range row.Instances {
		p := seen[string(i.ID)]
		w := instance(i, p)
		out.Instances = append(out.Instances, w)
		out.Health = unhealthy
		if w.State == string(domain.InstanceOnline) {
			out.InFlight += w.InFlight
			out.Capacity += w.Capacity
		}
		if w.LastPingAt != nil && (out.LastPingAt == nil || w.LastPingAt.After(*out.LastPingAt)) {
			out.LastPingAt = w.LastPingAt
		}
	}
	if out.Capacity > 0 {
		out.Health = healthy
	}
	return out
}

// instance joins what the log knows of an instance with its last sign of life.
func instance(row projections.InstanceRow, p ops.Presence) wire.Instance {
	i := row.Instance
	w := wire.Instance{
		ID: string(i.ID), HostName: i.HostName, UniqueID: i.UniqueID, Version: i.Version, OS: i.OS, Arch: i.Arch,
		State: string(i.State), Capacity: i.Capacity, ConnectedAt: row.ConnectedAt, LastPingAt: timePtr(p.SeenAt),
	}
	if p.Online {
		w.InFlight = p.InFlight
	} else if i.State == domain.InstanceOnline && p.Instance != "" {
		w.State = string(domain.InstanceGone)
	}
	return w
}
