package httplimit_test

import (
	"context"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dunglas/httpsfv"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/httplimit"
)

// item is an item of one of the two fields.
type item struct {
	name    string
	numbers map[string]int64
}

// items parses a field by a library that knows RFC 9651.
func items(t *testing.T, h http.Header, field string) []item {
	t.Helper()
	list, err := httpsfv.UnmarshalList(h.Values(field))
	require.NoError(t, err, "%s: %q", field, h.Values(field))
	var all []item
	for _, member := range list {
		parsed, ok := member.(httpsfv.Item)
		require.True(t, ok)
		name, ok := parsed.Value.(string)
		require.True(t, ok, "a name is a String")
		i := item{name, map[string]int64{}}
		for _, param := range parsed.Params.Names() {
			value, _ := parsed.Params.Get(param)
			i.numbers[param], ok = value.(int64)
			require.True(t, ok, "%s is an Integer", param)
		}
		all = append(all, i)
	}
	return all
}

// TestTheFieldsAgreeWithTheLimiter holds random quotas under random traffic to the
// three rules that make the fields true of an exact limiter.
func TestTheFieldsAgreeWithTheLimiter(t *testing.T) {
	const quotas, requests = 400, 25
	for seed := range uint64(quotas) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			quota, algorithm := randomQuota(rng), throttled.Algorithm(rng.IntN(5))
			limiter := newLimiter(t, throttled.Config{Quota: quota, Algorithm: algorithm})
			var cost int64
			var decision httplimit.Decision
			handler := newMiddleware(t, limiter, httplimit.Options{
				Cost:    func(*http.Request) int64 { return cost },
				Observe: func(_ *http.Request, d httplimit.Decision) { decision = d },
			})(hello)

			time.Sleep(time.Duration(rng.Int64N(int64(1000 * time.Hour))))
			for range requests {
				cost = randomCost(rng, decision.Result)
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
				require.NoError(t, decision.Err)
				state, err := limiter.Peek(t.Context(), decision.Key)
				require.NoError(t, err)

				fields := told{algorithm: algorithm, rates: quota.Rates(), res: decision.Result, peek: state}
				fields.policies, fields.limits = items(t, w.Header(), "RateLimit-Policy"), items(t, w.Header(), "RateLimit")
				fields.retryAfter = w.Header().Get("Retry-After")
				fields.check(t)
				if t.Failed() {
					t.Fatalf("seed %d: %v by %v, cost %d: %v\n%v", seed, quota, algorithm, cost, decision.Result, w.Header())
				}
				time.Sleep(randomPause(rng, decision.Result))
			}
		})
	}
}

// told is an answer, and what was told of it.
type told struct {
	algorithm        throttled.Algorithm
	rates            []throttled.Rate
	res              throttled.Result
	peek             throttled.State // of the same instant
	policies, limits []item
	retryAfter       string
}

func (f told) windowed() bool {
	return f.algorithm == throttled.FixedWindow || f.algorithm == throttled.SlidingWindow
}

func (f told) check(t *testing.T) {
	require.Len(t, f.policies, len(f.rates))
	for i, rate := range f.rates {
		f.checkPolicy(t, rate, f.policies[i].numbers)
	}
	f.checkRetryAfter(t)

	require.Len(t, f.limits, 1)
	policy := f.policies[f.res.Rate()]
	assert.Equal(t, policy.name, f.limits[0].name, "the item names the rate that binds")
	q, w := policy.numbers["q"], policy.numbers["w"]
	assert.Equal(t, f.res.Limit(), q)
	r := f.limits[0].numbers["r"]
	assert.Equal(t, f.res.Remaining(), r)
	assert.LessOrEqual(t, r, q)

	wait, hasT := f.limits[0].numbers["t"]
	if r == 0 && !f.res.Allowed {
		assert.Equal(t, f.retryAfter, map[bool]string{true: strconv.FormatInt(wait, 10)}[hasT], "t is Retry-After")
		return
	}
	assert.GreaterOrEqual(t, wait, int64(1))
	switch rate := f.rates[f.res.Rate()]; {
	case r == 0 && f.algorithm == throttled.SlidingWindow:
		assert.Equal(t, up(f.windowEnd()+unit(rate)), wait)
		assert.GreaterOrEqual(t, wait, f.waitOfOne())
	case f.windowed():
		assert.Equal(t, up(f.windowEnd()), wait)
	case r == 0:
		assert.GreaterOrEqual(t, wait, f.waitOfOne(), "whoever waits so long is not denied")
		if len(f.rates) == 1 { // ResetAfter is rounded up to a whole nanosecond, so t may be of the next one
			assert.LessOrEqual(t, wait, up(f.peek.RetryAfter+2))
		}
		longest := int64(0)
		for _, rate := range f.rates {
			longest = max(longest, up(unit(rate)))
		}
		assert.LessOrEqual(t, wait, longest)
	default:
		// r/t ≤ q/w, and the next smaller t would break it.
		assert.LessOrEqual(t, product(r, w).Cmp(product(q, wait)), 0, "r/t is not above the pace")
		if wait > 1 {
			assert.Positive(t, product(r, w).Cmp(product(q, wait-1)), "t is the least")
		}
	}
}

// checkPolicy holds q and w to the rate.
func (f told) checkPolicy(t *testing.T, rate throttled.Rate, numbers map[string]int64) {
	capacity := rate.Limit
	if rate.Burst > 0 && !f.windowed() {
		capacity = rate.Burst
	}
	assert.Equal(t, capacity, numbers["q"])
	whole := new(big.Rat).SetFrac(product(capacity, int64(rate.Period)), product(rate.Limit, int64(time.Second)))
	w, has := numbers["w"]
	assert.Equal(t, whole.Cmp(big.NewRat(1, 1)) >= 0, has)
	if has {
		assert.LessOrEqual(t, whole.Cmp(big.NewRat(w, 1)), 0, "w is rounded up")
		assert.Positive(t, whole.Cmp(big.NewRat(w-1, 1)), "and no more than that")
	}
}

func (f told) checkRetryAfter(t *testing.T) {
	want := ""
	if !f.res.Allowed && f.res.RetryAfter() != throttled.Never {
		want = strconv.FormatInt(up(f.res.RetryAfter()), 10)
	}
	assert.Equal(t, want, f.retryAfter)
}

// windowEnd is how long the window of the rate that binds lasts.
func (f told) windowEnd() time.Duration {
	period := int64(f.rates[f.res.Rate()].Period)
	return time.Duration(period - time.Now().UnixNano()%period)
}

// waitOfOne is how long a request of cost 1 would wait by all the rates; of several
// windows only the one that binds is told.
func (f told) waitOfOne() int64 {
	if len(f.rates) > 1 && f.windowed() {
		return 1
	}
	return up(f.peek.RetryAfter)
}

// unit is what one unit of a rate takes to come back, rounded up.
func unit(rate throttled.Rate) time.Duration {
	return time.Duration((int64(rate.Period) + rate.Limit - 1) / rate.Limit)
}

// up rounds to whole seconds, at least 1.
func up(d time.Duration) int64 {
	return max(1, int64(d/time.Second)+map[bool]int64{true: 1}[d%time.Second > 0])
}

func product(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }

// answer is a limiter that tells its quota and always gives one answer.
type answer struct {
	quota     throttled.Quota
	algorithm throttled.Algorithm
	res       throttled.Result
}

func (a answer) Quota() throttled.Quota         { return a.quota }
func (a answer) Algorithm() throttled.Algorithm { return a.algorithm }
func (a answer) LimitN(context.Context, string, int64) (throttled.Result, error) {
	return a.res, nil
}

// TestTheFieldsByHand is of what lies a nanosecond beside a whole second.
func TestTheFieldsByHand(t *testing.T) {
	const ns, s = time.Nanosecond, time.Second
	for _, c := range []struct {
		name                      string
		quota                     throttled.Quota
		algorithm                 throttled.Algorithm
		allowed                   bool
		state                     throttled.State
		policy, limit, retryAfter string
	}{
		{
			"a second", throttled.PerSecond(10), throttled.TokenBucket, false,
			throttled.State{Limit: 10, RetryAfter: s},
			`"10/s";q=10;w=1`, `"10/s";r=0;t=1`, "1",
		},
		{
			"a nanosecond more", throttled.PerSecond(10), throttled.TokenBucket, false,
			throttled.State{Limit: 10, RetryAfter: s + ns},
			`"10/s";q=10;w=1`, `"10/s";r=0;t=2`, "2",
		},
		{
			"a nanosecond", throttled.PerSecond(10), throttled.TokenBucket, false,
			throttled.State{Limit: 10, RetryAfter: ns},
			`"10/s";q=10;w=1`, `"10/s";r=0;t=1`, "1",
		},
		{
			"a burst that comes back in less than a second", throttled.PerSecond(10).WithBurst(9), throttled.GCRA, true,
			throttled.State{Limit: 9, Remaining: 8, ResetAfter: s / 10},
			`"10/s burst 9";q=9`, `"10/s burst 9";r=8;t=1`, "",
		},
		{
			"half a nanosecond less than a second", throttled.Per(2, 2*s-ns).WithBurst(1).And(throttled.Per(2, 1)), throttled.GCRA, true,
			throttled.State{Limit: 1, Remaining: 1},
			`"2/1999999999ns burst 1";q=1, "2/1ns";q=2`, `"2/1999999999ns burst 1";r=1;t=1`, "",
		},
		{
			"a burst that comes back in a little more than a second", throttled.PerSecond(10).WithBurst(11), throttled.LeakyBucket, true,
			throttled.State{Limit: 11, Remaining: 10, ResetAfter: s / 10},
			`"10/s burst 11";q=11;w=2`, `"10/s burst 11";r=10;t=2`, "",
		},
		{
			"just emptied, and the next in a second", throttled.Per(3, 3*s), throttled.TokenBucket, true,
			throttled.State{Limit: 3, ResetAfter: 3 * s},
			`"3/3s";q=3;w=3`, `"3/3s";r=0;t=1`, "",
		},
		{
			"a third of a nanosecond is rounded for the next one", throttled.Per(3, 3*s+ns), throttled.TokenBucket, true,
			throttled.State{Limit: 3, ResetAfter: 3*s + ns}, // all but a third of it less: 1 s + 1/3 ns
			`"3/3000000001ns";q=3;w=4`, `"3/3000000001ns";r=0;t=2`, "",
		},
		{
			"almost emptied, and never enough", throttled.PerSecond(10), throttled.TokenBucket, false,
			throttled.State{Limit: 10, Remaining: 1, RetryAfter: throttled.Never, ResetAfter: s},
			`"10/s";q=10;w=1`, `"10/s";r=1;t=1`, "",
		},
		{
			"a window ignores the burst", throttled.Per(100, time.Minute).WithBurst(7), throttled.FixedWindow, true,
			throttled.State{Limit: 100, Remaining: 99, ResetAfter: 30*s + ns},
			`"100/m burst 7";q=100;w=60`, `"100/m burst 7";r=99;t=31`, "",
		},
		{
			"a window that counts for the next one too", throttled.Per(100, time.Minute), throttled.SlidingWindow, true,
			throttled.State{Limit: 100, Remaining: 99, ResetAfter: 61 * s},
			`"100/m";q=100;w=60`, `"100/m";r=99;t=1`, "",
		},
		{
			"a window that only the last one counts in", throttled.Per(100, time.Minute), throttled.SlidingWindow, true,
			throttled.State{Limit: 100, Remaining: 99, ResetAfter: 60 * s},
			`"100/m";q=100;w=60`, `"100/m";r=99;t=60`, "",
		},
	} {
		limiter := answer{c.quota, c.algorithm, throttled.NewResult(c.allowed, c.state)}
		res := get(newMiddleware(t, limiter, httplimit.Options{})(hello), alice)
		assert.Equal(t, c.policy, res.Header.Get("RateLimit-Policy"), c.name)
		assert.Equal(t, c.limit, res.Header.Get("RateLimit"), c.name)
		assert.Equal(t, c.retryAfter, res.Header.Get("Retry-After"), c.name)
	}
}

// randomQuota returns a quota of one to three rates of all sizes, among them the
// greatest there are.
func randomQuota(rng *rand.Rand) throttled.Quota {
	for {
		var quota throttled.Quota
		for range 1 + rng.IntN(3)*rng.IntN(2) {
			rate := throttled.Rate{Limit: 1 + randomUpTo(rng, 48), Period: time.Duration(1 + randomUpTo(rng, 59))}
			if rng.IntN(3) == 0 {
				rate.Period = []time.Duration{time.Second, time.Minute, time.Hour}[rng.IntN(3)]
				rate.Limit = 1 + rng.Int64N(200)
			}
			if rng.IntN(3) == 0 {
				rate.Burst = 1 + randomUpTo(rng, 48)
			}
			quota = quota.And(throttled.NewQuota(rate))
		}
		if _, err := quota.MarshalText(); err == nil {
			return quota
		}
	}
}

// randomUpTo returns a number of any length up to so many bits, all ones not among them.
func randomUpTo(rng *rand.Rand, bits int) int64 {
	return rng.Int64N(1<<(1+rng.IntN(bits)) - 1)
}

// randomCost is often of the kind that just passes, or just does not.
func randomCost(rng *rand.Rand, last throttled.Result) int64 {
	switch rng.IntN(5) {
	case 0:
		return last.Remaining()
	case 1:
		return last.Remaining() + 1
	case 2:
		return last.Remaining() / 2
	case 3:
		return rng.Int64N(last.Limit() + 2)
	default:
		return 1
	}
}

func randomPause(rng *rand.Rand, last throttled.Result) time.Duration {
	switch wait := last.RetryAfter(); rng.IntN(4) {
	case 0:
		return 0
	case 1:
		if wait == throttled.Never {
			return time.Nanosecond
		}
		return wait
	case 2:
		return time.Duration(rng.Int64N(int64(last.ResetAfter()) + 1))
	default:
		return time.Duration(rng.Int64N(int64(3 * time.Second)))
	}
}
