package storetest

import (
	"context"
	"time"

	"github.com/throttled-go/throttled"
)

// usedUp is a key that was used up at the beginning, and the instant at which
// a Wait for one is let through.
type usedUp struct {
	algorithm throttled.Algorithm
	quota     string
	taken     int64
	turn      time.Duration
}

// usedUps are one of each algorithm. A leaky bucket has room for one more,
// which is let out when the four before it are.
var usedUps = []usedUp{
	{throttled.TokenBucket, "24/d burst 5", 5, hour},
	{throttled.GCRA, "7/m", 7, sevenths[0]},
	{throttled.LeakyBucket, "24/d burst 5", 4, 4 * hour},
	{throttled.FixedWindow, "5/h", 5, hour},
	{throttled.SlidingWindow, "4/h", 4, 75 * minute},
	{throttled.TokenBucket, "24/d burst 3; 7/w burst 3", 3, 24 * hour},
}

// bounds is about turns that come too late: after a deadline, a timeout, or
// never.
func (s *suite) bounds() (cases []testCase) {
	for _, u := range usedUps {
		name := u.algorithm.String() + " " + u.quota + " "
		if s.real {
			if u.algorithm == throttled.TokenBucket {
				cases = append(cases,
					testCase{name + "a turn after the deadline is refused", func(b *trial) { b.deadline(u, minute) }},
					testCase{name + "a turn after the Timeout is denied", func(b *trial) { b.tooLate(u, minute) }},
				)
			}
			continue
		}
		cases = append(cases,
			testCase{name + "a turn at the deadline is refused", func(b *trial) { b.deadline(u, s.up(u.turn)) }},
			testCase{name + "a turn before the deadline is waited for", func(b *trial) { b.beforeDeadline(u) }},
			testCase{name + "Wait does not look at the Timeout", func(b *trial) { b.waitsBeyondTimeout(u) }},
		)
		if u.algorithm == throttled.LeakyBucket {
			continue // what follows is about Limit, for which this one has room
		}
		cases = append(cases,
			testCase{name + "a turn after the Timeout is denied", func(b *trial) { b.tooLate(u, s.up(u.turn)-s.tick) }},
			testCase{name + "a turn at the Timeout is waited for", func(b *trial) { b.inTime(u) }},
			testCase{name + "a Limit looks at the deadline too", func(b *trial) { b.limitDeadline(u) }},
		)
	}
	for _, a := range everyAlgorithm {
		cases = append(cases, testCase{a.String() + " a turn that never comes is refused", func(b *trial) { b.neverComes(a) }})
	}
	return cases
}

// deadlineAt returns a context that ends d after the beginning of the case.
func (b *trial) deadlineAt(d time.Duration) context.Context {
	ctx, cancel := context.WithDeadline(b.ctx, b.began.Add(d))
	b.Cleanup(cancel)
	return ctx
}

// unmoved runs a refusal and holds it to take no time and change nothing.
func (b *trial) unmoved(what string, u usedUp, l Limiter, refusal func()) {
	b.Helper()
	before, began := b.peek(l, key), b.now()
	refusal()
	if !b.real {
		b.isNow(what, began)
	}
	b.isState("Peek after "+what, u.algorithm, b.peek(l, key), before)
}

func (b *trial) deadline(u usedUp, deadline time.Duration) {
	l := b.of(u.algorithm, u.quota)
	b.take(l, key, u.taken)
	b.unmoved("a refusal", u, l, func() {
		_, err := l.WaitN(b.deadlineAt(deadline), key, 1)
		retry := b.isRefused("WaitN", err).RetryAfter
		if !b.real && retry != b.up(u.turn) {
			b.Errorf("RetryAfter is %v, want %v", retry, b.up(u.turn))
		}
	})
}

func (b *trial) beforeDeadline(u usedUp) {
	l := b.of(u.algorithm, u.quota)
	b.take(l, key, u.taken)
	res, err := l.WaitN(b.deadlineAt(b.up(u.turn)+b.tick), key, 1)
	b.isAllowed("WaitN", res, err, true)
	b.isNow("WaitN", u.turn)
}

func (b *trial) waitsBeyondTimeout(u usedUp) {
	l := b.patient(u.algorithm, u.quota, time.Millisecond)
	b.take(l, key, u.taken)
	b.waitOf(l, 1)
	b.isNow("WaitN", u.turn)
}

func (b *trial) tooLate(u usedUp, timeout time.Duration) {
	l := b.patient(u.algorithm, u.quota, timeout)
	b.take(l, key, u.taken)
	b.unmoved("a denial", u, l, func() { b.isDeniedUntil(b.ctx, u, l) })
}

func (b *trial) limitDeadline(u usedUp) {
	l := b.patient(u.algorithm, u.quota, 1000*hour)
	b.take(l, key, u.taken)
	b.unmoved("a denial", u, l, func() { b.isDeniedUntil(b.deadlineAt(b.up(u.turn)), u, l) })
	res, err := l.LimitN(b.deadlineAt(b.up(u.turn)+b.tick), key, 1)
	b.isAllowed("LimitN", res, err, true)
	b.isNow("LimitN", u.turn)
}

// isDeniedUntil holds a Limit to be a denial that gives the turn of u.
func (b *trial) isDeniedUntil(ctx context.Context, u usedUp, l Limiter) {
	b.Helper()
	res, err := l.LimitN(ctx, key, 1)
	b.isAllowed("LimitN", res, err, false)
	if !b.real && res.RetryAfter() != b.up(u.turn) {
		b.Errorf("RetryAfter is %v, want %v", res.RetryAfter(), b.up(u.turn))
	}
}

func (b *trial) inTime(u usedUp) {
	l := b.patient(u.algorithm, u.quota, b.up(u.turn))
	b.take(l, key, u.taken)
	res, err := l.LimitN(b.ctx, key, 1)
	b.isAllowed("LimitN", res, err, true)
	b.isNow("LimitN", u.turn)
}

func (b *trial) neverComes(a throttled.Algorithm) {
	u := usedUp{algorithm: a}
	l := b.newLimiter(throttled.Config{Algorithm: a, Quota: throttled.Per(5, b.window()), Timeout: hour})
	b.take(l, key, 2)
	b.unmoved("a refusal", u, l, func() {
		_, err := l.WaitN(b.ctx, key, 6)
		if retry := b.isRefused("WaitN", err).RetryAfter; retry != never {
			b.Errorf("RetryAfter is %v, not Never", retry)
		}
		res, err := l.LimitN(b.ctx, key, 6)
		b.isAllowed("LimitN", res, err, false)
		if res.RetryAfter() != never {
			b.Errorf("RetryAfter is %v, not Never", res.RetryAfter())
		}
	})
}
