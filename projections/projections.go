// Package projections turns facts into tables and tables into answers. It owns
// one SQLite file that is disposable: deleted, damaged, of another layout or
// left over from another log, it is built again from the log with equal rows.
//
// A projection is a schema, a version, Apply for a batch of events, and the
// queries on its tables, in one file. Its checkpoint commits in the transaction
// of its rows, so each event has its effect exactly once. It never skips: at an
// event that it can't read it stops, Status says why, and the others go on.
//
// Tables are written {runs} in SQL and really named runs_g7: the suffix is the
// generation. A rebuild fills a new generation beside the one that serves and
// takes its place in one transaction; so does a projection whose version was
// raised. Reading order: projections.go, views.go, pump.go, run.go, chase.go,
// then any of the views.
package projections

import (
	"fmt"
	"strings"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/codec"
)

// projection is one view. Raise version when schema or apply change; raise since
// as well when the queries would misread the tables of an older version.
type projection struct {
	name    string
	version int
	since   int      // oldest version whose tables the queries can read; 0 is any
	tables  []string // as they stand in braces in SQL; unique over all projections
	schema  string
	indexes string // made after the fill where nothing serves yet
	handles []string
	// ignores says why an event has no effect here, by its type, or by its
	// category with a dot ("run.") where nothing of the category ever can have.
	ignores map[string]string
	apply   func(t *tx, batch []*event) error
}

// all are the projections there are, in the order in which they apply a batch.
func all() []*projection {
	return []*projection{
		workspaces, collections, environments, runners, runnerAudit, monitors, queue, runs, audit,
	}
}

// Names lists the projections.
func Names() []string {
	list := all()
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = p.name
	}
	return names
}

// attitude is what a projection makes of a type of event.
type attitude int

const (
	unknown attitude = iota
	handled
	ignored
)

func (p *projection) attitudeTo(eventType string) attitude {
	for _, h := range p.handles {
		if h == eventType {
			return handled
		}
	}
	category, _, _ := strings.Cut(eventType, ".")
	if p.ignores[eventType] != "" || p.ignores[category+"."] != "" {
		return ignored
	}
	return unknown
}

// event is an event of the log with its payload, as far as somebody wants it.
type event struct {
	eventstore.Recorded
	payload domain.Event
	err     error // why there is no payload
	meta    *domain.Envelope
}

// id is that of the object whose stream it is.
func (e *event) id() string {
	_, id, _ := strings.Cut(e.Stream, "-")
	return id
}

func (e *event) envelope() (domain.Envelope, error) {
	if e.meta != nil {
		return *e.meta, nil
	}
	env, err := domain.DecodeEnvelope(e.Meta, codec.Unmarshal)
	if err != nil {
		return env, fmt.Errorf("decode the envelope of %s %d: %w", e.Stream, e.Version, err)
	}
	e.meta = &env
	return env, nil
}

func (e *event) decode() {
	if e.payload == nil && e.err == nil {
		e.payload, e.err = domain.Decode(e.Type, e.Data, codec.Unmarshal)
	}
}
