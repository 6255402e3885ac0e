package waits

import (
	"context"
	"time"
)

// Line is a limiter with a turn every so often and nothing saved up.
type Line interface {
	// Wait returns when the turn of the caller has come, or ctx has ended.
	Wait(ctx context.Context) error
	// Close ends what the line has running.
	Close() error
}

// Crowder is a Line at which many can wait without a goroutine each.
type Crowder interface {
	Line
	// Crowd has so many wait, calls settled when they stand in line, and woken
	// when the turn of each has come.
	Crowd(n int, settled, woken func())
}

// Waiter is a way to wait.
type Waiter struct {
	Name   string // of a benchmark: no blanks
	What   string // how it is driven
	Module string

	Cancels bool // a wait ends with its context

	New func(every time.Duration) (Line, error)
}

// All returns the waiters: first this library, then the others. Of the other
// peers none can wait.
func All() []Waiter {
	return []Waiter{syncWait, asyncWait, timeRate, uberRatelimit, failsafeSmooth}
}
