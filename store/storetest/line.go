package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
)

// lines is about several who wait at one key, first come, first served.
func (s *suite) lines() (cases []testCase) {
	if !s.line || s.real {
		return nil
	}
	for _, st := range standings {
		for _, a := range st.algorithms {
			name := a.String() + " " + st.name
			cases = append(cases, testCase{name + "Limits are let through in order", func(b *trial) { b.inOrder(st, a, 1) }})
			if a != throttled.LeakyBucket {
				cases = append(cases,
					testCase{name + "Waits are let through in order", func(b *trial) { b.inOrder(st, a, 0) }},
					testCase{name + "Waits and Limits stand in one line", func(b *trial) { b.inOrder(st, a, 2) }},
				)
			}
		}
	}
	for _, o := range overtakings {
		for _, a := range o.algorithms {
			cases = append(cases, testCase{a.String() + " nobody overtakes", func(b *trial) { b.nobodyOvertakes(o, a) }})
		}
	}
	for _, m := range moves {
		for _, a := range m.algorithms {
			cases = append(cases, testCase{a.String() + " " + m.name, func(b *trial) { b.moveUp(m, a) }})
		}
	}
	for _, a := range everyAlgorithm {
		if a != throttled.LeakyBucket {
			cases = append(cases, testCase{a.String() + " who need not wait do not stand in line", func(b *trial) { b.noNeed(a) }})
		}
	}
	return append(cases, testCase{"a turn is counted behind all before it", (*trial).boundsInLine})
}

// inOrder makes all of st come at once, as Waits, as Limits, or in turn: limits
// is what of two are Limits.
func (b *trial) inOrder(st standing, a throttled.Algorithm, limits int) {
	l := b.patient(a, st.quota, 1000*hour)
	b.take(l, key, st.taken)
	var calls []*call
	for i, t := range st.turns {
		if limits == 1 || limits == 2 && i%2 == 1 {
			calls = append(calls, b.beginLimit(l, t.cost))
		} else {
			calls = append(calls, b.beginWait(b.ctx, l, t.cost))
		}
	}
	quota := throttled.MustParseQuota(st.quota)
	for i, t := range st.turns {
		what := fmt.Sprintf("number %d, for %d", i, t.cost)
		b.isGranted(what, calls[i], t.at)
		b.isState(what, a, calls[i].res.State(), t.state(a, quota))
	}
}

// overtaking is a key with something left, but less than the one wants who
// waits; and what a Limit of cost 1, which would find enough, is answered.
type overtaking struct {
	algorithms []throttled.Algorithm
	quota      string
	taken      int64
	waits      int64
	turn       time.Duration // of the one who waits
	retry      time.Duration // for a cost of 1
	more       time.Duration // for a cost of 2
	reset      time.Duration
}

var overtakings = []overtaking{
	{buckets, "24/d burst 5", 3, 5, 3 * hour, 4 * hour, 5 * hour, 8 * hour},
	{fixed, "5/h", 3, 5, hour, 2 * hour, 2 * hour, 2 * hour},
	{sliding, "4/h", 3, 2, 80 * minute, 100 * minute, 120 * minute, 180 * minute},
}

func (b *trial) nobodyOvertakes(o overtaking, a throttled.Algorithm) {
	l := b.of(a, o.quota)
	b.take(l, key, o.taken)
	limit := b.peek(l, key).Limit
	waiting := b.beginLimit(b.patient(a, o.quota, 1000*hour), o.waits)
	denied := throttled.State{Limit: limit, ResetAfter: o.reset, RetryAfter: o.retry}
	b.isState("Peek", a, b.peek(l, key), denied)
	for cost, retry := range map[int64]time.Duration{0: 0, 1: o.retry, 2: o.more, 6: never} {
		res, err := l.LimitN(b.ctx, key, cost)
		what := fmt.Sprintf("LimitN(%d) while somebody waits", cost)
		b.isAllowed(what, res, err, cost == 0)
		denied.RetryAfter = retry
		b.isState(what, a, res.State(), denied)
	}
	b.isGranted("the one who waits", waiting, o.turn)
	b.sleepUntil(o.retry - b.tick)
	res, err := l.LimitN(b.ctx, key, 1)
	b.isAllowed("a tick before RetryAfter", res, err, false)
	b.sleepUntil(o.retry)
	b.take(l, key, 1)
}

// move is something that makes a line of three move up half an hour after it
// was formed.
type move struct {
	name       string
	algorithms []throttled.Algorithm
	quota      string
	taken      int64
	costs      [3]int64
	leaves     int   // who gives up, from 1; 0: nobody
	refund     int64 // -1: a Reset
	turns      [3]time.Duration
	next       time.Duration // of one who comes after it for a cost of 1
}

const half = 30 * minute

var moves = []move{
	{"nothing moves up", buckets, "24/d burst 5", 5, [3]int64{2, 1, 1}, 0, 0, [3]time.Duration{2 * hour, 3 * hour, 4 * hour}, 5 * hour},
	{"the first gives up", buckets, "24/d burst 5", 5, [3]int64{2, 1, 1}, 1, 0, [3]time.Duration{half, hour, 2 * hour}, 3 * hour},
	{"the second gives up", buckets, "24/d burst 5", 5, [3]int64{2, 1, 1}, 2, 0, [3]time.Duration{2 * hour, half, 3 * hour}, 4 * hour},
	{"the last gives up", buckets, "24/d burst 5", 5, [3]int64{2, 1, 1}, 3, 0, [3]time.Duration{2 * hour, 3 * hour, half}, 4 * hour},
	{"who was held up passes at once", buckets, "24/d burst 5", 3, [3]int64{5, 1, 1}, 1, 0, [3]time.Duration{half, half, half}, hour},
	{"a refund moves up", buckets, "24/d burst 5", 5, [3]int64{2, 1, 1}, 0, 1, [3]time.Duration{hour, 2 * hour, 3 * hour}, 4 * hour},
	{"a refund lets through", buckets, "24/d burst 5", 5, [3]int64{2, 1, 1}, 0, 2, [3]time.Duration{half, hour, 2 * hour}, 3 * hour},
	{"a refund of more than all", buckets, "24/d burst 5", 5, [3]int64{2, 1, 1}, 0, 100, [3]time.Duration{half, half, half}, half},
	{"a reset lets through", buckets, "24/d burst 5", 5, [3]int64{2, 4, 1}, 0, -1, [3]time.Duration{half, 90 * minute, 150 * minute}, 210 * minute},

	{"nothing moves up", fixed, "5/h", 5, [3]int64{3, 3, 2}, 0, 0, [3]time.Duration{hour, 2 * hour, 2 * hour}, 3 * hour},
	{"the first gives up", fixed, "5/h", 5, [3]int64{3, 3, 2}, 1, 0, [3]time.Duration{half, hour, hour}, 2 * hour},
	{"the second gives up", fixed, "5/h", 5, [3]int64{3, 3, 2}, 2, 0, [3]time.Duration{hour, half, hour}, 2 * hour},
	{"the last gives up", fixed, "5/h", 5, [3]int64{3, 3, 2}, 3, 0, [3]time.Duration{hour, 2 * hour, half}, 2 * hour},
	{"who was held up passes at once", fixed, "5/h", 3, [3]int64{3, 1, 1}, 1, 0, [3]time.Duration{half, half, half}, hour},
	{"a refund lets through", fixed, "5/h", 5, [3]int64{3, 3, 2}, 0, 3, [3]time.Duration{half, hour, hour}, 2 * hour},
	{"a reset lets through", fixed, "5/h", 5, [3]int64{3, 2, 2}, 0, -1, [3]time.Duration{half, half, hour}, hour},

	{"nothing moves up", sliding, "4/h", 4, [3]int64{1, 2, 1}, 0, 0, [3]time.Duration{75 * minute, 105 * minute, 120 * minute}, 140 * minute},
	{"the first gives up", sliding, "4/h", 4, [3]int64{1, 2, 1}, 1, 0, [3]time.Duration{half, 90 * minute, 105 * minute}, 120 * minute},
	{"the second gives up", sliding, "4/h", 4, [3]int64{1, 2, 1}, 2, 0, [3]time.Duration{75 * minute, half, 90 * minute}, 105 * minute},
	{"who was held up passes at once", sliding, "4/h", 2, [3]int64{3, 1, 1}, 1, 0, [3]time.Duration{half, half, half}, 75 * minute},
	{"a refund lets through", sliding, "4/h", 4, [3]int64{1, 2, 1}, 0, 1, [3]time.Duration{half, 90 * minute, 105 * minute}, 120 * minute},
	{"a reset lets through", sliding, "4/h", 4, [3]int64{1, 3, 1}, 0, -1, [3]time.Duration{half, half, 75 * minute}, 90 * minute},
}

func (b *trial) moveUp(m move, a throttled.Algorithm) {
	l := b.patient(a, m.quota, 1000*hour)
	b.take(l, key, m.taken)
	var calls [3]*call
	var cancels [3]context.CancelFunc
	for i, cost := range m.costs {
		ctx, cancel := context.WithCancel(b.ctx)
		defer cancel()
		cancels[i] = cancel
		calls[i] = b.begin(func() (throttled.Result, error) { return l.LimitN(ctx, key, cost) })
	}
	b.sleepUntil(half)
	switch {
	case m.leaves > 0:
		cancels[m.leaves-1]()
	case m.refund < 0:
		b.require("Reset", l.Reset(b.ctx, key))
	default:
		_, err := l.Refund(b.ctx, key, m.refund)
		b.require("Refund", err)
	}
	b.settle()
	if retry := b.peek(l, key).RetryAfter; retry != m.next-half {
		b.Errorf("RetryAfter is %v for those behind the line, want %v", retry, m.next-half)
	}
	next := b.beginLimit(l, 1)
	for i, c := range calls {
		b.leftOrGranted(fmt.Sprintf("number %d", i+1), c, m.leaves == i+1, m.turns[i])
	}
	b.isGranted("one who came after it", next, m.next)
}

// noNeed: a cost of 0 and one above the capacity get their answer at once.
func (b *trial) noNeed(a throttled.Algorithm) {
	l := b.of(a, "5/h")
	b.take(l, key, 5)
	waiting := b.beginWait(b.ctx, l, 1)
	b.waitOf(l, 0)
	_, err := l.WaitN(b.ctx, key, 6)
	if retry := b.isRefused("WaitN(6)", err).RetryAfter; retry != never {
		b.Errorf("RetryAfter is %v, not Never", retry)
	}
	b.isNow("both answers", 0)
	if waiting.returned() {
		b.Errorf("the one who waited returned too")
	}
}

// boundsInLine: one whose turn would come too late learns when that is, and
// takes no place.
func (b *trial) boundsInLine() {
	l := b.of(throttled.TokenBucket, "24/d burst 5")
	b.take(l, key, 5)
	first := b.beginWait(b.ctx, l, 1)
	_, err := l.WaitN(b.deadlineAt(2*hour), key, 1)
	if retry := b.isRefused("WaitN", err).RetryAfter; retry != 2*hour {
		b.Errorf("WaitN: RetryAfter is %v, want 2h", retry)
	}
	res, err := b.patient(throttled.TokenBucket, "24/d burst 5", 2*hour-b.tick).LimitN(b.ctx, key, 1)
	b.isAllowed("LimitN", res, err, false)
	if res.RetryAfter() != 2*hour {
		b.Errorf("LimitN: RetryAfter is %v, want 2h", res.RetryAfter())
	}
	b.isNow("both answers", 0)
	second := b.beginWait(b.deadlineAt(2*hour+b.tick), l, 1)
	third := b.beginLimit(b.patient(throttled.TokenBucket, "24/d burst 5", 3*hour), 1)
	b.isGranted("the first", first, hour)
	b.isGranted("the second", second, 2*hour)
	b.isGranted("the third", third, 3*hour)
}
