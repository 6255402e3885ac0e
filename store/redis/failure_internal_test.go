package redis

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

var everyAlgorithm = []throttled.Algorithm{
	throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA, throttled.FixedWindow, throttled.SlidingWindow,
}

func TestDivide(t *testing.T) {
	for _, c := range []struct {
		algorithm throttled.Algorithm
		quota     string
		processes int64
		want      string
	}{
		{throttled.TokenBucket, "100/s burst 200", 4, "100/4s burst 50"},
		{throttled.TokenBucket, "100/s burst 200", 1, "100/s burst 200"},
		{throttled.GCRA, "7/s", 2, "7/2s burst 3"},
		{throttled.LeakyBucket, "1/s; 10/m burst 3", 5, "1/5s; 10/5m burst 1"},
		{throttled.FixedWindow, "100/s", 4, "25/s"},
		{throttled.FixedWindow, "7/s", 2, "3/s"},
		{throttled.SlidingWindow, "4/s", 4, "1/s"},
		{throttled.SlidingWindow, "3/s", 4, "1/1333333334ns"},
	} {
		plan, err := throttled.Config{Algorithm: c.algorithm, Quota: throttled.MustParseQuota(c.quota), Prefix: "p"}.Plan()
		require.NoError(t, err)
		got, err := divide(plan, c.processes)
		require.NoError(t, err)
		want, err := throttled.Config{Algorithm: c.algorithm, Quota: throttled.MustParseQuota(c.want), Prefix: "p"}.Plan()
		require.NoError(t, err)
		assert.Equal(t, want.Name(), got.Name(), "%v %v over %d", c.algorithm, c.quota, c.processes)
	}
}

func TestDivideTooFar(t *testing.T) {
	for _, a := range everyAlgorithm {
		plan, err := throttled.Config{Algorithm: a, Quota: throttled.MustParseQuota("2/w")}.Plan()
		require.NoError(t, err)
		for _, processes := range []int64{1 << 20, math.MaxInt64} {
			_, err = divide(plan, processes)
			require.ErrorIs(t, err, throttled.ErrInvalidQuota)
			assert.ErrorContains(t, err, "Options.Processes")
		}
	}
}

// TestShares: the shares of all processes together admit no more than the rate,
// except that each has room for at least one unit.
func TestShares(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	for range 10_000 {
		r := throttled.Rate{Limit: 1 + rng.Int64N(50), Period: time.Duration(1 + rng.Int64N(int64(time.Hour))), Burst: 1 + rng.Int64N(50)}
		n := 1 + rng.Int64N(60)
		for _, a := range everyAlgorithm {
			share, err := divideRate(a, r, n)
			require.NoError(t, err)
			// share.Limit·n/share.Period ≤ r.Limit/r.Period
			require.LessOrEqual(t, float64(share.Limit)*float64(n)*float64(r.Period), float64(r.Limit)*float64(share.Period)*(1+1e-9))
			if share.Burst > 1 {
				require.LessOrEqual(t, share.Burst*n, r.Burst)
			}
		}
	}
}
