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
		return randomRates(rng, 1+rng.IntN(4))
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
		state, at := slices.Clone(q.first), q.turn
		least := newKey(kind, rates...).least()
		walked := false
		runs := q.law.Runs()
		var walk algorithm.Walk
		runs.Walk(&walk, state, at)
		turn := at
	line:
		for _, b := range randomBatches(rng, least, 1+rng.Int64N(1<<rng.IntN(12))) {
			for n := range b.places {
				next := q.law.Peek(q.last, turn, b.cost).Turn
				if next-at > 1<<60 {
					walk.Pass(b.cost, n)
					break line
				}
				turn, walked = next, true
				q.law.Limit(q.last, turn, b.cost)
			}
			walk.Pass(b.cost, b.places)
		}
		if walked {
			walk.End(state)
			require.Equal(t, q.last, state, "seed %d: %v of %v", seed, kind, rates)
		}
	}
}
