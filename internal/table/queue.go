package table

import (
	"math"

	"github.com/throttled-go/throttled"
)

// queue is those whose water is in a leaky bucket already and who wait to be
// let out. The bucket's own state has all the water. What is kept here is the
// water before the head, from which its turn follows; what Limit charges while
// somebody queues is noted behind the last one, so that the order in which it
// all came is known when somebody leaves.
//
// However many queue, all that happens takes the same, but for the logarithm of
// what Limit charged: the water of those behind each other adds up (see
// [queue.rebuild]). Only where the slowest rates have intervals E less than two
// nanoseconds apart is the queue gone through from head to tail instead.
type queue struct {
	waiters
	base   []int64 // the water before the head
	from   int64   // the instant at which the head's water is counted into base
	turn   int64   // of the head
	number int64   // of the last who came
	held   int64   // what those who queue cost
	poured pours   // what Limit charged behind them

	// stale: somebody left, or water was given back, and the bucket's state
	// must be worked out again from base.
	stale bool
	pace  pace
}

// pace tells whether one rate alone lets out those who queue.
type pace uint8

const (
	unknownPace pace = iota
	onePace
	manyPaces
)

// open begins a queue at a bucket that is as state is, at now, before the
// water of the first who will join.
func (q *queue) open(plan *throttled.Plan, state []int64, now int64) {
	q.base, q.stale = append(q.base[:0], state...), false
	q.held, q.poured = 0, pours{}
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

// join gives w, whose water has just been charged, the last place.
func (q *queue) join(w *Waiter) {
	q.number++
	w.number = q.number
	q.held += w.cost
	q.push(w)
}

// pour notes what Limit charged behind all who queue.
func (q *queue) pour(cost int64) { q.poured.add(q.tail.number, cost) }

// grant lets the head out and makes the next one the head.
func (q *queue) grant(plan *throttled.Plan) *Waiter {
	w := q.head
	w.result = count(plan, q.base, q.from, w.cost, q.pouredBehindHead())
	q.held -= w.cost
	q.remove(w)
	q.retime(plan, q.from)
	return w
}

// pouredBehindHead takes out what was poured before the second in the queue.
func (q *queue) pouredBehindHead() int64 {
	if q.head.next == nil {
		return q.poured.take(math.MaxInt64)
	}
	return q.poured.take(q.head.next.number)
}

// count adds the water of one who queues, and of what was poured behind it, to
// state.
func count(plan *throttled.Plan, state []int64, at, cost, poured int64) throttled.Result {
	told, _ := plan.Apply(state, at, enter(cost))
	plan.Apply(state, at, limit(poured))
	return told
}

// leave takes out the water of one who gives up. now is before its turn. What
// was poured behind it is behind the one ahead then, or before the head.
func (q *queue) leave(plan *throttled.Plan, now int64, w *Waiter) {
	q.held -= w.cost
	if w == q.head {
		plan.Apply(q.base, now, limit(q.pouredBehindHead()))
		q.remove(w)
		q.retime(plan, now)
	} else {
		q.remove(w)
	}
	q.stale = true
}

// refund gives cost back: first what Limit charged last.
func (q *queue) refund(plan *throttled.Plan, now, cost int64) {
	cost -= q.poured.takeBack(cost)
	plan.Apply(q.base, now, throttled.Request{Op: throttled.OpRefund, Cost: cost})
	q.retime(plan, now)
	q.stale = true
}

// reset empties the bucket of all but the water of those who queue.
func (q *queue) reset(plan *throttled.Plan, now int64) {
	clear(q.base)
	q.poured = pours{}
	q.retime(plan, now)
	q.stale = true
}

// rebuild works out the bucket's state.
//
// The rate with the longest interval E is the last to run dry, so it alone sets
// the turns, and its water adds up. All others have run dry at each turn and
// start again from there, so what they hold at the end is that of the last in
// the queue: all before it may as well have come as one. Where others may run
// dry in the same nanosecond, the queue is gone through instead.
//
// All water is counted in when that of the head is. It has room then, as it has
// now, and one behind the head starts where the one ahead ends whatever the time.
func (q *queue) rebuild(plan *throttled.Plan, state []int64) {
	if !q.stale {
		return
	}
	q.stale = false
	copy(state, q.base)
	if q.empty() {
		return
	}
	if !q.onePace(plan) {
		q.countAll(plan, state)
		return
	}
	last := q.tail
	poured := q.poured.since(last.number)
	if last != q.head {
		count(plan, state, q.from, q.held-last.cost+q.poured.total()-poured, 0)
	}
	count(plan, state, q.from, last.cost, poured)
}

// onePace reports whether one rate alone lets out those who queue.
func (q *queue) onePace(plan *throttled.Plan) bool {
	if q.pace == unknownPace {
		q.pace = manyPaces
		if lawOf(plan).OnePace() {
			q.pace = onePace
		}
	}
	return q.pace == onePace
}

// countAll adds the water of all who queue to state, one after the other.
func (q *queue) countAll(plan *throttled.Plan, state []int64) {
	counted := 0
	for w := q.head; w != nil; w = w.next {
		until := len(q.poured.list)
		if w.next != nil {
			until = q.poured.before(w.next.number)
		}
		count(plan, state, q.from, w.cost, q.poured.upTo(until)-q.poured.upTo(counted))
		counted = until
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
