package redis_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store/redis"
)

var everyAlgorithm = []throttled.Algorithm{
	throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA, throttled.FixedWindow, throttled.SlidingWindow,
}

// yearly returns a quota that every algorithm counts alike: no window of it ends
// while a test runs.
func yearly(n int64) throttled.Quota { return throttled.Per(n, 400*24*time.Hour) }

// losses are the ways to lose the reply to what the server has done.
var losses = []struct {
	name string
	lose func(t *testing.T, p *redistest.Proxy, charged func())
}{
	{"cut", func(_ *testing.T, p *redistest.Proxy, charged func()) {
		p.CutAfter(redistest.Replies, 0)
		charged()
	}},
	{"cut in the middle", func(_ *testing.T, p *redistest.Proxy, charged func()) {
		p.CutAfter(redistest.Replies, 9)
		charged()
	}},
	{"swallowed", func(t *testing.T, p *redistest.Proxy, charged func()) {
		p.Swallow(redistest.Replies)
		charged()
		eventually(t, "the reply", func() bool { return p.Stopped(redistest.Replies) > 0 })
		p.Resume(t)
	}},
	{"held until the connection is cut", func(t *testing.T, p *redistest.Proxy, charged func()) {
		p.Hold(redistest.Replies)
		charged()
		eventually(t, "the reply", func() bool { return p.Stopped(redistest.Replies) > 0 })
		p.Cut()
	}},
}

// TestALostReplyChargesOnce: a charge whose reply was lost is not made again, and
// not given back either.
func TestALostReplyChargesOnce(t *testing.T) {
	server, proxy := proxied(t)
	s, direct := openThrough(t, proxy, patient()), openStore(t, server.URL(), patient())
	for _, loss := range losses {
		for _, a := range everyAlgorithm {
			t.Run(loss.name+"/"+a.String(), func(t *testing.T) {
				l, fair := limiterBy(t, s, a, yearly(1000)), limiterBy(t, direct, a, yearly(1000))
				key := loss.name
				_, err := fair.Limit(t.Context(), key) // the script is known from now on
				require.NoError(t, err)
				awaitService(t, func(ctx context.Context) error { _, err := l.Peek(ctx, key); return err })
				var lost <-chan error
				loss.lose(t, proxy, func() {
					lost = background(func() error { _, err := l.LimitN(t.Context(), key, 7); return err })
					eventually(t, "the charge", func() bool { return used(t, fair, key) == 8 })
				})
				unavailable(t, received(t, "a call whose reply is lost", lost))
				proxy.Resume(t)
				awaitService(t, func(ctx context.Context) error { _, err := l.Peek(ctx, key); return err })
				require.EqualValues(t, 8, used(t, fair, key))
			})
		}
	}
}

// TestALostRefusalChargesNothing: a server that does not know the script has
// done nothing, whether or not its reply arrives.
func TestALostRefusalChargesNothing(t *testing.T) {
	server, proxy := proxied(t)
	s, direct := openThrough(t, proxy, patient()), openStore(t, server.URL(), patient())
	l, fair := limiterBy(t, s, throttled.TokenBucket, slowly(10)), limiterBy(t, direct, throttled.TokenBucket, slowly(10))
	_, err := l.Peek(t.Context(), "k")
	require.NoError(t, err)
	server.Do(t, "SCRIPT", "FLUSH")
	proxy.Swallow(redistest.Replies)
	lost := background(func() error { _, err := l.Limit(t.Context(), "k"); return err })
	eventually(t, "the lost reply", func() bool { return proxy.Stopped(redistest.Replies) > 0 })
	proxy.Resume(t)
	unavailable(t, received(t, "a call whose reply is lost", lost))
	require.Zero(t, used(t, fair, "k"))
}

// TestAnAbandonedWaitGivesItsPlaceBack: if a caller leaves while the reply is on
// its way, the place is given back when the reply comes, and the bucket is as it
// was before.
func TestAnAbandonedWaitGivesItsPlaceBack(t *testing.T) {
	server, proxy := proxied(t)
	s := openThrough(t, proxy, patient())
	for _, a := range everyAlgorithm {
		t.Run(a.String(), func(t *testing.T) {
			l := limiterBy(t, s, a, yearly(2))
			for name, wait := range waits(t, s, a) {
				name = a.String() + " " + name
				require.NoError(t, wait(t.Context(), "first of "+name)) // the script is known from now on
				_, err := l.LimitN(t.Context(), name, 2)
				require.NoError(t, err)
				if a == throttled.LeakyBucket { // its queue has room again
					_, err = l.Refund(t.Context(), name, 1)
					require.NoError(t, err)
				}
				before := value(t, server, name)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				proxy.Hold(redistest.Replies)
				left := background(func() error { return wait(ctx, name) })
				eventually(t, "the place", func() bool { return value(t, server, name) != before })
				cancel()
				require.ErrorIs(t, received(t, "one who left", left), context.Canceled)
				require.NotEqual(t, before, value(t, server, name))
				proxy.Resume(t)
				eventually(t, "the place given back", func() bool { return value(t, server, name) == before })
			}
		})
	}
}

// waits are the ways to wait for a turn in a quota of 2 a year.
func waits(t *testing.T, s *redis.Store, a throttled.Algorithm) map[string]func(ctx context.Context, key string) error {
	t.Helper()
	l := limiterBy(t, s, a, yearly(2))
	plan, err := throttled.Config{Quota: yearly(2), Algorithm: a}.Plan()
	require.NoError(t, err)
	return map[string]func(ctx context.Context, key string) error{
		"blocking": func(ctx context.Context, key string) error { _, err := l.Wait(ctx, key); return err },
		"submitted": func(ctx context.Context, key string) error {
			answers := make(chan error, 1)
			req := throttled.Request{Plan: plan, Key: key, Op: throttled.OpWait, Cost: 1, Within: throttled.Never}
			s.Submit(ctx, req, func(_ throttled.Result, err error) { answers <- err })
			return <-answers
		},
	}
}

// value returns what is stored of the one bucket with that key.
func value(t *testing.T, server *redistest.Server, key string) string {
	t.Helper()
	names := server.Do(t, "KEYS", "*:"+key).([]any)
	require.Len(t, names, 1)
	text, _ := server.Do(t, "GET", names[0].(string)).(string)
	return text
}
