package redis_test

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store/redis"
)

// dials counts the connections that a client tries to make.
type dials struct{ n atomic.Int64 }

func (d *dials) client(o *rueidis.ClientOption) {
	o.PipelineMultiplex = -1
	o.DialCtxFn = func(ctx context.Context, to string, dialer *net.Dialer, _ *tls.Config) (net.Conn, error) {
		d.n.Add(1)
		return dialer.DialContext(ctx, "tcp", to)
	}
}

// TestBreakerSparesRedis: while a server refuses connections, the client dials
// only for the commands that were let through before the breaker opened, and for
// its trials, however many callers there are. The breaker closes by itself.
func TestBreakerSparesRedis(t *testing.T) {
	t.Parallel()
	for _, cooldown := range []time.Duration{time.Millisecond, 50 * time.Millisecond} {
		_, proxy := proxied(t)
		var made dials
		var probes atomic.Int64
		state := atomic.Int64{}
		s := openThrough(t, proxy, redis.Options{
			Timeout: patience,
			Client:  made.client,
			Breaker: redis.Breaker{Cooldown: cooldown, OnChange: func(_, to redis.BreakerState) {
				state.Store(int64(to))
				if to == redis.BreakerHalfOpen {
					probes.Add(1)
				}
			}},
		})
		l := limiterBy(t, s, throttled.TokenBucket, throttled.PerHour(1000))
		_, err := l.Limit(t.Context(), "k")
		require.NoError(t, err)
		proxy.Refuse()
		proxy.Cut()

		const callers, calls, failures = 32, 500, 10
		var group errgroup.Group
		for range callers {
			group.Go(func() error {
				for range calls {
					if _, err := l.Limit(t.Context(), "k"); err != nil {
						unavailable(t, err)
					}
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		// What had been let in when it opened, at most 32 calls, dials once.
		assert.LessOrEqual(t, made.n.Load(), 1+failures+callers+probes.Load())

		proxy.Resume(t)
		awaitService(t, func(ctx context.Context) error { _, err := l.Limit(ctx, "k"); return err })
		eventually(t, "news of the breaker", func() bool { return state.Load() == int64(redis.BreakerClosed) })
	}
}

// TestBreakerOpensInABlackHole: where connections are made and never answered,
// calls fail without being sent once some that were sent have failed. Callers who
// leave do not count.
func TestBreakerOpensInABlackHole(t *testing.T) {
	t.Parallel()
	_, proxy := proxied(t)
	changes := make(chan redis.BreakerState, 1000)
	options := brief()
	options.Breaker.Failures = 3
	options.Breaker.OnChange = func(_, to redis.BreakerState) { changes <- to }
	s := openThrough(t, proxy, options)
	l := limiterBy(t, s, throttled.TokenBucket, throttled.PerHour(1000))
	limit := func(ctx context.Context) error { _, err := l.Limit(ctx, "k"); return err }
	awaitService(t, limit)
	for len(changes) > 0 {
		<-changes // of a slow start
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		require.ErrorIs(t, limit(ctx), context.Canceled)
	}
	require.Empty(t, changes)
	black(proxy)
	for state := redis.BreakerClosed; state != redis.BreakerOpen; {
		select {
		case state = <-changes:
		default:
			unavailable(t, limit(t.Context()))
		}
	}
	proxy.Resume(t)
	awaitService(t, limit)
	for received(t, "end of the outage", changes) != redis.BreakerClosed {
		continue
	}
}

// TestBreakerCountsEachOfMany: requests that are sent together fail together, and
// each of them counts. Otherwise the others would wait in vain for as many calls.
func TestBreakerCountsEachOfMany(t *testing.T) {
	t.Parallel()
	_, proxy := proxied(t)
	const failures, callers = 40, 200 // more than are sent one by one, fewer than are sent together
	opened := make(chan struct{}, callers)
	options := brief()
	options.Breaker = redis.Breaker{
		Failures: failures, Cooldown: time.Hour,
		OnChange: func(_, _ redis.BreakerState) { opened <- struct{}{} },
	}
	s := openThrough(t, proxy, options)
	l := limiterBy(t, s, throttled.TokenBucket, throttled.PerHour(1000))
	awaitService(t, func(ctx context.Context) error { _, err := l.Limit(ctx, "k"); return err })
	proxy.Hold(redistest.Replies)
	var calls []<-chan error
	for range callers {
		calls = append(calls, background(func() error { _, err := l.Limit(t.Context(), "k"); return err }))
	}
	for _, c := range calls {
		unavailable(t, received(t, "a call that Redis never answers", c))
	}
	require.Len(t, opened, 1)
}
