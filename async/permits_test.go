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
	"github.com/throttled-go/throttled/store"
)

// isClosed holds permits to be closed, and nothing to be left in it.
func isClosed(t *testing.T, permits <-chan throttled.Outcome) {
	t.Helper()
	synctest.Wait()
	select {
	case outcome, open := <-permits:
		require.False(t, open, "one more: %+v", outcome)
	default:
		require.Fail(t, "the channel is open")
	}
}

func TestPermitsComeAsTheQuotaLetsThem(t *testing.T) {
	for _, algorithm := range everyAlgorithm {
		bubble(t, algorithm.String(), func(t *testing.T) {
			l := newLimiter(t, throttled.Config{Algorithm: algorithm, Quota: throttled.PerHour(2)})
			ctx, cancel := context.WithCancel(context.Background())
			permits := l.Permits(ctx, key)
			assert.Zero(t, cap(permits))
			began := time.Now()
			turns := map[throttled.Algorithm][]time.Duration{
				throttled.LeakyBucket:   {0, 30, 60, 90},
				throttled.FixedWindow:   {0, 0, 60, 60},
				throttled.SlidingWindow: {0, 0, 90, 120},
			}[algorithm]
			if turns == nil {
				turns = []time.Duration{0, 0, 30, 60}
			}
			for i, at := range turns {
				permit := <-permits
				require.NoError(t, permit.Err)
				assert.True(t, permit.Result.Allowed)
				assert.Equal(t, key, permit.Key)
				assert.Equal(t, at*time.Minute, time.Since(began), "permit %d", i+1)
			}
			cancel()
			isClosed(t, permits)
		})
	}
}

func TestOnePermitIsInHandAndGivenBack(t *testing.T) {
	for _, algorithm := range everyAlgorithm {
		for received := range int64(3) {
			bubble(t, fmt.Sprintf("%v after %d", algorithm, received), func(t *testing.T) {
				l := newLimiter(t, throttled.Config{Algorithm: algorithm, Quota: ten})
				ctx, cancel := context.WithCancel(context.Background())
				permits := l.Permits(ctx, key)
				for range received { // at once, but for a leaky bucket
					require.NoError(t, (<-permits).Err)
				}
				used := received
				if algorithm == throttled.LeakyBucket {
					used = min(received, 1) // the others have leaked
				}
				synctest.Wait()
				assert.Equal(t, 10-used-1, remaining(t, l, key), "no more than one is in hand")
				cancel()
				isClosed(t, permits)
				assert.Equal(t, 10-used, remaining(t, l, key), "it was given back")
			})
		}
	}
}

func TestAPermitThatWaitsGivesItsPlaceUp(t *testing.T) {
	bubble(t, "cancel", func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Quota: ten})
		take(t, l, 10)
		ctx, cancel := context.WithCancel(context.Background())
		permits := l.Permits(ctx, key)
		synctest.Wait()
		behind := l.Wait(t.Context(), key)
		began := time.Now()
		isUnanswered(t, behind)
		cancel()
		isClosed(t, permits)
		require.NoError(t, only(t, behind).Err)
		assert.Equal(t, 6*time.Minute, time.Since(began))
	})
}

func TestPermitsTellAnErrorOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		key  string
		ctx  func(t *testing.T) context.Context
		err  error
	}{
		{"no key", "", (*testing.T).Context, throttled.ErrInvalidKey},
		{"a closed store", key, (*testing.T).Context, throttled.ErrClosed},
		{"a deadline before the next turn", key, func(t *testing.T) context.Context { return deadline(t, 6*time.Minute) }, throttled.ErrLimited},
	} {
		bubble(t, c.name, func(t *testing.T) {
			a := newActor(t)
			l := newLimiter(t, throttled.Config{Quota: ten, Store: a})
			take(t, l, 10)
			permits := l.Permits(c.ctx(t), c.key)
			synctest.Wait()
			require.NoError(t, a.Close())
			outcome, open := <-permits
			require.True(t, open)
			assert.ErrorIs(t, outcome.Err, c.err)
			assert.Equal(t, c.key, outcome.Key)
			assert.False(t, outcome.Result.Allowed)
			isClosed(t, permits)
		})
	}
}

// An error that nobody receives does not hold the goroutine up for longer than
// the context lasts.
func TestAnErrorOfPermitsMayBeLeftAlone(t *testing.T) {
	bubble(t, "nobody receives", func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Quota: ten})
		ctx, cancel := context.WithCancel(context.Background())
		permits := l.Permits(ctx, "")
		synctest.Wait()
		cancel()
		isClosed(t, permits)
	})
}

// The bucket holds three, one of which leaks every second, and others have
// filled it. A permit cannot even stand in line then.
func TestPermitsAskAFullLeakyBucketAgain(t *testing.T) {
	quota := throttled.PerSecond(1).WithBurst(3)
	bubble(t, "until there is room", func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Algorithm: throttled.LeakyBucket, Quota: quota})
		ctx, cancel := context.WithCancel(context.Background())
		take(t, l, 3)
		began := time.Now()
		permits := l.Permits(ctx, key)
		for _, at := range []time.Duration{3, 4, 5} { // it enters at 1 and has two before it
			require.NoError(t, (<-permits).Err)
			assert.Equal(t, at*time.Second, time.Since(began))
		}
		cancel()
		isClosed(t, permits)
	})
	bubble(t, "until its context ends", func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Algorithm: throttled.LeakyBucket, Quota: quota})
		take(t, l, 3)
		ctx, cancel := context.WithCancel(context.Background())
		permits := l.Permits(ctx, key)
		time.Sleep(time.Second / 2)
		cancel()
		isClosed(t, permits)
		time.Sleep(10 * time.Second)
		assert.EqualValues(t, 3, remaining(t, l, key), "it has charged nothing")
	})
	bubble(t, "not if that is too late", func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Algorithm: throttled.LeakyBucket, Quota: quota})
		take(t, l, 3)
		began := time.Now()
		permits := l.Permits(deadline(t, time.Second), key)
		assert.Equal(t, time.Second, isLimited(t, (<-permits).Err).Result.RetryAfter())
		assert.Zero(t, time.Since(began))
		isClosed(t, permits)
	})
}

func TestLimitToTakesManyCallsToOneChannel(t *testing.T) {
	bubble(t, "room for all", func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Quota: throttled.PerHour(3)})
		const calls, keys = 1000, 10
		answers := make(chan throttled.Outcome, calls)
		for i := range calls {
			l.LimitTo(t.Context(), fmt.Sprint(i%keys), 1, answers)
		}
		synctest.Wait()
		require.Len(t, answers, calls)
		allowed, asked := map[string]int{}, map[string]int{}
		for range calls {
			outcome := <-answers
			require.NoError(t, outcome.Err)
			asked[outcome.Key]++
			if outcome.Result.Allowed {
				allowed[outcome.Key]++
			}
		}
		require.Len(t, asked, keys)
		for key := range asked {
			assert.Equal(t, calls/keys, asked[key])
			assert.Equal(t, 3, allowed[key])
		}
	})
}

func TestLimitToWithATimeoutComesAtItsTurn(t *testing.T) {
	bubble(t, "three turns", func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Quota: throttled.PerMinute(1), Timeout: 2 * time.Minute})
		answers := make(chan throttled.Outcome, 4)
		for range cap(answers) {
			l.LimitTo(t.Context(), key, 1, answers)
		}
		began := time.Now()
		for _, at := range []struct {
			minute  time.Duration
			allowed bool
		}{{0, true}, {0, false}, {1, true}, {2, true}} {
			outcome := <-answers
			require.NoError(t, outcome.Err)
			assert.Equal(t, at.allowed, outcome.Result.Allowed)
			assert.Equal(t, at.minute*time.Minute, time.Since(began))
		}
	})
}

func TestLimitToAFullChannelIsDeliveredLater(t *testing.T) {
	for room := range 2 {
		bubble(t, fmt.Sprintf("room for %d", room), func(t *testing.T) {
			l := newLimiter(t, throttled.Config{Quota: ten})
			answers := make(chan throttled.Outcome, room)
			for range 20 {
				l.LimitTo(t.Context(), key, 1, answers)
			}
			synctest.Wait()
			assert.Zero(t, remaining(t, l, key), "the store is not held up")
			allowed := 0
			for range 20 {
				outcome := <-answers
				require.NoError(t, outcome.Err)
				if outcome.Result.Allowed {
					allowed++
				}
			}
			assert.Equal(t, 10, allowed)
			isUnanswered(t, answers)
		})
	}
}

func TestLimitToAFullChannelOverAClosedStore(t *testing.T) {
	bubble(t, "closed", func(t *testing.T) {
		actor, err := store.NewActor(store.Options{})
		require.NoError(t, err)
		require.NoError(t, actor.Close())
		l := newLimiter(t, throttled.Config{Quota: ten, Store: actor})
		answers := make(chan throttled.Outcome, 1)
		for range 3 {
			l.LimitTo(t.Context(), key, 1, answers)
		}
		for range 3 {
			assert.Equal(t, throttled.Outcome{Key: key, Err: throttled.ErrClosed}, <-answers)
		}
	})
}

func TestLimitToGivesBackWhatNobodyReceives(t *testing.T) {
	for _, algorithm := range everyAlgorithm {
		bubble(t, algorithm.String(), func(t *testing.T) {
			l := newLimiter(t, throttled.Config{Algorithm: algorithm, Quota: ten})
			answers := make(chan throttled.Outcome, 1)
			ctx, cancel := context.WithCancel(context.Background())
			for _, cost := range []int64{1, 2, 3, 5, 0, -1} { // 5 is denied, and -1 is an error
				l.LimitTo(ctx, key, cost, answers)
				synctest.Wait()
			}
			assert.EqualValues(t, 4, remaining(t, l, key))
			cancel()
			synctest.Wait()
			assert.EqualValues(t, 9, remaining(t, l, key), "but for the first, which is in the channel")
			assert.True(t, only(t, answers).Result.Allowed)
		})
	}
}
