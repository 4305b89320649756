package api

import (
	"context"
	"net/http"
	"time"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

func (s *Server) monitorRoutes() {
	const base, one = "/api/v1/monitors", "/api/v1/monitors/{id}"
	register(s, route{id: "create-monitor", method: http.MethodPost, path: base, summary: "Create a monitor", status: http.StatusCreated}, s.createMonitor)
	register(s, route{id: "get-monitor", method: http.MethodGet, path: one, summary: "Read a monitor"}, s.getMonitor)
	register(s, route{id: "list-monitors", method: http.MethodGet, path: base, summary: "List monitors"}, s.listMonitors)
	register(s, route{id: "edit-monitor", method: http.MethodPut, path: one, summary: "Replace the configuration"}, s.editMonitor)
	register(s, route{id: "pause-monitor", method: http.MethodPost, path: one + "/pause", summary: "Stop the schedule"}, s.pauseMonitor)
	register(s, route{id: "resume-monitor", method: http.MethodPost, path: one + "/resume", summary: "Start the schedule again"}, s.resumeMonitor)
	register(s, route{id: "delete-monitor", method: http.MethodDelete, path: one, summary: "Delete a monitor; its runs stay", status: http.StatusNoContent}, s.deleteMonitor)
	register(s, route{id: "run-monitor", method: http.MethodPost, path: one + "/run", summary: "Run it now", status: http.StatusAccepted}, s.runMonitor)
}

type createMonitorIn struct{ Body wire.ConfigureMonitor }

type monitorOut struct {
	Location string `header:"Location"`
	Body     wire.Monitor
}

type monitorsOut struct{ Body wire.List[wire.Monitor] }

func (s *Server) createMonitor(ctx context.Context, in *createMonitorIn) (*monitorOut, error) {
	if in.Body.Workspace == "" {
		return nil, s.fail(domain.FieldErrorf("/workspace", "is required: the id of an internal workspace"))
	}
	res, err := s.Commands.Do(ctx, caller(ctx), commands.CreateMonitor{
		Workspace: domain.WorkspaceID(lower(in.Body.Workspace)), Configuration: configurationOf(in.Body),
	})
	if err != nil {
		return nil, s.fail(err)
	}
	out := &monitorOut{Body: s.monitorState(ctx, res)}
	if s.settle(ctx, res, "monitors") {
		if out, err = s.getMonitor(ctx, &ByID{ID: res.ID}); err != nil {
			return nil, err
		}
	}
	out.Location = "/api/v1/monitors/" + res.ID
	return out, nil
}

func (s *Server) getMonitor(ctx context.Context, in *ByID) (*monitorOut, error) {
	row, err := s.Views.Monitor(ctx, domain.MonitorID(lower(in.ID)))
	if err != nil {
		return nil, s.fail(err)
	}
	return &monitorOut{Body: s.monitorRow(row)}, nil
}

type monitorsIn struct {
	PageIn
	Workspace string `query:"workspace" doc:"Id"`
	Runner    string `query:"runner" doc:"Id: monitors that use it"`
	Search    string `query:"search" maxLength:"200" doc:"Part of the name"`
}

func (s *Server) listMonitors(ctx context.Context, in *monitorsIn) (*monitorsOut, error) {
	rows, next, err := s.Views.Monitors(ctx, projections.MonitorFilter{
		Workspace: domain.WorkspaceID(lower(in.Workspace)), Runner: domain.RunnerID(lower(in.Runner)), Search: in.Search,
	}, in.PageIn.page())
	if err != nil {
		return nil, s.fail(err)
	}
	return &monitorsOut{list(rows, next, s.monitorRow)}, nil
}

type editMonitorIn struct {
	ByID
	Body wire.ConfigureMonitor
}

func (s *Server) editMonitor(ctx context.Context, in *editMonitorIn) (*monitorOut, error) {
	return s.changeMonitor(ctx, in.ID, commands.EditMonitor{
		ID: domain.MonitorID(lower(in.ID)), Workspace: domain.WorkspaceID(lower(in.Body.Workspace)), Configuration: configurationOf(in.Body),
	})
}

type pauseIn struct {
	ByID
	Body *wire.Reason `required:"false"`
}

func (s *Server) pauseMonitor(ctx context.Context, in *pauseIn) (*monitorOut, error) {
	c := commands.PauseMonitor{ID: domain.MonitorID(lower(in.ID))}
	if in.Body != nil {
		c.Reason = in.Body.Reason
	}
	return s.changeMonitor(ctx, in.ID, c)
}

func (s *Server) resumeMonitor(ctx context.Context, in *ByID) (*monitorOut, error) {
	return s.changeMonitor(ctx, in.ID, commands.ResumeMonitor{ID: domain.MonitorID(lower(in.ID))})
}

func (s *Server) changeMonitor(ctx context.Context, id string, c commands.Command) (*monitorOut, error) {
	res, err := s.Commands.Do(ctx, caller(ctx), c)
	if err != nil {
		return nil, s.fail(err)
	}
	if s.settle(ctx, res, "monitors") {
		return s.getMonitor(ctx, &ByID{ID: id})
	}
	return &monitorOut{Body: s.monitorState(ctx, res)}, nil
}

func (s *Server) deleteMonitor(ctx context.Context, in *ByID) (*struct{}, error) {
	res, err := s.Commands.Do(ctx, caller(ctx), commands.DeleteMonitor{ID: domain.MonitorID(lower(in.ID))})
	if err == nil {
		s.settle(ctx, res, "monitors")
	}
	return nil, s.fail(err)
}

type runMonitorIn struct {
	ByID
	Body *wire.TriggerMonitor `required:"false"`
}

type triggeredOut struct {
	Location string `header:"Location"`
	Body     wire.Triggered
}

func (s *Server) runMonitor(ctx context.Context, in *runMonitorIn) (*triggeredOut, error) {
	trigger := domain.TriggerAPI
	if in.Body != nil && in.Body.Trigger != "" {
		trigger = domain.Trigger(in.Body.Trigger)
	}
	res, err := s.Commands.Do(ctx, caller(ctx), commands.TriggerMonitor{Monitor: domain.MonitorID(lower(in.ID)), Trigger: trigger})
	if err != nil {
		return nil, s.fail(err)
	}
	s.settle(ctx, res, "runs")
	first := string(res.Runs[0])
	return &triggeredOut{
		Location: "/api/v1/runs/" + first,
		Body:     wire.Triggered{ID: first, Execution: res.ID, Runs: texts(res.Runs)},
	}, nil
}

func (s *Server) monitorState(ctx context.Context, res commands.Result) wire.Monitor {
	return s.monitorRow(projections.MonitorRow{Monitor: *res.State.(*domain.Monitor), Record: record(ctx, res)})
}

func (s *Server) monitorRow(row projections.MonitorRow) wire.Monitor {
	m := row.Monitor
	w := wire.Monitor{
		ID: string(m.ID), Workspace: string(m.Workspace), Name: m.Name, Collection: string(m.Collection), Environment: string(m.Environment),
		Runners: texts(m.Runners), Schedule: schedule(m.Schedule), Options: options(m.Options), Revision: m.Revision, Paused: m.Paused,
		CreatedAt: row.CreatedAt, CreatedBy: actor(row.CreatedBy), UpdatedAt: row.UpdatedAt,
	}
	if m.Schedule != nil && !m.Paused {
		w.NextRunAt = timePtr(nextRun(m, s.Now()))
	}
	if l := row.LastRun; l != nil {
		w.LastRun = &wire.LastRun{ID: string(l.ID), Outcome: string(l.Outcome), FinishedAt: l.FinishedAt}
	}
	return w
}

func nextRun(m domain.Monitor, now time.Time) time.Time {
	due, _ := m.Schedule.NextDue(m.ID, now)
	return due
}
