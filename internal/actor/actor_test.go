package actor_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/throttled-go/throttled/internal/actor"
)

// ledger is a state and a behavior that writes down what it is told. It has no
// lock: the race detector tells if anybody but the actor touches it.
type ledger struct {
	received, refused []int
	batches           int
	refusals          int
	hold              func() // called by Receive before it begins
}

type clerk struct{}

func (clerk) Receive(l *ledger, batch []int) {
	if l.hold != nil {
		l.hold()
	}
	l.batches++
	l.received = append(l.received, batch...)
}

func (clerk) Refuse(l *ledger, batch []int) {
	l.refusals++
	l.refused = append(l.refused, batch...)
}

func number(n int) func(message *int) { return func(message *int) { *message = n } }

func open(l *ledger, capacity int) *actor.Actor[*ledger, int] {
	return actor.New[*ledger, int](l, clerk{}, capacity)
}

func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// gate returns a hold that lets a Receive begin when open is called.
func gate() (hold, open func()) {
	gate := make(chan struct{})
	return func() { <-gate }, func() { close(gate) }
}

func TestMessagesAreReceivedInOrder(t *testing.T) {
	bubble(t, "one poster", func(t *testing.T) {
		l := &ledger{}
		a := open(l, 16)
		want := []int{}
		for i := range 1000 {
			require.NoError(t, a.Post(t.Context(), number(i)))
			want = append(want, i)
		}
		synctest.Wait()
		require.Equal(t, want, l.received)
		a.Close()
	})
}

func TestABatchIsAllThatHasGathered(t *testing.T) {
	bubble(t, "batch", func(t *testing.T) {
		hold, release := gate()
		l := &ledger{hold: hold}
		a := open(l, 100)
		require.NoError(t, a.Post(t.Context(), number(0)))
		synctest.Wait()
		for i := range 50 {
			require.NoError(t, a.Post(t.Context(), number(i)))
		}
		release()
		synctest.Wait()
		require.Equal(t, 2, l.batches)
		require.Len(t, l.received, 51)
		a.Close()
	})
}

func TestAtRestThereIsNoGoroutine(t *testing.T) {
	defer goleak.VerifyNone(t)
	var done sync.WaitGroup
	done.Add(1)
	a := open(&ledger{hold: done.Done}, 1)
	require.NoError(t, a.Post(context.Background(), number(1)))
	done.Wait()
}

func TestAFullMailboxBlocksInOrder(t *testing.T) {
	bubble(t, "order", func(t *testing.T) {
		hold, release := gate()
		l := &ledger{hold: hold}
		a := open(l, 2)
		require.NoError(t, a.Post(t.Context(), number(0)))
		synctest.Wait() // 0 is in hand
		for i := 1; i <= 10; i++ {
			go func() { require.NoError(t, a.Post(t.Context(), number(i))) }()
			synctest.Wait()
		}
		release()
		synctest.Wait()
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, l.received)
		a.Close()
	})
}

func TestABlockedPostHonoursItsContext(t *testing.T) {
	bubble(t, "cancel", func(t *testing.T) {
		hold, release := gate()
		l := &ledger{hold: hold}
		a := open(l, 1)
		require.NoError(t, a.Post(t.Context(), number(0)))
		synctest.Wait()
		require.NoError(t, a.Post(t.Context(), number(1)))
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() { failed <- a.Post(ctx, number(2)) }()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-failed, context.Canceled)
		release()
		synctest.Wait()
		require.Equal(t, []int{0, 1}, l.received)
		a.Close()
	})
}

func TestTellDoesNotWaitForRoom(t *testing.T) {
	bubble(t, "tell", func(t *testing.T) {
		hold, release := gate()
		l := &ledger{hold: hold}
		a := open(l, 1)
		for i := range 100 {
			a.Tell(i)
		}
		release()
		synctest.Wait()
		require.Len(t, l.received, 100)
		a.Close()
	})
}

func TestCloseRefusesWhatWasNotReceived(t *testing.T) {
	bubble(t, "refuse", func(t *testing.T) {
		hold, release := gate()
		l := &ledger{hold: hold}
		a := open(l, 2)
		require.NoError(t, a.Post(t.Context(), number(0)))
		synctest.Wait()
		require.NoError(t, a.Post(t.Context(), number(1)))
		require.NoError(t, a.Post(t.Context(), number(2)))
		blocked := make(chan error, 1)
		go func() { blocked <- a.Post(t.Context(), number(3)) }()
		synctest.Wait()
		closed := make(chan struct{})
		go func() { a.Close(); close(closed) }()
		require.ErrorIs(t, <-blocked, actor.ErrClosed)
		release()
		<-closed
		require.Equal(t, []int{0}, l.received)
		require.Equal(t, []int{1, 2}, l.refused)
		require.ErrorIs(t, a.Post(t.Context(), number(4)), actor.ErrClosed)
		a.Tell(5)
		a.Close()
		require.Equal(t, []int{1, 2}, l.refused)
	})
}

// A Close that comes while the last batch is received must still refuse once:
// that is when those who wait are answered.
func TestCloseDuringTheLastBatch(t *testing.T) {
	bubble(t, "last", func(t *testing.T) {
		hold, release := gate()
		l := &ledger{hold: hold}
		a := open(l, 2)
		require.NoError(t, a.Post(t.Context(), number(0)))
		synctest.Wait()
		go a.Close()
		synctest.Wait()
		release()
		synctest.Wait()
		require.Equal(t, 1, l.refusals)
	})
	bubble(t, "never used", func(t *testing.T) {
		l := &ledger{}
		open(l, 2).Close()
		require.Equal(t, 1, l.refusals)
	})
}

func TestEveryPostIsAnsweredOnceWhileClosing(t *testing.T) {
	for range 50 {
		bubble(t, "hammer", func(t *testing.T) {
			l := &ledger{}
			a := open(l, 4)
			var accepted atomic.Int64
			for range 10 {
				go func() {
					for {
						err := a.Post(t.Context(), number(1))
						if errors.Is(err, actor.ErrClosed) {
							return
						}
						accepted.Add(1)
					}
				}()
			}
			for range 10 {
				go a.Close()
			}
			synctest.Wait()
			require.EqualValues(t, accepted.Load(), len(l.received)+len(l.refused))
		})
	}
}

func TestPostAllocatesNothing(t *testing.T) {
	var received atomic.Int64
	a := actor.New[*atomic.Int64, int](&received, counter{}, 1024)
	require.Zero(t, testing.AllocsPerRun(1000, func() { _ = a.Post(context.Background(), number(1)) }))
	a.Close()
	require.EqualValues(t, 1001, received.Load())
}

type counter struct{}

func (counter) Receive(n *atomic.Int64, batch []int) { n.Add(int64(len(batch))) }
func (counter) Refuse(n *atomic.Int64, batch []int)  { n.Add(int64(len(batch))) }
