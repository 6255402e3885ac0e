package table

import (
	"container/heap"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/charge"
)

// Join carries out a Limit or a Wait that may wait for its turn, as long as
// that is not later than latest. If it has to, the Waiter has its place, and
// Ready will return it once; else that is nil and the answer is given here and
// now. Nothing is charged where the answer is a denial. What is charged, now or
// at the turn, is in mark then, unless that is nil.
func (t *Table) Join(now, latest int64, req *throttled.Request, mark *charge.Mark) (throttled.Result, *Waiter, error) {
	t.touched = 0
	res, w, err := t.join(now, latest, req)
	switch {
	case mark == nil:
	case w != nil:
		w.mark = mark
	default:
		t.Mark(req, res, mark)
	}
	return res, w, err
}

func (t *Table) join(now, latest int64, req *throttled.Request) (throttled.Result, *Waiter, error) {
	latest = min(latest, now+algorithm.MaxAhead)
	if req.Op == throttled.OpWait && req.Cost > 0 && req.Plan.Algorithm() == throttled.LeakyBucket {
		return t.joinQueue(now, latest, req)
	}
	res, err := t.Do(now, &throttled.Request{Plan: req.Plan, Key: req.Key, Op: throttled.OpLimit, Cost: req.Cost})
	if err != nil || res.Allowed || instant(now, res.RetryAfter()) > latest {
		return res, nil, err
	}
	ref, _ := t.find(req)
	l := t.waitlistAt(ref)
	w := &Waiter{waitlist: l, cost: req.Cost}
	l.line.join(l.plan, l.state, now, w)
	t.seated(l)
	return throttled.Result{}, w, nil
}

// joinQueue carries out a Wait at a leaky bucket, which enters if there is
// room now and is let out when the water before it has leaked.
func (t *Table) joinQueue(now, latest int64, req *throttled.Request) (throttled.Result, *Waiter, error) {
	ref := t.resolve(now, req)
	if ref == 0 {
		res, err := t.doFresh(now, req)
		return res, nil, err
	}
	water := append(t.scratch[:0], t.water(ref)...)
	out := drained(req.Plan, water, now)
	if out == now {
		res, err := t.Do(now, req)
		return res, nil, err
	}
	t.stats.Hits++
	before, _ := req.Plan.Apply(water, now, throttled.Request{Op: throttled.OpPeek, Cost: req.Cost})
	if res, _ := req.Plan.Apply(water, now, enter(req.Cost)); !res.Allowed {
		return res, nil, nil
	}
	if out > latest {
		return Late(before, time.Duration(out-now)), nil, nil
	}
	l := t.waitlistAt(ref)
	if l.queue.empty() {
		l.queue.open(l.plan, l.state, now)
	}
	copy(l.state, water)
	w := &Waiter{waitlist: l, cost: req.Cost}
	l.queue.join(w)
	t.seated(l)
	return throttled.Result{}, w, nil
}

// Late is the denial of a request that would have passed but for its turn, which
// comes only after so long; the rest is as told.
func Late(told throttled.Result, after time.Duration) throttled.Result {
	state := told.State()
	state.RetryAfter = after
	return throttled.NewResult(false, state)
}

// Leave takes out w, whose caller gives up, and reports whether it did. Where
// the turn of w has come by now it is granted instead, and Ready returns it.
func (t *Table) Leave(now int64, w *Waiter) bool {
	l := w.waitlist
	if l == nil || l.rank == dismissed {
		return false
	}
	if t.settle(l, now); w.waitlist == nil {
		return false
	}
	l.leave(now, w)
	w.waitlist = nil
	t.waiting--
	t.settle(l, now)
	return true
}

// Next returns the instant at which the next turn comes; ok is false while
// nobody waits.
func (t *Table) Next() (at int64, ok bool) {
	if len(t.schedule) == 0 {
		return 0, false
	}
	return t.schedule[0].turn, true
}

// Settle lets through all whose turn has come.
func (t *Table) Settle(now int64) {
	for len(t.schedule) > 0 && t.schedule[0].turn <= now {
		t.settle(t.schedule[0], now)
	}
}

// Ready returns those who were answered since it was last called, tied together
// by Next, or nil.
func (t *Table) Ready() *Waiter {
	first := t.ready.head
	t.ready = waiters{}
	return first
}

// Busy reports whether somebody waits, or was answered and not yet collected.
func (t *Table) Busy() bool { return len(t.schedule) > 0 || t.ready.head != nil }

// Dismiss answers all who wait with [throttled.ErrClosed], in time that does not
// depend on how many they are. The table is of no use afterwards, but for Leave,
// Ready and Stats; a GiveBack does no harm.
func (t *Table) Dismiss() {
	for _, l := range t.schedule {
		t.ready.pushAll(&l.line.waiters)
		t.ready.pushAll(&l.queue.waiters)
		l.rank = dismissed
	}
	t.waiting, t.schedule = 0, nil
}

// dismissed is the rank of a waitlist that was dismissed.
const dismissed = -1

// doWaiting is Do for a bucket that has a waitlist.
func (t *Table) doWaiting(now int64, l *waitlist, req *throttled.Request) (throttled.Result, error) {
	if !t.settle(l, now) {
		return t.Do(now, req)
	}
	if req.Op == throttled.OpRefund || req.Op == throttled.OpReset {
		l.give(now, *req)
		if req.Op == throttled.OpReset {
			t.marks.forget(l.ref)
		} else {
			t.marks.gaveBack(l.ref, 0, req.Cost)
		}
		t.settle(l, now)
		return t.Do(now, &throttled.Request{Plan: req.Plan, Key: req.Key, Op: throttled.OpPeek, Cost: 1})
	}
	t.stats.Hits++
	return l.decide(now, *req), nil
}

// resolve returns the place of the bucket of req, after all whose turn has
// come there were let through, or 0.
func (t *Table) resolve(now int64, req *throttled.Request) int32 {
	ref, _ := t.find(req)
	if ref == 0 {
		return 0
	}
	if l := t.waitlist(ref); l != nil && !t.settle(l, now) {
		ref, _ = t.find(req)
	}
	return ref
}

// water returns the state of a leaky bucket after all who wait at it, those
// who wait for room among them.
func (t *Table) water(ref int32) []int64 {
	l := t.waitlist(ref)
	if l == nil {
		return t.state(ref)
	}
	l.queue.rebuild(l.plan, l.state)
	if l.line.empty() {
		return l.state
	}
	return l.line.tailState(l.plan, l.state)
}

// waitlistAt returns the waitlist of a bucket. It takes a bucket that has none yet out
// of the order of use and of expiry.
func (t *Table) waitlistAt(ref int32) *waitlist {
	if l := t.waitlist(ref); l != nil {
		l.queue.rebuild(l.plan, l.state)
		return l
	}
	l := &waitlist{plan: t.plan(ref), state: t.state(ref), ref: ref, turn: never}
	t.setWaitlist(ref, l)
	t.recency.remove(ref)
	t.expiry.unset(ref)
	heap.Push(&t.schedule, l)
	return l
}

// seated counts in one who has joined b.
func (t *Table) seated(l *waitlist) {
	t.waiting++
	l.turn, _ = l.next()
	heap.Fix(&t.schedule, l.rank)
}

// settle lets through all at b whose turn has come, and reports whether
// somebody waits there still; if not, the waitlist is gone.
func (t *Table) settle(l *waitlist, now int64) bool {
	turn, queued := l.next()
	for turn <= now {
		w := l.grant(queued)
		if w.mark != nil && !queued {
			t.mark(l.ref, w.cost, w.mark)
		}
		t.waiting--
		t.answered(w)
		turn, queued = l.next()
	}
	if turn == never {
		t.close(l, now)
		return false
	}
	if l.turn != turn {
		l.turn = turn
		heap.Fix(&t.schedule, l.rank)
	}
	return true
}

// close removes a waitlist in which nobody waits and gives the bucket its place in
// the order of use and of expiry again.
func (t *Table) close(l *waitlist, now int64) {
	heap.Remove(&t.schedule, l.rank)
	l.queue.rebuild(l.plan, l.state)
	t.setWaitlist(l.ref, nil)
	_, keep := l.plan.Apply(l.state, now, throttled.Request{Op: throttled.OpPeek})
	t.recency.add(l.ref)
	t.expiry.set(l.ref, instant(now, keep))
	if keep == 0 {
		t.stats.Expirations++
		t.remove(l.ref)
	}
}

// answered keeps w for Ready.
func (t *Table) answered(w *Waiter) {
	w.waitlist = nil
	t.ready.push(w)
}
