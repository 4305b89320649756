package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/eventstoretest"
	"github.com/picket-api/picket/eventstore/sqlite"
)

func TestContract(t *testing.T) {
	t.Parallel()
	eventstoretest.Run(t, eventstoretest.Features{Durable: true, New: func(t *testing.T) eventstoretest.Open {
		path := filepath.Join(t.TempDir(), "events.db")
		return func(t *testing.T, clock func() time.Time) eventstore.Store {
			store, err := sqlite.Open(t.Context(), path, sqlite.Clock(clock))
			require.NoError(t, err)
			return store
		}
	}})
}
