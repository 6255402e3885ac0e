package table

import "github.com/throttled-go/throttled"

// line is those who wait for their turn under the law of turns: a turn is the
// earliest instant at which the cost conforms after every place before it.
// Nothing is charged before a turn, so a place that is given up goes to those
// behind at once. Only two states are needed: the bucket's own, of what was
// granted, from which the turn of the head follows; and that after the last
// place, from which the turn of one who comes now does.
//
// With n in line, to join, to be granted and to leave take the same however many
// wait, and so do Limit and Peek. Only the first of them after somebody left, or
// after the bucket changed, works out the state after the last place again. A
// short line is gone through for that. A long one has a [tally], by which it takes
// the logarithm of n at a bucket and the root of n at a window. At several windows
// at once it takes a few steps for each run of equal costs, whatever its length; n
// steps, where every cost is another one (see [batches]).
type line struct {
	waiters
	len   int
	turn  int64   // of the head
	end   []int64 // the bucket's state as it will be after the last place
	stale bool    // somebody left or the bucket changed: end must be worked out again
	tally tally   // nil while the line is short
}

// join gives w the last place. Its turn has not come.
func (l *line) join(plan *throttled.Plan, state []int64, now int64, w *Waiter) {
	if l.empty() {
		l.end, l.stale = append(l.end[:0], state...), false
		l.turn = turnOf(plan, state, now, w.cost)
	}
	end := l.tailState(plan, state)
	chargeAtTurn(plan, end, now, w.cost)
	l.push(w)
	l.len++
	switch {
	case l.tally != nil:
		l.tally.push(w, l.len)
	case l.len == longLine+1:
		l.tally = newTally(plan, &l.waiters)
	}
}

// tailState returns the state after the last place. It requires that somebody
// waits, or that join has just made end. Until the turn of the last in line
// it allows nothing, so it also gives the answers for those who do not wait.
func (l *line) tailState(plan *throttled.Plan, state []int64) []int64 {
	if l.stale {
		l.end, l.stale = append(l.end[:0], state...), false
		l.chargeAll(plan)
	}
	return l.end
}

// chargeAll charges all in line to end.
func (l *line) chargeAll(plan *throttled.Plan) {
	if l.tally != nil {
		l.tally.through(l.end, l.turn)
		return
	}
	at := l.turn
	for w := l.head; w != nil; w = w.next {
		at = chargeAtTurn(plan, l.end, at, w.cost)
	}
}

// grant charges the head at its turn and makes the next one the head.
func (l *line) grant(plan *throttled.Plan, state []int64) *Waiter {
	w := l.head
	w.result, _ = plan.Apply(state, l.turn, limit(w.cost))
	l.take(w)
	l.retime(plan, state, l.turn)
	return w
}

// leave takes out one who gives up. now is before its turn.
func (l *line) leave(plan *throttled.Plan, state []int64, now int64, w *Waiter) {
	first := w == l.head
	l.take(w)
	if l.tally != nil {
		l.tally.keepRight()
	}
	l.stale = true
	if first {
		l.retime(plan, state, now)
	}
}

// take takes w out of the line.
func (l *line) take(w *Waiter) {
	l.remove(w)
	l.len--
	switch {
	case l.tally == nil:
	case l.empty():
		l.tally = nil
	default:
		l.tally.remove(w)
	}
}

// moved notes that the bucket changed at now.
func (l *line) moved(plan *throttled.Plan, state []int64, now int64) {
	l.stale = true
	l.retime(plan, state, now)
}

// retime works out the turn of the head as if it arrived at now.
func (l *line) retime(plan *throttled.Plan, state []int64, now int64) {
	if !l.empty() {
		l.turn = turnOf(plan, state, now, l.head.cost)
	}
}

// chargeAtTurn charges cost to state at its turn, which is not before now, and
// returns that.
func chargeAtTurn(plan *throttled.Plan, state []int64, now, cost int64) int64 {
	turn := turnOf(plan, state, now, cost)
	plan.Apply(state, turn, limit(cost))
	return turn
}

// turnOf returns the instant, not before now, at which cost conforms to state.
func turnOf(plan *throttled.Plan, state []int64, now, cost int64) int64 {
	told, _ := plan.Apply(state, now, throttled.Request{Op: throttled.OpPeek, Cost: cost})
	return instant(now, told.RetryAfter())
}

func limit(cost int64) throttled.Request {
	return throttled.Request{Op: throttled.OpLimit, Cost: cost}
}
