package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
)

// entrant comes to a leaky bucket at the beginning. Either it enters and is
// let out at an instant, or retry is when it could enter.
type entrant struct {
	cost  int64
	out   time.Duration
	retry time.Duration
	state throttled.State // of then
}

// leaking is who comes to an empty leaky bucket, in this order.
type leaking struct {
	name     string
	quota    string
	entrants []entrant
}

// leakings: what enters is let out when the water before it is gone, so the
// first at once, and all that is in the bucket or runs out of it counts.
var leakings = []leaking{
	{"lets out evenly", "24/d burst 5", []entrant{
		{1, 0, 0, throttled.State{Limit: 5, Remaining: 4, ResetAfter: hour}},
		{1, hour, 0, throttled.State{Limit: 5, Remaining: 4, ResetAfter: hour}},
		{1, 2 * hour, 0, throttled.State{Limit: 5, Remaining: 4, ResetAfter: hour}},
		{1, 3 * hour, 0, throttled.State{Limit: 5, Remaining: 4, ResetAfter: hour}},
		{1, 4 * hour, 0, throttled.State{Limit: 5, Remaining: 4, ResetAfter: hour}},
		{1, 0, hour, throttled.State{Limit: 5, ResetAfter: 5 * hour, RetryAfter: hour}},
		{5, 0, 5 * hour, throttled.State{Limit: 5, ResetAfter: 5 * hour, RetryAfter: 5 * hour}},
		{6, 0, never, throttled.State{Limit: 5, ResetAfter: 5 * hour, RetryAfter: never}},
	}},
	{"lets out by cost", "24/d burst 5", []entrant{
		{2, 0, 0, throttled.State{Limit: 5, Remaining: 3, ResetAfter: 2 * hour}},
		{4, 0, hour, throttled.State{Limit: 5, Remaining: 3, ResetAfter: 2 * hour, RetryAfter: hour}},
		{1, 2 * hour, 0, throttled.State{Limit: 5, Remaining: 4, ResetAfter: hour}},
		{0, 0, 0, throttled.State{Limit: 5, Remaining: 2, ResetAfter: 3 * hour}},
		{2, 3 * hour, 0, throttled.State{Limit: 5, Remaining: 3, ResetAfter: 2 * hour}},
		{1, 0, hour, throttled.State{Limit: 5, ResetAfter: 5 * hour, RetryAfter: hour}},
	}},
	{"lets out at the pace of the slowest rate", "24/d burst 5; 12/d burst 4", []entrant{
		{1, 0, 0, throttled.State{Limit: 4, Remaining: 3, ResetAfter: 2 * hour, Rate: 1}},
		{1, 2 * hour, 0, throttled.State{Limit: 4, Remaining: 3, ResetAfter: 2 * hour, Rate: 1}},
		{1, 4 * hour, 0, throttled.State{Limit: 4, Remaining: 3, ResetAfter: 2 * hour, Rate: 1}},
		{1, 0, 2 * hour, throttled.State{Limit: 5, ResetAfter: 6 * hour, RetryAfter: 2 * hour}},
	}},
}

// queues is about Wait at a leaky bucket.
func (s *suite) queues() (cases []testCase) {
	if s.real {
		return nil
	}
	for _, k := range leakings {
		cases = append(cases, testCase{k.name, func(b *trial) { b.letOut(k) }})
	}
	cases = append(cases,
		testCase{"keeps fractions", (*trial).letOutSevenths},
		testCase{"a refusal changes nothing", (*trial).fullBucket},
		testCase{"Limit asks only for room", (*trial).meterBeside},
		testCase{"the last gives up", func(b *trial) { b.queueMoves(queueMove{leaves: 3}) }},
	)
	if !s.line {
		return cases
	}
	for _, m := range queueMoves {
		cases = append(cases, testCase{m.name, func(b *trial) { b.queueMoves(m) }})
	}
	for _, m := range meterBetweens {
		cases = append(cases, testCase{m.name, func(b *trial) { b.meterBetween(m) }})
	}
	return cases
}

func (b *trial) letOut(k leaking) {
	l := b.of(throttled.LeakyBucket, k.quota)
	var calls []*call
	for _, e := range k.entrants {
		calls = append(calls, b.beginWait(b.ctx, l, e.cost))
	}
	for i, e := range k.entrants {
		what := fmt.Sprintf("number %d, for %d", i, e.cost)
		<-calls[i].done
		b.isAt(what+" returned", calls[i].at, e.out)
		got := calls[i].res.State()
		if e.retry > 0 {
			got = b.isRefused(what, calls[i].err)
		} else {
			b.isAllowed(what, calls[i].res, calls[i].err, true)
		}
		b.isState(what, throttled.LeakyBucket, got, e.state)
	}
}

func (b *trial) letOutSevenths() {
	l := b.of(throttled.LeakyBucket, "7/m")
	var calls []*call
	for range sevenths {
		calls = append(calls, b.beginWait(b.ctx, l, 1))
	}
	b.isGranted("the first", calls[0], 0)
	for i, c := range calls[1:] {
		b.isGranted(fmt.Sprintf("number %d", i+1), c, sevenths[i])
	}
}

func (b *trial) fullBucket() {
	l := b.of(throttled.LeakyBucket, "24/d burst 5")
	b.take(l, key, 5)
	_, err := l.WaitN(b.ctx, key, 2)
	want := throttled.State{Limit: 5, ResetAfter: 5 * hour, RetryAfter: 2 * hour}
	b.isState("the refusal", throttled.LeakyBucket, b.isRefused("WaitN", err), want)
	b.isNow("the refusal", 0)
	want.RetryAfter = hour
	b.isState("Peek after it", throttled.LeakyBucket, b.peek(l, key), want)
	b.sleepUntil(2*hour - b.tick)
	_, err = l.WaitN(b.ctx, key, 2)
	if retry := b.isRefused("a tick before RetryAfter", err).RetryAfter; retry != b.tick {
		b.Errorf("RetryAfter is %v, want %v", retry, b.tick)
	}
	b.sleepUntil(2 * hour)
	b.waitOf(l, 2)
	b.isNow("a wait that entered at RetryAfter", 5*hour)
}

// meterBeside: Limit does not queue, but its water is before that of who
// enters after it.
func (b *trial) meterBeside() {
	l := b.patient(throttled.LeakyBucket, "24/d burst 5", hour)
	calls := []*call{b.beginWait(b.ctx, l, 1), b.beginWait(b.ctx, l, 1), b.beginWait(b.ctx, l, 1)}
	res := b.take(l, key, 2)
	b.isNow("LimitN", 0)
	b.isState("LimitN", throttled.LeakyBucket, res.State(), throttled.State{Limit: 5, ResetAfter: 5 * hour})
	denied, err := l.LimitN(b.ctx, key, 2)
	b.isAllowed("LimitN beyond its Timeout", denied, err, false)
	b.isState("LimitN", throttled.LeakyBucket, denied.State(), throttled.State{Limit: 5, ResetAfter: 5 * hour, RetryAfter: 2 * hour})
	patient := b.beginLimit(l, 1)
	b.isGranted("the first", calls[0], 0)
	b.isGranted("the second", calls[1], hour)
	b.isGranted("the Limit that waited for room", patient, hour)
	b.isGranted("the third", calls[2], 2*hour)
	b.waitOf(l, 1)
	b.isNow("who entered after all", 6*hour)
}

// queueMove happens half an hour after one was let out at once and three
// entered behind it.
type queueMove struct {
	name   string
	leaves int   // which of the three gives up; 0: none
	refund int64 // -1: a Reset
	outs   [3]time.Duration
}

var queueMoves = []queueMove{
	{"nothing moves up", 0, 0, [3]time.Duration{hour, 2 * hour, 3 * hour}},
	{"the first gives up", 1, 0, [3]time.Duration{half, hour, 2 * hour}},
	{"the second gives up", 2, 0, [3]time.Duration{hour, half, 2 * hour}},
	{"a refund moves up", 0, 1, [3]time.Duration{half, 90 * minute, 150 * minute}},
	{"a reset leaves only those who queue", 0, -1, [3]time.Duration{half, 90 * minute, 150 * minute}},
}

func (b *trial) queueMoves(m queueMove) {
	if m.leaves == 3 {
		m.outs = [3]time.Duration{hour, 2 * hour, half}
	}
	l := b.of(throttled.LeakyBucket, "24/d burst 5")
	b.waitOf(l, 1)
	var calls [3]*call
	var cancels [3]context.CancelFunc
	for i := range calls {
		ctx, cancel := context.WithCancel(b.ctx)
		defer cancel()
		cancels[i] = cancel
		calls[i] = b.beginWait(ctx, l, 1)
	}
	b.sleepUntil(half)
	switch {
	case m.leaves > 0:
		cancels[m.leaves-1]()
		b.settle()
		want := throttled.State{Limit: 5, Remaining: 2, ResetAfter: 3*hour - half}
		b.isState("Peek", throttled.LeakyBucket, b.peek(l, key), want)
	case m.refund < 0:
		b.require("Reset", l.Reset(b.ctx, key))
	default:
		_, err := l.Refund(b.ctx, key, m.refund)
		b.require("Refund", err)
	}
	for i, c := range calls {
		b.leftOrGranted(fmt.Sprintf("number %d", i+1), c, m.leaves == i+1, m.outs[i])
	}
}

// meterBetween is what happens to two who queue, of one each, when Limit has
// charged one behind either of them, and half an hour after they came one of
// the two gives up.
type meterBetween struct {
	name   string
	leaves int // 0: nobody
	outs   [2]time.Duration
	next   time.Duration // when one more is let out; 0: it is refused
}

var meterBetweens = []meterBetween{
	{"Limit charges between those who queue", 0, [2]time.Duration{hour, 3 * hour}, 0},
	{"Limit charges between those who queue, and the first gives up", 1, [2]time.Duration{half, 2 * hour}, 4 * hour},
	{"Limit charges between those who queue, and the last gives up", 2, [2]time.Duration{hour, half}, 4 * hour},
}

func (b *trial) meterBetween(m meterBetween) {
	l := b.of(throttled.LeakyBucket, "24/d burst 5")
	b.waitOf(l, 1)
	var calls [2]*call
	var cancels [2]context.CancelFunc
	for i := range calls {
		ctx, cancel := context.WithCancel(b.ctx)
		defer cancel()
		cancels[i] = cancel
		calls[i] = b.beginWait(ctx, l, 1)
		b.take(l, key, 1)
	}
	b.sleepUntil(half)
	want := throttled.State{Limit: 5, ResetAfter: 5*hour - half, RetryAfter: half}
	if m.leaves > 0 {
		cancels[m.leaves-1]()
		b.settle()
		want = throttled.State{Limit: 5, Remaining: 1, ResetAfter: 4*hour - half}
	}
	b.isState("Peek", throttled.LeakyBucket, b.peek(l, key), want)
	next := b.beginWait(b.ctx, l, 1)
	for i, c := range calls {
		b.leftOrGranted(fmt.Sprintf("number %d", i+1), c, m.leaves == i+1, m.outs[i])
	}
	if m.next > 0 {
		b.isGranted("one more", next, m.next)
		return
	}
	<-next.done
	b.isRefused("one more", next.err)
}
