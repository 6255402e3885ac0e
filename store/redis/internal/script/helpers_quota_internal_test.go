package script

import (
	"math/bits"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

var everyAlgorithm = []throttled.Algorithm{
	throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA, throttled.FixedWindow, throttled.SlidingWindow,
}

const (
	tickSecond    = int64(1e6) // µs
	maxAmount     = int64(1)<<48 - 1
	longestPeriod = int64(1) << 45 // µs
	maxRefill     = int64(1) << 60 // ns

	// lastInstant is the last instant in µs at which all sums of the scripts stay
	// below 2^53: in the year 2144.
	lastInstant = 5_500_000_000_000_000
)

// classics are the quotas that people write, and the corners of the bounds; in µs.
var classics = []algorithm.Rate{
	{Limit: 1, Period: tickSecond, Burst: 1},
	{Limit: 100, Period: tickSecond, Burst: 200},
	{Limit: 7, Period: 60 * tickSecond, Burst: 7},
	{Limit: 7, Period: 60 * tickSecond, Burst: 3},
	{Limit: 1000, Period: 3600 * tickSecond, Burst: 50},
	{Limit: 5, Period: tickSecond / 2, Burst: 5},
	{Limit: 1_000_000_000, Period: tickSecond, Burst: 1_000_000_000},
	{Limit: 3, Period: 1000, Burst: 3},
	{Limit: 1, Period: 86400 * tickSecond, Burst: 3},
	{Limit: maxAmount, Period: 1000, Burst: maxAmount},
	{Limit: maxAmount, Period: longestPeriod, Burst: maxAmount},
	{Limit: maxAmount - 1, Period: longestPeriod, Burst: maxAmount},
	{Limit: maxAmount, Period: longestPeriod - 1, Burst: 1},
	{Limit: maxAmount - 1, Period: longestPeriod - 1, Burst: maxAmount},
	{Limit: 1, Period: longestPeriod, Burst: 32},
	{Limit: 3, Period: longestPeriod - 1, Burst: 90},
	{Limit: 256, Period: longestPeriod, Burst: 256},
	{Limit: 1, Period: 4096, Burst: maxAmount},
}

// randomRates are n rates within the bounds that check knows.
func randomRates(rng *rand.Rand, n int) []algorithm.Rate {
	rates := make([]algorithm.Rate, n)
	for i := range rates {
		switch rng.IntN(4) {
		case 0:
			rates[i] = bounded(classics[rng.IntN(len(classics))])
		case 1: // so small that everything meets everything
			rates[i] = bounded(algorithm.Rate{Limit: 1 + rng.Int64N(6), Period: 1000 + rng.Int64N(20), Burst: 1 + rng.Int64N(6)})
		default:
			rates[i] = bounded(algorithm.Rate{Limit: scaled(rng, maxAmount), Period: scaled(rng, longestPeriod), Burst: scaled(rng, maxAmount)})
		}
	}
	if n > 1 && rng.IntN(2) == 0 { // all of about one speed, so that no single one always binds
		near := func(n int64) int64 { return n/2 + rng.Int64N(n/2+2) }
		for i, first := 1, rates[0]; i < n; i++ {
			rates[i] = bounded(algorithm.Rate{Limit: near(first.Limit), Period: near(first.Period), Burst: near(first.Burst)})
		}
	}
	return rates
}

// bounded brings a rate within the bounds of a quota in Redis.
func bounded(r algorithm.Rate) algorithm.Rate {
	r.Limit, r.Period = min(max(r.Limit, 1), maxAmount), min(max(r.Period, 1000), longestPeriod)
	r.Burst = min(max(r.Burst, 1), maxAmount)
	// The greatest burst with burst·period ≤ 2^60 ns · limit.
	if hi, lo := bits.Mul64(uint64(maxRefill), uint64(r.Limit)); hi < uint64(r.Period*1000) {
		most, _ := bits.Div64(hi, lo, uint64(r.Period*1000))
		r.Burst = int64(min(most, uint64(r.Burst)))
	}
	return r
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

// planOf is the plan of rates in µs.
func planOf(t testing.TB, a throttled.Algorithm, rates ...algorithm.Rate) *throttled.Plan {
	t.Helper()
	of := make([]throttled.Rate, len(rates))
	for i, r := range rates {
		of[i] = throttled.Rate{Limit: r.Limit, Period: time.Duration(r.Period) * time.Microsecond, Burst: r.Burst}
	}
	plan, err := throttled.Config{Algorithm: a, Quota: throttled.NewQuota(of...)}.Plan()
	require.NoError(t, err)
	return plan
}

// planOfRates is the law of rates in µs, which check must let pass.
func planOfRates(t testing.TB, a throttled.Algorithm, rates ...algorithm.Rate) *Plan {
	t.Helper()
	plan := planOf(t, a, rates...)
	require.NoError(t, Check(plan))
	return Compile(plan)
}

// planOfText is the law of a quota's text.
func planOfText(t testing.TB, a throttled.Algorithm, quota string) *Plan {
	t.Helper()
	plan, err := throttled.Config{Algorithm: a, Quota: throttled.MustParseQuota(quota)}.Plan()
	require.NoError(t, err)
	require.NoError(t, Check(plan))
	return Compile(plan)
}
