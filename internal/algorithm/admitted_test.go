package algorithm_test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
)

// What a law admits, counted from outside: the clock only moves on, and nothing of
// the state is looked at.

type charge struct{ at, cost int64 }

// greedy asks for what it can get, and keeps a record of what it got.
func greedy(rng *rand.Rand, k *key, now int64, tries int) []charge {
	var got []charge
	w := k.walker(rng, now)
	for range tries {
		s := w.next()
		now = max(now, s.now)
		w.Now = now
		if w.heard(k.limit(now, s.cost)).Allowed && s.cost > 0 {
			got = append(got, charge{now, s.cost})
		}
	}
	return got
}

// TestBucketAdmits: what is admitted in any interval of t ticks is at most C + t/E.
func TestBucketAdmits(t *testing.T) {
	trials(t, buckets, func(t *testing.T, rng *rand.Rand, k *key, now int64) {
		got := greedy(rng, k.fresh(), now, 40)
		for _, r := range k.rates {
			for i := range got {
				sum := new(big.Int)
				for _, c := range got[i:] {
					sum.Add(sum, big.NewInt(c.cost))
					most := big.NewRat(r.Limit, r.Period)
					most.Mul(most, new(big.Rat).SetInt64(c.at-got[i].at))
					most.Add(most, new(big.Rat).SetInt64(r.Burst))
					require.LessOrEqual(t, new(big.Rat).SetInt(sum).Cmp(most), 0, "%v in %d ticks", sum, c.at-got[i].at)
				}
			}
		}
	})
}

// TestBucketMintsNothing lets the clock jump about: not even then is more admitted
// than C + t/E, t being the time from the first charge to the latest instant seen.
func TestBucketMintsNothing(t *testing.T) {
	trials(t, buckets, func(t *testing.T, rng *rand.Rand, k *key, now int64) {
		k = newKey(k.kind, k.rates[0])
		r := k.rates[0]
		w := k.walker(rng, now)
		sum, first, latest := new(big.Int), int64(-1), int64(0)
		for range 40 {
			s := w.next()
			if !w.heard(k.limit(s.now, s.cost)).Allowed || s.cost == 0 {
				continue
			}
			if first < 0 {
				first = s.now
			}
			latest = max(latest, s.now)
			sum.Add(sum, big.NewInt(s.cost))
			most := new(big.Rat).Mul(big.NewRat(r.Limit, r.Period), new(big.Rat).SetInt64(latest-first))
			most.Add(most, new(big.Rat).SetInt64(r.Burst))
			require.LessOrEqual(t, new(big.Rat).SetInt(sum).Cmp(most), 0, "%v from %d to %d", sum, first, latest)
		}
	})
}

// TestFixedWindowAdmits: at most Limit in any window, even if the clock jumps about.
func TestFixedWindowAdmits(t *testing.T) {
	trials(t, []algorithm.Kind{algorithm.FixedWindow}, func(t *testing.T, rng *rand.Rand, k *key, now int64) {
		k = k.fresh()
		w := k.walker(rng, now)
		admitted := make([]map[int64]int64, len(k.rates))
		for range 40 {
			s := w.next()
			if !w.heard(k.limit(s.now, s.cost)).Allowed {
				continue
			}
			for i, r := range k.rates {
				if admitted[i] == nil {
					admitted[i] = map[int64]int64{}
				}
				admitted[i][s.now/r.Period] += s.cost
				require.LessOrEqual(t, admitted[i][s.now/r.Period], r.Limit)
			}
		}
	})
}

// TestSlidingWindowAdmits: at every charge, what was admitted in the window of now
// and the share that counts of the window before it come to no more than Limit.
func TestSlidingWindowAdmits(t *testing.T) {
	trials(t, []algorithm.Kind{algorithm.SlidingWindow}, func(t *testing.T, rng *rand.Rand, k *key, now int64) {
		got := greedy(rng, k.fresh(), now, 40)
		for i, c := range got {
			for _, r := range k.rates {
				require.LessOrEqual(t, weighed(r, got[:i+1], c.at).Cmp(new(big.Rat).SetInt64(r.Limit)), 0, "at %d", c.at)
			}
		}
	})
}

// weighed is what the charges come to at now under the law of the sliding window.
func weighed(r model.Rate, got []charge, now int64) *big.Rat {
	sum := new(big.Rat)
	for _, c := range got {
		cost := new(big.Rat).SetInt64(c.cost)
		switch c.at / r.Period {
		case now / r.Period:
			sum.Add(sum, cost)
		case now/r.Period - 1:
			sum.Add(sum, cost.Mul(cost, big.NewRat(r.Period-now%r.Period, r.Period)))
		}
	}
	return sum
}

// lasts reports whether a cost leaks within so many ticks: cost·E ≤ ticks.
func lasts(r model.Rate, cost, ticks int64) bool {
	leaks := new(big.Rat).Mul(big.NewRat(r.Period, r.Limit), new(big.Rat).SetInt64(cost))
	return leaks.Cmp(new(big.Rat).SetInt64(ticks)) <= 0
}
