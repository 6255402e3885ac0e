package store

import (
	"context"
	"math"
	"time"

	"github.com/throttled-go/throttled/internal/interrupt"
)

// clock gives the time of a store: the wall time at which it was made, in Unix
// nanoseconds, plus what the monotonic clock has measured since. Each store
// has its own, so that one made in a synctest bubble lives in its time.
type clock struct {
	epoch time.Time
	unix  int64
}

func newClock() clock {
	now := time.Now()
	return clock{epoch: now, unix: now.UnixNano()}
}

// now returns the time, which a step of the wall clock does not move.
func (c *clock) now() int64 { return c.unix + int64(time.Since(c.epoch)) }

// last returns the last instant before the deadline of ctx. That is reckoned
// from the time left now: a deadline read off the wall clock cannot be placed on
// a clock that steps of the wall clock do not move.
func (c *clock) last(ctx context.Context) int64 {
	left, bounded := interrupt.Left(ctx)
	if !bounded {
		return math.MaxInt64
	}
	return after(c.now(), left) - 1
}

// after returns now+d, held to the end of time.
func after(now int64, d time.Duration) int64 {
	if int64(d) > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + int64(d)
}
