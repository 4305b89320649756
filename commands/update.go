package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
)

// conflictRetries bounds how often a decision is made anew because somebody else
// appended to the stream meanwhile.
const conflictRetries = 5

// loaded is a stream as it was read.
type loaded struct {
	version  int64
	position eventstore.Position
}

// load folds a stream into the aggregate.
func load(ctx context.Context, store eventstore.Store, stream string, into domain.Aggregate) (loaded, error) {
	l, _, err := loadUntil(ctx, store, stream, into, "")
	return l, err
}

// loadUntil folds a stream, up to the last event of the command if it is there.
func loadUntil(ctx context.Context, store eventstore.Store, stream string, into domain.Aggregate, commandID string) (loaded, bool, error) {
	var l loaded
	var events []eventstore.Recorded
	for {
		page, err := store.ReadStream(ctx, stream, l.version, eventstore.MaxReadPage)
		if err != nil {
			return l, false, fmt.Errorf("load %s: %w", stream, err)
		}
		if len(page) == 0 {
			break
		}
		events = append(events, page...)
		l.version = page[len(page)-1].Version
		if len(page) < eventstore.MaxReadPage {
			break
		}
	}
	end, found := len(events), false
	if commandID != "" {
		for i, e := range events {
			env, err := domain.DecodeEnvelope(e.Meta, nil)
			if err == nil && env.CommandID == commandID {
				end, found = i+1, true
			}
		}
	}
	for _, e := range events[:end] {
		fact, err := domain.Decode(e.Type, e.Data, nil)
		if err != nil {
			return l, false, fmt.Errorf("load %s: %w", stream, err)
		}
		into.Apply(fact)
		l.version, l.position = e.Version, e.Position
	}
	return l, found, nil
}

// update is load, decide, append: the shape of almost every command. decide gets
// a fresh aggregate each time; it is called again when somebody else was faster.
func update[A domain.Aggregate](ctx context.Context, s *Service, r request, id, stream string,
	fresh func() A, decide func(A) ([]domain.Event, error),
) (Result, error) {
	for try := 0; ; try++ {
		state := fresh()
		commandID := ""
		if r.keyed {
			commandID = r.commandID.String()
		}
		at, replayed, err := loadUntil(ctx, s.store, stream, state, commandID)
		if err != nil {
			return Result{}, err
		}
		res := Result{ID: id, State: state, Version: at.version, Position: at.position, Replayed: replayed, At: s.now().UTC()}
		if replayed {
			return res, nil
		}
		facts, err := decide(state)
		if err != nil || len(facts) == 0 {
			return res, err
		}
		domain.Fold(state, facts...)
		done, err := s.append(ctx, r, stream, eventstore.Expected(at.version), workspaceOf(state), facts)
		if errors.Is(err, eventstore.ErrConflict) && try < conflictRetries {
			continue
		}
		if err != nil {
			return Result{}, err
		}
		res.Version, res.Position = done.Version, done.Position
		return res, nil
	}
}

// append writes facts with their envelope. The event ids follow from the
// command's, so that a retry of the same append is recognised by the store. A
// command that appends to several streams has other ids in each.
func (s *Service) append(ctx context.Context, r request, stream string, expected eventstore.Expected,
	workspace domain.WorkspaceID, facts []domain.Event,
) (eventstore.AppendResult, error) {
	meta, err := domain.Envelope{
		Actor: r.by.Actor, CommandID: r.commandID.String(), CorrelationID: r.by.CorrelationID, CausationID: r.by.CausationID,
		Workspace: workspace, IP: r.by.IP, UserAgent: clip(r.by.UserAgent, 300), Traceparent: r.by.Traceparent, Version: s.version,
	}.Encode()
	if err != nil {
		return eventstore.AppendResult{}, err
	}
	events := make([]eventstore.Event, len(facts))
	for i, f := range facts {
		data, err := domain.Encode(f)
		if err != nil {
			return eventstore.AppendResult{}, err
		}
		id := uuid.NewSHA1(r.commandID, fmt.Appendf(nil, "%d", i))
		events[i] = eventstore.Event{ID: id, Type: f.EventType(), Data: data, Meta: meta}
	}
	res, err := s.store.Append(ctx, stream, expected, events...)
	if errors.Is(err, eventstore.ErrUnavailable) { // outcome unknown: the ids make a second try safe
		res, err = s.store.Append(ctx, stream, expected, events...)
	}
	return res, err
}

// workspaceOf is what events are filtered by; empty for what belongs to the team.
func workspaceOf(a domain.Aggregate) domain.WorkspaceID {
	if in, ok := a.(interface{ InWorkspace() domain.WorkspaceID }); ok {
		return in.InWorkspace()
	}
	return ""
}

// newID is the identifier of what a command creates: the same one for a retry.
func newID[T ~string](r request) T {
	if r.keyed {
		return domain.DeriveID[T](r.commandID.String())
	}
	return domain.NewID[T]()
}

// name is the command's name for logs: its type without the package.
func name(c Command) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", c), "commands.")
}

func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}

// Who may do what, until there are roles.
var (
	people   = []domain.ActorKind{domain.ActorAPIKey, domain.ActorSystem}
	machines = []domain.ActorKind{domain.ActorInstance, domain.ActorSystem}
	itself   = []domain.ActorKind{domain.ActorSystem}
)
