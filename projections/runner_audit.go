package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore/codec"
)

var runnerAudit = &projection{
	name: "runner_audit", version: 1,
	tables: []string{"runner_audit"},
	schema: `
CREATE TABLE {runner_audit}(
  seq INTEGER PRIMARY KEY, -- in the order of the log
  runner TEXT NOT NULL,
  position TEXT NOT NULL,
  at INTEGER NOT NULL,
  action TEXT NOT NULL,
  actor TEXT NOT NULL,
  ip TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  reason TEXT NOT NULL,
  details TEXT NOT NULL
) STRICT;`,
	indexes: `
CREATE INDEX IF NOT EXISTS {runner_audit}_runner ON {runner_audit}(runner, seq);`,
	handles: []string{
		"runner.created.v1", "runner.edited.v1", "runner.visibility_changed.v1", "runner.key_reset.v1", "runner.deleted.v1",
	},
	ignores: map[string]string{
		"instance.":    "comes and goes by itself: the runners view shows it, the audit view keeps it",
		"workspace.":   "does not change a runner",
		"collection.":  "does not change a runner",
		"environment.": "does not change a runner",
		"monitor.":     "uses a runner, does not change it",
		"run.":         "uses a runner, does not change it",
		"team.":        "does not change a runner",
	},
	apply: func(t *tx, batch []*event) error {
		for _, e := range batch {
			if err := auditRunner(t, e); err != nil {
				return err
			}
		}
		return nil
	},
}

func auditRunner(t *tx, e *event) error {
	env, err := e.envelope()
	if err != nil {
		return err
	}
	actor, err := toJSON(env.Actor)
	if err != nil {
		return err
	}
	details, err := detailsOf(e)
	if err != nil {
		return err
	}
	reason := ""
	switch p := e.payload.(type) {
	case domain.RunnerKeyReset:
		reason = p.Reason
	case domain.RunnerDeleted:
		reason = p.Reason
	}
	return t.exec(`INSERT INTO {runner_audit}(runner, position, at, action, actor, ip, user_agent, reason, details)
		VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.id(), e.Position.String(), nanos(e.Time), e.Type, actor, env.IP, env.UserAgent, reason, details)
}

// RunnerAuditRow says who changed a runner, when, from where and why.
type RunnerAuditRow struct {
	Position  string
	At        time.Time
	Action    string // event type
	Actor     domain.Actor
	IP        string
	UserAgent string
	Reason    string         // as the person gave it; may be empty
	Details   map[string]any // the event's own fields
}

// RunnerAudit lists the changes of a runner, newest first, also when it was
// deleted; it is empty for one that never was.
func (v *Views) RunnerAudit(ctx context.Context, runner domain.RunnerID, p Page) (list []RunnerAuditRow, next string, err error) {
	limit, err := p.size()
	if err != nil {
		return nil, "", err
	}
	after, err := p.after("runner_audit", 1)
	if err != nil {
		return nil, "", err
	}
	var w where
	w.and("runner = ?", string(runner))
	if after != nil {
		w.and("seq < ?", after[0])
	}
	var seqs []int64
	err = v.ask(ctx, func(r *reader) error {
		return r.each(func(scan func(...any) error) error {
			var row RunnerAuditRow
			var seq int64
			var at instant
			var actor, details string
			if err := scan(&seq, &row.Position, &at, &row.Action, &actor, &row.IP, &row.UserAgent, &row.Reason, &details); err != nil {
				return err
			}
			row.At = at.Time
			if err := codec.Unmarshal([]byte(actor), &row.Actor); err != nil {
				return err
			}
			list, seqs = append(list, row), append(seqs, seq)
			return codec.Unmarshal([]byte(details), &list[len(list)-1].Details)
		}, fmt.Sprintf(`SELECT seq, position, at, action, actor, ip, user_agent, reason, details FROM {runner_audit}%s
			ORDER BY seq DESC LIMIT %d`, w.String(), limit+1), w.args...)
	})
	list, next = paged(list, limit, func(RunnerAuditRow) string { return cursor("runner_audit", seqs[limit-1]) })
	return list, next, err
}
