package store

import (
	"context"
	"time"

	"github.com/throttled-go/throttled/internal/algorithm"
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
		return algorithm.Never
	}
	return algorithm.After(c.now(), int64(left)) - 1
}
