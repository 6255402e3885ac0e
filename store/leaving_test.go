package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
)

// memoryStore is what the two stores have in common.
type memoryStore interface {
	throttled.Submitter
	Stats() store.Stats
}

// bothBubble runs test with a Memory and with an Actor, each in a bubble.
func bothBubble(t *testing.T, name string, test func(t *testing.T, s memoryStore)) {
	t.Run("memory/"+name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, err := store.NewMemory(store.Options{})
			require.NoError(t, err)
			test(t, m)
			require.NoError(t, m.Close())
		})
	})
	actorBubble(t, "actor/"+name, store.Options{}, func(t *testing.T, a *store.Actor) { test(t, a) })
}

// waitFor is a request to wait for one at key, of which one comes a second.
func waitFor(t *testing.T, key string) throttled.Request {
	return throttled.Request{Plan: planOf(t, throttled.TokenBucket, "1/s"), Key: key, Op: throttled.OpWait, Cost: 1, Within: throttled.Never}
}

// submit has one wait, and returns where its error will be.
func submit(ctx context.Context, s memoryStore, req throttled.Request) <-chan error {
	answer := make(chan error, 1)
	s.Submit(ctx, req, func(_ throttled.Result, err error) { answer <- err })
	return answer
}

// watched is a context that counts who waits for its end.
type watched struct {
	context.Context
	watching atomic.Int64
}

// Value hides what the context is made of.
func (*watched) Value(any) any { return nil }

// AfterFunc is what context.AfterFunc calls then.
func (w *watched) AfterFunc(func()) (stop func() bool) {
	w.watching.Add(1)
	return func() bool {
		w.watching.Add(-1)
		return true
	}
}

// However many wait under a context, its end starts one goroutine.
func TestAContextIsWatchedOnceAndOnlyWhileSomebodyWaits(t *testing.T) {
	bothBubble(t, "a thousand waits", func(t *testing.T, s memoryStore) {
		ctx := &watched{Context: t.Context()}
		for range 1000 {
			s.Submit(ctx, waitFor(t, "a"), func(_ throttled.Result, err error) { assert.NoError(t, err) })
		}
		synctest.Wait()
		assert.EqualValues(t, 1, ctx.watching.Load())
		time.Sleep(998 * time.Second)
		synctest.Wait()
		assert.EqualValues(t, 1, ctx.watching.Load())
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Zero(t, ctx.watching.Load())
		assert.Zero(t, s.Stats().Waiting)
	})
}

// locked is a context whose lock somebody holds for a while: whoever asks for it,
// by Value as package context does, stands there until it is let go.
type locked struct {
	context.Context
	mu   sync.Mutex
	free chan struct{} // nil while it is not held
}

func (l *locked) lock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = make(chan struct{})
}

func (l *locked) unlock() { close(l.free) }

func (l *locked) Value(key any) any {
	l.mu.Lock()
	free := l.free
	l.mu.Unlock()
	if free != nil {
		<-free
	}
	return l.Context.Value(key)
}

// The lock of a caller's context is held while all that hangs from the context is
// canceled. Nobody else is held up by that.
func TestTheLockOfAContextHoldsUpNobodyElse(t *testing.T) {
	// another is a call that has nothing to do with the context.
	another := func(t *testing.T, s memoryStore) {
		t.Helper()
		res, err := s.Do(t.Context(), throttled.Request{Plan: planOf(t, throttled.TokenBucket, "1/s"), Key: "another", Op: throttled.OpPeek, Cost: 1})
		require.NoError(t, err)
		require.True(t, res.Allowed)
	}
	bothBubble(t, "while one joins and is let through", func(t *testing.T, s memoryStore) {
		ctx := &locked{Context: t.Context()}
		require.NoError(t, <-submit(t.Context(), s, waitFor(t, "a")))
		ctx.lock()
		answer := make(chan error, 1)
		go s.Submit(ctx, waitFor(t, "a"), func(_ throttled.Result, err error) { answer <- err })
		synctest.Wait()
		another(t, s)
		time.Sleep(time.Second)
		require.NoError(t, <-answer)
		ctx.unlock()
	})
	bothBubble(t, "while one who was watched is let through", func(t *testing.T, s memoryStore) {
		cancelable, cancel := context.WithCancel(t.Context())
		defer cancel()
		ctx := &locked{Context: cancelable}
		require.NoError(t, <-submit(t.Context(), s, waitFor(t, "a")))
		watched, behind := submit(ctx, s, waitFor(t, "a")), submit(t.Context(), s, waitFor(t, "a"))
		synctest.Wait()
		ctx.lock()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.NoError(t, <-watched)
		require.NoError(t, <-behind)
		another(t, s)
		ctx.unlock()
	})
	bothBubble(t, "while one gives up", func(t *testing.T, s memoryStore) {
		cancelable, cancel := context.WithCancelCause(t.Context())
		ctx := &locked{Context: cancelable}
		require.NoError(t, <-submit(t.Context(), s, waitFor(t, "a")))
		answer := submit(ctx, s, waitFor(t, "a"))
		synctest.Wait()
		shutdown := errors.New("shutting down")
		ctx.lock()
		cancel(shutdown)
		synctest.Wait()
		another(t, s)
		err := <-answer
		ctx.unlock()
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, shutdown)
	})
}

// A crowd of more than one batch gives up: everybody is told, nobody twice, and who
// does not belong to it moves up to the head of the line.
func TestACrowdGivesUp(t *testing.T) {
	const crowd = 1000
	for _, way := range []string{"Submit", "Do"} {
		bothBubble(t, way, func(t *testing.T, s memoryStore) {
			require.NoError(t, <-submit(t.Context(), s, waitFor(t, "a")))
			ctx, cancel := context.WithCancelCause(t.Context())
			errs := make(chan error, 2*crowd)
			for range crowd {
				if way == "Submit" {
					s.Submit(ctx, waitFor(t, "a"), func(_ throttled.Result, err error) { errs <- err })
				} else {
					go func() {
						_, err := s.Do(ctx, waitFor(t, "a"))
						errs <- err
					}()
				}
			}
			synctest.Wait()
			behind, began := submit(t.Context(), s, waitFor(t, "a")), time.Now()
			synctest.Wait()
			require.EqualValues(t, crowd+1, s.Stats().Waiting)
			shutdown := errors.New("shutting down")
			cancel(shutdown)
			synctest.Wait()
			require.Len(t, errs, crowd)
			for range crowd {
				err := <-errs
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, shutdown)
			}
			require.EqualValues(t, 1, s.Stats().Waiting)
			require.NoError(t, <-behind)
			require.Equal(t, time.Second, time.Since(began))
			require.Empty(t, errs)
		})
	}
}

// A request may be answered before its context is watched, or while others who
// share its context are: every order of joining, turns and ends comes to an end.
func TestWatchesOutliveNobody(t *testing.T) {
	for _, first := range []time.Duration{0, time.Second, 1500 * time.Millisecond, 3 * time.Second} {
		bothBubble(t, fmt.Sprintf("the context ends after %v", first), func(t *testing.T, s memoryStore) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			counted := &watched{Context: ctx}
			inner, cancelInner := context.WithCancel(ctx)
			defer cancelInner()
			time.AfterFunc(first, cancelInner)
			var answers []<-chan error
			for range 4 {
				answers = append(answers, submit(inner, s, waitFor(t, "a")), submit(counted, s, waitFor(t, "b")))
			}
			time.Sleep(5 * time.Second)
			synctest.Wait()
			for _, answer := range answers {
				require.Len(t, answer, 1)
			}
			require.Zero(t, counted.watching.Load())
			require.Zero(t, s.Stats().Waiting)
		})
	}
}

// One answer that panics is the fault of whoever asked for it. The others, whose
// turns have come with it, have theirs.
func TestAnAnswerThatPanicsIsAloneWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := store.NewMemory(store.Options{})
		require.NoError(t, err)
		require.NoError(t, <-submit(t.Context(), m, waitFor(t, "a")))
		first := submit(t.Context(), m, waitFor(t, "a"))
		m.Submit(t.Context(), waitFor(t, "a"), func(throttled.Result, error) { panic("mine") })
		last := submit(t.Context(), m, waitFor(t, "a"))
		require.PanicsWithValue(t, "mine", func() { m.Close() })
		require.ErrorIs(t, <-first, throttled.ErrClosed)
		require.ErrorIs(t, <-last, throttled.ErrClosed)
		require.Zero(t, m.Stats().Waiting)
	})
}

// A panic under the lock would take the store with it where somebody recovers, as a
// server does.
func TestARequestWithoutAPlanIsRefused(t *testing.T) {
	bothBubble(t, "every operation", func(t *testing.T, s memoryStore) {
		for op := throttled.OpLimit; op <= throttled.OpReset; op++ {
			for _, plan := range []*throttled.Plan{nil, {}} {
				req := throttled.Request{Plan: plan, Key: "a", Op: op, Cost: 1}
				_, err := s.Do(t.Context(), req)
				require.ErrorIs(t, err, throttled.ErrInvalidConfig)
				require.ErrorContains(t, err, "the request has no Plan")
				require.ErrorIs(t, <-submit(t.Context(), s, req), throttled.ErrInvalidConfig)
			}
		}
		require.NoError(t, <-submit(t.Context(), s, waitFor(t, "a")))
	})
}

func TestZeroStoresAreClosed(t *testing.T) {
	for _, s := range []memoryStore{new(store.Memory), new(store.Actor)} {
		_, err := s.Do(t.Context(), waitFor(t, "a"))
		require.ErrorIs(t, err, throttled.ErrClosed)
		req := waitFor(t, "a")
		req.Op, req.Within = throttled.OpLimit, 0
		_, err = s.Do(t.Context(), req)
		require.ErrorIs(t, err, throttled.ErrClosed)
		require.ErrorIs(t, <-submit(t.Context(), s, req), throttled.ErrClosed)
		require.Zero(t, s.Stats())
		require.NoError(t, s.Close())
	}
}
