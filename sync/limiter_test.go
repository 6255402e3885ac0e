package sync_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

// five comes back one an hour, and has five at once.
var five = throttled.PerDay(24).WithBurst(5)

const key = "user:42"

func newStore(t *testing.T) *store.Memory {
	m, err := store.NewMemory(store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, m.Close()) })
	return m
}

// newLimiter returns a limiter of cfg, on a store of its own if cfg has none.
func newLimiter(t *testing.T, cfg throttled.Config) *sync.Limiter {
	if cfg.Store == nil {
		cfg.Store = newStore(t)
	}
	l, err := sync.New(cfg)
	require.NoError(t, err)
	return l
}

func remaining(t *testing.T, l *sync.Limiter, key string) int64 {
	t.Helper()
	state, err := l.Peek(t.Context(), key)
	require.NoError(t, err)
	return state.Remaining
}

// recorder is a store that notes what it is asked and answers what it is told.
type recorder struct {
	requests []throttled.Request
	contexts []context.Context
	res      throttled.Result
	err      error
	checked  []*throttled.Plan
	refusal  error
}

func (r *recorder) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
	r.requests, r.contexts = append(r.requests, req), append(r.contexts, ctx)
	return r.res, r.err
}

func (*recorder) Kind() string { return "recorder" }

func (*recorder) Close() error { return errors.New("a limiter closed a store that it did not make") }

func (r *recorder) Check(plan *throttled.Plan) error {
	r.checked = append(r.checked, plan)
	return r.refusal
}

func TestNewReportsEveryFault(t *testing.T) {
	l, err := sync.New(throttled.Config{
		Quota:     throttled.PerSecond(0).And(throttled.PerHour(-1)),
		Algorithm: 9,
		Timeout:   -time.Second,
		Prefix:    "a:b",
		Hooks:     []throttled.Hook{nil},
	})
	assert.Nil(t, l)
	assert.ErrorIs(t, err, throttled.ErrInvalidQuota)
	assert.ErrorIs(t, err, throttled.ErrInvalidConfig)
	for _, text := range []string{
		"throttled: invalid config: Algorithm is algorithm(9), which is none of the five",
		"throttled: invalid config: Timeout is -1s; it must be 0 (decide at once) or more",
		`throttled: invalid config: Prefix is "a:b"; it must not have a colon`,
		"throttled: invalid config: Hooks[0] is nil",
		`throttled: invalid quota "0/s; -1/h": limit 0 in "0/s" is out of range`,
		`limit -1 in "-1/h" is out of range`,
	} {
		assert.ErrorContains(t, err, text)
	}
}

func TestNewReportsOneFaultAlone(t *testing.T) {
	for _, c := range []struct {
		cfg       throttled.Config
		is, isNot error
	}{
		{throttled.Config{Quota: throttled.PerSecond(-1)}, throttled.ErrInvalidQuota, throttled.ErrInvalidConfig},
		{throttled.Config{Quota: throttled.NewQuota(throttled.Rate{})}, throttled.ErrInvalidQuota, throttled.ErrInvalidConfig},
		{throttled.Config{Algorithm: 5}, throttled.ErrInvalidConfig, throttled.ErrInvalidQuota},
		{throttled.Config{Timeout: -1}, throttled.ErrInvalidConfig, throttled.ErrInvalidQuota},
		{throttled.Config{Prefix: ":"}, throttled.ErrInvalidConfig, throttled.ErrInvalidQuota},
		{throttled.Config{Hooks: []throttled.Hook{nil}}, throttled.ErrInvalidConfig, throttled.ErrInvalidQuota},
	} {
		_, err := sync.New(c.cfg)
		assert.ErrorIs(t, err, c.is)
		assert.NotErrorIs(t, err, c.isNot)
	}
}

func TestZeroConfigIs60PerMinute(t *testing.T) {
	l := newLimiter(t, throttled.Config{})
	assert.Equal(t, throttled.PerMinute(60), l.Quota())
	assert.Equal(t, throttled.TokenBucket, l.Algorithm())
	res, err := l.LimitN(t.Context(), key, 60)
	require.NoError(t, err)
	assert.True(t, res.Allowed)
	assert.EqualValues(t, 60, res.Limit())
}

func TestAccessorsTellTheConfig(t *testing.T) {
	l := newLimiter(t, throttled.Config{Quota: five, Algorithm: throttled.SlidingWindow})
	assert.Equal(t, five, l.Quota())
	assert.Equal(t, throttled.SlidingWindow, l.Algorithm())
}

func TestShorthandsHaveACostOfOne(t *testing.T) {
	l := newLimiter(t, throttled.Config{Quota: five})
	res, err := l.Limit(t.Context(), key)
	require.NoError(t, err)
	assert.True(t, res.Allowed)
	assert.EqualValues(t, 4, res.Remaining())
	res, err = l.Wait(t.Context(), key)
	require.NoError(t, err)
	assert.True(t, res.Allowed)
	assert.EqualValues(t, 3, res.Remaining())
}

func TestConfigKeyStandsForAnEmptyOne(t *testing.T) {
	l := newLimiter(t, throttled.Config{Quota: five, Key: key})
	_, err := l.LimitN(t.Context(), "", 5)
	require.NoError(t, err)
	assert.Zero(t, remaining(t, l, key))
	assert.Zero(t, remaining(t, l, ""))

	_, err = l.WaitN(t.Context(), "", 6)
	var limited *throttled.LimitedError
	require.ErrorAs(t, err, &limited)
	assert.Equal(t, key, limited.Key)

	_, err = l.Refund(t.Context(), "", 2)
	require.NoError(t, err)
	assert.EqualValues(t, 2, remaining(t, l, key))
	require.NoError(t, l.Reset(t.Context(), ""))
	assert.EqualValues(t, 5, remaining(t, l, key))
}

// calls are all verbs with the cost given, where they take one.
func calls(l *sync.Limiter, cost int64) map[string]func(ctx context.Context, key string) error {
	nothing := func(context.Context) error { return nil }
	return map[string]func(ctx context.Context, key string) error{
		"LimitN": func(ctx context.Context, key string) error { _, err := l.LimitN(ctx, key, cost); return err },
		"WaitN":  func(ctx context.Context, key string) error { _, err := l.WaitN(ctx, key, cost); return err },
		"Refund": func(ctx context.Context, key string) error { _, err := l.Refund(ctx, key, cost); return err },
		"Limit":  func(ctx context.Context, key string) error { _, err := l.Limit(ctx, key); return err },
		"Wait":   func(ctx context.Context, key string) error { _, err := l.Wait(ctx, key); return err },
		"Peek":   func(ctx context.Context, key string) error { _, err := l.Peek(ctx, key); return err },
		"Reset":  func(ctx context.Context, key string) error { return l.Reset(ctx, key) },
		"Do":     func(ctx context.Context, key string) error { return l.Do(ctx, key, nothing) },
		"Wrap":   func(ctx context.Context, key string) error { return l.Wrap(key, nothing)(ctx) },
	}
}

func TestRefusedCallsDoNotReachTheStore(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	fake := &recorder{}
	l := newLimiter(t, throttled.Config{Store: fake})
	for name, call := range calls(l, 1) {
		assert.ErrorIs(t, call(t.Context(), ""), throttled.ErrInvalidKey, name)
		assert.ErrorIs(t, call(ended, key), context.Canceled, name)
		assert.ErrorContains(t, call(ended, key), "throttled: context canceled", name)
	}
	for _, name := range []string{"LimitN", "WaitN", "Refund"} {
		assert.ErrorIs(t, calls(l, -1)[name](t.Context(), key), throttled.ErrInvalidCost, name)
	}
	assert.Empty(t, fake.requests)
}

func TestStoreGetsTheRequests(t *testing.T) {
	fake := &recorder{res: throttled.NewResult(true, throttled.State{Limit: 5, Remaining: 4, ResetAfter: time.Hour})}
	l := newLimiter(t, throttled.Config{Store: fake, Quota: five, Algorithm: throttled.GCRA, Prefix: "api", Timeout: time.Minute})
	require.Len(t, fake.checked, 1)
	plan := fake.checked[0]
	assert.Equal(t, "api:gcra:24/d burst 5", plan.Name())

	type mark struct{}
	ctx := context.WithValue(t.Context(), mark{}, key)
	for _, c := range []struct {
		verb string
		cost int64
		want throttled.Request
	}{
		{"Limit", 0, throttled.Request{Op: throttled.OpLimit, Cost: 1, Within: time.Minute}},
		{"LimitN", 3, throttled.Request{Op: throttled.OpLimit, Cost: 3, Within: time.Minute}},
		{"LimitN", 0, throttled.Request{Op: throttled.OpLimit, Cost: 0, Within: time.Minute}},
		{"Do", 0, throttled.Request{Op: throttled.OpLimit, Cost: 1, Within: time.Minute}},
		{"Wrap", 0, throttled.Request{Op: throttled.OpLimit, Cost: 1, Within: time.Minute}},
		{"Wait", 0, throttled.Request{Op: throttled.OpWait, Cost: 1, Within: throttled.Never}},
		{"WaitN", 7, throttled.Request{Op: throttled.OpWait, Cost: 7, Within: throttled.Never}},
		{"Peek", 0, throttled.Request{Op: throttled.OpPeek, Cost: 1}},
		{"Refund", 2, throttled.Request{Op: throttled.OpRefund, Cost: 2}},
		{"Reset", 0, throttled.Request{Op: throttled.OpReset}},
	} {
		fake.requests = nil
		require.NoError(t, calls(l, c.cost)[c.verb](ctx, key))
		c.want.Plan, c.want.Key = plan, key
		require.Equal(t, []throttled.Request{c.want}, fake.requests, c.verb)
		assert.Same(t, plan, fake.requests[0].Plan, c.verb)
		assert.Equal(t, key, fake.contexts[len(fake.contexts)-1].Value(mark{}), c.verb)
	}
	state, err := l.Peek(ctx, key)
	require.NoError(t, err)
	assert.Equal(t, throttled.State{Limit: 5, Remaining: 4, ResetAfter: time.Hour}, state)
}

func TestStoreErrorsComeBackAsTheyAre(t *testing.T) {
	fake := &recorder{err: throttled.ErrStoreUnavailable}
	l := newLimiter(t, throttled.Config{Store: fake})
	for name, call := range calls(l, 1) {
		assert.Equal(t, throttled.ErrStoreUnavailable, call(t.Context(), key), name)
	}
}

func TestStoreMayRefuseAPlan(t *testing.T) {
	refusal := errors.New("throttled: no such quota here")
	l, err := sync.New(throttled.Config{Store: &recorder{refusal: refusal}})
	assert.Nil(t, l)
	assert.Equal(t, refusal, err)
}

func TestDefaultStore(t *testing.T) {
	ctx, key := t.Context(), t.Name()
	shared := sync.DefaultStore()
	assert.Equal(t, "memory", shared.Kind())
	require.NoError(t, shared.Close())
	require.NoError(t, shared.Close())

	unnamed, err := sync.New(throttled.Config{Quota: five})
	require.NoError(t, err)
	named := newLimiter(t, throttled.Config{Quota: five, Store: shared})
	apart := newLimiter(t, throttled.Config{Quota: five})
	require.NoError(t, unnamed.Reset(ctx, key))
	_, err = unnamed.LimitN(ctx, key, 3)
	require.NoError(t, err)
	assert.EqualValues(t, 2, remaining(t, unnamed, key))
	assert.EqualValues(t, 2, remaining(t, named, key))
	assert.EqualValues(t, 5, remaining(t, apart, key))
}

func TestLimitBlocksWithinTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Quota: five, Timeout: time.Hour})
		began := time.Now()
		for i, c := range []struct {
			cost    int64
			allowed bool
			at      time.Duration
		}{{5, true, 0}, {2, false, 0}, {1, true, time.Hour}, {2, false, time.Hour}, {1, true, 2 * time.Hour}} {
			res, err := l.LimitN(t.Context(), key, c.cost)
			require.NoError(t, err)
			assert.Equal(t, c.allowed, res.Allowed, "call %d", i)
			assert.Equal(t, c.at, time.Since(began), "call %d", i)
		}
		ran := false
		require.NoError(t, l.Do(t.Context(), key, func(context.Context) error { ran = true; return nil }))
		assert.True(t, ran)
		assert.Equal(t, 3*time.Hour, time.Since(began), "Do follows Limit")
	})
}

func TestDoAndWrapRunWhatIsAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Quota: throttled.PerHour(2)})
		type mark struct{}
		ctx := context.WithValue(t.Context(), mark{}, key)
		failure := errors.New("what fn returned")
		runs := 0
		fn := func(got context.Context) error {
			runs++
			assert.Equal(t, ctx, got)
			return failure
		}
		assert.Equal(t, failure, l.Do(ctx, key, fn))
		wrapped := l.Wrap(key, fn)
		assert.Equal(t, failure, wrapped(ctx))
		assert.Equal(t, 2, runs)

		for _, err := range []error{l.Do(ctx, key, fn), wrapped(ctx)} {
			var limited *throttled.LimitedError
			require.ErrorAs(t, err, &limited)
			assert.ErrorIs(t, err, throttled.ErrLimited)
			assert.Equal(t, key, limited.Key)
			assert.Equal(t, throttled.State{Limit: 2, ResetAfter: time.Hour, RetryAfter: 30 * time.Minute}, limited.Result.State())
			assert.EqualError(t, err, `throttled: limited: key "user:42": remaining=0 reset_after=1h0m0s retry_after=30m0s`)
		}
		assert.Equal(t, 2, runs, "what is denied does not run")
		_, err := l.WaitN(ctx, key, 3)
		assert.EqualError(t, err, `throttled: limited: key "user:42": remaining=0 reset_after=1h0m0s retry_after=never`)
	})
}

func TestLimitAllocatesNothing(t *testing.T) {
	l := newLimiter(t, throttled.Config{Quota: five.And(throttled.PerWeek(100))})
	ctx := t.Context()
	for _, cost := range []int64{1, 6} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { l.LimitN(ctx, key, cost) }), "cost %d", cost)
	}
}
