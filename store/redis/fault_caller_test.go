package redis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/internal/redistest"
	tsync "github.com/throttled-go/throttled/sync"
)

// verbs are all ways to call, each as a function that returns with the answer.
func verbs(t *testing.T, s throttled.Store, quota throttled.Quota) map[string]func(ctx context.Context) error {
	t.Helper()
	cfg := throttled.Config{Quota: quota, Store: s, Key: "k"}
	blocking, err := tsync.New(cfg)
	require.NoError(t, err)
	channels, err := async.New(cfg)
	require.NoError(t, err)
	return map[string]func(ctx context.Context) error{
		"Limit":        func(ctx context.Context) error { _, err := blocking.Limit(ctx, ""); return err },
		"Wait":         func(ctx context.Context) error { _, err := blocking.Wait(ctx, ""); return err },
		"Peek":         func(ctx context.Context) error { _, err := blocking.Peek(ctx, ""); return err },
		"Refund":       func(ctx context.Context) error { _, err := blocking.Refund(ctx, "", 1); return err },
		"Reset":        func(ctx context.Context) error { return blocking.Reset(ctx, "") },
		"async Limit":  func(ctx context.Context) error { return (<-channels.Limit(ctx, "")).Err },
		"async Wait":   func(ctx context.Context) error { return (<-channels.Wait(ctx, "")).Err },
		"async Peek":   func(ctx context.Context) error { return (<-channels.Peek(ctx, "")).Err },
		"async Refund": func(ctx context.Context) error { return (<-channels.Refund(ctx, "", 1)).Err },
		"async Reset":  func(ctx context.Context) error { return (<-channels.Reset(ctx, "")).Err },
	}
}

// ends are how the context of a caller may end while the call is on its way.
var ends = []struct {
	err  error
	soon func(parent context.Context) (context.Context, context.CancelFunc)
}{
	{context.DeadlineExceeded, func(parent context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(parent, 50*time.Millisecond)
	}},
	{context.Canceled, func(parent context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(parent)
		time.AfterFunc(50*time.Millisecond, cancel)
		return ctx, cancel
	}},
}

// silences are ways in which Redis never answers. Each is set before the calls
// and is over with Resume.
var silences = []struct {
	name   string
	strike func(p *redistest.Proxy)
	dials  bool // a new connection is made first
}{
	{"replies are held", func(p *redistest.Proxy) { p.Hold(redistest.Replies) }, false},
	{"requests are held", func(p *redistest.Proxy) { p.Hold(redistest.Requests) }, false},
	{"replies are lost", func(p *redistest.Proxy) { p.Swallow(redistest.Replies) }, false},
	{"a dial is not answered", func(p *redistest.Proxy) { p.Hold(redistest.Both); p.Cut() }, true},
	{"a dial meets a black hole", black, true},
}

// TestCallersLeave: a call returns when its context ends, although Redis never
// answers, with the error of that context. Service goes on for others.
func TestCallersLeave(t *testing.T) {
	for _, silence := range silences {
		for _, end := range ends {
			t.Run(silence.name+"/"+end.err.Error(), func(t *testing.T) {
				t.Parallel()
				_, proxy := proxied(t)
				all := verbs(t, openThrough(t, proxy, patient()), throttled.PerHour(1000))
				require.NoError(t, all["Limit"](t.Context()))
				silence.strike(proxy)
				stopPioneer := pioneer(t, proxy, all["Peek"])
				ctx, cancel := end.soon(t.Context())
				defer cancel()
				left := map[string]<-chan error{}
				for name, call := range all {
					left[name] = background(func() error { return call(ctx) })
				}
				for name := range left {
					err := received(t, name+" of one who left", left[name])
					require.ErrorIs(t, err, end.err, name)
					require.NotErrorIs(t, err, throttled.ErrStoreUnavailable, name)
				}
				stopPioneer()
				proxy.Resume(t)
				awaitService(t, all["Limit"])
			})
		}
	}
}

// pioneer calls until something is not passed on any more, and is still on its
// way when it returns: a connection that was just cut may fail some calls first.
// The function returned cancels that call and waits for it.
func pioneer(t *testing.T, p *redistest.Proxy, call func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := background(func() error {
		for {
			if err := call(ctx); ctx.Err() != nil {
				return err
			}
		}
	})
	eventually(t, "something that is not passed on", func() bool { return p.Stopped(redistest.Both) > 0 })
	return func() {
		t.Helper()
		cancel()
		require.ErrorIs(t, received(t, "the first one who left", ended), context.Canceled)
	}
}

// awaitService calls until Redis answers: the connection may have to be made
// anew, which the calls learn of that were on their way.
func awaitService(t *testing.T, limit func(context.Context) error) {
	t.Helper()
	eventually(t, "service", func() bool {
		err := limit(t.Context())
		if err != nil {
			unavailable(t, err)
		}
		return err == nil
	})
}

// TestLeavingHarmsNobody: who leaves, by a deadline or a cancel, leaves the
// calls of others as they were, which get their answers, on a connection that is
// kept as on one that is being made.
func TestLeavingHarmsNobody(t *testing.T) {
	for _, silence := range silences {
		if silence.name == "replies are lost" || silence.name == "a dial meets a black hole" {
			continue // nobody can get an answer there
		}
		t.Run(silence.name, func(t *testing.T) {
			t.Parallel()
			server, proxy := proxied(t)
			s := openThrough(t, proxy, patient())
			l := limiterBy(t, s, throttled.TokenBucket, slowly(1000))
			_, err := l.Limit(t.Context(), "k")
			require.NoError(t, err)
			silence.strike(proxy)
			connections := proxy.Accepted()
			stopPioneer := pioneer(t, proxy, func(ctx context.Context) error { _, err := l.Peek(ctx, "k"); return err })

			var leaving, staying []<-chan error
			for i := range 24 { // more than are sent one by one
				if i%3 > 0 {
					staying = append(staying, background(func() error { _, err := l.Limit(t.Context(), "k"); return err }))
					continue
				}
				ctx, cancel := ends[i%2].soon(t.Context())
				defer cancel()
				leaving = append(leaving, background(func() error { _, err := l.Limit(ctx, "k"); return err }))
			}
			stopPioneer()
			for _, c := range leaving {
				err := received(t, "one who left", c)
				require.True(t, errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded), "%v", err)
			}
			for _, c := range staying {
				require.Empty(t, c)
			}
			proxy.Resume(t)
			for _, c := range staying {
				require.NoError(t, received(t, "one who stayed", c))
			}
			made := proxy.Accepted() - connections
			if silence.dials {
				assert.EqualValues(t, 1, made)
			} else {
				assert.Zero(t, made)
			}
			charged := used(t, limiterBy(t, openStore(t, server.URL(), patient()), throttled.TokenBucket, slowly(1000)), "k")
			assert.GreaterOrEqual(t, charged, int64(1+len(staying)))
			assert.LessOrEqual(t, charged, int64(1+len(staying)+len(leaving)))
		})
	}
}

// TestTimeout: a caller without a deadline gets the error of the store where
// Redis never answers, and finds no context's in it.
func TestTimeout(t *testing.T) {
	for _, silence := range silences {
		t.Run(silence.name, func(t *testing.T) {
			t.Parallel()
			_, proxy := proxied(t)
			options := onItsFeet()
			options.Breaker.Disabled = true
			all := verbs(t, openThrough(t, proxy, options), throttled.PerHour(1000))
			awaitService(t, all["Limit"])
			silence.strike(proxy)
			var calls []<-chan error
			for _, call := range all {
				calls = append(calls, background(func() error { return call(context.Background()) }))
			}
			for _, c := range calls {
				unavailable(t, received(t, "a call that Redis never answers", c))
			}
			proxy.Resume(t)
			awaitService(t, all["Limit"])
		})
	}
}
