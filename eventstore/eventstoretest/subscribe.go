package eventstoretest

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
)

var subscribeTests = []test{
	{"from any position while writers run", testSubscribeAnywhere, false},
	{"an append wakes the watchers", testWake, false},
	{"a refused append wakes nobody", testNoWake, false},
	{"what is answered can be read", testReadYourWrites, false},
}

func testSubscribeAnywhere(b *bench) {
	const before = 40
	b.fill(before)
	start := b.log(eventstore.Position{}, 1000, eventstore.Filter{})
	froms := []int{0, 1, before / 2, before - 1, before} // events seen before the subscription
	tails := make([][]eventstore.Recorded, len(froms))
	b.each(writers+len(froms), func(i int) (err error) {
		if i < writers {
			return b.write(i)
		}
		i -= writers
		after := eventstore.Position{}
		if froms[i] > 0 {
			after = start[froms[i]-1].Position
		}
		tails[i], err = b.tail(after, 10, before+written-froms[i])
		return err
	})
	whole := b.log(eventstore.Position{}, 1000, eventstore.Filter{})
	require.Len(b, whole, before+written)
	for i, from := range froms {
		require.Equal(b, ids(whole[from:]), ids(tails[i]), "subscribed after %d events", from)
	}
}

func testWake(b *bench) {
	for i := range 10 {
		one, other := b.Watch(), b.Watch()
		b.mustAppend("s", eventstore.Expected(i), event("news"))
		for _, wake := range []<-chan struct{}{one, other} {
			select {
			case <-wake:
			case <-b.ctx.Done():
				require.Fail(b, "nobody was woken")
			}
		}
	}
}

func testNoWake(b *bench) {
	one := event("a")
	b.mustAppend("s", eventstore.NoStream, one)
	wake := b.Watch()
	_, err := b.Append(b.ctx, "s", eventstore.NoStream, event("b"))
	require.ErrorIs(b, err, eventstore.ErrConflict)
	_, err = b.Append(b.ctx, "s", eventstore.NoStream, one)
	require.NoError(b, err, "a replay")
	select {
	case <-wake:
		require.Fail(b, "woken though nothing was written")
	default:
	}
}

// testReadYourWrites: once an append is answered, every read has it.
func testReadYourWrites(b *bench) {
	b.each(writers, func(int) error {
		for range perWriter / 4 {
			e := event("mine")
			result, err := b.Append(b.ctx, "s", eventstore.Any, e)
			if err != nil {
				return err
			}
			page, err := b.ReadStream(b.ctx, "s", result.Version-1, 1)
			if err != nil {
				return err
			}
			if len(page) != 1 || page[0].ID != e.ID || page[0].Position != result.Position {
				return fmt.Errorf("version %d reads as %+v", result.Version, page)
			}
			head, err := b.Head(b.ctx)
			if err != nil || head.Compare(result.Position) < 0 {
				return fmt.Errorf("head is %s after %s was answered: %w", head, result.Position, err)
			}
		}
		return nil
	})
}
