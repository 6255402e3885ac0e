package algorithm_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
)

// batch is some places of equal cost behind each other.
type batch struct {
	cost, places int64
}

// randomBatches are a few of many places, or many of a few, and now and then single
// places of any cost.
func randomBatches(rng *rand.Rand, capacity, most int64) []batch {
	var all []batch
	few := 1 + rng.Int64N(capacity)
	for left := most; left > 0; {
		b := batch{cost: 1 + rng.Int64N(few), places: 1 + rng.Int64N(left)}
		switch rng.IntN(6) {
		case 0:
			b.cost = 1
		case 1:
			b.cost = capacity - rng.Int64N(min(capacity, 3))
		case 2:
			b.places = 1 + rng.Int64N(min(left, 4))
		}
		all = append(all, b)
		left -= b.places
	}
	return all
}

// windowRates are rates of windows: periods that divide each other, odd ones, and
// such with limits close to the pace of others.
func windowRates(rng *rand.Rand) []model.Rate {
	rates := make([]model.Rate, 1+rng.IntN(4))
	period, nested := 1+rng.Int64N(20), rng.IntN(3) > 0
	limit := 1 + rng.Int64N(12)
	for i := range rates {
		rates[i] = model.Rate{Limit: limit, Period: period, Burst: 1}
		if times := 1 + rng.Int64N(12); nested {
			limit = max(1, limit*times-rng.Int64N(limit*times))
			period *= times
		} else {
			period, limit = 1+rng.Int64N(60), 1+rng.Int64N(30)
		}
	}
	rng.Shuffle(len(rates), func(i, j int) { rates[i], rates[j] = rates[j], rates[i] })
	if rng.IntN(8) == 0 {
		return domain.Rates(rng, 1+rng.IntN(4))
	}
	if scale := 1 + rng.Int64N(1000); rng.IntN(2) == 0 { // more ticks for a unit
		for i := range rates {
			rates[i].Period *= scale
		}
	}
	return rates
}

// A walk through the windows does to a state what the places do one after the other.
func TestWalkEqualsThePlaces(t *testing.T) {
	for seed := range uint64(30_000) {
		rng := rand.New(rand.NewPCG(seed, 8))
		kind := []algorithm.Kind{algorithm.FixedWindow, algorithm.SlidingWindow}[seed%2]
		rates := windowRates(rng)
		q := randomLine(rng, kind, rates, 0)
		state, turn := slices.Clone(q.first), q.turn
		walk, walked := &algorithm.Walk{}, false
		q.law.Runs().Walk(walk, state, turn)
		for _, b := range randomBatches(rng, newKey(kind, rates...).least(), 1+rng.Int64N(1<<rng.IntN(12))) {
			passed := int64(0)
			for passed < b.places {
				next := q.law.Peek(q.last, turn, b.cost).Turn
				if next-q.turn > 1<<60 {
					break
				}
				turn = next
				q.law.Limit(q.last, turn, b.cost)
				passed++
			}
			walk.Pass(b.cost, passed)
			if walked = walked || passed > 0; passed < b.places {
				break
			}
		}
		if walked {
			walk.End(state)
			require.Equal(t, q.last, state, "seed %d: %v of %v", seed, kind, rates)
		}
	}
}

// And what the exact model says that they do.
func TestWalkEqualsTheModel(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 9))
		kind := []algorithm.Kind{algorithm.FixedWindow, algorithm.SlidingWindow}[seed%2]
		rates := windowRates(rng)
		k, exact := newKey(kind, rates...), model.New(kind, rates...)
		now, least := domain.Epochs[0], k.least()
		first := 1 + rng.Int64N(least)
		k.limit(now, first)
		exact.Limit(now, first)
		walk, turn := &algorithm.Walk{}, now
		k.law.Runs().Walk(walk, k.state, now)
		batches := randomBatches(rng, least, 1+rng.Int64N(150))
		for _, b := range batches {
			passed := int64(0)
			for passed < b.places {
				after := exact.Peek(turn, b.cost).RetryAfter
				if turn-now+after > 1<<60 {
					break
				}
				turn += after
				passed++
				require.True(t, exact.Limit(turn, b.cost).Allowed)
			}
			if walk.Pass(b.cost, passed); passed < b.places {
				break
			}
		}
		if turn == now {
			continue
		}
		walk.End(k.state)
		for range 5 {
			cost := rng.Int64N(least + 1)
			require.Equal(t, exact.Peek(turn, cost), k.peek(turn, cost), "seed %d: %v of %v: %v", seed, kind, rates, batches)
			turn += rng.Int64N(min(rates[0].Period, 1<<40))
		}
	}
}

// A walk allocates nothing, however many places it passes.
func TestWalkAllocatesNothing(t *testing.T) {
	for _, kind := range []algorithm.Kind{algorithm.FixedWindow, algorithm.SlidingWindow} {
		k := newKey(kind, model.Rate{Limit: 10, Period: 7 * tickSecond}, model.Rate{Limit: 100, Period: 60 * tickSecond})
		runs, walk := k.law.Runs(), &algorithm.Walk{}
		require.Zero(t, testing.AllocsPerRun(100, func() {
			runs.Walk(walk, k.state, domain.Epochs[0])
			walk.Pass(1, 100_000)
			walk.Pass(3, 5)
			walk.End(k.state)
		}))
	}
}
