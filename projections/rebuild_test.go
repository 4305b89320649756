package projections_test

import (
	"testing"

	"github.com/picket-api/picket/projections"
	"github.com/stretchr/testify/require"
)

func TestSmoke(t *testing.T) {
	t.Parallel()
	log := newTape()
	facts := makeHistory(1, 3000)
	path := newPath(t)
	v := open(t, path, log)
	run(t, v)
	pos := log.add(t, facts...)
	reach(t, v, pos)
	a := dump(t, path)
	for k, r := range a {
		t.Log(k, len(r))
	}
	types := map[string]int{}
	for _, f := range facts {
		types[f.event.Type]++
	}
	t.Log(types)
	_ = projections.Names
	require.NoError(t, v.Rebuild(t.Context(), "", nil))
	require.Equal(t, a, dump(t, path))
}
