package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/throttled-go/throttled"
)

// refusals is about calls that are refused before anything is decided, and
// so change nothing.
func (s *suite) refusals() (cases []testCase) {
	for _, a := range everyAlgorithm {
		cases = append(cases,
			testCase{a.String() + " a negative cost", func(b *trial) { b.negativeCost(a) }},
			testCase{a.String() + " no key", func(b *trial) { b.noKey(a) }},
			testCase{a.String() + " a context that ended before", func(b *trial) { b.endedBefore(a) }},
			testCase{a.String() + " a deadline that has come", func(b *trial) { b.deadlineCame(a) }},
		)
	}
	return cases
}

// verbs returns every method of l as a call that gives only its error.
func verbs(l Limiter) map[string]func(ctx context.Context, key string, cost int64) error {
	return map[string]func(ctx context.Context, key string, cost int64) error{
		"LimitN": func(ctx context.Context, key string, cost int64) error {
			_, err := l.LimitN(ctx, key, cost)
			return err
		},
		"WaitN": func(ctx context.Context, key string, cost int64) error {
			_, err := l.WaitN(ctx, key, cost)
			return err
		},
		"Peek": func(ctx context.Context, key string, _ int64) error {
			_, err := l.Peek(ctx, key)
			return err
		},
		"Refund": func(ctx context.Context, key string, cost int64) error {
			_, err := l.Refund(ctx, key, cost)
			return err
		},
		"Reset": func(ctx context.Context, key string, _ int64) error {
			return l.Reset(ctx, key)
		},
	}
}

// isUntouched holds that three of five are still left.
func (b *trial) isUntouched(what string, l Limiter) {
	b.Helper()
	if left := b.peek(l, key).Remaining; left != 3 {
		b.Errorf("after %s: %d left, want 3", what, left)
	}
}

// ofFive returns a limiter of five in a long time, two of which are taken.
func (b *trial) ofFive(a throttled.Algorithm) Limiter {
	l := b.newLimiter(throttled.Config{Algorithm: a, Quota: throttled.Per(5, b.window())})
	b.take(l, key, 2)
	return l
}

func (b *trial) negativeCost(a throttled.Algorithm) {
	l := b.ofFive(a)
	for name, call := range verbs(l) {
		if name == "Peek" || name == "Reset" {
			continue // they have no cost
		}
		for _, cost := range []int64{-1, -3, math.MinInt64} {
			what := fmt.Sprintf("%s(%d)", name, cost)
			b.isError(what, call(b.ctx, key, cost), throttled.ErrInvalidCost)
			b.isUntouched(what, l)
		}
	}
}

func (b *trial) noKey(a throttled.Algorithm) {
	l := b.ofFive(a)
	for name, call := range verbs(l) {
		b.isError(name, call(b.ctx, "", 1), throttled.ErrInvalidKey)
		b.isUntouched(name, l)
	}
}

func (b *trial) endedBefore(a throttled.Algorithm) {
	l := b.ofFive(a)
	canceled, cancel := context.WithCancelCause(b.ctx)
	cancel(errors.New("a reason of its own"))
	late, cancelLate := context.WithDeadline(b.ctx, time.Now().Add(-time.Second))
	defer cancelLate()
	justNow, cancelNow := context.WithDeadline(b.ctx, time.Now())
	defer cancelNow()
	for _, ctx := range []context.Context{canceled, late, justNow} {
		for name, call := range verbs(l) {
			for _, cost := range []int64{0, 1, 4, 100} {
				b.isError(name, call(ctx, key, cost), ctx.Err())
			}
			b.isUntouched(name, l)
		}
	}
}

// timeless is a context whose deadline comes and whose timer never fires.
type timeless struct {
	context.Context
	deadline time.Time
}

func (c timeless) Deadline() (time.Time, bool) { return c.deadline, true }

// deadlineCame: it is the deadline that decides, and not which of two timers
// fires first. There is room in the bucket, so no call has to wait.
func (b *trial) deadlineCame(a throttled.Algorithm) {
	l := b.ofFive(a)
	cancelable, cancel := context.WithCancel(b.ctx)
	defer cancel()
	for name, call := range verbs(l) {
		for what, ago := range map[string]time.Duration{"at its deadline": 0, "a second after its deadline": time.Second} {
			what = name + " " + what
			b.isError(what, call(timeless{cancelable, time.Now().Add(-ago)}, key, 1), context.DeadlineExceeded)
			b.isUntouched(what, l)
		}
	}
}
