// Package interrupt says when the context of a caller has ended, and has the
// errors of calls that it ended.
package interrupt

import (
	"context"
	"fmt"
	"reflect"
	"time"
)

// Over reports whether ctx has ended: by its error or by its deadline. A
// deadline that has come ends it, also where its timer has not fired yet.
// Otherwise which of two timers fires first would decide about a call.
//
// A context without a Done channel never ends. To ask for that first makes the
// commonest context the cheapest.
func Over(ctx context.Context) bool { return ctx.Done() != nil && ended(ctx) }

func ended(ctx context.Context) bool {
	if ctx.Err() != nil {
		return true
	}
	left, bounded := Left(ctx)
	return bounded && left <= 0
}

// Left returns how much time is left before the deadline of ctx; bounded is
// false where it has none. It is measured as the timer of ctx is: by the
// monotonic clock if the deadline has a reading of it, else by the wall clock.
func Left(ctx context.Context) (left time.Duration, bounded bool) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0, false
	}
	return time.Until(deadline), true
}

// Refused returns the error of a call whose ctx was over before the call was
// carried out.
func Refused(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("throttled: %w", err)
	}
	return ErrTooLate
}

// ErrTooLate is the error of a call whose deadline came before it was carried out.
var ErrTooLate = fmt.Errorf("throttled: %w", context.DeadlineExceeded)

// GaveUp returns the error of a wait for key that ended with ctx before its
// turn. It wraps the error of ctx, and its cause where that is another.
//
// It asks ctx for the cause only when somebody looks. To ask takes the lock of
// ctx, which whoever cancels it holds until all that hangs from it has been
// told, and the goroutine that makes the error may have others to answer.
func GaveUp(ctx context.Context, key string) error {
	return &gaveUp{ctx: ctx, err: ctx.Err(), key: key}
}

// GaveUpBefore is GaveUp for a call that ended before the event named, as in
// "Redis answered", by its ctx or by its deadline.
func GaveUpBefore(ctx context.Context, event string) error {
	err := ctx.Err()
	if err == nil {
		err = context.DeadlineExceeded
	}
	return &gaveUp{ctx: ctx, err: err, before: event}
}

type gaveUp struct {
	ctx    context.Context
	err    error
	key    string // that was waited for
	before string // the event, if it was none of waiting
}

func (g *gaveUp) Error() string {
	what := "before " + g.before
	if g.before == "" {
		what = fmt.Sprintf("waiting for key %q", g.key)
	}
	text := fmt.Sprintf("throttled: gave up %s: %v", what, g.err)
	if cause := g.cause(); cause != nil {
		text += ": " + cause.Error()
	}
	return text
}

// Unwrap returns the error of the context, and its cause.
func (g *gaveUp) Unwrap() []error {
	if cause := g.cause(); cause != nil {
		return []error{g.err, cause}
	}
	return []error{g.err}
}

// cause returns the cause where it is another error than that of the context,
// else nil.
func (g *gaveUp) cause() error {
	cause := context.Cause(g.ctx)
	if cause == nil || same(cause, g.err) {
		return nil
	}
	return cause
}

// same reports whether a and b are one error. Two of one type that cannot be
// compared count as one.
func same(a, b error) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Type() != y.Type() {
		return false
	}
	return !x.Comparable() || !y.Comparable() || a == b //nolint:errorlint // the cause may wrap the error, and is still to be named then
}
