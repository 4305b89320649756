package eventstore_test

import (
	"cmp"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/picket-api/picket/eventstore"
)

var positions = rapid.Custom(func(t *rapid.T) eventstore.Position {
	return eventstore.NewPosition(rapid.Uint64().Draw(t, "hi"), rapid.Uint64().Draw(t, "lo"))
})

func TestPositionText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := positions.Draw(t, "position")
		parsed, err := eventstore.ParsePosition(p.String())
		require.NoError(t, err)
		require.Equal(t, p, parsed)
	})
	zero, err := eventstore.ParsePosition("")
	require.NoError(t, err)
	require.True(t, zero.IsZero())
	for _, bad := range []string{"x", "-1", "1,", ",1", "1,2,3", " 1", "1.5", "18446744073709551616"} {
		_, err := eventstore.ParsePosition(bad)
		require.Error(t, err, bad)
	}
}

func TestPositionOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, q := positions.Draw(t, "p"), positions.Draw(t, "q")
		pHi, pLo := p.Parts()
		qHi, qLo := q.Parts()
		require.Equal(t, cmp.Or(cmp.Compare(pHi, qHi), cmp.Compare(pLo, qLo)), p.Compare(q))
		require.Equal(t, -p.Compare(q), q.Compare(p))
		require.Zero(t, p.Compare(p))
		require.GreaterOrEqual(t, p.Compare(eventstore.Position{}), 0)
	})
}
