package table

import (
	"container/heap"

	"github.com/throttled-go/throttled"
)

// bay is the place beside a bucket for those who wait at it: a line of those
// who wait for room, and, at a leaky bucket, a queue of those who are in it.
// While it stands the bucket is neither expired nor evicted.
type bay struct {
	plan  *throttled.Plan
	state []int64 // the bucket's own
	line  line
	queue queue

	ref  int32
	rank int   // place in lines
	turn int64 // the earliest turn of its two heads
}

// next returns the earliest turn. At one instant those in the bucket go first.
func (b *bay) next() (turn int64, queued bool) {
	turn, queued = never, false
	if !b.line.empty() {
		turn = b.line.turn
	}
	if !b.queue.empty() && b.queue.turn <= turn {
		turn, queued = b.queue.turn, true
	}
	return turn, queued
}

// grant lets through the one whose turn is the earliest.
func (b *bay) grant(queued bool) *Waiter {
	if queued {
		return b.queue.grant(b.plan)
	}
	b.queue.rebuild(b.plan, b.state)
	w := b.line.grant(b.plan, b.state)
	b.behind(w.cost)
	return w
}

// behind notes at the queue what was charged behind it.
func (b *bay) behind(cost int64) {
	if !b.queue.empty() {
		b.queue.tail.after += cost
	}
}

// leave takes out one who gives up before its turn.
func (b *bay) leave(now int64, w *Waiter) {
	if !w.queued {
		b.line.leave(b.plan, b.state, now, w)
		return
	}
	b.queue.leave(b.plan, now, w)
	b.moved(now)
}

// give carries out a refund or a reset.
func (b *bay) give(now int64, req throttled.Request) {
	switch {
	case b.queue.empty():
		b.plan.Apply(b.state, now, req)
	case req.Op == throttled.OpRefund:
		b.queue.refund(b.plan, now, req.Cost)
	default:
		b.queue.reset(b.plan, now)
	}
	b.moved(now)
}

// moved works the line out again after the bucket got room at now.
func (b *bay) moved(now int64) {
	if b.line.empty() {
		return
	}
	b.queue.rebuild(b.plan, b.state)
	b.line.stale = true
	b.line.retime(b.plan, b.state, now)
}

// decide carries out a Limit or a Peek. Nobody overtakes those who wait for
// room, so they are asked of the state after the last of them.
func (b *bay) decide(now int64, req throttled.Request) throttled.Result {
	b.queue.rebuild(b.plan, b.state)
	if !b.line.empty() {
		res, _ := b.plan.Apply(b.line.tailState(b.plan, b.state), now, throttled.Request{Op: throttled.OpPeek, Cost: req.Cost})
		return res
	}
	res, _ := b.plan.Apply(b.state, now, req)
	if res.Allowed && req.Op == throttled.OpLimit {
		b.behind(req.Cost)
	}
	return res
}

// lines is the bays in a heap, the one with the earliest turn on top.
type lines []*bay

var _ heap.Interface = (*lines)(nil)

func (l lines) Len() int           { return len(l) }
func (l lines) Less(i, j int) bool { return l[i].turn < l[j].turn }

func (l lines) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].rank, l[j].rank = i, j
}

// Push is for package heap.
func (l *lines) Push(b any) {
	added := b.(*bay)
	added.rank = len(*l)
	*l = append(*l, added)
}

// Pop is for package heap.
func (l *lines) Pop() any {
	last := len(*l) - 1
	b := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	return b
}
