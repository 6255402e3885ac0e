package sync_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/model"
	"github.com/throttled-go/throttled/store"
	tsync "github.com/throttled-go/throttled/sync"
)

// Five thousand callers wait at one key. They are let through in the order in
// which they came, each at the nanosecond of its turn.
func TestThousandsWaitInLine(t *testing.T) {
	for _, c := range []struct {
		algorithm throttled.Algorithm
		burst     int64
		apart     time.Duration
	}{
		{throttled.TokenBucket, 1, 2 * time.Millisecond},
		{throttled.LeakyBucket, 5000, 2 * time.Millisecond},
		{throttled.GCRA, 1, 2 * time.Millisecond},
		{throttled.FixedWindow, 1, 2 * time.Millisecond},
		{throttled.SlidingWindow, 1, 4 * time.Millisecond}, // what came last counts until the window after it has gone by
	} {
		t.Run(c.algorithm.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// The time in a bubble begins with a window.
				l := open(t, plan(t, c.algorithm, throttled.Per(1, 2*time.Millisecond).WithBurst(c.burst)))
				began, order := time.Now(), make(chan int)
				for i := range 5000 {
					go func() {
						if _, err := l.Wait(t.Context(), "k"); err == nil {
							order <- i
						}
					}()
					synctest.Wait()
				}
				for i := range 5000 {
					require.Equal(t, i, <-order)
					require.Equal(t, time.Duration(i)*c.apart, time.Since(began))
				}
			})
		})
	}
}

func plan(t *testing.T, a throttled.Algorithm, quota throttled.Quota) *throttled.Plan {
	t.Helper()
	p, err := throttled.Config{Algorithm: a, Quota: quota}.Plan()
	require.NoError(t, err)
	return p
}

// open returns a limiter for what plan says, over a Memory of its own.
func open(t *testing.T, plan *throttled.Plan) *tsync.Limiter {
	t.Helper()
	memory, err := store.NewMemory(store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, memory.Close()) })
	l, err := tsync.New(throttled.Config{Algorithm: plan.Algorithm(), Quota: plan.Quota(), Store: memory})
	require.NoError(t, err)
	return l
}

// waiter is a caller of Wait, and what became of it.
type waiter struct {
	cancel context.CancelFunc
	id     int // in the model; 0 if it did not have to wait
	ended  chan struct{}
	at     time.Time
	res    throttled.Result
	err    error
}

// crowd is those who wait at one key, and the model that is told the same.
type crowd struct {
	t       *testing.T
	limiter *tsync.Limiter
	model   *model.Line
	waiters []*waiter
	byID    map[int]*waiter
	granted int
}

func (c *crowd) wait(cost int64) {
	ctx, cancel := context.WithCancel(c.t.Context())
	w := &waiter{cancel: cancel, ended: make(chan struct{})}
	c.waiters = append(c.waiters, w)
	go func() {
		defer close(w.ended)
		w.res, w.err = c.limiter.WaitN(ctx, "k", cost)
		w.at = time.Now()
	}()
	synctest.Wait()
	place := c.model.Wait(time.Now().UnixNano(), cost, math.MaxInt64)
	switch place.Status {
	case model.Waiting:
		w.id = place.ID
		c.byID[w.id] = w
	case model.Granted:
		c.isGranted(w, time.Now(), place.Answer)
	case model.Denied:
		<-w.ended
		require.ErrorIs(c.t, w.err, throttled.ErrLimited)
		require.Equal(c.t, place.Answer, answerOf(w.res))
	}
	c.settle()
}

// settle compares who was let through since it was last called.
func (c *crowd) settle() {
	synctest.Wait()
	for _, grant := range c.model.Advance(time.Now().UnixNano()) {
		c.isGranted(c.byID[grant.ID], time.Unix(0, grant.At), grant.Answer)
	}
}

func (c *crowd) isGranted(w *waiter, at time.Time, want model.Answer) {
	c.t.Helper()
	<-w.ended
	require.NoError(c.t, w.err)
	require.True(c.t, at.Equal(w.at), "let through at %v, not at %v", w.at, at)
	require.Equal(c.t, want, answerOf(w.res))
	c.granted++
}

// giveUp cancels w, if it waits still.
func (c *crowd) giveUp(w *waiter) {
	w.cancel()
	synctest.Wait()
	if w.id != 0 && c.model.Cancel(time.Now().UnixNano(), w.id) {
		<-w.ended
		require.ErrorIs(c.t, w.err, context.Canceled)
	}
	c.settle()
}

func answerOf(res throttled.Result) model.Answer {
	return model.Answer{
		Allowed: res.Allowed, Limit: res.Limit(), Rate: res.Rate(), Remaining: res.Remaining(),
		ResetAfter: int64(res.ResetAfter()), RetryAfter: int64(res.RetryAfter()),
	}
}

// live has a crowd come, wait, give up, and be given refunds and resets.
func (c *crowd) live(random *rand.Rand) {
	for range 150 {
		switch n := random.IntN(12); {
		case n < 6:
			c.wait(random.Int64N(4))
		case n < 8 && len(c.waiters) > 0:
			for range random.IntN(5) {
				c.giveUp(c.waiters[random.IntN(len(c.waiters))])
			}
		case n == 8:
			cost := random.Int64N(4)
			_, err := c.limiter.Refund(c.t.Context(), "k", cost)
			require.NoError(c.t, err)
			c.model.Refund(time.Now().UnixNano(), cost)
		case n == 9 && random.IntN(4) == 0:
			require.NoError(c.t, c.limiter.Reset(c.t.Context(), "k"))
			c.model.Reset(time.Now().UnixNano())
		default:
			time.Sleep(time.Duration(random.Int64N(int64(time.Second))))
		}
		c.settle()
	}
}

// Whoever gives up, and whatever is given back: from then on all turns are
// those of the model, which works the line out again each time.
func TestTurnsAreThoseOfTheModel(t *testing.T) {
	for a := throttled.TokenBucket; a <= throttled.SlidingWindow; a++ {
		for _, quota := range []string{"7/2s burst 5", "5/s burst 9; 30/m"} {
			t.Run(a.String()+"/"+quota, func(t *testing.T) {
				for seed := range uint64(20) {
					synctest.Test(t, func(t *testing.T) { live(t, plan(t, a, throttled.MustParseQuota(quota)), seed) })
				}
			})
		}
	}
}

func live(t *testing.T, plan *throttled.Plan, seed uint64) {
	c := &crowd{t: t, limiter: open(t, plan), model: model.LineOf(plan), byID: map[int]*waiter{}}
	c.live(rand.New(rand.NewPCG(seed, 1)))
	for _, w := range c.waiters {
		w.cancel()
	}
	require.NotZero(t, c.granted)
}
