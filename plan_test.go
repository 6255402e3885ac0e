package throttled_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// noon is an instant at which a second, a minute and an hour begin.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano()

func planOf(t testing.TB, a throttled.Algorithm, quota string) *throttled.Plan {
	t.Helper()
	plan, err := throttled.Config{Algorithm: a, Quota: throttled.MustParseQuota(quota)}.Plan()
	require.NoError(t, err)
	return plan
}

func TestTheZeroConfigIsSixtyPerMinute(t *testing.T) {
	plan, err := throttled.Config{}.Plan()
	require.NoError(t, err)
	require.Equal(t, "throttled:token_bucket:60/m", plan.Name())
	require.Equal(t, throttled.PerMinute(60), plan.Quota())
	require.Equal(t, throttled.TokenBucket, plan.Algorithm())
	require.Equal(t, "throttled", plan.Prefix())
}

func TestEqualSettingsHaveOneName(t *testing.T) {
	one, two := planOf(t, throttled.GCRA, "60/m burst 60"), planOf(t, throttled.GCRA, "60 per minute")
	require.Equal(t, one.Name(), two.Name())
	require.Equal(t, one.Hash(), two.Hash())
	for _, other := range []*throttled.Plan{
		planOf(t, throttled.TokenBucket, "60/m"), planOf(t, throttled.GCRA, "60/m burst 61"), planOf(t, throttled.GCRA, "60/m; 60/h"),
	} {
		require.NotEqual(t, one.Name(), other.Name())
		require.NotEqual(t, one.Hash(), other.Hash())
	}
}

func TestConfigTellsEveryFaultAtOnce(t *testing.T) {
	_, err := throttled.Config{
		Quota:     throttled.PerSecond(0).And(throttled.PerHour(-1)),
		Algorithm: 9,
		Timeout:   -time.Second,
		Prefix:    "a:b",
		Hooks:     []throttled.Hook{func(next throttled.Handler) throttled.Handler { return next }, nil},
	}.Plan()
	require.ErrorIs(t, err, throttled.ErrInvalidQuota)
	require.ErrorIs(t, err, throttled.ErrInvalidConfig)
	for _, fault := range []string{"0/s", "-1/h", "algorithm(9)", "Timeout is -1s", `Prefix is "a:b"`, "Hooks[1] is nil"} {
		require.ErrorContains(t, err, fault)
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		require.True(t, strings.HasPrefix(line, "throttled: "), line)
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		algorithm throttled.Algorithm
		quota     string
		words     int
	}{
		{throttled.TokenBucket, "1/s", 2},
		{throttled.LeakyBucket, "1/s; 2/m", 4},
		{throttled.FixedWindow, "1/s", 2},
		{throttled.SlidingWindow, "1/s", 3},
		{throttled.SlidingWindow, "1/s;2/s;3/s;4/s;5/s;6/s;7/s;8/s", 24},
	} {
		require.Equal(t, c.words, planOf(t, c.algorithm, c.quota).Words())
	}
}

// applied is a bucket with nothing but Apply around it.
type applied struct {
	plan  *throttled.Plan
	state []int64
}

func (a *applied) at(after time.Duration, op throttled.Op, cost int64) (throttled.Result, time.Duration) {
	return a.plan.Apply(a.state, noon+int64(after), throttled.Request{Plan: a.plan, Op: op, Cost: cost})
}

func TestApply(t *testing.T) {
	plan := planOf(t, throttled.TokenBucket, "10/s burst 5")
	b := applied{plan, make([]int64, plan.Words())}
	for _, step := range []struct {
		after   time.Duration
		op      throttled.Op
		cost    int64
		allowed bool
		state   throttled.State
		keep    time.Duration
	}{
		{0, throttled.OpPeek, 1, true, throttled.State{Limit: 5, Remaining: 5}, 0},
		{0, throttled.OpLimit, 6, false, throttled.State{Limit: 5, Remaining: 5, RetryAfter: throttled.Never}, 0},
		{0, throttled.OpLimit, 4, true, throttled.State{Limit: 5, Remaining: 1, ResetAfter: 400 * time.Millisecond}, 400 * time.Millisecond},
		{0, throttled.OpWait, 2, false, throttled.State{Limit: 5, Remaining: 1, ResetAfter: 400 * time.Millisecond, RetryAfter: 100 * time.Millisecond}, 400 * time.Millisecond},
		{100 * time.Millisecond, throttled.OpWait, 2, true, throttled.State{Limit: 5, ResetAfter: 500 * time.Millisecond}, 500 * time.Millisecond},
		{100 * time.Millisecond, throttled.OpLimit, 0, true, throttled.State{Limit: 5, ResetAfter: 500 * time.Millisecond}, 500 * time.Millisecond},
		{100 * time.Millisecond, throttled.OpRefund, 3, true, throttled.State{Limit: 5, Remaining: 3, ResetAfter: 200 * time.Millisecond}, 200 * time.Millisecond},
		{100 * time.Millisecond, throttled.OpReset, 0, true, throttled.State{Limit: 5, Remaining: 5}, 0},
	} {
		res, keep := b.at(step.after, step.op, step.cost)
		require.Equal(t, step.allowed, res.Allowed, step)
		require.Equal(t, step.state, res.State(), step)
		require.Equal(t, step.keep, keep, step)
	}
	require.Equal(t, make([]int64, plan.Words()), b.state)
}

// A Wait at a leaky bucket is answered as of the instant at which it is let out.
func TestApplyLeakyQueue(t *testing.T) {
	plan := planOf(t, throttled.LeakyBucket, "10/s burst 3")
	b := applied{plan, make([]int64, plan.Words())}
	for i := range 3 {
		before, _ := b.at(0, throttled.OpPeek, 1)
		require.Equal(t, time.Duration(i)*100*time.Millisecond, before.ResetAfter())
		res, keep := b.at(0, throttled.OpWait, 1)
		require.True(t, res.Allowed)
		require.Equal(t, throttled.State{Limit: 3, Remaining: 2, ResetAfter: 100 * time.Millisecond}, res.State())
		require.Equal(t, time.Duration(i+1)*100*time.Millisecond, keep)
	}
	res, _ := b.at(0, throttled.OpWait, 1)
	require.False(t, res.Allowed)
	require.Equal(t, throttled.State{Limit: 3, ResetAfter: 300 * time.Millisecond, RetryAfter: 100 * time.Millisecond}, res.State())
}

func TestApplyAllocatesNothing(t *testing.T) {
	for a := throttled.TokenBucket; a <= throttled.SlidingWindow; a++ {
		for _, quota := range []string{"1000000/s", "1/h", "10/s; 7/m"} {
			plan := planOf(t, a, quota)
			b := applied{plan, make([]int64, plan.Words())}
			for op := throttled.OpLimit; op <= throttled.OpReset; op++ {
				after := time.Duration(0)
				require.Zero(t, testing.AllocsPerRun(100, func() {
					after += time.Microsecond
					b.at(after, op, 1)
				}))
			}
		}
	}
}

func TestResultSaysWhatItIsGiven(t *testing.T) {
	plan, err := throttled.Config{Quota: throttled.MustParseQuota("10/s burst 20; 1000/h")}.Plan()
	require.NoError(t, err)
	for _, remaining := range []int64{0, 7, 1<<48 - 1} {
		state := throttled.State{Limit: 20, Remaining: remaining, ResetAfter: time.Minute, RetryAfter: time.Second}
		require.Equal(t, state, plan.Result(false, remaining, time.Minute, time.Second).State())
		require.True(t, plan.Result(true, remaining, time.Minute, 0).Allowed)
	}
}

func TestWholeIsOfOneRateOfWholeNanoseconds(t *testing.T) {
	for _, c := range []struct {
		quota     string
		algorithm throttled.Algorithm
		whole     bool
	}{
		{"10/s", throttled.TokenBucket, true},
		{"10/s burst 20", throttled.GCRA, true},
		{"10/s", throttled.LeakyBucket, true},
		{"7/m", throttled.TokenBucket, false}, // 8,571,428,571 and 3/7 ns
		{"10/s; 1000/h", throttled.TokenBucket, false},
		{"10/s", throttled.FixedWindow, false},
		{"10/s", throttled.SlidingWindow, false},
	} {
		plan, err := throttled.Config{Quota: throttled.MustParseQuota(c.quota), Algorithm: c.algorithm}.Plan()
		require.NoError(t, err)
		require.Equal(t, c.whole, plan.Whole() != nil, "%s %s", c.algorithm, c.quota)
	}
}
