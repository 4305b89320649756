package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore/codec"
)

// AuditRow is one change.
type AuditRow struct {
	Position    string
	At          time.Time
	Actor       domain.Actor
	Action      string // event type
	Category    string // kind of the object: the first part of the action
	Object      string // id; of a key for the events of API keys
	ObjectName  string // at that time
	Workspace   domain.WorkspaceID
	IP          string
	UserAgent   string
	Correlation string
	Details     map[string]any // the event's own fields
}

// AuditFilter narrows Audit; a zero field lets all pass.
type AuditFilter struct {
	Actor     string // id or name
	Action    string // the beginning of it: "runner.", "runner.key_reset.v1"
	Object    string
	Category  string
	Workspace domain.WorkspaceID
	From, To  time.Time // at From or later, before To
}

func (f AuditFilter) where() where {
	var w where
	if f.Actor != "" {
		w.and("(actor_id = ? OR actor_name = ?)", f.Actor, f.Actor)
	}
	if f.Action != "" {
		w.and("action >= ? AND action < ?", f.Action, f.Action+"\U0010FFFF")
	}
	w.equals("object", f.Object)
	w.equals("category", f.Category)
	w.equals("workspace", string(f.Workspace))
	w.between("at", f.From, f.To)
	return w
}

// Audit lists changes, newest first.
func (v *Views) Audit(ctx context.Context, filter AuditFilter, p Page) (list []AuditRow, next string, err error) {
	limit, err := p.size()
	if err != nil {
		return nil, "", err
	}
	after, err := p.after("audit", 1)
	if err != nil {
		return nil, "", err
	}
	w := filter.where()
	if after != nil {
		w.and("seq < ?", after[0])
	}
	var seqs []int64
	err = v.ask(ctx, func(r *reader) error {
		return r.each(func(scan func(...any) error) error {
			var a AuditRow
			var seq int64
			var at instant
			var details string
			if err := scan(&seq, &a.Position, &at, &a.Actor.Kind, &a.Actor.ID, &a.Actor.Name, &a.Action, &a.Category, &a.Object,
				&a.ObjectName, &a.Workspace, &a.IP, &a.UserAgent, &a.Correlation, &details); err != nil {
				return err
			}
			a.At = at.Time
			if err := codec.Unmarshal([]byte(details), &a.Details); err != nil {
				return err
			}
			list, seqs = append(list, a), append(seqs, seq)
			return nil
		}, fmt.Sprintf(`SELECT seq, position, at, actor_kind, actor_id, actor_name, action, category, object, object_name,
			workspace, ip, user_agent, correlation, details FROM {audit}%s ORDER BY seq DESC LIMIT %d`, w.String(), limit+1), w.args...)
	})
	list, next = paged(list, limit, func(AuditRow) string { return cursor("audit", seqs[limit-1]) })
	return list, next, err
}
