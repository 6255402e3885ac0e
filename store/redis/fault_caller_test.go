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

// leisure is how long a caller stays: long enough for its call and those of
// others to be on their way.
const leisure = 200 * time.Millisecond

// ends are the ways in which the context of a caller ends while the call is on
// its way.
var ends = []end{
	{context.DeadlineExceeded, func(parent context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(parent, leisure)
	}},
	{context.Canceled, func(parent context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(parent)
		time.AfterFunc(leisure, cancel)
		return ctx, cancel
	}},
}

type end struct {
	err  error
	soon func(parent context.Context) (context.Context, context.CancelFunc)
}

// silences are the ways in which Redis never answers. Each starts before the
// calls and ends with Resume.
var silences = []struct {
	name   string
	strike func(p *redistest.Proxy)
	dials  bool // a new connection is made first
	loses  bool // what was sent is lost, rather than late
}{
	{name: "replies are held", strike: func(p *redistest.Proxy) { p.Hold(redistest.Replies) }},
	{name: "requests are held", strike: func(p *redistest.Proxy) { p.Hold(redistest.Requests) }},
	{name: "replies are lost", strike: func(p *redistest.Proxy) { p.Swallow(redistest.Replies) }, loses: true},
	{name: "a dial is not answered", strike: func(p *redistest.Proxy) { p.Hold(redistest.Both); p.Cut() }, dials: true},
	{name: "a dial meets a black hole", strike: black, dials: true, loses: true},
}

// TestCallersLeave: a call returns when its context ends, with the error of that
// context, even where Redis never answers. Others are still served.
func TestCallersLeave(t *testing.T) {
	for _, silence := range silences {
		for _, end := range ends {
			t.Run(silence.name+"/"+end.err.Error(), func(t *testing.T) {
				t.Parallel()
				_, proxy := proxied(t)
				all := verbs(t, openThrough(t, proxy, patient()), throttled.PerHour(1000))
				require.NoError(t, all["Limit"](t.Context()))
				silence.strike(proxy)
				pioneerLeft := pioneer(t, proxy, end, all["Peek"])
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
				pioneerLeft()
				proxy.Resume(t)
				awaitService(t, all["Limit"])
			})
		}
	}
}

// pioneer calls until something is not passed on any more, and that call is still
// on its way when it returns. A connection that was just cut may fail some calls
// before. The function that it returns waits until that caller has left.
func pioneer(t *testing.T, p *redistest.Proxy, end end, call func(context.Context) error) (left func()) {
	t.Helper()
	gone := background(func() error {
		for {
			ctx, cancel := end.soon(t.Context())
			err := call(ctx)
			cancel()
			if errors.Is(err, end.err) {
				return err
			}
		}
	})
	eventually(t, "something that is not passed on", func() bool { return p.Stopped(redistest.Both) > 0 })
	return func() {
		t.Helper()
		received(t, "the first one who left", gone)
	}
}

// awaitService calls until Redis answers. If the connection must be made again,
// the calls on their way fail first.
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

// TestLeavingHarmsNobody: a caller who leaves, by a deadline or a cancel, does
// not harm the calls of others. They get their answers, on a connection that is
// kept or on one that is still being made.
func TestLeavingHarmsNobody(t *testing.T) {
	for _, silence := range silences {
		if silence.loses {
			continue // nobody can get an answer
		}
		for _, end := range ends {
			t.Run(silence.name+"/"+end.err.Error(), func(t *testing.T) {
				t.Parallel()
				server, proxy := proxied(t)
				l := limiterBy(t, openThrough(t, proxy, patient()), throttled.TokenBucket, slowly(1000))
				_, err := l.Limit(t.Context(), "k")
				require.NoError(t, err)
				connections := proxy.Accepted()
				silence.strike(proxy)
				pioneerLeft := pioneer(t, proxy, end, func(ctx context.Context) error { _, err := l.Peek(ctx, "k"); return err })

				ctx, cancel := end.soon(t.Context())
				defer cancel()
				var leaving, staying []<-chan error
				for range 16 { // of each, so more than are sent one by one
					leaving = append(leaving, background(func() error { _, err := l.Limit(ctx, "k"); return err }))
					staying = append(staying, background(func() error { _, err := l.Limit(t.Context(), "k"); return err }))
				}
				pioneerLeft()
				for _, c := range leaving {
					require.ErrorIs(t, received(t, "one who left", c), end.err)
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
}

// TestTimeout: where Redis never answers, a caller without a deadline gets the
// error of the store, which wraps no error of a context.
func TestTimeout(t *testing.T) {
	for _, silence := range silences {
		t.Run(silence.name, func(t *testing.T) {
			t.Parallel()
			_, proxy := proxied(t)
			options := brief()
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
