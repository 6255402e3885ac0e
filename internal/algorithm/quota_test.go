package algorithm_test

import (
	"math/bits"
	"math/rand/v2"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
)

const (
	tickSecond = int64(1e9)
	maxLimit   = int64(1)<<48 - 1
	maxPeriod  = int64(1) << 59
	maxRefill  = int64(1) << 60
	maxNow     = int64(1) << 62
)

// epochs are where clocks stand: Unix nanoseconds in 2026, a synctest bubble, Unix
// microseconds in 2026, the start of time itself, and one near the last instant
// that the package admits.
var epochs = []int64{1_767_225_600_000_000_000, 946_684_800_000_000_000, 1_767_225_600_000_000, 0, maxNow - 1<<52}

// classics are the quotas that people write, and the corners of the bounds.
var classics = []model.Rate{
	{Limit: 1, Period: tickSecond, Burst: 1},
	{Limit: 1_000_000_000, Period: tickSecond, Burst: 1_000_000_000},
	{Limit: 1_000_000_000, Period: tickSecond, Burst: 1},
	{Limit: 7, Period: 60 * tickSecond, Burst: 7},
	{Limit: 7, Period: 60 * tickSecond, Burst: 3},
	{Limit: 1000, Period: 3600 * tickSecond, Burst: 50},
	{Limit: 100, Period: tickSecond, Burst: 200},
	{Limit: 5, Period: tickSecond / 2, Burst: 5},
	{Limit: 3, Period: 1, Burst: 3},
	{Limit: 1, Period: 1, Burst: 1},
	{Limit: 1, Period: 10 * 365 * 86400 * tickSecond, Burst: 1},
	{Limit: 1, Period: 10 * 365 * 86400 * tickSecond, Burst: 3},
	{Limit: maxLimit, Period: 1, Burst: maxLimit},
	{Limit: maxLimit, Period: maxPeriod, Burst: maxLimit},
	{Limit: maxLimit - 1, Period: maxPeriod, Burst: maxLimit},
	{Limit: maxLimit, Period: maxPeriod - 1, Burst: 1},
	{Limit: 1, Period: maxPeriod, Burst: 2},
	{Limit: 2, Period: maxPeriod, Burst: 4},
	{Limit: 1, Period: 4096, Burst: maxLimit},
	{Limit: 60, Period: 60_000_000, Burst: 60}, // of microseconds
	{Limit: 7, Period: 1_000_000, Burst: 7},
}

func randomRates(rng *rand.Rand, n int) []model.Rate {
	rates := make([]model.Rate, n)
	for i := range rates {
		switch rng.IntN(4) {
		case 0:
			rates[i] = classics[rng.IntN(len(classics))]
		case 1: // so small that everything meets everything
			rates[i] = bounded(1+rng.Int64N(6), 1+rng.Int64N(20), 1+rng.Int64N(6))
		default:
			rates[i] = bounded(scaled(rng, maxLimit), scaled(rng, maxPeriod), scaled(rng, maxLimit))
		}
	}
	if n > 1 && rng.IntN(2) == 0 {
		alike(rng, rates)
	}
	return rates
}

// alike gives every rate about the speed of the first, so that no single one of
// them always binds.
func alike(rng *rand.Rand, rates []model.Rate) {
	first := rates[0]
	for i := 1; i < len(rates); i++ {
		near := func(n int64) int64 { return n/2 + rng.Int64N(n/2+2) }
		rates[i] = bounded(near(first.Limit), near(first.Period), near(first.Burst))
	}
}

// bounded brings a rate within the bounds of a quota.
func bounded(limit, period, burst int64) model.Rate {
	limit, period = min(max(limit, 1), maxLimit), min(max(period, 1), maxPeriod)
	burst = min(max(burst, 1), maxLimit)
	// The greatest burst with burst·period ≤ 2^60·limit.
	if hi, lo := bits.Mul64(uint64(maxRefill), uint64(limit)); hi < uint64(period) {
		if most, _ := bits.Div64(hi, lo, uint64(period)); most < uint64(burst) {
			burst = int64(most)
		}
	}
	return model.Rate{Limit: limit, Period: period, Burst: burst}
}

// scaled is a number from 1 to most of any length, often one off a power of two.
func scaled(rng *rand.Rand, most int64) int64 {
	n := int64(1) << rng.IntN(bits.Len64(uint64(most)))
	if rng.IntN(8) == 0 {
		n += rng.Int64N(3) - 1
	} else {
		n += rng.Int64N(n)
	}
	return min(max(n, 1), most)
}

func capacity(kind algorithm.Kind, r model.Rate) int64 {
	if kind == algorithm.FixedWindow || kind == algorithm.SlidingWindow {
		return r.Limit
	}
	return r.Burst
}
