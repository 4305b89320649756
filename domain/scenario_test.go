package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
)

// scenario is one decision: given what happened, when this is asked for, then
// those events or that error follow.
type scenario[A any] struct {
	name    string
	given   []domain.Event
	when    func(*A) ([]domain.Event, error)
	want    []domain.Event
	wantErr string // "kind" or "kind /field"
	again   bool   // the same request once more is accepted and changes nothing
}

func decide[A any, P interface {
	*A
	domain.Aggregate
}](t *testing.T, scenarios []scenario[A],
) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			given := stored(t, s.given...)
			fold := func(more ...domain.Event) P { return domain.Fold(domain.Fold(P(new(A)), given...), more...) }
			before := fold()
			for range 5 { // the same answer each time, and no trace of the question
				got, err := s.when(before)
				require.Equal(t, s.wantErr, errorText(t, err))
				require.Equal(t, s.want, got)
				require.Equal(t, fold(), before)
			}
			if len(s.want) == 0 {
				return
			}
			after := fold(s.want...)
			require.NotEqual(t, before, after, "an event that changes nothing")
			require.Equal(t, after, fold(stored(t, s.want...)...), "storing the events changes what they say")
			if s.again {
				got, err := s.when(after)
				require.NoError(t, err)
				require.Nil(t, got)
			}
		})
	}
}

// stored is what a store gives back of the events.
func stored(t *testing.T, events ...domain.Event) []domain.Event {
	t.Helper()
	var back []domain.Event
	for _, e := range events {
		data, err := domain.Encode(e)
		require.NoError(t, err)
		e, err = domain.Decode(e.EventType(), data, nil)
		require.NoError(t, err)
		back = append(back, e)
	}
	return back
}

func errorText(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *domain.Error
	require.ErrorAs(t, err, &e)
	require.NotEmpty(t, e.Message)
	if e.Field == "" {
		return string(e.Kind)
	}
	return string(e.Kind) + " " + e.Field
}

// events is short for a slice of them.
func events(es ...domain.Event) []domain.Event { return es }

// failing makes one scenario for each text that the field must refuse.
func failing[A any](field string, given []domain.Event, texts map[string]string, when func(*A, string) ([]domain.Event, error)) []scenario[A] {
	var all []scenario[A]
	for name, text := range texts {
		all = append(all, scenario[A]{
			name: field + " " + name, given: given, wantErr: "invalid " + field,
			when: func(a *A) ([]domain.Event, error) { return when(a, text) },
		})
	}
	return all
}
