package redis_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/interrupt"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store/redis"
	tsync "github.com/throttled-go/throttled/sync"
)

// patience is longer than anything here takes on a machine that is busy.
const patience = 60 * time.Second

// eventually waits until ok returns true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not in %v: %s", patience, what)
		}
		time.Sleep(time.Millisecond)
	}
}

// received receives a value that must come.
func received[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("not in %v: %s", patience, what)
		panic("unreachable")
	}
}

// background runs f and sends what it returns.
func background[T any](f func() T) <-chan T {
	c := make(chan T, 1)
	go func() { c <- f() }()
	return c
}

// misfit returns what is wrong with the error of a call, or nil. An error is
// either that of the caller's own ctx, which has ended, or says that Redis could
// not be asked, and then it wraps no error of a context.
func misfit(ctx context.Context, err error) error {
	isContext := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
	switch {
	case err == nil || errors.Is(err, throttled.ErrLimited):
		return nil
	case errors.Is(err, throttled.ErrStoreUnavailable) && !isContext:
		return nil
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return nil
	case interrupt.Over(ctx) && errors.Is(err, context.DeadlineExceeded):
		return nil // the store saw the deadline before ctx did
	default:
		return fmt.Errorf("an error of a wrong kind, where the caller's context says %w: %w", ctx.Err(), err)
	}
}

// unavailable requires err to say that Redis could not be asked.
func unavailable(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, throttled.ErrStoreUnavailable)
	require.NotErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, context.Canceled)
}

// limiterBy returns a limiter of package sync.
func limiterBy(t *testing.T, s throttled.Store, a throttled.Algorithm, quota throttled.Quota) *tsync.Limiter {
	t.Helper()
	l, err := tsync.New(throttled.Config{Quota: quota, Algorithm: a, Store: s})
	require.NoError(t, err)
	return l
}

// slowly returns a quota of which nothing comes back while a test runs, so that
// what is used up is what was charged.
func slowly(capacity int64) throttled.Quota {
	return throttled.Per(1, time.Hour).WithBurst(capacity)
}

// used returns what is charged in a bucket whose quota is [slowly].
func used(t *testing.T, l *tsync.Limiter, key string) int64 {
	t.Helper()
	state, err := l.Peek(t.Context(), key)
	require.NoError(t, err)
	return state.Limit - state.Remaining
}

// expires requires that the servers have keys, and that all of these have a time
// to live.
func expires(t *testing.T, servers ...*redistest.Server) {
	t.Helper()
	keys := 0
	for _, s := range servers {
		cursor := "0"
		for first := true; first || cursor != "0"; first = false {
			page := s.Do(t, "SCAN", cursor, "COUNT", "1000").([]any)
			cursor = fmt.Sprint(page[0])
			for _, key := range page[1].([]any) {
				require.NotEqual(t, int64(-1), s.Do(t, "PTTL", fmt.Sprint(key)), "%v has no time to live", key)
				keys++
			}
		}
	}
	require.Positive(t, keys)
}

// proxied returns a server of the test's own, and a proxy in front of it.
func proxied(t *testing.T, opts ...redistest.Option) (*redistest.Server, *redistest.Proxy) {
	t.Helper()
	s := redistest.Start(t, opts...)
	return s, redistest.StartProxy(t, s.Addr())
}

// openThrough opens a store behind a proxy. The proxy is stopped before the store
// is closed, because Close would otherwise wait for Redis in a test that failed.
func openThrough(t *testing.T, p *redistest.Proxy, options redis.Options) *redis.Store {
	t.Helper()
	s := openStore(t, "redis://"+p.Addr(), options)
	t.Cleanup(p.Stop)
	return s
}

// patient returns options under which a command ends only when the proxy lets go
// of it, so that a call that returns earlier does so because its caller left.
// There is one connection, so that chance does not decide which one a call meets.
func patient() redis.Options {
	return redis.Options{
		Timeout: time.Hour,
		Client:  func(o *rueidis.ClientOption) { o.PipelineMultiplex = -1 },
	}
}

// brief returns options under which an outage is over soon. Only the store is in
// a hurry: on a busy machine the client may take its time to connect.
func brief() redis.Options {
	return redis.Options{
		Timeout: 300 * time.Millisecond,
		Breaker: redis.Breaker{Cooldown: 20 * time.Millisecond},
		Client: func(o *rueidis.ClientOption) {
			o.Dialer.Timeout, o.Sentinel.Dialer.Timeout, o.ConnWriteTimeout = patience, patience, patience
		},
	}
}
