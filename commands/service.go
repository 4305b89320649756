// Package commands turns intent into facts: each command loads the streams that
// it decides on, asks the domain, and appends what it answers.
//
// A decision rests on its stream, never on a view, which may lag.
package commands

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
)

// Actor is who sends a command, and what is known of the request.
type Actor struct {
	domain.Actor
	IdempotencyKey string // of the request; scoped to the actor
	CorrelationID  string
	CausationID    string
	IP             string
	UserAgent      string
	Traceparent    string
}

// System is the control plane itself.
var System = Actor{Actor: domain.System}

// Command is an intent. The set is closed: one struct for each.
type Command interface {
	actors() []domain.ActorKind // who may
	handle(context.Context, *Service, request) (Result, error)
}

// request is a command under way.
type request struct {
	by        Actor
	commandID uuid.UUID
	keyed     bool // commandID comes from an Idempotency-Key: it may be a retry
}

// Result says what a command did. Answers to clients are built from it, so that
// they do not depend on how far the views are.
type Result struct {
	ID       string              // of the aggregate
	Version  int64               // of its stream
	Position eventstore.Position // a view that has reached it shows the change
	State    domain.Aggregate    // after the command
	Replayed bool                // a retry: the first try had done it
	Secret   string              // shown once; empty in a replay. Never log it
	Runs     []domain.RunID      // of TriggerMonitor
	At       time.Time
}

// Lanes decide which scheduled run of a monitor goes ahead on a lane. They are
// operational state, not facts: the log can tell them anew.
type Lanes interface {
	// TakeLane gives the lane to the run, unless another run has it.
	TakeLane(ctx context.Context, monitor, lane, run string) (bool, error)
	// FreeLane frees whatever lane the run has.
	FreeLane(ctx context.Context, run string) error
	// Settle frees the lane of a run that has ended and forgets its lease.
	Settle(ctx context.Context, run string) error
}

// Config is what a Service needs.
type Config struct {
	Store   eventstore.Store
	Lanes   Lanes
	Now     func() time.Time // default time.Now
	Log     *slog.Logger     // default: discard
	Version string           // of Picket; written into each event's envelope
}

// Service carries out commands.
type Service struct {
	store   eventstore.Store
	lanes   Lanes
	now     func() time.Time
	log     *slog.Logger
	version string
}

// New makes a Service.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{store: c.Store, lanes: c.Lanes, now: c.Now, log: c.Log, version: c.Version}
}

// Do carries out one command. Errors are *domain.Error where the caller can do
// something about it; anything else is a defect or a broken store.
func (s *Service) Do(ctx context.Context, by Actor, c Command) (Result, error) {
	if !slices.Contains(c.actors(), by.Kind) {
		return Result{}, domain.Errorf(domain.Forbidden, "this needs another kind of key")
	}
	r := request{by: by, commandID: uuid.Must(uuid.NewV7())}
	if by.IdempotencyKey != "" {
		r.keyed = true
		r.commandID = uuid.NewSHA1(uuid.MustParse(domain.TeamID), []byte(string(by.Kind)+"\x00"+by.ID+"\x00"+by.IdempotencyKey))
	}
	start := s.now()
	res, err := c.handle(ctx, s, r)
	err = storeError(err)
	s.log.LogAttrs(ctx, slog.LevelDebug, "command",
		slog.String("command", name(c)), slog.String("actor", by.ID), slog.String("id", res.ID),
		slog.Bool("replayed", res.Replayed), slog.Duration("took", s.now().Sub(start)), slog.Any("err", err))
	return res, err
}

// storeError words the store's troubles for people.
func storeError(err error) error {
	switch {
	case err == nil || domain.KindOf(err) != "":
		return err
	case errors.Is(err, eventstore.ErrConflict):
		return domain.Errorf(domain.Conflict, "somebody else changed it at the same time; look at it again and retry")
	case errors.Is(err, eventstore.ErrNoSpace):
		return domain.Errorf(domain.NoSpace, "the event log can't be written: no space is left on its disk; nothing was changed")
	case errors.Is(err, eventstore.ErrUnavailable), errors.Is(err, eventstore.ErrClosed):
		return domain.Errorf(domain.Unavailable, "the event log can't be reached now; retry in a moment")
	case errors.Is(err, domain.ErrUnknownEvent):
		return domain.Errorf(domain.Unavailable, "a newer version of Picket wrote this; upgrade this control plane")
	}
	return err
}
