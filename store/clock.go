package store

import (
	"context"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/interrupt"
	"github.com/throttled-go/throttled/internal/precheck"
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

// admit returns the last instant at which a request may be carried out, or why it is
// refused.
func (c *clock) admit(ctx context.Context, plan *throttled.Plan) (last int64, err error) {
	last = algorithm.Never
	if ctx.Done() != nil {
		if last, err = c.last(ctx); err != nil {
			return 0, err
		}
	}
	if !precheck.Planned(plan) {
		return 0, precheck.ErrNoPlan
	}
	return last, nil
}

// last returns the last instant before the deadline of ctx, or the error of a call
// whose ctx has ended. A deadline that has come ends a call, also where the timer of
// ctx has not fired yet, so whoever asks compares the instant of the call with it.
//
// A deadline with a reading of the monotonic clock, as [context.WithTimeout] makes
// it, has its place on the clock of the store. One that was read off the wall clock
// has none, as steps of that clock do not move this one: it is as far away as the
// time left now.
func (c *clock) last(ctx context.Context) (int64, error) {
	if ctx.Err() != nil {
		return 0, interrupt.Refused(ctx)
	}
	deadline, bounded := ctx.Deadline()
	switch {
	case !bounded:
		return algorithm.Never, nil
	case deadline != deadline.Round(0): // which takes that reading away
		return algorithm.After(c.unix, int64(deadline.Sub(c.epoch))) - 1, nil
	default:
		return algorithm.After(c.now(), int64(time.Until(deadline))) - 1, nil
	}
}
