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

// fail has a breaker let commands through that are not answered.
func fail(t *testing.T, b *breaker, times int) {
	t.Helper()
	for range times {
		done, err := b.enter()
		require.NoError(t, err)
		done(1)
	}
}

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []change
		b := newBreaker(Breaker{Failures: 3, Cooldown: time.Minute, OnChange: func(from, to BreakerState) {
			seen = append(seen, change{from, to})
		}})
		fail(t, b, 2)
		done, err := b.enter()
		require.NoError(t, err)
		done(0) // not in a row any more
		fail(t, b, 2)
		require.NoError(t, b.open())
		fail(t, b, 1)
		require.ErrorIs(t, b.open(), throttled.ErrStoreUnavailable)
		_, err = b.enter()
		require.ErrorIs(t, err, throttled.ErrStoreUnavailable)

		time.Sleep(time.Minute + 1)
		require.NoError(t, b.open())
		try, err := b.enter()
		require.NoError(t, err)
		_, err = b.enter()
		require.ErrorIs(t, err, throttled.ErrStoreUnavailable, "one tries")
		try(1)
		require.Error(t, b.open())

		time.Sleep(time.Minute + 1)
		try, err = b.enter()
		require.NoError(t, err)
		try(0)
		fail(t, b, 2)
		require.NoError(t, b.open())
		require.Equal(t, []change{
			{BreakerClosed, BreakerOpen},
			{BreakerOpen, BreakerHalfOpen},
			{BreakerHalfOpen, BreakerOpen},
			{BreakerOpen, BreakerHalfOpen},
			{BreakerHalfOpen, BreakerClosed},
		}, seen)
	})
}

// TestBreakerCountsRequests that went together one by one.
func TestBreakerCountsRequests(t *testing.T) {
	b := newBreaker(Breaker{Failures: 5})
	done, err := b.enter()
	require.NoError(t, err)
	done(4)
	require.NoError(t, b.open())
	fail(t, b, 1)
	require.Error(t, b.open())
}

func TestBreakerDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(Breaker{})
		fail(t, b, 9)
		require.NoError(t, b.open())
		fail(t, b, 1)
		require.Error(t, b.open())
		time.Sleep(500*time.Millisecond - 1)
		require.Error(t, b.open())
		time.Sleep(2 * time.Nanosecond)
		require.NoError(t, b.open())
	})
}

func TestNoBreaker(t *testing.T) {
	b := newBreaker(Breaker{Disabled: true, OnChange: func(BreakerState, BreakerState) { t.Error("a change of nothing") }})
	fail(t, b, 1000)
	require.NoError(t, b.open())
}

// TestBreakerCallback uses the breaker in its own callback, which would hang if it
// were called under the lock, and expects one call at a time, in their order.
func TestBreakerCallback(t *testing.T) {
	var b *breaker
	var mu sync.Mutex
	var seen []change
	b = newBreaker(Breaker{Failures: 1, Cooldown: 1, OnChange: func(from, to BreakerState) {
		require.True(t, mu.TryLock(), "two calls at a time")
		defer mu.Unlock()
		_ = b.open()
		if done, err := b.enter(); err == nil {
			done(0)
		}
		seen = append(seen, change{from, to})
	}})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 1000 {
				if done, err := b.enter(); err == nil {
					done(i % 2)
				}
			}
		})
	}
	all.Wait()
	b.report()
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
