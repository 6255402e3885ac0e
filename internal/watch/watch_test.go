package watch_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/watch"
)

// waiter is one who waits.
type waiter struct {
	number     int
	ctx        context.Context
	membership watch.Membership[*waiter]
}

func (w *waiter) Watched() *watch.Membership[*waiter] { return &w.membership }
func (w *waiter) Context() context.Context            { return w.ctx }

// counted is a context that counts the watches over it.
type counted struct {
	context.Context
	begun, running atomic.Int64
}

// Value hides what the context is made of.
func (*counted) Value(any) any { return nil }

// AfterFunc is what context.AfterFunc calls then.
func (c *counted) AfterFunc(f func()) (stop func() bool) {
	c.begun.Add(1)
	c.running.Add(1)
	own := context.AfterFunc(c.Context, f)
	return func() bool {
		c.running.Add(-1)
		return own()
	}
}

// crowd is those who wait, and who of them has left in which order.
type crowd struct {
	watch.Set[*waiter]
	ctx     *counted
	cancel  context.CancelFunc
	waiters []*waiter
	left    []int
	calls   int
}

// gather has n wait under one context.
func gather(t *testing.T, n int) *crowd {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := &crowd{ctx: &counted{Context: ctx}, cancel: cancel}
	c.Leave = func(who []*waiter) {
		c.calls++
		for _, w := range who {
			c.left = append(c.left, w.number)
		}
	}
	for i := range n {
		w := &waiter{number: i, ctx: c.ctx}
		c.waiters = append(c.waiters, w)
		c.Add(w)
	}
	return c
}

func TestAllUnderOneContextLeaveAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := gather(t, 5)
		c.Answered(c.waiters[0])
		c.Answered(c.waiters[2])
		c.Answered(c.waiters[4])
		c.cancel()
		synctest.Wait()
		require.Equal(t, []int{1, 3}, c.left)
		require.Equal(t, 1, c.calls)
		require.EqualValues(t, 1, c.ctx.begun.Load())
		for _, w := range c.waiters {
			c.Answered(w) // whether they have left or not
		}
		c.Release()
	})
}

func TestAWatchEndsWithTheLastWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := gather(t, 3)
		for i, w := range c.waiters {
			c.Release()
			synctest.Wait()
			require.EqualValues(t, 1, c.ctx.running.Load(), "%d were answered", i)
			c.Answered(w)
		}
		c.Release()
		synctest.Wait()
		require.Zero(t, c.ctx.running.Load())
		c.Add(&waiter{number: 7, ctx: c.ctx})
		require.EqualValues(t, 2, c.ctx.begun.Load())
		c.cancel()
		synctest.Wait()
		assert.Equal(t, []int{7}, c.left)
	})
}

func TestWhoWasAnsweredIsNotWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := gather(t, 0)
		early := &waiter{ctx: c.ctx}
		c.Answered(early)
		c.Add(early)
		require.Zero(t, c.ctx.begun.Load())
		c.cancel()
		late := &waiter{number: 1, ctx: c.ctx}
		c.Add(late)
		synctest.Wait()
		assert.Equal(t, []int{1}, c.left)
	})
}
