package interrupt_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/throttled-go/throttled/internal/interrupt"
)

// bounded is a context with a deadline and no timer, so that it never ends by
// itself.
type bounded struct {
	context.Context
	deadline time.Time
}

func (b bounded) Deadline() (time.Time, bool) { return b.deadline, true }

// failed is a context that ended with err.
type failed struct {
	context.Context
	err error
}

func (f failed) Err() error { return f.err }

// several is an error that cannot be compared.
type several []string

func (s several) Error() string { return s[0] }

func TestADeadlineEndsAContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := bounded{t.Context(), time.Now().Add(time.Second)}
		assert.False(t, interrupt.Over(ctx))
		time.Sleep(time.Second - 1)
		assert.False(t, interrupt.Over(ctx))
		left, ok := interrupt.Left(ctx)
		assert.True(t, ok)
		assert.Equal(t, time.Duration(1), left)
		time.Sleep(time.Nanosecond)
		assert.True(t, interrupt.Over(ctx), "at the deadline, though its Err is nil")
		assert.ErrorIs(t, interrupt.Refused(ctx), context.DeadlineExceeded)
		assert.EqualError(t, interrupt.Refused(ctx), "throttled: context deadline exceeded")
	})
}

func TestAContextWithoutADeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	_, ok := interrupt.Left(ctx)
	assert.False(t, ok)
	assert.False(t, interrupt.Over(ctx))
	cancel()
	assert.True(t, interrupt.Over(ctx))
	assert.EqualError(t, interrupt.Refused(ctx), "throttled: context canceled")
}

// wraps reports whether err is, or wraps, one that says what target says: errors.Is
// does not compare what cannot be compared.
func wraps(err, target error) bool {
	if err.Error() == target.Error() {
		return true
	}
	several, ok := err.(interface{ Unwrap() []error })
	return ok && slices.ContainsFunc(several.Unwrap(), func(one error) bool { return wraps(one, target) })
}

func TestGaveUpNamesTheCause(t *testing.T) {
	shutdown := errors.New("shutting down")
	wrapping := errors.Join(context.Canceled, shutdown)
	for _, c := range []struct {
		name  string
		cause error
		text  string
	}{
		{"none", nil, `throttled: gave up waiting for key "a\nb": context canceled`},
		{"the error itself", context.Canceled, `throttled: gave up waiting for key "a\nb": context canceled`},
		{"another", shutdown, `throttled: gave up waiting for key "a\nb": context canceled: shutting down`},
		{"one that wraps the error", wrapping, `throttled: gave up waiting for key "a\nb": context canceled: ` + wrapping.Error()},
		{"one that cannot be compared", several{"x"}, `throttled: gave up waiting for key "a\nb": context canceled: x`},
	} {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(c.cause)
		err := interrupt.GaveUp(ctx, "a\nb")
		assert.EqualError(t, err, c.text, c.name)
		assert.ErrorIs(t, err, context.Canceled, c.name)
		if c.cause != nil {
			assert.Equal(t, c.cause, context.Cause(ctx), c.name)
			assert.True(t, wraps(err, c.cause), c.name)
		}
	}
}

func TestGaveUpBeforeAnEvent(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("shutting down"))
	assert.EqualError(t, interrupt.GaveUpBefore(ctx, "Redis answered"),
		"throttled: gave up before Redis answered: context canceled: shutting down")
	passed := bounded{context.Background(), time.Now()}
	assert.EqualError(t, interrupt.GaveUpBefore(passed, "Redis was asked"),
		"throttled: gave up before Redis was asked: context deadline exceeded")
	assert.ErrorIs(t, interrupt.GaveUpBefore(passed, "Redis was asked"), context.DeadlineExceeded)
}

func TestGaveUpOnAnErrorThatCannotBeCompared(t *testing.T) {
	err := interrupt.GaveUp(failed{context.Background(), several{"x", "y"}}, "k")
	assert.EqualError(t, err, `throttled: gave up waiting for key "k": x`)
	var got several
	assert.ErrorAs(t, err, &got)
}

// guarded is a context that counts how often it is asked for a value, which is how
// its lock is found.
type guarded struct {
	context.Context
	asked int
}

func (g *guarded) Value(key any) any {
	g.asked++
	return g.Context.Value(key)
}

func TestGaveUpTakesNoLockOfTheContext(t *testing.T) {
	parent, cancel := context.WithCancelCause(context.Background())
	shutdown := errors.New("shutting down")
	cancel(shutdown)
	ctx := &guarded{Context: parent}
	err := interrupt.GaveUp(ctx, "k")
	assert.Zero(t, ctx.asked)
	assert.ErrorIs(t, err, shutdown)
	assert.NotZero(t, ctx.asked, "the cause is asked for when somebody looks")
}
