package redis

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// fail makes a breaker count requests that got no answer.
func fail(t *testing.T, b *breaker, times int) {
	t.Helper()
	for range times {
		trial, err := b.admit()
		require.NoError(t, err)
		require.Nil(t, trial)
		b.count(1, nil)
	}
}

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []change
		b := newBreaker(Breaker{Failures: 3, Cooldown: time.Minute, OnChange: func(from, to BreakerState) {
			seen = append(seen, change{from, to})
		}})
		fail(t, b, 2)
		b.count(0, nil) // breaks the row
		fail(t, b, 2)
		require.NoError(t, b.refuses())
		fail(t, b, 1)
		require.ErrorIs(t, b.refuses(), throttled.ErrStoreUnavailable)
		_, err := b.admit()
		require.ErrorIs(t, err, throttled.ErrStoreUnavailable)

		time.Sleep(time.Minute + 1)
		trial, err := b.admit()
		require.NoError(t, err)
		require.NotNil(t, trial)
		_, err = b.admit()
		require.ErrorIs(t, err, throttled.ErrStoreUnavailable, "one tries")
		require.Error(t, b.refuses())
		b.count(0, nil)
		require.Error(t, b.refuses(), "a call of before is answered late")
		b.count(1, trial)
		_, err = b.admit()
		require.Error(t, err)

		time.Sleep(time.Minute + 1)
		trial, err = b.admit()
		require.NoError(t, err)
		b.count(0, trial)
		fail(t, b, 2)
		require.NoError(t, b.refuses())
		require.Equal(t, []change{
			{BreakerClosed, BreakerOpen},
			{BreakerOpen, BreakerHalfOpen},
			{BreakerHalfOpen, BreakerOpen},
			{BreakerOpen, BreakerHalfOpen},
			{BreakerHalfOpen, BreakerClosed},
		}, seen)
	})
}

// TestBreakerCountsRequests: those that went together are counted one by one.
func TestBreakerCountsRequests(t *testing.T) {
	b := newBreaker(Breaker{Failures: 5})
	b.count(4, nil)
	require.NoError(t, b.refuses())
	fail(t, b, 1)
	require.Error(t, b.refuses())
}

func TestBreakerDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(Breaker{})
		fail(t, b, 9)
		require.NoError(t, b.refuses())
		fail(t, b, 1)
		time.Sleep(500*time.Millisecond - 1)
		_, err := b.admit()
		require.Error(t, err)
		time.Sleep(2 * time.Nanosecond)
		_, err = b.admit()
		require.NoError(t, err)
	})
}

func TestNoBreaker(t *testing.T) {
	b := newBreaker(Breaker{Disabled: true, OnChange: func(BreakerState, BreakerState) { t.Error("a change of nothing") }})
	fail(t, b, 1000)
	require.NoError(t, b.refuses())
}

// TestBreakerCallback uses the breaker in its own callback, which would hang if
// the callback were called under the lock. It expects one call at a time, in
// order.
func TestBreakerCallback(t *testing.T) {
	var b *breaker
	var mu sync.Mutex
	var seen []change
	b = newBreaker(Breaker{Failures: 1, Cooldown: 1, OnChange: func(from, to BreakerState) {
		require.True(t, mu.TryLock(), "two calls at a time")
		defer mu.Unlock()
		if trial, err := b.admit(); err == nil {
			b.count(0, trial)
		}
		seen = append(seen, change{from, to})
	}})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 1000 {
				if trial, err := b.admit(); err == nil {
					b.count(i%2, trial)
				}
			}
		})
	}
	all.Wait()
	b.reportChanges()
	mu.Lock()
	defer mu.Unlock()
	require.NotEmpty(t, seen)
	at := BreakerClosed
	for i, c := range seen {
		require.Equal(t, at, c.from, "change %d", i)
		at = c.to
	}
}

func TestBreakerStateText(t *testing.T) {
	assert.Equal(t, "closed half-open open BreakerState(3)",
		BreakerClosed.String()+" "+BreakerHalfOpen.String()+" "+BreakerOpen.String()+" "+BreakerState(3).String())
}
