package projections

import (
	"slices"
	"time"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore/codec"
)

// Instances are part of the runners view.
const (
	instanceSchema = `
CREATE TABLE {instances}(
  seq INTEGER PRIMARY KEY, -- in the order of connecting
  id TEXT NOT NULL UNIQUE,
  runner TEXT NOT NULL,
  host_name TEXT NOT NULL,
  state TEXT NOT NULL,
  doc TEXT NOT NULL,
  connected_at INTEGER NOT NULL, -- for the first time
  last_seen_at INTEGER,          -- of one that was lost
  updated_at INTEGER NOT NULL
) STRICT;`
	instanceIndexes = `
CREATE INDEX IF NOT EXISTS {instances}_runner ON {instances}(runner, state, seq);`
)

// InstanceRow is a process that authenticated as a runner.
type InstanceRow struct {
	domain.Instance
	ConnectedAt time.Time
	LastSeenAt  *time.Time // of one that was lost
	UpdatedAt   time.Time  // when it connected, was lost or stopped
}

type instanceEntry struct {
	InstanceRow
	known bool
}

func foldInstances(t *tx, batch []*event) error {
	if len(batch) == 0 {
		return nil
	}
	entries := make(map[string]*instanceEntry)
	var order []string
	for _, e := range batch {
		if id := e.id(); entries[id] == nil {
			entries[id] = &instanceEntry{}
			order = append(order, id)
		}
	}
	err := t.each(func(scan func(...any) error) error {
		var id, doc string
		var connected, seen instant
		if err := scan(&id, &doc, &connected, &seen); err != nil {
			return err
		}
		i := entries[id]
		i.known, i.ConnectedAt, i.LastSeenAt = true, connected.Time, seen.ptr()
		return codec.Unmarshal([]byte(doc), &i.Instance)
	}, `SELECT id, doc, connected_at, last_seen_at FROM {instances} WHERE id IN (SELECT value FROM json_each(?))`, jsonList(order))
	if err != nil {
		return err
	}
	for _, e := range batch {
		entries[e.id()].apply(e)
	}
	for _, id := range order {
		if err := saveInstance(t, id, entries[id]); err != nil {
			return err
		}
	}
	return nil
}

func (i *instanceEntry) apply(e *event) {
	i.Apply(e.payload)
	i.UpdatedAt = e.Time
	if !i.known {
		i.known, i.ConnectedAt = true, e.Time
	}
	i.LastSeenAt = nil
	if lost, ok := e.payload.(domain.InstanceLost); ok {
		i.LastSeenAt = &lost.LastSeenAt
	}
}

func saveInstance(t *tx, id string, i *instanceEntry) error {
	doc, err := toJSON(i.Instance)
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO {instances}(id, runner, host_name, state, doc, connected_at, last_seen_at, updated_at)
		VALUES(?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT(id) DO UPDATE SET runner = excluded.runner, host_name = excluded.host_name, state = excluded.state,
		doc = excluded.doc, last_seen_at = excluded.last_seen_at, updated_at = excluded.updated_at`,
		id, string(i.Runner), i.HostName, string(i.State), doc, nanos(i.ConnectedAt), nanosOf(i.LastSeenAt), nanos(i.UpdatedAt))
}

// instancesOf are the instances of a runner, newest first. Where there are too
// many, those that are online are kept before those that are not.
func instancesOf(r *reader, runner domain.RunnerID) ([]InstanceRow, error) {
	list := []InstanceRow{}
	err := r.each(func(scan func(...any) error) error {
		var doc string
		var connected, seen, updated instant
		if err := scan(&doc, &connected, &seen, &updated); err != nil {
			return err
		}
		row := InstanceRow{ConnectedAt: connected.Time, LastSeenAt: seen.ptr(), UpdatedAt: updated.Time}
		if err := codec.Unmarshal([]byte(doc), &row.Instance); err != nil {
			return err
		}
		list = append(list, row)
		return nil
	}, `SELECT doc, connected_at, last_seen_at, updated_at FROM {instances} WHERE runner = ?
		ORDER BY state = 'online' DESC, seq DESC LIMIT ?`, string(runner), maxInstances)
	slices.SortStableFunc(list, func(a, b InstanceRow) int { return b.ConnectedAt.Compare(a.ConnectedAt) })
	return list, err
}
