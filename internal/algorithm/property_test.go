package algorithm_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
	"github.com/throttled-go/throttled/internal/model/walk"
)

// The promises of an answer, each by random trial and without the model: what is
// asked of a law here is only that its own words come true.

func TestRetryAfterComesTrue(t *testing.T) {
	trials(t, walk.Kinds, func(t *testing.T, rng *rand.Rand, k *key, now int64) {
		cost := 1 + rng.Int64N(k.least()+k.least()/8+1)
		told := k.peek(now, cost)
		switch {
		case told.RetryAfter == model.Never:
			assert.Greater(t, cost, k.least(), "Never is for what is above capacity")
		case told.Allowed:
			assert.Zero(t, told.RetryAfter)
		default:
			assert.LessOrEqual(t, cost, k.least())
			assert.Positive(t, told.RetryAfter)
			assert.True(t, k.peek(now+told.RetryAfter, cost).Allowed, "at RetryAfter")
			assert.False(t, k.peek(now+told.RetryAfter-1, cost).Allowed, "one tick before")
		}
	})
}

func TestRemainingIsTheGreatestCost(t *testing.T) {
	trials(t, walk.Kinds, func(t *testing.T, rng *rand.Rand, k *key, now int64) {
		told := k.limit(now, 1+rng.Int64N(k.least()))
		assert.Equal(t, told.Remaining, k.peek(now, 1).Remaining, "a peek tells the same")
		assert.True(t, k.peek(now, told.Remaining).Allowed)
		assert.False(t, k.peek(now, told.Remaining+1).Allowed)
		assert.True(t, k.limit(now, told.Remaining).Allowed)
		assert.Zero(t, k.peek(now, 1).Remaining, "after all of it was spent")
	})
}

func TestResetAfterIsFresh(t *testing.T) {
	trials(t, walk.Kinds, func(t *testing.T, rng *rand.Rand, k *key, now int64) {
		told := k.peek(now, 1)
		if told.ResetAfter > 0 {
			before := k.peek(now+told.ResetAfter-1, 1)
			assert.EqualValues(t, 1, before.ResetAfter)
			if len(k.rates) == 1 {
				assert.Less(t, before.Remaining, k.least(), "one tick before it shows")
			}
		}
		used, fresh := k.clone(), k.fresh()
		w := k.walker(rng, now+told.ResetAfter)
		for range 12 {
			s := w.next()
			s.now = max(s.now, now+told.ResetAfter) // the promise is about what follows
			require.Equal(t, w.heard(fresh.do(s)), used.do(s), "%s of %d at %d", opNames[s.op], s.cost, s.now)
		}
	})
}

func TestDeniedChangesNothing(t *testing.T) {
	trials(t, walk.Kinds, func(t *testing.T, rng *rand.Rand, k *key, now int64) {
		before := slices.Clone(k.state)
		remaining := k.peek(now, 1).Remaining
		k.peek(now, 1+rng.Int64N(k.least()))
		assert.True(t, k.limit(now, 0).Allowed, "cost 0")
		for _, cost := range []int64{remaining + 1, remaining + 1 + rng.Int64N(k.least()), 1 << 62} {
			assert.False(t, k.limit(now, cost).Allowed)
		}
		k.refund(now, 0)
		assert.Equal(t, before, k.state)
	})
}

// TestStepBack sets the clock back by d. In the time that really passes a request
// then waits no less than before, and at most d more.
func TestStepBack(t *testing.T) {
	trials(t, walk.Kinds, func(t *testing.T, rng *rand.Rand, k *key, now int64) {
		d := min(now, walk.Scaled(rng, 1<<60))
		cost := 1 + rng.Int64N(k.least())
		k.limit(now, cost)
		before, after := k.peek(now, cost), k.peek(now-d, cost)
		assert.LessOrEqual(t, after.Remaining, before.Remaining)
		assert.GreaterOrEqual(t, after.RetryAfter, before.RetryAfter)
		assert.LessOrEqual(t, after.RetryAfter, before.RetryAfter+d)
		assert.GreaterOrEqual(t, after.ResetAfter, before.ResetAfter)
		assert.LessOrEqual(t, after.ResetAfter, before.ResetAfter+d)
		if before.ResetAfter > 0 {
			assert.Equal(t, before.ResetAfter+d, after.ResetAfter)
		}
	})
}

// TestRefundRestores gives back at once what was just charged: nobody can tell it
// from a charge that never was.
func TestRefundRestores(t *testing.T) {
	trials(t, walk.Kinds, func(t *testing.T, rng *rand.Rand, k *key, now int64) {
		never := k.clone()
		cost := k.peek(now, 1).Remaining
		if cost == 0 {
			return
		}
		cost = 1 + rng.Int64N(cost)
		require.True(t, k.limit(now, cost).Allowed)
		k.refund(now, cost)
		if len(k.rates) == 1 && never.peek(now, 1).ResetAfter > 0 && slices.Contains(buckets, k.kind) {
			assert.Equal(t, never.state, k.state)
		}
		w := k.walker(rng, now)
		for range 12 {
			s := w.next()
			s.now = max(s.now, now)
			require.Equal(t, w.heard(never.do(s)), k.do(s), "%s of %d at %d", opNames[s.op], s.cost, s.now)
		}
	})
}

// TestSeveralRatesAllOrNothing keeps every rate of a quota as a key of its own. The
// quota allows what all of them allow, and its state is theirs, side by side.
func TestSeveralRatesAllOrNothing(t *testing.T) {
	trials(t, walk.Kinds, func(t *testing.T, rng *rand.Rand, k *key, now int64) {
		k = k.fresh()
		alone := make([]*key, len(k.rates))
		for i, r := range k.rates {
			alone[i] = newKey(k.kind, r)
		}
		w := k.walker(rng, now)
		for range 12 {
			s := w.next()
			all := true
			for _, one := range alone {
				all = all && one.peek(s.now, s.cost).Allowed
			}
			require.Equal(t, all, w.heard(k.limit(s.now, s.cost)).Allowed)
			var words []int64
			for _, one := range alone {
				if all {
					one.limit(s.now, s.cost)
				}
				words = append(words, one.state...)
			}
			require.Equal(t, words, k.state)
		}
	})
}

// TestQueueTurns lets all kinds of costs into a leaky bucket of one rate: they come
// out in order, cost·E after each other but for the rounding up of both instants,
// and one that is turned away fits at RetryAfter and not before.
func TestQueueTurns(t *testing.T) {
	trials(t, []algorithm.Kind{algorithm.LeakyBucket}, func(t *testing.T, rng *rand.Rand, k *key, now int64) {
		k = newKey(k.kind, k.rates[0])
		r := k.rates[0]
		var out, cost int64
		for range 12 {
			next := 1 + rng.Int64N(k.least()/3+1)
			told, seen := k.enter(now, next)
			if !told.Allowed {
				early, _ := k.clone().enter(now+told.RetryAfter-1, next)
				fits, _ := k.clone().enter(now+told.RetryAfter, next)
				require.False(t, early.Allowed)
				require.True(t, fits.Allowed)
				now += rng.Int64N(told.RetryAfter + 1)
				continue
			}
			require.GreaterOrEqual(t, seen, max(now, out))
			if out > 0 {
				require.True(t, lasts(r, cost, seen-out+1), "%d ticks after a cost of %d", seen-out, cost)
			}
			out, cost = seen, next
		}
	})
}

func TestLimitAllocatesNothing(t *testing.T) {
	for _, kind := range walk.Kinds {
		for _, n := range []int{1, 2, algorithm.MaxRates} {
			law := algorithm.New(kind, slices.Repeat([]model.Rate{{Limit: 7, Period: 60 * tickSecond, Burst: 7}}, n)...)
			state := make([]int64, law.Words())
			now := domain.Epochs[0]
			allocs := testing.AllocsPerRun(100, func() {
				law.Limit(state, now, 1)
				law.Peek(state, now, 1)
				law.Refund(state, now, 1)
				if kind == algorithm.LeakyBucket {
					law.Enter(state, now, 1)
				}
				now += tickSecond
			})
			assert.Zero(t, allocs, "%s with %d rates", kindNames[kind], n)
		}
	}
}
