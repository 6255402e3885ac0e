package script

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		quota throttled.Quota
		fault string
	}{
		{throttled.PerSecond(5), ""},
		{throttled.Per(5, time.Millisecond), ""},
		{throttled.Per(5, time.Millisecond+time.Microsecond), ""},
		{throttled.Per(1<<48-1, 1<<45*time.Microsecond), ""},
		{throttled.Per(1, 1<<45*time.Microsecond).WithBurst(32), ""},
		{throttled.Per(5, time.Millisecond-time.Microsecond), "period 999µs"},
		{throttled.Per(5, time.Second+time.Nanosecond), "period 1.000000001s"},
		{throttled.Per(5, 1<<45*time.Microsecond+time.Microsecond), "period 9773h"},
		{throttled.PerSecond(5).And(throttled.Per(5, 5)).And(throttled.Per(5, 1500)), "period 5ns"},
		{throttled.PerSecond(5).And(throttled.Per(5, 5)).And(throttled.Per(5, 1500)), "period 1.5µs"},
	} {
		for _, a := range everyAlgorithm {
			plan, err := throttled.Config{Quota: tt.quota, Algorithm: a}.Plan()
			require.NoError(t, err)
			if err = Check(plan); tt.fault == "" {
				assert.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, throttled.ErrInvalidQuota)
			assert.ErrorContains(t, err, tt.fault)
			assert.ErrorContains(t, err, "whole microseconds")
		}
	}
}

func TestKey(t *testing.T) {
	plan, err := throttled.Config{Prefix: "shop", Quota: throttled.MustParseQuota("10/s burst 20; 1000/h")}.Plan()
	require.NoError(t, err)
	assert.Equal(t, "shop:token_bucket:10/s burst 20; 1000/h:{user}:1", Compile(plan).key("{user}:1"))
}

// TestNumbers: what is written is read again, and nothing else is.
func TestNumbers(t *testing.T) {
	for _, n := range []int64{0, 1, 1<<48 - 1, 1_767_225_600_000_000, maxNumber} {
		got, ok := numberAt(string(appendNumbers(nil, -1, n)), 1)
		assert.True(t, ok)
		assert.Equal(t, n, got)
	}
	_, ok := numberAt(string(appendNumbers(nil, -1)), 0)
	assert.False(t, ok)
}

func TestMarks(t *testing.T) {
	seen := map[int64]bool{}
	for range 1000 {
		mark := newMark()
		assert.Positive(t, mark)
		assert.LessOrEqual(t, mark, int64(maxNumber))
		assert.False(t, seen[mark])
		seen[mark] = true
	}
}

// TestWithin: the time until a turn is at least 0, and at most what there is room
// for in a number.
func TestWithin(t *testing.T) {
	l := planOfText(t, throttled.TokenBucket, "5/s")
	for within, want := range map[time.Duration]int64{
		-time.Hour: 0, 0: 0, 999: 0, time.Hour: 3_600_000_000, throttled.Never: 1 << 60 / 1000,
	} {
		a := l.Operation(throttled.Request{Key: "k", Op: throttled.OpWait, Cost: 1, Within: within})
		assert.Equal(t, want, a.within)
		assert.Equal(t, want > 0, a.mark > 0)
	}
}
