// Package table holds the buckets of a memory store: a bounded table of states
// with exact LRU order and expiry, and the line of those who wait at a bucket.
//
// A Table is not safe for concurrent use, on purpose: store.Memory shares it
// by locking it, store.Actor by giving it to one goroutine. It has no clock
// and no timer either; every method takes now, in Unix nanoseconds, and the
// store asks Next when to call Settle.
//
// No method does work in proportion to the number of buckets: a hit costs a
// look-up and a move to the front, and O(log n) at the worst, as an insert does.
package table

import (
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

// MaxCapacity is the greatest capacity of a Table.
const MaxCapacity = 1 << 28

// Table is a bounded set of buckets, each with its state.
type Table struct {
	slab
	index    index
	labels   labels
	schedule schedule
	ready    waiters // those who were answered and not yet collected by Ready
	waiting  int
	denyNew  bool
	scratch  [algorithm.MaxWords]int64 // the state of a key that may turn out to need no place
	marks    marks
	touched  int32 // the place of the last request, 0 if it has none
	stats    Stats
}

// Stats counts what happened in a Table.
type Stats struct {
	Hits, Misses, Expirations, Evictions int64
	Waiting, Size                        int64
}

// found counts a bucket that was found.
func (s *Stats) found(expired bool) {
	if expired {
		s.Expirations++
		s.Misses++
	} else {
		s.Hits++
	}
}

// New returns an empty table for at most capacity buckets, from 1 to
// MaxCapacity. A full table evicts the bucket that was not used for the
// longest time, or refuses new ones if denyNew is set. What holds no pointers,
// 27 to 46 bytes a place, is made at once, and the rest as it is needed.
func New(capacity int, denyNew bool) *Table {
	return &Table{
		slab:    newSlab(capacity),
		index:   newIndex(capacity),
		labels:  newLabels(),
		denyNew: denyNew,
	}
}

// Stats returns the counts so far. Size has the buckets that expired and were
// not found out yet.
func (t *Table) Stats() Stats {
	stats := t.stats
	stats.Waiting, stats.Size = int64(t.waiting), int64(t.size())
	return stats
}

// Do carries out a Limit, a Peek, a Refund or a Reset. It does not wait: what
// would have to is denied. (A Wait is for Join.)
func (t *Table) Do(now int64, req *throttled.Request) (throttled.Result, error) {
	ref, held := t.find(req)
	t.touched = ref
	if ref == 0 {
		return t.doFresh(now, req)
	}
	state := held[:] // and what lies behind it, which no law touches
	if req.Plan.Words() > inlineWords {
		state = t.state(ref)
	}
	expires := t.expiry.places[ref]
	if expires == never {
		return t.doWaiting(now, t.waitlist(ref), req)
	}
	t.stats.found(expires <= now)
	if whole := req.Plan.Whole(); req.Op == throttled.OpLimit && whole.Charges(req.Cost) {
		// What most requests are. The answer is made last, so that it stays in registers.
		turn, tat := whole.Charge(state, now, req.Cost)
		if tat != expires && t.expiry.note(ref, tat) {
			t.expiry.reorder(ref, tat)
		}
		if ref != t.recency.newest() {
			t.recency.use(ref)
		}
		return req.Plan.Result(turn == now, whole.Remaining(tat-now), time.Duration(tat-now), time.Duration(turn-now)), nil
	}
	return t.apply(now, ref, state, req), nil
}

// apply carries out req on the bucket in a place, at which nobody waits.
func (t *Table) apply(now int64, ref int32, state []int64, req *throttled.Request) throttled.Result {
	var res throttled.Result
	var keep time.Duration
	if req.Op == throttled.OpLimit {
		res, keep = req.Plan.Limit(state, now, req.Cost)
	} else {
		res, keep = req.Plan.Apply(state, now, *req)
		if req.Op == throttled.OpRefund {
			t.marks.gaveBack(ref, 0, req.Cost)
		}
	}
	if keep == 0 {
		t.remove(ref)
		return res
	}
	if at := instant(now, keep); at != t.expiry.places[ref] && t.expiry.note(ref, at) {
		t.expiry.reorder(ref, at)
	}
	if ref != t.recency.newest() && req.Op != throttled.OpPeek {
		t.recency.use(ref)
	}
	return res
}

// doFresh carries out req on a bucket that has no place, and gives it one if
// its state is fresh no more.
func (t *Table) doFresh(now int64, req *throttled.Request) (throttled.Result, error) {
	t.stats.Misses++
	state := t.scratch[:req.Plan.Words()]
	clear(state)
	res, keep := req.Plan.Apply(state, now, *req)
	if keep == 0 {
		return res, nil
	}
	ref := t.place(now)
	if ref == 0 {
		return throttled.Result{}, throttled.ErrFull
	}
	t.hold(ref, req.Plan, req.Key)
	copy(t.state(ref), state)
	t.index.insert(t.labels.of(req.Plan, req.Key), ref)
	t.expiry.set(ref, instant(now, keep))
	t.recency.add(ref)
	t.touched = ref
	return res, nil
}

// linger is how long, in nanoseconds, an expired bucket keeps its place while
// there is other room. A key that is back so soon would have to be put in again
// each time; one that is away for longer should not take up memory.
const linger = int64(time.Second)

// place returns a place for a new bucket, or 0 if none can be had. The dead go
// before the living, among whom the order of use decides.
func (t *Table) place(now int64) int32 {
	dead, died := t.expiry.first()
	if died > now-linger {
		if ref := t.take(); ref != 0 {
			return ref
		}
	}
	if died <= now {
		t.stats.Expirations++
		t.vacate(dead)
		return dead
	}
	oldest := t.recency.oldest()
	if t.denyNew || oldest == 0 {
		return 0
	}
	t.stats.Evictions++
	t.vacate(oldest)
	return oldest
}

// remove frees the place of a bucket at which nobody waits.
func (t *Table) remove(ref int32) {
	t.vacate(ref)
	t.expiry.unset(ref)
	t.free(ref)
}

// vacate takes a bucket out of its place, which the caller fills again or frees.
func (t *Table) vacate(ref int32) {
	t.marks.forget(ref)
	t.index.remove(ref)
	t.recency.remove(ref)
	t.empty(ref)
}

// find returns the place of the bucket of req and what is in it, or 0. Short keys, which
// most are, have a loop of their own, in which what they are compared with stays in
// registers.
func (t *Table) find(req *throttled.Request) (int32, *words) {
	plan := req.Plan
	if !short(plan, req.Key) {
		return t.findLong(req)
	}
	lo, hi := pack(req.Key)
	tag := t.labels.ofShort(plan, lo, hi)
	slots := t.index.slots
	mask := uint32(len(slots) - 1)
	for at := tag & mask; ; at = (at + 1) & mask {
		slot := slots[at]
		if slot == 0 {
			return 0, nil
		}
		if ref := t.index.may(slot, tag); ref != 0 {
			held := t.words(ref)
			if held[shortWords] == int64(lo) && held[shortWords+1] == int64(hi) && t.holds(ref, plan) {
				return ref, held
			}
		}
	}
}

// findLong is find for a key that is not short.
func (t *Table) findLong(req *throttled.Request) (int32, *words) {
	tag := t.labels.ofLong(req.Plan, req.Key)
	mask := t.index.mask()
	for at := tag & mask; ; at = (at + 1) & mask {
		slot := t.index.slots[at]
		if slot == 0 {
			return 0, nil
		}
		if ref := t.index.may(slot, tag); ref != 0 {
			if r := t.rest(ref); r != nil && r.key == req.Key && t.holds(ref, req.Plan) {
				return ref, t.words(ref)
			}
		}
	}
}

// instant returns the instant so long after now.
func instant(now int64, after time.Duration) int64 { return algorithm.After(now, int64(after)) }
