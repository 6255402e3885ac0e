package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/throttled-go/throttled/internal/table"
)

// alarm is the one timer of a store: it rings at the next turn of those who
// wait. A timer is dropped when it has rung or nobody waits, and never used
// again, so a store at rest has none.
type alarm struct {
	timer *time.Timer
	at    int64
}

// set makes the alarm ring, by calling wake on a goroutine of its own, when
// the next turn at t comes.
func (a *alarm) set(t *table.Table, c *clock, wake func()) {
	at, ok := t.Next()
	if !ok {
		a.clear()
		return
	}
	if a.timer != nil && a.at == at {
		return
	}
	a.clear()
	a.at = at
	a.timer = time.AfterFunc(time.Duration(at-c.now()), wake)
}

// clear stops the alarm.
func (a *alarm) clear() {
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}

// latest returns the last instant at which a turn is early enough: within the
// time the request may wait, and before the deadline of ctx.
func (c *clock) latest(ctx context.Context, now int64, within time.Duration) int64 {
	latest := int64(math.MaxInt64)
	if int64(within) < latest-now {
		latest = now + int64(within)
	}
	if deadline, ok := ctx.Deadline(); ok {
		latest = min(latest, c.at(deadline)-1)
	}
	return latest
}

// interrupted returns the error of a wait whose ctx ended before its turn.
func interrupted(ctx context.Context, key string) error {
	err := fmt.Errorf("throttled: gave up waiting for key %q: %w", key, ctx.Err())
	if cause := context.Cause(ctx); cause != ctx.Err() {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return err
}
