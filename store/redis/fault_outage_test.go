package redis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/store/redis"
	tsync "github.com/throttled-go/throttled/sync"
)

// black makes connections succeed and get no answer.
func black(p *redistest.Proxy) {
	p.Swallow(redistest.Both)
	p.Cut()
}

// refuse makes connections fail, as if nobody listened.
func refuse(p *redistest.Proxy) {
	p.Refuse()
	p.Cut()
}

// outages are the ways in which Redis can be away.
var outages = []struct {
	name   string
	strike func(p *redistest.Proxy)
}{
	{"refused", refuse},
	{"black hole", black},
	{"replies held", func(p *redistest.Proxy) { p.Hold(redistest.Replies) }},
	{"replies lost", func(p *redistest.Proxy) { p.Swallow(redistest.Replies) }},
	{"requests held", func(p *redistest.Proxy) { p.Hold(redistest.Requests) }},
}

// TestCloseInAnOutage: Close returns, and so does everybody who waits or asks.
func TestCloseInAnOutage(t *testing.T) {
	for _, outage := range outages {
		t.Run(outage.name, func(t *testing.T) {
			t.Parallel()
			_, proxy := proxied(t)
			s := openThrough(t, proxy, brief())
			l := limiterBy(t, s, throttled.TokenBucket, slowly(1))
			awaitService(t, func(ctx context.Context) error { _, err := l.Limit(ctx, "k"); return err })
			var waits, calls []<-chan error
			for range 8 {
				waits = append(waits, background(func() error { return waitForClose(l) }))
			}
			eventually(t, "the places", func() bool {
				state, err := l.Peek(t.Context(), "k")
				return err == nil && state.ResetAfter > 8*time.Hour
			})
			outage.strike(proxy)
			for range 40 {
				calls = append(calls, background(func() error { _, err := l.Limit(context.Background(), "k"); return err }))
			}
			require.NoError(t, received(t, "end of Close", background(s.Close)))
			for _, c := range calls {
				err := received(t, "an answer", c)
				if !errors.Is(err, throttled.ErrClosed) {
					unavailable(t, err)
				}
			}
			for _, c := range waits {
				require.ErrorIs(t, received(t, "one who waits", c), throttled.ErrClosed)
			}
			_, err := l.Limit(t.Context(), "k")
			require.ErrorIs(t, err, throttled.ErrClosed)
		})
	}
}

// waitForClose waits for a turn that does not come. It asks again where Redis is
// too slow to give a place.
func waitForClose(l *tsync.Limiter) error {
	for {
		if _, err := l.Wait(context.Background(), "k"); !errors.Is(err, throttled.ErrStoreUnavailable) {
			return err
		}
	}
}

// TestOpensBeforeRedis: a store that can answer without Redis opens without it,
// and uses Redis as soon as it is there.
func TestOpensBeforeRedis(t *testing.T) {
	sentinel, cluster := redistest.SharedSentinel(t), redistest.SharedCluster(t)
	for name, to := range map[string]struct {
		addr string
		url  func(addr string) string
	}{
		"one server":     {redistest.Shared(t).Addr(), func(addr string) string { return "redis://" + addr }},
		"under Sentinel": {sentinel.Addrs()[0], func(addr string) string { return "redis+sentinel://" + addr + "/" + redistest.MasterName }},
		"in a cluster":   {cluster.Addrs()[0], func(addr string) string { return "redis+cluster://" + addr }},
	} {
		for _, outage := range outages[:2] {
			t.Run(name+"/"+outage.name, func(t *testing.T) {
				t.Parallel()
				proxy := redistest.StartProxy(t, to.addr)
				url := to.url(proxy.Addr())
				outage.strike(proxy)
				_, err := redis.Open(url, redis.Options{Timeout: 300 * time.Millisecond})
				unavailable(t, err)
				opensBefore(t, url, redis.Allow, proxy)
				outage.strike(proxy)
				opensBefore(t, url, redis.Fallback, proxy)
			})
		}
	}
}

// opensBefore requires a store to answer by itself until the proxy lets it through.
func opensBefore(t *testing.T, url string, onFailure redis.Failure, p *redistest.Proxy) {
	t.Helper()
	options := brief()
	options.Client = nil // so that the client gives up soon
	options.OnFailure = onFailure
	if onFailure == redis.Fallback {
		options.Local, options.Processes = throttled.Must(store.NewMemory(store.Options{})), 10
	}
	s := openStore(t, url, options)
	t.Cleanup(func() { p.Resume(t) })
	const capacity = 100
	l := limiterBy(t, s, throttled.TokenBucket, slowly(capacity))
	res, err := l.Limit(t.Context(), t.Name())
	require.NoError(t, err)
	require.True(t, res.Allowed)
	require.Equal(t, onFailure != redis.Allow, res.Checked())
	if onFailure == redis.Fallback {
		require.EqualValues(t, capacity/options.Processes, res.Limit())
	}
	_, err = l.Peek(t.Context(), t.Name())
	unavailable(t, err)
	p.Resume(t)
	eventually(t, "an answer of Redis", func() bool {
		res, err := l.Limit(t.Context(), t.Name())
		require.NoError(t, err)
		return res.Checked() && res.Limit() == capacity
	})
}
