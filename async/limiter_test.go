package async_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
)

// ten comes back one every six minutes, and has ten at once.
var ten = throttled.PerHour(10)

const key = "user:42"

var everyAlgorithm = []throttled.Algorithm{
	throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA, throttled.FixedWindow, throttled.SlidingWindow,
}

func bubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

func newActor(t *testing.T) *store.Actor {
	a, err := store.NewActor(store.Options{})
	require.NoError(t, err)
	return a
}

// newLimiter returns a limiter of cfg, on a store of its own if cfg has none.
func newLimiter(t *testing.T, cfg throttled.Config) *async.Limiter {
	if cfg.Store == nil {
		a := newActor(t)
		t.Cleanup(func() { assert.NoError(t, a.Close()) })
		cfg.Store = a
	}
	l, err := async.New(cfg)
	require.NoError(t, err)
	return l
}

// only receives the answer of a call made in a bubble, and holds the channel
// to have room for one value, to have but this one, and to stay open.
func only[T any](t *testing.T, answer <-chan T) T {
	t.Helper()
	assert.Equal(t, 1, cap(answer))
	value, open := <-answer
	require.True(t, open)
	synctest.Wait()
	select {
	case again, open := <-answer:
		require.Fail(t, "a second value", "%v, open: %v", again, open)
	default:
	}
	return value
}

// isUnanswered holds a call to be on its way still.
func isUnanswered[T any](t *testing.T, answer <-chan T) {
	t.Helper()
	synctest.Wait()
	assert.Empty(t, answer)
}

func remaining(t *testing.T, l *async.Limiter, key string) int64 {
	t.Helper()
	outcome := <-l.Peek(context.Background(), key)
	require.NoError(t, outcome.Err)
	return outcome.Result.Remaining()
}

// take holds a Limit of cost to be allowed.
func take(t *testing.T, l *async.Limiter, cost int64) {
	t.Helper()
	outcome := <-l.LimitN(context.Background(), key, cost)
	require.NoError(t, outcome.Err)
	require.True(t, outcome.Result.Allowed)
}

// calls is every verb as one that returns its outcome, without a cost where it
// has none.
func calls(t *testing.T, l *async.Limiter, cost int64) map[string]func(ctx context.Context, key string) throttled.Outcome {
	nothing := func(context.Context) error { return nil }
	return map[string]func(ctx context.Context, key string) throttled.Outcome{
		"Limit":  func(ctx context.Context, key string) throttled.Outcome { return only(t, l.Limit(ctx, key)) },
		"LimitN": func(ctx context.Context, key string) throttled.Outcome { return only(t, l.LimitN(ctx, key, cost)) },
		"LimitTo": func(ctx context.Context, key string) throttled.Outcome {
			answers := make(chan throttled.Outcome, 1)
			l.LimitTo(ctx, key, cost, answers)
			return only(t, answers)
		},
		"Wait":   func(ctx context.Context, key string) throttled.Outcome { return only(t, l.Wait(ctx, key)) },
		"WaitN":  func(ctx context.Context, key string) throttled.Outcome { return only(t, l.WaitN(ctx, key, cost)) },
		"Peek":   func(ctx context.Context, key string) throttled.Outcome { return only(t, l.Peek(ctx, key)) },
		"Refund": func(ctx context.Context, key string) throttled.Outcome { return only(t, l.Refund(ctx, key, cost)) },
		"Reset":  func(ctx context.Context, key string) throttled.Outcome { return only(t, l.Reset(ctx, key)) },
		"Do": func(ctx context.Context, key string) throttled.Outcome {
			return throttled.Outcome{Err: only(t, l.Do(ctx, key, nothing))}
		},
		"Wrap": func(ctx context.Context, key string) throttled.Outcome {
			return throttled.Outcome{Err: only(t, l.Wrap(key, nothing)(ctx))}
		},
	}
}

// takesCost is the verbs that have one.
var takesCost = []string{"LimitN", "LimitTo", "WaitN", "Refund"}

func TestNew(t *testing.T) {
	l, err := async.New(throttled.Config{Quota: throttled.PerSecond(0), Algorithm: 9, Prefix: "a:b"})
	assert.Nil(t, l)
	assert.ErrorIs(t, err, throttled.ErrInvalidQuota)
	assert.ErrorIs(t, err, throttled.ErrInvalidConfig)

	l, err = async.New(throttled.Config{})
	require.NoError(t, err)
	assert.Equal(t, throttled.PerMinute(60), l.Quota())
	assert.Equal(t, throttled.TokenBucket, l.Algorithm())
}

// Each step is of ten per hour, at one instant.
func TestVerbs(t *testing.T) {
	bubble(t, "a bucket of ten", func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Quota: ten})
		for i, step := range []struct {
			verb                string
			cost                int64
			allowed             bool
			remaining           int64
			resetMin, retryMins time.Duration
		}{
			{"Peek", 1, true, 10, 0, 0},
			{"Limit", 1, true, 9, 6, 0},
			{"LimitN", 4, true, 5, 30, 0},
			{"LimitN", 0, true, 5, 30, 0},
			{"LimitN", 7, false, 5, 30, 12},
			{"LimitTo", 2, true, 3, 42, 0},
			{"Peek", 1, true, 3, 42, 0},
			{"Refund", 2, true, 5, 30, 0},
			{"Wait", 1, true, 4, 36, 0},
			{"WaitN", 4, true, 0, 60, 0},
			{"Limit", 1, false, 0, 60, 6},
			{"Peek", 1, false, 0, 60, 6},
			{"Refund", 100, true, 10, 0, 0},
			{"LimitN", 10, true, 0, 60, 0},
			{"Reset", 0, true, 10, 0, 0},
		} {
			outcome := calls(t, l, step.cost)[step.verb](t.Context(), key)
			require.NoError(t, outcome.Err)
			assert.Equal(t, key, outcome.Key)
			assert.Equal(t, step.allowed, outcome.Result.Allowed, "step %d, %s", i, step.verb)
			assert.Equal(t, throttled.State{
				Limit: 10, Remaining: step.remaining, ResetAfter: step.resetMin * time.Minute, RetryAfter: step.retryMins * time.Minute,
			}, outcome.Result.State(), "step %d, %s", i, step.verb)
		}
	})
}

func TestADenialIsAnAnswerToLimitAndAnErrorToOthers(t *testing.T) {
	bubble(t, "a cost above the capacity", func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Quota: ten, Key: key})
		outcome := only(t, l.LimitN(t.Context(), "", 11))
		require.NoError(t, outcome.Err)
		assert.False(t, outcome.Result.Allowed)
		assert.Equal(t, throttled.Never, outcome.Result.RetryAfter())

		outcome = only(t, l.WaitN(t.Context(), "", 11))
		isLimited(t, outcome.Err)
		assert.Equal(t, key, outcome.Key)
		assert.Equal(t, throttled.Never, outcome.Result.RetryAfter())

		take(t, l, 10)
		never := func(context.Context) error { panic("it ran though it was denied") }
		isLimited(t, only(t, l.Do(t.Context(), "", never)))
		isLimited(t, only(t, l.Wrap("", never)(t.Context())))
	})
}

// isLimited holds err to be a denial of key.
func isLimited(t *testing.T, err error) *throttled.LimitedError {
	t.Helper()
	var limited *throttled.LimitedError
	require.ErrorAs(t, err, &limited)
	require.ErrorIs(t, err, throttled.ErrLimited)
	assert.Equal(t, key, limited.Key)
	assert.False(t, limited.Result.Allowed)
	return limited
}

func TestConfigKeyStandsForAnEmptyOne(t *testing.T) {
	bubble(t, "verbs", func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Quota: ten, Key: key})
		for verb, call := range calls(t, l, 2) {
			require.NoError(t, (<-l.Reset(t.Context(), key)).Err)
			take(t, l, 5)
			before := remaining(t, l, key)
			outcome := call(t.Context(), "")
			require.NoError(t, outcome.Err, verb)
			if verb != "Do" && verb != "Wrap" {
				assert.Equal(t, key, outcome.Key, verb)
			}
			if verb != "Peek" {
				assert.NotEqual(t, before, remaining(t, l, key), verb)
			}
		}
	})
}

func TestFaultyCallsChargeNothing(t *testing.T) {
	for _, fault := range []struct {
		name string
		key  string
		cost int64
		ctx  func(context.Context) context.Context
		err  error
	}{
		{"no key", "", 1, context.WithoutCancel, throttled.ErrInvalidKey},
		{"a negative cost", key, -1, context.WithoutCancel, throttled.ErrInvalidCost},
		{"a context that was cancelled", key, 1, func(ctx context.Context) context.Context {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx
		}, context.Canceled},
		{"a context whose deadline is now", key, 1, func(ctx context.Context) context.Context {
			ctx, cancel := context.WithTimeout(ctx, 0)
			cancel()
			return ctx
		}, context.DeadlineExceeded},
	} {
		bubble(t, fault.name, func(t *testing.T) {
			l := newLimiter(t, throttled.Config{Quota: ten})
			take(t, l, 5)
			for verb, call := range calls(t, l, fault.cost) {
				if fault.cost < 0 && !slices.Contains(takesCost, verb) {
					continue
				}
				outcome := call(fault.ctx(t.Context()), fault.key)
				assert.ErrorIs(t, outcome.Err, fault.err, verb)
				assert.ErrorContains(t, outcome.Err, "throttled: ", verb)
				assert.Equal(t, throttled.Result{}, outcome.Result, verb)
				assert.EqualValues(t, 5, remaining(t, l, key), verb)
			}
		})
	}
}

func TestHooksSeeLimitAndWaitOnce(t *testing.T) {
	bubble(t, "A and B", func(t *testing.T) {
		var log []string
		noting := func(name string) throttled.Hook {
			return func(next throttled.Handler) throttled.Handler {
				return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
					log = append(log, name)
					defer func() { log = append(log, "end of "+name) }()
					assert.Equal(t, "actor", call.Store)
					return next(ctx, call)
				}
			}
		}
		l := newLimiter(t, throttled.Config{Quota: ten, Hooks: []throttled.Hook{noting("A"), noting("B")}})
		for verb, call := range calls(t, l, 1) {
			require.NoError(t, (<-l.Reset(t.Context(), key)).Err)
			log = nil
			require.NoError(t, call(t.Context(), key).Err, verb)
			if verb == "Peek" || verb == "Refund" || verb == "Reset" {
				assert.Empty(t, log, verb)
				continue
			}
			assert.Equal(t, []string{"A", "B", "end of B", "end of A"}, log, verb)
			assert.EqualValues(t, 9, remaining(t, l, key), verb)
		}
	})
}

func TestDoRunsTheFunctionOnAGoroutine(t *testing.T) {
	type name struct{}
	bubble(t, "do", func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Quota: ten})
		gate, failure := make(chan struct{}), errors.New("what the function says")
		ctx := context.WithValue(t.Context(), name{}, "Ada")
		answer := l.Do(ctx, key, func(ctx context.Context) error {
			assert.Equal(t, "Ada", ctx.Value(name{}))
			<-gate
			return failure
		})
		isUnanswered(t, answer)
		assert.EqualValues(t, 9, remaining(t, l, key), "the store is not held up")
		close(gate)
		assert.Equal(t, failure, only(t, answer))
	})
}

func TestTimeoutIsForLimitAndDoNotForWait(t *testing.T) {
	const turn = 6 * time.Minute // of the next one, while the bucket is empty
	for _, timeout := range []time.Duration{turn - 1, turn} {
		bubble(t, timeout.String(), func(t *testing.T) {
			l := newLimiter(t, throttled.Config{Quota: ten, Timeout: timeout})
			began := time.Now()
			at := turn // of the first whose turn is within the timeout
			if timeout < turn {
				at = 0
			}

			take(t, l, 10)
			outcome := only(t, l.Limit(t.Context(), key))
			require.NoError(t, outcome.Err)
			assert.Equal(t, timeout == turn, outcome.Result.Allowed)
			assert.Equal(t, at, time.Since(began))

			err := only(t, l.Do(t.Context(), key, func(context.Context) error { return nil }))
			assert.Equal(t, timeout == turn, err == nil)
			assert.Equal(t, 2*at, time.Since(began))

			require.NoError(t, only(t, l.Wait(t.Context(), key)).Err)
			assert.Equal(t, 2*at+turn, time.Since(began))
		})
	}
}

// allocated returns the bytes that f takes in half of its calls, at most. (The
// race detector has pools forget now and then what is in them.)
func allocated(f func()) uint64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var before, after runtime.MemStats
	taken := make([]uint64, 100)
	for i := range taken {
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		taken[i] = after.TotalAlloc - before.TotalAlloc
	}
	slices.Sort(taken)
	return taken[len(taken)/2]
}

func TestAllocations(t *testing.T) {
	l := newLimiter(t, throttled.Config{Quota: throttled.PerHour(1000)})
	ctx := context.Background()
	answers := make(chan throttled.Outcome, 1)
	limitTo := func() {
		l.LimitTo(ctx, key, 1, answers)
		<-answers
	}
	limit := func() { <-l.Limit(ctx, key) }
	limit()
	assert.Zero(t, testing.AllocsPerRun(1000, limitTo), "LimitTo")
	assert.Zero(t, allocated(limitTo), "LimitTo")
	assert.EqualValues(t, 2, testing.AllocsPerRun(1000, limit), "Limit")
	assert.LessOrEqual(t, allocated(limit), uint64(200), "Limit")
	t.Logf("Limit takes %d bytes", allocated(limit))
}
