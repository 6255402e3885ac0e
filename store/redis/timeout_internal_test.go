package redis

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/redistest"
)

// hung is a client of a Redis that never answers, and returns so long after its
// context has ended.
type hung struct {
	rueidis.Client
	late time.Duration
}

func (h hung) Do(ctx context.Context, _ rueidis.Completed) rueidis.RedisResult {
	<-ctx.Done()
	time.Sleep(h.late)
	return rueidis.NewErrorResult(ctx.Err())
}

// TestTimeoutBoundsEveryCall has a crowd come, at once and later, to a Redis that
// hangs: whether a request is sent alone, gathered, or waits for a slot, it is
// answered when its time is up. Only what is sent together with one that came
// before it may be answered with that one.
func TestTimeoutBoundsEveryCall(t *testing.T) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{redistest.Shared(t).Addr()}, ForceSingleClient: true, DisableCache: true})
	require.NoError(t, err)
	defer client.Close()
	plan, err := throttled.Config{}.Plan()
	require.NoError(t, err)
	for _, late := range []time.Duration{0, 1500 * time.Millisecond} {
		t.Run(late.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { crowd(t, hung{client, late}, plan) })
		})
	}
}

func crowd(t *testing.T, client rueidis.Client, plan *throttled.Plan) {
	s := newStore(given(client), false, &Options{Timeout: time.Second, Breaker: Breaker{Disabled: true}})
	const callers = 3 * maxTrips
	took := make(chan time.Duration, callers)
	for i := range callers {
		go func() {
			time.Sleep(time.Duration(i%10) * 300 * time.Millisecond)
			began := time.Now()
			_, err := s.Do(t.Context(), throttled.Request{Plan: plan, Key: "k", Cost: 1})
			if !errors.Is(err, throttled.ErrStoreUnavailable) {
				t.Error(err)
			}
			took <- time.Since(began)
		}()
	}
	for range callers {
		require.LessOrEqual(t, <-took, time.Second)
	}
	require.NoError(t, s.Close())
}

// counting is a client of a Redis that answers nothing until it is let.
type counting struct {
	rueidis.Client
	calls *atomic.Int64
	let   chan struct{}
}

func (c counting) Do(context.Context, rueidis.Completed) rueidis.RedisResult {
	c.calls.Add(1)
	<-c.let
	return rueidis.NewErrorResult(errors.New("no answer"))
}

// TestWhoLeavesBeforeSendingIsNotSent: a caller who gives up while waiting for
// the calls before is charged nothing.
func TestWhoLeavesBeforeSendingIsNotSent(t *testing.T) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{redistest.Shared(t).Addr()}, ForceSingleClient: true, DisableCache: true})
	require.NoError(t, err)
	defer client.Close()
	plan, err := throttled.Config{}.Plan()
	require.NoError(t, err)
	t.Run("bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			redis := counting{client, new(atomic.Int64), make(chan struct{})}
			s := newStore(given(redis), false, &Options{Timeout: time.Hour, Breaker: Breaker{Disabled: true}})
			limit := func(ctx context.Context) <-chan error {
				left := make(chan error, 1)
				s.Submit(ctx, throttled.Request{Plan: plan, Key: "k", Cost: 1}, func(_ throttled.Result, err error) { left <- err })
				synctest.Wait()
				return left
			}
			for range fewCalls {
				limit(t.Context())
			}
			ctx, cancel := context.WithCancel(t.Context())
			leaves := limit(ctx)
			cancel()
			require.ErrorIs(t, <-leaves, context.Canceled)
			close(redis.let)
			require.NoError(t, s.Close())
			require.EqualValues(t, fewCalls, redis.calls.Load())
		})
	})
}
