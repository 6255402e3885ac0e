package sync_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/sync"
)

// noting returns a hook that notes when it begins and ends.
func noting(log *[]string, name string) throttled.Hook {
	return func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			*log = append(*log, name+" begins")
			res, err := next(ctx, call)
			*log = append(*log, name+" ends")
			return res, err
		}
	}
}

// changing returns a hook that changes the call.
func changing(change func(*throttled.Call)) throttled.Hook {
	return func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			change(&call)
			return next(ctx, call)
		}
	}
}

// seeing returns a hook that keeps the calls it sees.
func seeing(seen *[]throttled.Call) throttled.Hook {
	return changing(func(call *throttled.Call) { *seen = append(*seen, *call) })
}

// answering returns a hook that answers by itself.
func answering(res throttled.Result, err error) throttled.Hook {
	return func(throttled.Handler) throttled.Handler {
		return func(context.Context, throttled.Call) (throttled.Result, error) { return res, err }
	}
}

func TestHooksRunTheFirstOutermost(t *testing.T) {
	var log []string
	l := newLimiter(t, throttled.Config{Quota: five, Hooks: []throttled.Hook{noting(&log, "A"), noting(&log, "B")}})
	res, err := l.LimitN(t.Context(), key, 2)
	require.NoError(t, err)
	assert.True(t, res.Allowed)
	assert.Equal(t, []string{"A begins", "B begins", "B ends", "A ends"}, log)
	assert.EqualValues(t, 3, remaining(t, l, key), "charged once")
}

func TestHooksSeeLimitAndWaitOnly(t *testing.T) {
	var seen []throttled.Call
	l := newLimiter(t, throttled.Config{Quota: five, Algorithm: throttled.LeakyBucket, Key: key, Hooks: []throttled.Hook{seeing(&seen)}})
	for _, c := range []struct {
		verb string
		cost int64
		sees bool
		wait bool
	}{
		{"Limit", 1, true, false},
		{"LimitN", 0, true, false},
		{"LimitN", 100, true, false},
		{"Do", 1, true, false},
		{"Wrap", 1, true, false},
		{"Wait", 1, true, true},
		{"WaitN", 0, true, true},
		{"WaitN", 100, true, true},
		{"Peek", 1, false, false},
		{"Refund", 2, false, false},
		{"Reset", 0, false, false},
	} {
		seen = nil
		require.NoError(t, l.Reset(t.Context(), key))
		err := calls(l, c.cost)[c.verb](t.Context(), "")
		if err != nil {
			require.ErrorIs(t, err, throttled.ErrLimited)
		}
		want := []throttled.Call{{Key: key, Cost: c.cost, Wait: c.wait, Algorithm: throttled.LeakyBucket, Quota: five, Store: "memory"}}
		if !c.sees {
			want = nil
		}
		assert.Equal(t, want, seen, "%s of %d", c.verb, c.cost)
	}
}

func TestHooksDoNotSeeRefusedCalls(t *testing.T) {
	var seen []throttled.Call
	l := newLimiter(t, throttled.Config{Hooks: []throttled.Hook{seeing(&seen)}})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range calls(l, 1) {
		assert.ErrorIs(t, call(t.Context(), ""), throttled.ErrInvalidKey, name)
		assert.ErrorIs(t, call(ended, key), context.Canceled, name)
	}
	assert.Empty(t, seen)
}

func TestHooksGetTheErrorOfTheStoreAsItIs(t *testing.T) {
	fake := &recorder{err: throttled.ErrStoreUnavailable}
	var got []error
	watch := func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			res, err := next(ctx, call)
			got = append(got, err)
			return res, err
		}
	}
	l := newLimiter(t, throttled.Config{Store: fake, Hooks: []throttled.Hook{watch, watch}})
	for _, verb := range []string{"Limit", "Wait", "Do", "Wrap"} {
		got = nil
		assert.Equal(t, throttled.ErrStoreUnavailable, calls(l, 1)[verb](t.Context(), key), verb)
		assert.Equal(t, []error{throttled.ErrStoreUnavailable, throttled.ErrStoreUnavailable}, got, verb)
	}
	assert.Len(t, fake.requests, 4)
}

func TestHooksSeeADenialOfWaitAsAnAnswer(t *testing.T) {
	var errs []error
	watch := func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			res, err := next(ctx, call)
			assert.False(t, res.Allowed)
			errs = append(errs, err)
			return res, err
		}
	}
	l := newLimiter(t, throttled.Config{Quota: five, Hooks: []throttled.Hook{watch}})
	_, err := l.WaitN(t.Context(), key, 6)
	assert.ErrorIs(t, err, throttled.ErrLimited)
	assert.Equal(t, []error{nil}, errs)
}

func TestAHookMayAnswerByItself(t *testing.T) {
	failure := errors.New("what the hook says")
	denial := throttled.NewResult(false, throttled.State{Limit: 9, RetryAfter: 7})
	for _, c := range []struct {
		name      string
		hook      throttled.Hook
		limit, do error // of LimitN, and of WaitN and Do
		allowed   bool
	}{
		{"yes", answering(throttled.NewResult(true, throttled.State{Limit: 9}), nil), nil, nil, true},
		{"no", answering(denial, nil), nil, throttled.ErrLimited, false},
		{"an error", answering(throttled.Result{}, failure), failure, failure, false},
	} {
		fake := &recorder{}
		l := newLimiter(t, throttled.Config{Store: fake, Hooks: []throttled.Hook{c.hook}})
		res, err := l.LimitN(t.Context(), key, 2)
		assert.ErrorIs(t, err, c.limit, c.name)
		assert.Equal(t, c.allowed, res.Allowed, c.name)
		_, err = l.WaitN(t.Context(), key, 2)
		assert.ErrorIs(t, err, c.do, c.name)
		ran := false
		err = l.Do(t.Context(), key, func(context.Context) error { ran = true; return nil })
		assert.ErrorIs(t, err, c.do, c.name)
		assert.Equal(t, c.allowed, ran, c.name)
		assert.Empty(t, fake.requests, c.name)
	}
}

func TestAHookMayChangeTheCall(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*throttled.Call)
		key    string // of the Config
		charge map[string]int64
		err    error
	}{
		{"nothing", func(*throttled.Call) {}, "", map[string]int64{key: 2}, nil},
		{"the cost", func(c *throttled.Call) { c.Cost = 3 }, "", map[string]int64{key: 3}, nil},
		{"the key", func(c *throttled.Call) { c.Key = "another" }, "", map[string]int64{"another": 2}, nil},
		{"the key to nothing", func(c *throttled.Call) { c.Key = "" }, "fallback", map[string]int64{"fallback": 2}, nil},
		{"the key to nothing at all", func(c *throttled.Call) { c.Key = "" }, "", nil, throttled.ErrInvalidKey},
		{"the cost to less than nothing", func(c *throttled.Call) { c.Cost = -1 }, "", nil, throttled.ErrInvalidCost},
		{"what is only told", func(c *throttled.Call) { c.Quota, c.Store = throttled.Quota{}, "" }, "", map[string]int64{key: 2}, nil},
	} {
		l := newLimiter(t, throttled.Config{Quota: five, Key: c.key, Hooks: []throttled.Hook{changing(c.change)}})
		for _, verb := range []func(context.Context, string, int64) (throttled.Result, error){l.LimitN, l.WaitN} {
			for _, key := range []string{key, "another", "fallback"} {
				require.NoError(t, l.Reset(t.Context(), key))
			}
			_, err := verb(t.Context(), key, 2)
			assert.ErrorIs(t, err, c.err, c.name)
			for _, key := range []string{key, "another", "fallback"} {
				assert.Equal(t, 5-c.charge[key], remaining(t, l, key), "%s: %s", c.name, key)
			}
		}
	}
}

func TestAHookMayChangeTheContext(t *testing.T) {
	ending := func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return next(ctx, call)
		}
	}
	l := newLimiter(t, throttled.Config{Quota: five, Hooks: []throttled.Hook{ending}})
	_, err := l.LimitN(t.Context(), key, 2)
	assert.ErrorIs(t, err, context.Canceled)
	_, err = l.WaitN(t.Context(), key, 2)
	assert.ErrorIs(t, err, context.Canceled)
	assert.EqualValues(t, 5, remaining(t, l, key))
}

func TestEachCallOfNextIsADecision(t *testing.T) {
	twice := func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			if res, err := next(ctx, call); err != nil {
				return res, err
			}
			return next(ctx, call)
		}
	}
	l := newLimiter(t, throttled.Config{Quota: five, Hooks: []throttled.Hook{twice}})
	_, err := l.LimitN(t.Context(), key, 2)
	require.NoError(t, err)
	assert.EqualValues(t, 1, remaining(t, l, key))
}

func TestAHookThatAsksTheSameLimiterDoesNotHang(t *testing.T) {
	var l *sync.Limiter
	asking := func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			if _, err := l.Peek(ctx, call.Key); err != nil {
				return throttled.Result{}, err
			}
			return next(ctx, call)
		}
	}
	l = newLimiter(t, throttled.Config{Quota: five, Hooks: []throttled.Hook{asking}})
	_, err := l.LimitN(t.Context(), key, 2)
	require.NoError(t, err)
	assert.EqualValues(t, 3, remaining(t, l, key))
}

func TestAHookThatReturnsNilIsRefused(t *testing.T) {
	hooks := []throttled.Hook{
		func(next throttled.Handler) throttled.Handler { return next },
		func(throttled.Handler) throttled.Handler { return nil },
	}
	_, err := sync.New(throttled.Config{Quota: five, Hooks: hooks})
	require.ErrorIs(t, err, throttled.ErrInvalidConfig)
	require.ErrorContains(t, err, "Hooks[1] returned a nil Handler")
}
