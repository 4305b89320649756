package domain

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Event is a fact. Its type is written out in EventType, never derived from the
// Go name, so that renaming code can't change history.
type Event interface {
	EventType() string
}

// Aggregate is state folded from the events of one stream.
type Aggregate interface {
	// Apply takes in a fact. It can't fail: what was decided is true.
	Apply(Event)
}

// ErrUnknownEvent means that a newer version of Picket wrote the event.
var ErrUnknownEvent = errors.New("event type is not known: a newer version of Picket wrote it")

var registry = func() map[string]reflect.Type {
	types := make(map[string]reflect.Type)
	for _, events := range [][]Event{
		workspaceEvents, collectionEvents, environmentEvents, runnerEvents,
		instanceEvents, monitorEvents, runEvents, teamEvents,
	} {
		for _, e := range events {
			types[e.EventType()] = reflect.TypeOf(e)
		}
	}
	return types
}()

// EventTypes lists every event type that exists, sorted.
func EventTypes() []string { return slices.Sorted(maps.Keys(registry)) }

// Encode is the event's payload.
func Encode(e Event) ([]byte, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.EventType(), err)
	}
	return data, nil
}

// Decode makes an event of a stored payload; unmarshal is the JSON decoder to
// use (nil: encoding/json). Errors: ErrUnknownEvent, or that of the decoder.
func Decode(eventType string, data []byte, unmarshal func([]byte, any) error) (Event, error) {
	t, ok := registry[eventType]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnknownEvent, eventType)
	}
	if unmarshal == nil {
		unmarshal = json.Unmarshal
	}
	p := reflect.New(t)
	if err := unmarshal(data, p.Interface()); err != nil {
		return nil, fmt.Errorf("decode %s: %w", eventType, err)
	}
	return p.Elem().Interface().(Event), nil
}

// Fold applies events in order.
func Fold[A Aggregate](a A, events ...Event) A {
	for _, e := range events {
		a.Apply(e)
	}
	return a
}
