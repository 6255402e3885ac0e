package redis

import (
	"context"
	"time"
)

// callContext is the context of a call. It ends when expire says that the time of
// the call is up, so that a request has one deadline, and a call no timer of its
// own.
type callContext struct {
	context.Context // whose values it has
	deadline        time.Time
	ended           chan struct{}
}

// Deadline returns when the time is up. The client looks at it while it sets up a
// connection, which it would else wait for without an end where nobody answers.
func (c *callContext) Deadline() (time.Time, bool) { return c.deadline, true }

// Done is closed when the time is up.
func (c *callContext) Done() <-chan struct{} { return c.ended }

// Err returns [context.DeadlineExceeded] when the time is up.
func (c *callContext) Err() error {
	select {
	case <-c.ended:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
