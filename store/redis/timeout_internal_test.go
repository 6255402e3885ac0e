package redis

import (
	"context"
	"errors"
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
