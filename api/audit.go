package api

import (
	"context"
	"net/http"
	"time"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

func (s *Server) auditRoutes() {
	register(s, route{id: "list-audit", method: http.MethodGet, path: "/api/v1/audit", summary: "Who changed what, when and from where; newest first"}, s.listAudit)
}

type auditIn struct {
	PageIn
	Actor     string    `query:"actor" maxLength:"200" doc:"Id of who did it"`
	Action    string    `query:"action" maxLength:"200" doc:"Event type or its beginning: runner.key_reset"`
	Object    string    `query:"object" maxLength:"200" doc:"Id of what was changed"`
	Category  string    `query:"category" maxLength:"50" doc:"Kind of what was changed: runner, monitor, …"`
	Workspace string    `query:"workspace" doc:"Id"`
	From      time.Time `query:"from"`
	To        time.Time `query:"to"`
}

type auditOut struct{ Body wire.List[wire.AuditEntry] }

func (s *Server) listAudit(ctx context.Context, in *auditIn) (*auditOut, error) {
	rows, next, err := s.Views.Audit(ctx, projections.AuditFilter{
		Actor: in.Actor, Action: in.Action, Object: lower(in.Object), Category: in.Category,
		Workspace: domain.WorkspaceID(lower(in.Workspace)), From: in.From, To: in.To,
	}, in.PageIn.page())
	if err != nil {
		return nil, s.fail(err)
	}
	return &auditOut{list(rows, next, auditRow)}, nil
}

func auditRow(r projections.AuditRow) wire.AuditEntry {
	return wire.AuditEntry{
		Position: r.Position, At: r.At, Actor: actor(r.Actor), Action: r.Action, Category: r.Category, Object: r.Object,
		ObjectName: r.ObjectName, Workspace: string(r.Workspace), IP: r.IP, UserAgent: r.UserAgent, Correlation: r.Correlation, Details: r.Details,
	}
}
