package table

import "github.com/throttled-go/throttled"

// waitlist is the place beside a bucket for those who wait at it: a line of those
// who wait for room, and, at a leaky bucket, a queue of those who are in it.
// While it stands the bucket is neither expired nor evicted.
type waitlist struct {
	plan  *throttled.Plan
	state []int64 // the bucket's own
	line  line
	queue queue

	ref  int32
	rank int   // place in schedule, -1 once dismissed
	turn int64 // the earliest turn of its two heads
}

// next returns the earliest turn. At one instant those in the bucket go first.
func (l *waitlist) next() (turn int64, queued bool) {
	turn, queued = never, false
	if !l.line.empty() {
		turn = l.line.turn
	}
	if !l.queue.empty() && l.queue.turn <= turn {
		turn, queued = l.queue.turn, true
	}
	return turn, queued
}

// grant lets through the one whose turn is the earliest.
func (l *waitlist) grant(queued bool) *Waiter {
	if queued {
		return l.queue.grant(l.plan)
	}
	l.queue.rebuild(l.plan, l.state)
	w := l.line.grant(l.plan, l.state)
	l.behind(w.cost)
	return w
}

// behind notes at the queue what was charged behind it.
func (l *waitlist) behind(cost int64) {
	if !l.queue.empty() {
		l.queue.pour(cost)
	}
}

// leave takes out one who gives up before its turn.
func (l *waitlist) leave(now int64, w *Waiter) {
	if !w.queues() {
		l.line.leave(l.plan, l.state, now, w)
		return
	}
	l.queue.leave(l.plan, now, w)
	l.moved(now)
}

// give carries out a refund or a reset.
func (l *waitlist) give(now int64, req throttled.Request) {
	switch {
	case l.queue.empty():
		l.plan.Apply(l.state, now, req)
	case req.Op == throttled.OpRefund:
		l.queue.refund(l.plan, now, req.Cost)
	default:
		l.queue.reset(l.plan, now)
	}
	l.moved(now)
}

// moved works the line out again after the bucket got room at now.
func (l *waitlist) moved(now int64) {
	if l.line.empty() {
		return
	}
	l.queue.rebuild(l.plan, l.state)
	l.line.moved(l.plan, l.state, now)
}

// decide carries out a Limit or a Peek. Nobody overtakes those who wait for
// room, so they are asked of the state after the last of them.
func (l *waitlist) decide(now int64, req throttled.Request) throttled.Result {
	l.queue.rebuild(l.plan, l.state)
	if !l.line.empty() {
		res, _ := l.plan.Apply(l.line.tailState(l.plan, l.state), now, throttled.Request{Op: throttled.OpPeek, Cost: req.Cost})
		return res
	}
	res, _ := l.plan.Apply(l.state, now, req)
	if res.Allowed && req.Op == throttled.OpLimit {
		l.behind(req.Cost)
	}
	return res
}
