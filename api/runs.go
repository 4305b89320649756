package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

func (s *Server) runRoutes() {
	register(s, route{id: "get-run", method: http.MethodGet, path: "/api/v1/runs/{id}", summary: "Read a run"}, s.getRun)
	register(s, route{id: "list-runs", method: http.MethodGet, path: "/api/v1/runs", summary: "List runs, newest first"}, s.listRuns)
	register(s, route{id: "get-report", method: http.MethodGet, path: "/api/v1/runs/{id}/report", summary: "Read the detailed result of a run", also: []int{http.StatusGone}}, s.getReport)
}

type runOut struct{ Body wire.Run }

type runsOut struct{ Body wire.List[wire.Run] }

type reportOut struct{ Body wire.Report }

func (s *Server) getRun(ctx context.Context, in *ByID) (*runOut, error) {
	row, err := s.Views.RunByID(ctx, domain.RunID(lower(in.ID)))
	if err != nil {
		return nil, s.fail(err)
	}
	return &runOut{runRow(row)}, nil
}

type runsIn struct {
	PageIn
	Workspace string    `query:"workspace" doc:"Id"`
	Monitor   string    `query:"monitor" doc:"Id"`
	Runner    string    `query:"runner" doc:"Id"`
	Execution string    `query:"execution" doc:"Id"`
	Outcome   string    `query:"outcome" enum:"successful,failure,error,abort,missed"`
	State     string    `query:"state" enum:"queued,claimed,running,finished"`
	Trigger   string    `query:"trigger" enum:"scheduled,manual,cli,webhook,api"`
	From      time.Time `query:"from" doc:"Queued at or after"`
	To        time.Time `query:"to" doc:"Queued before"`
}

func (s *Server) listRuns(ctx context.Context, in *runsIn) (*runsOut, error) {
	rows, next, err := s.Views.Runs(ctx, projections.RunFilter{
		Workspace: domain.WorkspaceID(lower(in.Workspace)), Monitor: domain.MonitorID(lower(in.Monitor)), Runner: domain.RunnerID(lower(in.Runner)),
		Execution: domain.ExecutionID(lower(in.Execution)), Outcome: domain.Outcome(in.Outcome), State: domain.RunState(in.State),
		Trigger: domain.Trigger(in.Trigger), From: in.From, To: in.To,
	}, in.PageIn.page())
	if err != nil {
		return nil, s.fail(err)
	}
	return &runsOut{list(rows, next, runRow)}, nil
}

func (s *Server) getReport(ctx context.Context, in *ByID) (*reportOut, error) {
	row, err := s.Views.RunByID(ctx, domain.RunID(lower(in.ID)))
	if err != nil {
		return nil, s.fail(err)
	}
	if row.ReportHash == "" {
		return nil, newProblem(http.StatusNotFound, "the run has no report yet; read its state at /api/v1/runs/"+string(row.ID))
	}
	data, err := s.Blobs.Get(ctx, row.ReportHash)
	if err != nil {
		return nil, s.contentLost(err)
	}
	out := new(reportOut)
	return out, s.fail(json.Unmarshal(data, &out.Body))
}

func runRow(r projections.RunRow) wire.Run {
	w := wire.Run{
		ID: string(r.ID), Execution: string(r.Execution), Monitor: string(r.Monitor), MonitorName: r.MonitorName, MonitorRevision: r.MonitorRevision,
		Workspace: string(r.Workspace), Runner: string(r.Runner), RunnerName: r.RunnerName, Instance: textPtr(r.Instance), InstanceHost: textPtr(r.InstanceHost),
		Trigger: string(r.Trigger), State: string(r.State), Outcome: textPtr(r.Outcome), MissedCause: textPtr(r.MissedCause),
		Attempt: r.Attempt, Attempts: []wire.Attempt{}, MaxAttempts: r.MaxAttempts,
		NominalAt: r.NominalAt, DueAt: r.DueAt, ClaimedAt: r.ClaimedAt, StartedAt: r.StartedAt,
		FinishedAt: r.FinishedAt, ReportedAt: r.ReportedAt,
		Counts: counts(r.Counts), Timings: timings(r.Timings), FirstError: trouble(r.FirstError),
		Collection:  wire.PinnedDocument{ID: string(r.Collection), Hash: r.CollectionHash},
		Environment: wire.PinnedDocument{ID: string(r.Environment), Hash: r.EnvironmentHash},
		Options:     options(r.Options), HasReport: r.ReportHash != "", LateReports: r.LateReports,
	}
	for _, a := range r.Attempts {
		w.Attempts = append(w.Attempts, wire.Attempt{
			Attempt: a.Attempt, Instance: string(a.Instance), InstanceHost: a.InstanceHost, ClaimedAt: a.ClaimedAt,
			StartedAt: a.StartedAt, EndedAt: a.EndedAt, End: string(a.End),
		})
	}
	return w
}
