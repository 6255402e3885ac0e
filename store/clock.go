package store

import "time"

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

// at returns t in the time of the store.
func (c *clock) at(t time.Time) int64 { return c.unix + int64(t.Sub(c.epoch)) }
