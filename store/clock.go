package store

import (
	"context"
	"math"
	"time"
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

// at returns t in the time of the store, held to the end of time.
func (c *clock) at(t time.Time) int64 { return after(c.unix, t.Sub(c.epoch)) }

// latest returns the last instant at which a turn is early enough: within the
// time a request may wait, and before the deadline of ctx.
func (c *clock) latest(ctx context.Context, now int64, within time.Duration) int64 {
	latest := after(now, within)
	if deadline, ok := ctx.Deadline(); ok {
		latest = min(latest, c.at(deadline)-1)
	}
	return latest
}

// after returns now+d, held to the end of time.
func after(now int64, d time.Duration) int64 {
	if int64(d) > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + int64(d)
}
