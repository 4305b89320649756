package memory_test

import (
	"testing"
	"time"

	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/eventstoretest"
	"github.com/picket-api/picket/eventstore/memory"
)

func TestContract(t *testing.T) {
	t.Parallel()
	eventstoretest.Run(t, eventstoretest.Features{New: func(*testing.T) eventstoretest.Open {
		return func(_ *testing.T, clock func() time.Time) eventstore.Store {
			return memory.New(memory.Clock(clock))
		}
	}})
}
