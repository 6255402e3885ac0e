package redis_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/store/redis"
)

// TestDeny: every verb returns the error, and the faces do not turn it into a
// denial.
func TestDeny(t *testing.T) {
	server := redistest.Start(t)
	l := newLimiter(t, openStore(t, server.URL(), redis.Options{}), "5/h")
	server.Stop(t)
	ctx := t.Context()
	verbs := map[string]func() error{
		"Limit":  func() error { _, err := l.Limit(ctx, "k"); return err },
		"Wait":   func() error { _, err := l.Wait(ctx, "k"); return err },
		"Peek":   func() error { _, err := l.Peek(ctx, "k"); return err },
		"Refund": func() error { _, err := l.Refund(ctx, "k", 1); return err },
		"Reset":  func() error { return l.Reset(ctx, "k") },
		"Do":     func() error { return l.Do(ctx, "k", func(context.Context) error { panic("it was let through") }) },
	}
	for name, verb := range verbs {
		err := verb()
		require.ErrorIs(t, err, throttled.ErrStoreUnavailable, name)
		require.NotErrorIs(t, err, throttled.ErrLimited, name)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err := l.Limit(ended, "k")
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, throttled.ErrStoreUnavailable)
}

func TestAllow(t *testing.T) {
	s := openStore(t, "redis://"+refusing(t), redis.Options{OnFailure: redis.Allow})
	l := newLimiter(t, s, "1/h")
	for range 3 {
		res, err := l.Limit(t.Context(), "k")
		require.NoError(t, err)
		require.True(t, res.Allowed)
		require.False(t, res.Checked())
		res, err = l.Wait(t.Context(), "k")
		require.NoError(t, err)
		require.False(t, res.Checked())
	}
	channels, err := async.New(throttled.Config{Store: s})
	require.NoError(t, err)
	outcome := <-channels.Limit(t.Context(), "k")
	require.NoError(t, outcome.Err)
	require.True(t, outcome.Result.Allowed)

	_, err = l.Peek(t.Context(), "k")
	require.ErrorIs(t, err, throttled.ErrStoreUnavailable)
	require.ErrorIs(t, l.Reset(t.Context(), "k"), throttled.ErrStoreUnavailable)
}

func TestFallback(t *testing.T) {
	for name, local := range map[string]func(t *testing.T) throttled.Store{
		"memory": func(t *testing.T) throttled.Store { return throttled.Must(store.NewMemory(store.Options{})) },
		"actor":  func(t *testing.T) throttled.Store { return throttled.Must(store.NewActor(store.Options{})) },
		"plain": func(t *testing.T) throttled.Store {
			return plain{throttled.Must(store.NewMemory(store.Options{}))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			local := local(t)
			defer local.Close()
			s := openStore(t, "redis://"+refusing(t), redis.Options{OnFailure: redis.Fallback, Local: local, Processes: 4})
			l := newLimiter(t, s, "100/h burst 20")
			for i := range 5 {
				res, err := l.Limit(t.Context(), "k")
				require.NoError(t, err)
				require.True(t, res.Allowed)
				require.EqualValues(t, 5, res.Limit())
				require.EqualValues(t, 4-i, res.Remaining())
			}
			res, err := l.Limit(t.Context(), "k")
			require.NoError(t, err)
			require.False(t, res.Allowed)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err = l.Wait(ctx, "k")
			require.ErrorIs(t, err, throttled.ErrLimited)
			_, err = l.Refund(t.Context(), "k", 1)
			require.ErrorIs(t, err, throttled.ErrStoreUnavailable)
		})
	}
}

// TestFallbackClose: Close answers those who wait at the local store, which stays
// open.
func TestFallbackClose(t *testing.T) {
	memory := throttled.Must(store.NewMemory(store.Options{}))
	defer memory.Close()
	for name, local := range map[string]throttled.Store{"memory": memory, "plain": plain{memory}} {
		s, err := redis.Open("redis://"+refusing(t), redis.Options{OnFailure: redis.Fallback, Local: local, Processes: 1})
		require.NoError(t, err)
		l := newLimiter(t, s, "1/h")
		_, err = l.Limit(t.Context(), name)
		require.NoError(t, err)
		waiting := make(chan error, 1)
		go func() {
			_, err := l.Wait(t.Context(), name)
			waiting <- err
		}()
		for memory.Stats().Waiting == 0 {
			time.Sleep(time.Millisecond)
		}
		require.NoError(t, s.Close())
		require.ErrorIs(t, <-waiting, throttled.ErrClosed)
		require.Zero(t, memory.Stats().Waiting)
	}
}

// plain is a store that has only Do.
type plain struct{ throttled.Store }

// TestFallbackRefusesWhatCannotBeDivided: it is refused when a limiter is made,
// not in an outage.
func TestFallbackRefusesWhatCannotBeDivided(t *testing.T) {
	s := openStore(t, redistest.Shared(t).URL(), redis.Options{
		OnFailure: redis.Fallback, Local: throttled.Must(store.NewMemory(store.Options{})), Processes: 1 << 40,
	})
	plan, err := throttled.Config{Quota: throttled.MustParseQuota("1/d")}.Plan()
	require.NoError(t, err)
	require.ErrorIs(t, s.Check(plan), throttled.ErrInvalidQuota)
}

// TestBreaker: the breaker opens when the server is gone, and closes when it is
// back.
func TestBreaker(t *testing.T) {
	server := redistest.Start(t)
	changes := make(chan redis.BreakerState, 100)
	s := openStore(t, server.URL(), redis.Options{Breaker: redis.Breaker{
		Failures: 3,
		Cooldown: time.Millisecond,
		OnChange: func(_, to redis.BreakerState) { changes <- to },
	}})
	l := newLimiter(t, s, "1000000/h")
	server.Stop(t)
	for range 3 {
		_, err := l.Limit(t.Context(), "k")
		require.ErrorIs(t, err, throttled.ErrStoreUnavailable)
	}
	require.Equal(t, redis.BreakerOpen, <-changes)
	server.Start(t)
	for {
		if _, err := l.Limit(t.Context(), "k"); err == nil {
			break
		}
	}
	last := redis.BreakerOpen
	for len(changes) > 0 {
		last = <-changes
	}
	require.Equal(t, redis.BreakerClosed, last)
}

// TestBreakerCountsNoAnswer: the breaker stays closed while Redis answers,
// whatever it says, and when callers leave.
func TestBreakerCountsNoAnswer(t *testing.T) {
	server := redistest.Start(t)
	s := openStore(t, server.URL(), redis.Options{Breaker: redis.Breaker{Failures: 1, OnChange: func(_, to redis.BreakerState) {
		t.Errorf("it is %v", to)
	}}})
	l := newLimiter(t, s, "5/h")
	_, err := l.Limit(t.Context(), "k")
	require.NoError(t, err)

	key := server.Do(t, "KEYS", "*").([]any)[0].(string)
	server.Do(t, "SET", key, "something else")
	_, err = l.Limit(t.Context(), "k")
	require.ErrorIs(t, err, throttled.ErrStoreUnavailable)
	require.ErrorContains(t, err, "makes no sense")
	server.Do(t, "DEL", key)
	server.Do(t, "LPUSH", key, "a list")
	_, err = l.Limit(t.Context(), "k")
	require.ErrorIs(t, err, throttled.ErrStoreUnavailable)
	require.ErrorContains(t, err, "WRONGTYPE")

	server.Pause(t)
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := l.Limit(ctx, "other")
			left <- err
		}()
		cancel()
		require.ErrorIs(t, <-left, context.Canceled)
	}
	server.Resume(t)
	_, err = l.Limit(t.Context(), "other")
	require.NoError(t, err)
}

// TestDenyCache counts the commands that Redis gets while a key is exhausted.
func TestDenyCache(t *testing.T) {
	server := redistest.Start(t)
	s := openStore(t, server.URL(), redis.Options{DenyCacheSize: 10, DenyCacheTime: time.Hour})
	l := newLimiter(t, s, "2/h")
	ctx := t.Context()
	asked := func(want int, what string) {
		t.Helper()
		assert.Equal(t, want, commands(t, server, "evalsha"), what)
		server.Do(t, "CONFIG", "RESETSTAT")
	}
	limit := func(cost int64, allowed bool) {
		t.Helper()
		res, err := l.LimitN(ctx, "k", cost)
		require.NoError(t, err)
		require.Equal(t, allowed, res.Allowed)
		require.True(t, res.Checked())
	}
	limit(2, true)
	limit(1, false)
	server.Do(t, "CONFIG", "RESETSTAT")
	for range 10 {
		limit(1, false)
		limit(2, false)
	}
	asked(0, "what is known")
	_, err := l.Peek(ctx, "k")
	require.NoError(t, err)
	limit(0, true)
	asked(2, "what the cache does not serve")
	_, err = l.Refund(ctx, "k", 1)
	require.NoError(t, err)
	limit(1, true)
	limit(1, false)
	limit(1, false)
	asked(3, "a Refund, and what it made room for")
	require.NoError(t, l.Reset(ctx, "k"))
	limit(1, true)
	limit(2, false)
	limit(1, true)
	asked(4, "a Reset, and a smaller cost for which there is room")
}

// TestDenyCacheAfterACancel: a place given back makes room at once.
func TestDenyCacheAfterACancel(t *testing.T) {
	server := redistest.Start(t)
	s := openStore(t, server.URL(), redis.Options{DenyCacheSize: 10, DenyCacheTime: time.Hour})
	cfg := throttled.Config{Quota: throttled.MustParseQuota("2/h"), Store: s, Algorithm: throttled.LeakyBucket}
	channels, err := async.New(cfg)
	require.NoError(t, err)
	require.NoError(t, (<-channels.Limit(t.Context(), "k")).Err)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := channels.Wait(ctx, "k")
	awaitCommands(t, server, "eval", 2) // its script is another one, which the server did not know
	denied := <-channels.Limit(t.Context(), "k")
	require.NoError(t, denied.Err)
	require.False(t, denied.Result.Allowed)
	cancel()
	require.ErrorIs(t, (<-waiting).Err, context.Canceled)
	for !(<-channels.Limit(t.Context(), "k")).Result.Allowed {
		time.Sleep(time.Millisecond)
	}
}
