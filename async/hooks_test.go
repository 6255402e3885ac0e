package async_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// always answers by itself that all is well, and charges nothing.
func always(throttled.Handler) throttled.Handler {
	return func(context.Context, throttled.Call) (throttled.Result, error) {
		return throttled.NewResult(true, throttled.State{Limit: 10}), nil
	}
}

// twice charges double to another key.
func twice(next throttled.Handler) throttled.Handler {
	return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
		call.Key, call.Cost = "other", 2*call.Cost
		return next(ctx, call)
	}
}

// A charge that nobody receives is given back: what was charged, where it was
// charged, and nothing where a hook let the call through by itself.
func TestWhatIsGivenBackIsWhatWasCharged(t *testing.T) {
	for _, way := range []string{"LimitTo", "Permits"} {
		for name, hook := range map[string]throttled.Hook{"a hook that answers": always, "a hook that changes the call": twice} {
			bubble(t, way+"/"+name, func(t *testing.T) {
				buckets := newActor(t)
				bare := newLimiter(t, throttled.Config{Quota: throttled.PerHour(10), Store: buckets})
				hooked := newLimiter(t, throttled.Config{Quota: throttled.PerHour(10), Store: buckets, Hooks: []throttled.Hook{hook}})
				take(t, bare, 4)
				require.NoError(t, only(t, bare.LimitN(t.Context(), "other", 4)).Err)

				ctx, cancel := context.WithCancel(t.Context())
				if way == "LimitTo" {
					hooked.LimitTo(ctx, key, 1, make(chan throttled.Outcome))
				} else {
					hooked.Permits(ctx, key)
				}
				synctest.Wait()
				cancel()
				synctest.Wait()
				assert.EqualValues(t, 6, remaining(t, bare, key))
				assert.EqualValues(t, 6, remaining(t, bare, "other"))
			})
		}
	}
}

// A call with hooks has a goroutine of its own, but no more of them decide at
// once at a store that blocks than without hooks.
func TestDecisionsWithHooksAreBounded(t *testing.T) {
	const many, bound = 1000, 256
	bubble(t, "256 decisions are on their way", func(t *testing.T) {
		s := newPlain()
		s.gate = make(chan struct{})
		hook := func(next throttled.Handler) throttled.Handler { return next }
		l := newLimiter(t, throttled.Config{Quota: throttled.PerHour(many), Store: s, Hooks: []throttled.Hook{hook}})
		answers := make(chan throttled.Outcome, many)
		for range many {
			l.LimitTo(t.Context(), key, 1, answers)
		}
		synctest.Wait()
		assert.Equal(t, bound, s.inside)

		outcome := only(t, l.Limit(deadline(t, time.Second), key))
		assert.ErrorIs(t, outcome.Err, context.DeadlineExceeded)
		close(s.gate)
		for range many {
			outcome := <-answers
			assert.NoError(t, outcome.Err)
			assert.True(t, outcome.Result.Allowed)
		}
		assert.Equal(t, bound, s.peak)
	})
}

// A stream whose context ends is closed, whoever stands at it.
func TestPermitsEndWithoutAWord(t *testing.T) {
	for range 50 {
		bubble(t, "while it waits", func(t *testing.T) {
			l := newLimiter(t, throttled.Config{Quota: throttled.PerHour(1), Store: newActor(t)})
			take(t, l, 1)
			ctx, cancel := context.WithCancel(t.Context())
			permits := l.Permits(ctx, key)
			received := make(chan bool, 1)
			go func() {
				_, ok := <-permits
				received <- ok
			}()
			synctest.Wait()
			cancel()
			assert.False(t, <-received)
		})
	}
}
