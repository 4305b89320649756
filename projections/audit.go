package projections

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore/codec"
)

// The audit view has every change by a person or an API key, and the coming and
// going of runners and their instances.
var audit = &projection{
	name: "audit", version: 1,
	tables: []string{"audit", "audit_names"},
	schema: `
CREATE TABLE {audit}(
  seq INTEGER PRIMARY KEY, -- in the order of the log
  position TEXT NOT NULL,
  at INTEGER NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  action TEXT NOT NULL,
  category TEXT NOT NULL,
  object TEXT NOT NULL,
  object_name TEXT NOT NULL,
  workspace TEXT NOT NULL,
  ip TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  correlation TEXT NOT NULL,
  details TEXT NOT NULL
) STRICT;
CREATE TABLE {audit_names}( -- what objects are called, for events that don't say
  object TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  workspace TEXT NOT NULL
) STRICT, WITHOUT ROWID;`,
	indexes: `
CREATE INDEX IF NOT EXISTS {audit}_object ON {audit}(object, seq);
CREATE INDEX IF NOT EXISTS {audit}_actor ON {audit}(actor_id, seq);
CREATE INDEX IF NOT EXISTS {audit}_workspace ON {audit}(workspace, seq);
CREATE INDEX IF NOT EXISTS {audit}_action ON {audit}(action, seq);
CREATE INDEX IF NOT EXISTS {audit}_at ON {audit}(at);`,
	handles: []string{
		"workspace.created.v1", "workspace.renamed.v1",
		"collection.saved.v1", "collection.deleted.v1",
		"environment.saved.v1", "environment.deleted.v1",
		"runner.created.v1", "runner.edited.v1", "runner.visibility_changed.v1", "runner.key_reset.v1", "runner.deleted.v1",
		"instance.connected.v1", "instance.lost.v1", "instance.stopped.v1",
		"monitor.created.v1", "monitor.edited.v1", "monitor.paused.v1", "monitor.resumed.v1", "monitor.deleted.v1",
		"run.queued.v1", "run.missed.v1",
		"team.api_key_created.v1", "team.api_key_revoked.v1",
	},
	ignores: map[string]string{
		"monitor.slots_missed.v1":        "the scheduler's bookkeeping: shown with the monitor",
		"run.claimed.v1":                 "an instance at work: the runs view has its attempts",
		"run.started.v1":                 "an instance at work: the runs view has its attempts",
		"run.lease_expired.v1":           "the lease keeper at work: the runs view has it",
		"run.released.v1":                "an instance at work: the runs view has its attempts",
		"run.finished.v1":                "an instance's report: the runs view has it",
		"run.late_report_quarantined.v1": "an instance's report: the runs view counts it",
	},
	apply: func(t *tx, batch []*event) error {
		for _, e := range batch {
			if err := auditEvent(t, e); err != nil {
				return err
			}
		}
		return nil
	},
}

// onlyByPeople are kept only when a person or an API key caused them: the
// scheduler queues and misses runs all day long, and the runs view has those.
var onlyByPeople = map[string]bool{"run.queued.v1": true, "run.missed.v1": true}

func auditEvent(t *tx, e *event) error {
	env, err := e.envelope()
	if err != nil {
		return err
	}
	if onlyByPeople[e.Type] && (env.Actor.Kind == domain.ActorSystem || env.Actor.Kind == domain.ActorInstance) {
		return nil
	}
	s := subjectOf(e)
	if s.workspace == "" {
		s.workspace = env.Workspace
	}
	if err := s.remember(t); err != nil {
		return err
	}
	details, err := detailsOf(e)
	if err != nil {
		return err
	}
	category, _, _ := strings.Cut(e.Type, ".")
	a := env.Actor
	return t.exec(`INSERT INTO {audit}(position, at, actor_kind, actor_id, actor_name, action, category, object, object_name,
		workspace, ip, user_agent, correlation, details) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Position.String(), nanos(e.Time), string(a.Kind), a.ID, a.Name, e.Type, category, s.object, s.name,
		string(s.workspace), env.IP, env.UserAgent, env.CorrelationID, details)
}

// subject is what an event is about.
type subject struct {
	object    string
	name      string
	workspace domain.WorkspaceID
}

func subjectOf(e *event) subject {
	s := subject{object: e.id()}
	switch p := e.payload.(type) {
	case domain.WorkspaceCreated:
		s.name, s.workspace = p.Name, p.ID
	case domain.WorkspaceRenamed:
		s.name, s.workspace = p.Name, p.ID
	case domain.CollectionSaved:
		s.name, s.workspace = p.Name, p.Workspace
	case domain.EnvironmentSaved:
		s.name, s.workspace = p.Name, p.Workspace
	case domain.RunnerCreated:
		s.name = p.Name
	case domain.RunnerEdited:
		s.name = p.Name
	case domain.InstanceConnected:
		s.name = p.HostName
	case domain.MonitorCreated:
		s.name, s.workspace = p.Name, p.Workspace
	case domain.MonitorEdited:
		s.name = p.Name
	case domain.RunQueued:
		s.name, s.workspace = p.MonitorName, p.Workspace
	case domain.APIKeyCreated:
		s.object, s.name = string(p.Key.ID), p.Name
	case domain.APIKeyRevoked:
		s.object = string(p.ID)
	}
	return s
}

// remember fills in what the event doesn't say from the events before, and keeps
// what it does say for those to come.
func (s *subject) remember(t *tx) error {
	name, workspace := s.name, string(s.workspace)
	err := t.each(func(scan func(...any) error) error { return scan(&name, &workspace) },
		`SELECT name, workspace FROM {audit_names} WHERE object = ?`, s.object)
	if err != nil {
		return err
	}
	if s.name != "" {
		name = s.name
	}
	if s.workspace != "" {
		workspace = string(s.workspace)
	}
	s.name, s.workspace = name, domain.WorkspaceID(workspace)
	return t.exec(`INSERT INTO {audit_names}(object, name, workspace) VALUES(?, ?, ?)
		ON CONFLICT(object) DO UPDATE SET name = excluded.name, workspace = excluded.workspace
		WHERE name <> excluded.name OR workspace <> excluded.workspace`, s.object, name, workspace)
}

// detailsOf are the event's own fields, less the fingerprints of keys: they are
// no secrets, but of no use to a reader either.
func detailsOf(e *event) (string, error) {
	switch e.payload.(type) {
	case domain.RunnerCreated, domain.RunnerKeyReset, domain.APIKeyCreated:
	default:
		return string(e.Data), nil
	}
	var fields map[string]any
	if err := codec.Unmarshal(e.Data, &fields); err != nil {
		return "", fmt.Errorf("details of %s %d: %w", e.Stream, e.Version, err)
	}
	if key, ok := fields["key"].(map[string]any); ok {
		delete(key, "hash")
	}
	data, err := json.Marshal(fields)
	return string(data), err
}
