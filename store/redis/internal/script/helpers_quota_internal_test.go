package script

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model/walk"
)

var everyAlgorithm = []throttled.Algorithm{
	throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA, throttled.FixedWindow, throttled.SlidingWindow,
}

const (
	tickSecond    = int64(1e6) // µs
	longestPeriod = int64(1) << 45
)

// domain is that of the scripts: ticks of a microsecond, up to the last at which
// all their sums stay below 2^53, in the year 2144.
var domain = walk.Domain{Tick: 1000, MinPeriod: 1000, MaxPeriod: longestPeriod, Latest: 5_500_000_000_000_000}

// planOf returns the plan of rates in µs.
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

// planOfRates compiles rates in µs, which Check must accept.
func planOfRates(t testing.TB, a throttled.Algorithm, rates ...algorithm.Rate) *Plan {
	t.Helper()
	plan := planOf(t, a, rates...)
	require.NoError(t, Check(plan))
	return Compile(plan)
}

// planOfText compiles the text of a quota.
func planOfText(t testing.TB, a throttled.Algorithm, quota string) *Plan {
	t.Helper()
	plan, err := throttled.Config{Algorithm: a, Quota: throttled.MustParseQuota(quota)}.Plan()
	require.NoError(t, err)
	require.NoError(t, Check(plan))
	return Compile(plan)
}
