package async_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
)

// tenASecond is a burst of ten, one of which comes back every second.
var tenASecond = throttled.PerSecond(1).WithBurst(10)

func newMemory(t *testing.T) *store.Memory {
	m, err := store.NewMemory(store.Options{})
	require.NoError(t, err)
	return m
}

// everyStore is those that can give one charge back.
func everyStore(t *testing.T) map[string]throttled.Store {
	return map[string]throttled.Store{"memory": newMemory(t), "actor": newActor(t)}
}

// What is given back of a charge that has leaked is nothing, whoever was charged
// since: at one instant no more than the burst passes.
func TestGivingBackMintsNothing(t *testing.T) {
	for _, algorithm := range []throttled.Algorithm{throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA} {
		for _, way := range []string{"LimitTo", "Permits"} {
			bubble(t, fmt.Sprintf("%v/%s", algorithm, way), func(t *testing.T) {
				for name, s := range everyStore(t) {
					l := newLimiter(t, throttled.Config{Algorithm: algorithm, Quota: tenASecond, Store: s})
					ctx, cancel := context.WithCancel(t.Context())
					if way == "LimitTo" {
						l.LimitTo(ctx, key, 1, make(chan throttled.Outcome))
						l.LimitTo(ctx, key, 9, make(chan throttled.Outcome))
					} else {
						l.Permits(ctx, key)
					}
					synctest.Wait()
					time.Sleep(10 * time.Second)
					take(t, l, 10)
					cancel()
					synctest.Wait()
					assert.Zero(t, remaining(t, l, key), name)
				}
			})
		}
	}
}

// Over a store that cannot tell one charge from another nothing is given back.
func TestNothingIsGivenBackToAStoreThatCannotTell(t *testing.T) {
	for _, hooks := range [][]throttled.Hook{nil, {func(next throttled.Handler) throttled.Handler { return next }}} {
		bubble(t, fmt.Sprint(len(hooks), " hooks"), func(t *testing.T) {
			l := newLimiter(t, throttled.Config{Quota: tenASecond, Store: newPlain(), Hooks: hooks})
			ctx, cancel := context.WithCancel(t.Context())
			l.LimitTo(ctx, key, 4, make(chan throttled.Outcome))
			synctest.Wait()
			cancel()
			synctest.Wait()
			assert.EqualValues(t, 6, remaining(t, l, key))
		})
	}
}

// unreceived makes a call whose answer nobody receives, and ends it.
func unreceived(t *testing.T, l *async.Limiter, way string, meanwhile func()) {
	ctx, cancel := context.WithCancel(t.Context())
	if way == "LimitTo" {
		l.LimitTo(ctx, key, 1, make(chan throttled.Outcome))
	} else {
		l.Permits(ctx, key)
	}
	synctest.Wait()
	meanwhile()
	cancel()
	synctest.Wait()
}

// A hook may call next more than once: all that was charged is given back.
func TestAllThatAHookWasChargedIsGivenBack(t *testing.T) {
	again := func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			if res, err := next(ctx, call); err != nil {
				return res, err
			}
			call.Cost = 3
			return next(ctx, call)
		}
	}
	for _, way := range []string{"LimitTo", "Permits"} {
		bubble(t, way, func(t *testing.T) {
			for name, s := range everyStore(t) {
				l := newLimiter(t, throttled.Config{Quota: tenASecond, Store: s, Hooks: []throttled.Hook{again}})
				bare := newLimiter(t, throttled.Config{Quota: tenASecond, Store: s})
				unreceived(t, l, way, func() { assert.EqualValues(t, 6, remaining(t, bare, key), name) })
				assert.EqualValues(t, 10, remaining(t, bare, key), name)
			}
		})
	}
}

// A hook may go without waiting for its next: what that is charged later is given
// back as well.
func TestWhatAHookIsChargedLateIsGivenBack(t *testing.T) {
	impatient := func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			go func() {
				time.Sleep(time.Millisecond)
				_, _ = next(context.WithoutCancel(ctx), call)
			}()
			return throttled.NewResult(true, throttled.State{Limit: 10}), nil
		}
	}
	for _, way := range []string{"LimitTo", "Permits"} {
		for _, late := range []bool{false, true} {
			bubble(t, fmt.Sprintf("%s late %v", way, late), func(t *testing.T) {
				for name, s := range everyStore(t) {
					l := newLimiter(t, throttled.Config{Quota: tenASecond, Store: s, Hooks: []throttled.Hook{impatient}})
					bare := newLimiter(t, throttled.Config{Quota: tenASecond, Store: s})
					unreceived(t, l, way, func() {
						if !late {
							time.Sleep(time.Millisecond)
							synctest.Wait()
							assert.EqualValues(t, 9, remaining(t, bare, key), name)
						}
					})
					time.Sleep(time.Millisecond)
					synctest.Wait()
					assert.EqualValues(t, 10, remaining(t, bare, key), name)
				}
			})
		}
	}
}

// At a full leaky bucket Permits asks again; a hook that denies is no full bucket,
// whatever its denial says.
func TestPermitsEndAtADenialOfAHook(t *testing.T) {
	for _, retry := range []time.Duration{0, time.Second} {
		for _, algorithm := range everyAlgorithm {
			bubble(t, fmt.Sprint(algorithm, " ", retry), func(t *testing.T) {
				denying := func(throttled.Handler) throttled.Handler {
					return func(context.Context, throttled.Call) (throttled.Result, error) {
						return throttled.NewResult(false, throttled.State{Limit: 10, RetryAfter: retry}), nil
					}
				}
				l := newLimiter(t, throttled.Config{Algorithm: algorithm, Quota: tenASecond, Store: newMemory(t), Hooks: []throttled.Hook{denying}})
				permits := l.Permits(t.Context(), key)
				began := time.Now()
				assert.Equal(t, retry, isLimited(t, (<-permits).Err).Result.RetryAfter())
				assert.Zero(t, time.Since(began))
				isClosed(t, permits)
			})
		}
	}
}

// With hooks that hand on what the store says, a full leaky bucket is asked again as
// without.
func TestPermitsWithHooksAskAFullLeakyBucketAgain(t *testing.T) {
	bubble(t, "until there is room", func(t *testing.T) {
		asked := 0
		counting := func(next throttled.Handler) throttled.Handler {
			return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
				asked++
				return next(ctx, call)
			}
		}
		buckets := newMemory(t)
		l := newLimiter(t, throttled.Config{
			Algorithm: throttled.LeakyBucket, Quota: throttled.PerSecond(1), Store: buckets, Hooks: []throttled.Hook{counting},
		})
		take(t, newLimiter(t, throttled.Config{Algorithm: throttled.LeakyBucket, Quota: throttled.PerSecond(1), Store: buckets}), 1)
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		permits := l.Permits(ctx, key)
		require.NoError(t, (<-permits).Err)
		assert.Equal(t, time.Second, time.Since(began))
		synctest.Wait()
		assert.Equal(t, 3, asked, "while it was full, when there was room, and for the next")
		cancel()
		isClosed(t, permits)
	})
}
