package table

import "github.com/throttled-go/throttled"

// queue is those whose water is in a leaky bucket already and who wait to be
// let out. The bucket's own state has all the water. What is kept here is the
// water before the head, from which its turn follows; what Limit charges while
// somebody queues is noted at the last one, so that the order in which it all
// came is known when somebody leaves.
type queue struct {
	waiters
	base []int64 // the water before the head
	from int64   // the instant at which the head's water is counted into base
	turn int64   // of the head

	// stale: somebody left, or water was given back, and the bucket's state
	// must be worked out again from base.
	stale bool
}

// open begins a queue at a bucket that is as state is, at now, before the
// water of the first who will join.
func (q *queue) open(plan *throttled.Plan, state []int64, now int64) {
	q.base, q.stale = append(q.base[:0], state...), false
	q.retime(plan, now)
}

// retime works out the turn of the head as if it came at now.
//
// The head's water may be counted in at any instant from its coming to its
// turn, but not quite at its turn: there a fraction of a nanosecond that the
// water before it is still due would be lost.
func (q *queue) retime(plan *throttled.Plan, now int64) {
	q.turn = drained(plan, q.base, now)
	q.from = max(now, q.turn-1)
}

// grant lets the head out and makes the next one the head.
func (q *queue) grant(plan *throttled.Plan) *Waiter {
	w := q.head
	w.result = q.count(plan, q.base, q.from, w)
	q.remove(w)
	q.retime(plan, q.from)
	return w
}

// count adds the water of w, and of what was charged behind it, to state.
func (q *queue) count(plan *throttled.Plan, state []int64, at int64, w *Waiter) throttled.Result {
	told, _ := plan.Apply(state, at, enter(w.cost))
	plan.Apply(state, at, limit(w.after))
	return told
}

// leave takes out the water of one who gives up. now is before its turn.
func (q *queue) leave(plan *throttled.Plan, now int64, w *Waiter) {
	if ahead := w.previous; ahead != nil {
		ahead.after += w.after
		q.remove(w)
	} else {
		plan.Apply(q.base, now, limit(w.after))
		q.remove(w)
		q.retime(plan, now)
	}
	q.stale = true
}

// refund gives cost back: first what Limit charged last.
func (q *queue) refund(plan *throttled.Plan, now, cost int64) {
	for w := q.tail; w != nil && cost > 0; w = w.previous {
		back := min(cost, w.after)
		w.after -= back
		cost -= back
	}
	plan.Apply(q.base, now, throttled.Request{Op: throttled.OpRefund, Cost: cost})
	q.retime(plan, now)
	q.stale = true
}

// reset empties the bucket of all but the water of those who queue.
func (q *queue) reset(plan *throttled.Plan, now int64) {
	clear(q.base)
	for w := q.head; w != nil; w = w.next {
		w.after = 0
	}
	q.retime(plan, now)
	q.stale = true
}

// rebuild works out the bucket's state.
func (q *queue) rebuild(plan *throttled.Plan, state []int64) {
	if !q.stale {
		return
	}
	q.stale = false
	copy(state, q.base)
	at := q.from
	for w := q.head; w != nil; w = w.next {
		at = max(at, drained(plan, state, at)-1)
		q.count(plan, state, at, w)
	}
}

// drained returns the instant, not before now, at which all water has leaked.
func drained(plan *throttled.Plan, state []int64, now int64) int64 {
	told, _ := plan.Apply(state, now, throttled.Request{Op: throttled.OpPeek})
	return instant(now, told.ResetAfter())
}

func enter(cost int64) throttled.Request {
	return throttled.Request{Op: throttled.OpWait, Cost: cost}
}
