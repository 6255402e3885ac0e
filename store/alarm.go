package store

import (
	"time"

	"github.com/throttled-go/throttled/internal/table"
)

// alarm is the one timer of a store: it rings at the next turn of those who
// wait. A timer is dropped when it has rung or nobody waits, and never used
// again, so a store at rest has none.
type alarm struct {
	wake  func() // called on a goroutine of its own when the alarm rings
	timer *time.Timer
	at    int64
}

// set makes the alarm ring when the next turn at t comes.
func (a *alarm) set(t *table.Table, c *clock) {
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
	a.timer = time.AfterFunc(time.Duration(at-c.now()), a.wake)
}

// clear stops the alarm.
func (a *alarm) clear() {
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}
