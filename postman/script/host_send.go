package script

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"
)

// headStart is how long a request of a script may take to be sent before the next
// one is started; its answer is not waited for.
const headStart = 5 * time.Millisecond

// tick is for how long an answer waits for one to an earlier request: answers
// that come together are handed over in the order of their requests, as from an
// event loop.
const tick = time.Millisecond

type sentKey struct{}

// Sent tells that the request which Host.Send was given this ctx for is on its
// way, so that the script's next one may follow. Scripts rely on the order in
// which their requests go out. A Host that never calls it delays the next request
// by a few milliseconds.
func Sent(ctx context.Context) {
	if sent, ok := ctx.Value(sentKey{}).(func()); ok {
		sent()
	}
}

// WithSent is a context under which Sent calls f, for a Host that is far from its
// script. f may be called again.
func WithSent(ctx context.Context, f func()) context.Context {
	return context.WithValue(ctx, sentKey{}, f)
}

// requests are those that the script under way sent.
type requests struct {
	started  int           // how many
	lastSent chan struct{} // closed when the newest is on its way
	answers  chan answered
	sending  int        // whose answer was not taken from answers
	ready    []answered // taken, not handed over
	open     []int      // numbers of those whose answer was not handed over
	order    []int      // numbers of the others
}

// send starts a request of a script, after those that it sent before; its answer
// comes back through s.answers.
func (s *sandbox) send(args []any) (any, error) {
	a := answered{id: integer(args), number: s.started}
	s.started++
	host, ctx, answers, before := s.in.Host, s.ctx, s.answers, s.lastSent
	sent := make(chan struct{})
	tell := sync.OnceFunc(func() { close(sent) })
	s.lastSent = sent
	s.sending++
	s.open = append(s.open, a.number)
	go func() {
		if before != nil {
			select {
			case <-before:
			case <-ctx.Done():
			}
		}
		if host == nil {
			a.err = errors.New("requests can't be sent here")
		} else {
			late := time.AfterFunc(headStart, tell)
			a.response, a.err = host.Send(WithSent(ctx, tell), json.RawMessage(text(args, 1)))
			late.Stop()
		}
		tell()
		answers <- a
	}()
	return nil, nil
}

// settled is the outcome of a request as the pm layer takes it.
func (s *sandbox) settled(a answered) string {
	if a.err == nil {
		s.bodies[a.id] = a.response.Body
		return `{"response":` + string(responseHead(&a.response, a.id)) + `}`
	}
	failure := map[string]string{"message": a.err.Error()}
	if coded, ok := errors.AsType[interface {
		error
		ErrorCode() string
	}](a.err); ok && coded.ErrorCode() != "" {
		failure["code"] = coded.ErrorCode()
	}
	b, _ := json.Marshal(map[string]any{"error": failure}) // texts only
	return string(b)
}

// answered is the outcome of one pm.sendRequest.
type answered struct {
	id       int
	number   int // of the request in its script
	response Response
	err      error
}

// wait lets the next thing happen: a timer, or the answer to a request.
func (s *sandbox) wait(ctx context.Context, ms float64) error {
	var due <-chan time.Time
	if len(s.ready) > 0 {
		return s.settle(ctx)
	}
	if ms == 0 {
		_, err := s.call(ctx, "__timer")
		return err
	}
	if ms > 0 {
		t := time.NewTimer(time.Duration(ms * float64(time.Millisecond)))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-due:
		_, err := s.call(ctx, "__timer")
		return err
	case a := <-s.answers:
		s.take(a)
		return s.settle(ctx)
	}
}

func (s *sandbox) take(a answered) {
	s.sending--
	s.ready = append(s.ready, a)
}

// settle hands over the answer to the earliest request, of those that came.
func (s *sandbox) settle(ctx context.Context) error {
	byNumber := func(a, b answered) int { return a.number - b.number }
	slices.SortFunc(s.ready, byNumber)
	over := time.NewTimer(tick)
	defer over.Stop()
	for late := false; s.ready[0].number != slices.Min(s.open) && !late; {
		select {
		case a := <-s.answers:
			s.take(a)
			slices.SortFunc(s.ready, byNumber)
		case <-over.C:
			late = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	a := s.ready[0]
	s.ready = s.ready[1:]
	s.open = slices.DeleteFunc(s.open, func(n int) bool { return n == a.number })
	s.order = append(s.order, a.number)
	_, err := s.call(ctx, "__settle", a.id, s.settled(a))
	return err
}
