package picket

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/postman"
)

// guardedStore notices that the log can't be written, so that /readyz shows it.
type guardedStore struct {
	eventstore.Store
	full atomic.Bool
}

// Append implements eventstore.Store.
func (s *guardedStore) Append(ctx context.Context, stream string, expected eventstore.Expected, events ...eventstore.Event) (eventstore.AppendResult, error) {
	res, err := s.Store.Append(ctx, stream, expected, events...)
	switch {
	case err == nil:
		s.full.Store(false)
	case errors.Is(err, eventstore.ErrNoSpace):
		s.full.Store(true)
	}
	return res, err
}

func (s *guardedStore) ready() error {
	if s.full.Load() {
		return errors.New("the event log can't be written: no space is left on its disk")
	}
	return nil
}

// eventLog shows the log to people.
type eventLog struct{ store eventstore.Store }

// Events implements api.Log.
func (l *eventLog) Events(ctx context.Context, after string, limit int) ([]wire.Event, string, error) {
	from, err := eventstore.ParsePosition(after)
	if err != nil {
		return nil, "", domain.FieldErrorf("after", "is not a position of the log")
	}
	events, next, err := l.store.ReadAll(ctx, from, limit, eventstore.Filter{})
	if err != nil {
		return nil, "", err
	}
	return shape(events), next.String(), nil
}

// Stream implements api.Log.
func (l *eventLog) Stream(ctx context.Context, stream string, after int64, limit int) ([]wire.Event, error) {
	events, err := l.store.ReadStream(ctx, stream, after, limit)
	return shape(events), err
}

func shape(events []eventstore.Recorded) []wire.Event {
	out := make([]wire.Event, len(events))
	for i, e := range events {
		out[i] = wire.Event{
			Position: e.Position.String(), Stream: e.Stream, Version: e.Version, ID: e.ID.String(), Type: e.Type, At: e.Time,
			Data: object(e.Data), Meta: object(e.Meta),
		}
	}
	return out
}

func object(data []byte) map[string]any {
	m := make(map[string]any)
	if len(data) > 0 {
		_ = json.Unmarshal(data, &m) // bytes that are no object are shown as an empty one
	}
	return m
}

// postmanDocuments lets the API check what people import.
type postmanDocuments struct{}

// Collection implements api.Documents.
func (postmanDocuments) Collection(data []byte) (string, int, error) {
	c, err := postman.ParseCollection(data)
	if err != nil {
		return "", 0, err
	}
	return c.Name, len(c.Requests()), nil
}

// Environment implements api.Documents.
func (postmanDocuments) Environment(data []byte) (string, int, error) {
	e, err := postman.ParseEnvironment(data)
	if err != nil {
		return "", 0, err
	}
	return e.Name, len(e.Values), nil
}

// certificates reads the files again when they change, at most every second.
func certificates(certFile, keyFile string) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	var mu sync.Mutex
	var cert *tls.Certificate
	var changed, looked time.Time
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		mu.Lock()
		defer mu.Unlock()
		if cert != nil && time.Since(looked) < time.Second {
			return cert, nil
		}
		looked = time.Now()
		info, err := os.Stat(certFile)
		if cert != nil && (err != nil || info.ModTime().Equal(changed)) {
			return cert, nil // a file that is gone or being replaced: the old one goes on
		}
		if err != nil {
			return nil, err
		}
		fresh, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			if cert != nil {
				return cert, nil
			}
			return nil, err
		}
		cert, changed = &fresh, info.ModTime()
		return cert, nil
	}
}
