package table

import (
	"container/heap"
	"time"

	"github.com/throttled-go/throttled"
)

// maxAhead is how far ahead a turn may lie, in nanoseconds: 36 years. It keeps
// every instant within 63 bits.
const maxAhead = 1 << 60

// Join carries out a Limit or a Wait that may wait for its turn, as long as
// that is not later than latest. If it has to, the Waiter has its place, and
// Told will return it once; else that is nil and the answer is given here and
// now. Nothing is charged where the answer is a denial.
func (t *Table) Join(now, latest int64, req *throttled.Request) (throttled.Result, *Waiter, error) {
	latest = min(latest, now+maxAhead)
	if req.Op == throttled.OpWait && req.Cost > 0 && req.Plan.Algorithm() == throttled.LeakyBucket {
		return t.joinQueue(now, latest, req)
	}
	res, err := t.Do(now, &throttled.Request{Plan: req.Plan, Key: req.Key, Op: throttled.OpLimit, Cost: req.Cost})
	if err != nil || res.Allowed || instant(now, res.RetryAfter()) > latest {
		return res, nil, err
	}
	ref, _ := t.find(t.tag(req.Plan, req.Key), req)
	b := t.bayAt(ref)
	w := &Waiter{bay: b, cost: req.Cost}
	b.line.join(b.plan, b.state, now, w)
	t.seated(b)
	return throttled.Result{}, w, nil
}

// joinQueue carries out a Wait at a leaky bucket, which enters if there is
// room now and is let out when the water before it has leaked.
func (t *Table) joinQueue(now, latest int64, req *throttled.Request) (throttled.Result, *Waiter, error) {
	ref := t.resolve(now, req)
	if ref == 0 {
		res, err := t.doFresh(now, t.tag(req.Plan, req.Key), req)
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
	b := t.bayAt(ref)
	if b.queue.empty() {
		b.queue.open(b.plan, b.state, now)
	}
	copy(b.state, water)
	w := &Waiter{bay: b, cost: req.Cost, queued: true}
	b.queue.push(w)
	t.seated(b)
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
// the turn of w has come by now it is granted instead, and Told returns it.
func (t *Table) Leave(now int64, w *Waiter) bool {
	if w.bay != nil {
		t.settle(w.bay, now)
	}
	b := w.bay
	if b == nil {
		return false
	}
	b.leave(now, w)
	w.bay = nil
	t.waiting--
	t.settle(b, now)
	return true
}

// Next returns the instant at which the next turn comes; ok is false while
// nobody waits.
func (t *Table) Next() (at int64, ok bool) {
	if len(t.lines) == 0 {
		return 0, false
	}
	return t.lines[0].turn, true
}

// Settle lets through all whose turn has come.
func (t *Table) Settle(now int64) {
	for len(t.lines) > 0 && t.lines[0].turn <= now {
		t.settle(t.lines[0], now)
	}
}

// Told returns those who were answered since it was last called, tied together
// by Next, or nil.
func (t *Table) Told() *Waiter {
	first := t.told.head
	t.told = waiters{}
	return first
}

// Busy reports whether somebody waits, or was answered and not yet collected.
func (t *Table) Busy() bool { return len(t.lines) > 0 || t.told.head != nil }

// Dismiss answers all who wait with [throttled.ErrClosed]. The table is of no
// use afterwards, but for Stats.
func (t *Table) Dismiss() {
	for _, b := range t.lines {
		for _, l := range []*waiters{&b.line.waiters, &b.queue.waiters} {
			for w := l.head; w != nil; w = l.head {
				l.remove(w)
				w.dismissed = true
				t.waiting--
				t.tell(w)
			}
		}
	}
	t.lines = nil
}

// doWaiting is Do for a bucket that has a bay.
func (t *Table) doWaiting(now int64, b *bay, req *throttled.Request) (throttled.Result, error) {
	if !t.settle(b, now) {
		return t.Do(now, req)
	}
	if req.Op == throttled.OpRefund || req.Op == throttled.OpReset {
		b.give(now, *req)
		t.settle(b, now)
		return t.Do(now, &throttled.Request{Plan: req.Plan, Key: req.Key, Op: throttled.OpPeek, Cost: 1})
	}
	t.stats.Hits++
	return b.decide(now, *req), nil
}

// resolve returns the place of the bucket of req, after all whose turn has
// come there were let through, or 0.
func (t *Table) resolve(now int64, req *throttled.Request) int32 {
	tag := t.tag(req.Plan, req.Key)
	ref, e := t.find(tag, req)
	if ref == 0 {
		return 0
	}
	if b := e.bay(); b != nil && !t.settle(b, now) {
		ref, _ = t.find(tag, req)
	}
	return ref
}

// water returns the state of a leaky bucket after all who wait at it, those
// who wait for room among them.
func (t *Table) water(ref int32) []int64 {
	e := t.at(ref)
	b := e.bay()
	if b == nil {
		return e.state()
	}
	b.queue.rebuild(b.plan, b.state)
	if b.line.empty() {
		return b.state
	}
	return b.line.tailState(b.plan, b.state)
}

// bayAt returns the bay of a bucket. It takes a bucket that has none yet out
// of the order of use and of expiry.
func (t *Table) bayAt(ref int32) *bay {
	e := t.at(ref)
	if b := e.bay(); b != nil {
		b.queue.rebuild(b.plan, b.state)
		return b
	}
	if e.rare == nil {
		e.rare = &rare{}
	}
	b := &bay{plan: e.plan, state: e.state(), ref: ref, turn: never}
	e.rare.bay = b
	t.recency.remove(ref)
	t.expiry.unset(ref)
	heap.Push(&t.lines, b)
	return b
}

// seated counts in one who has joined b.
func (t *Table) seated(b *bay) {
	t.waiting++
	b.turn, _ = b.next()
	heap.Fix(&t.lines, b.rank)
}

// settle lets through all at b whose turn has come, and reports whether
// somebody waits there still; if not, the bay is gone.
func (t *Table) settle(b *bay, now int64) bool {
	turn, queued := b.next()
	for turn <= now {
		w := b.grant(queued)
		t.waiting--
		t.tell(w)
		turn, queued = b.next()
	}
	if turn == never {
		t.close(b, now)
		return false
	}
	if b.turn != turn {
		b.turn = turn
		heap.Fix(&t.lines, b.rank)
	}
	return true
}

// close removes a bay in which nobody waits and gives the bucket its place in
// the order of use and of expiry again.
func (t *Table) close(b *bay, now int64) {
	heap.Remove(&t.lines, b.rank)
	b.queue.rebuild(b.plan, b.state)
	e := t.at(b.ref)
	e.rare.bay = nil
	if e.rare.words == nil {
		e.rare = nil
	}
	_, keep := b.plan.Apply(b.state, now, throttled.Request{Op: throttled.OpPeek})
	t.recency.add(b.ref)
	t.expiry.set(b.ref, instant(now, keep))
	if keep == 0 {
		t.stats.Expirations++
		t.remove(b.ref)
	}
}

// tell keeps w for Told.
func (t *Table) tell(w *Waiter) {
	w.bay = nil
	t.told.push(w)
}
