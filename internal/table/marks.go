package table

import (
	"math"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/charge"
)

// marks is what it takes to give back one charge and no other: which bucket
// stands in a place, and what was given back at it. Nothing is kept until the
// first charge is marked.
type marks struct {
	number  uint64               // of the last charge that was marked, or give-back
	serials []uint32             // of each place: how many buckets have left it
	returns map[int32][]returned // of the places where something was given back
}

// returned is what was given back of one charge, or by a Refund.
type returned struct {
	charge uint64 // its number; 0: a Refund, which may have been meant for any
	number uint64 // of the give-back itself
	cost   int64
}

// maxReturns is how many give-backs at a bucket are told apart. Beyond it all
// count as of the first charge, so less is given back, never more.
const maxReturns = 16

// DoMarked is Do for a Limit, with what it charged in mark.
func (t *Table) DoMarked(now int64, req *throttled.Request, mark *charge.Mark) (throttled.Result, error) {
	res, err := t.Do(now, req)
	t.Mark(req, res, mark)
	return res, err
}

// Mark marks what req, which Do has just carried out with this answer, was charged.
func (t *Table) Mark(req *throttled.Request, res throttled.Result, mark *charge.Mark) {
	if res.Allowed && req.Op <= throttled.OpWait && req.Cost > 0 && t.touched != 0 {
		t.mark(t.touched, req.Cost, mark)
	}
}

// mark marks what was just charged in a place.
func (t *Table) mark(ref int32, cost int64, mark *charge.Mark) {
	if t.marks.serials == nil {
		t.marks.serials = make([]uint32, t.capacity+1)
		t.marks.returns = make(map[int32][]returned)
	}
	t.marks.number++
	mark.Plan, mark.Cost = t.plan(ref), cost
	mark.Place, mark.Serial, mark.Number = ref, t.marks.serials[ref], t.marks.number
	copy(mark.State[:], t.state(ref))
}

// GiveBack gives back what of a marked charge has not leaked, and makes the mark
// zero. Where somebody is in the queue of a leaky bucket it gives back nothing.
func (t *Table) GiveBack(now int64, mark *charge.Mark) {
	m := *mark
	*mark = charge.Mark{}
	if m.Cost == 0 || t.marks.serials[m.Place] != m.Serial {
		return
	}
	l := t.waitlist(m.Place)
	if l != nil && l.rank == dismissed {
		return
	}
	if l != nil && !t.settle(l, now) {
		l = nil
		if t.marks.serials[m.Place] != m.Serial {
			return
		}
	}
	if l != nil && !l.queue.empty() {
		return
	}
	_, keep, back := m.Plan.GiveBack(t.state(m.Place), m.State[:], now, m.Cost, t.marks.given(&m))
	t.marks.gaveBack(m.Place, m.Number, back)
	switch {
	case l != nil:
		l.moved(now)
		t.settle(l, now)
	case keep == 0:
		t.remove(m.Place)
	default:
		t.expiry.set(m.Place, instant(now, keep))
	}
}

// given returns what was given back since m was made and concerns it: at a
// bucket, of charges before it; at a window, by Refund.
func (s *marks) given(m *charge.Mark) (sum int64) {
	windows := m.Plan.Algorithm() == throttled.FixedWindow || m.Plan.Algorithm() == throttled.SlidingWindow
	for _, r := range s.returns[m.Place] {
		if r.number > m.Number && (r.charge == 0 || !windows && r.charge < m.Number) {
			sum = added(sum, r.cost)
		}
	}
	return sum
}

// gaveBack notes what was given back of a charge in a place.
func (s *marks) gaveBack(ref int32, charge uint64, cost int64) {
	if s.serials == nil || cost <= 0 {
		return
	}
	s.number++
	returns := s.returns[ref]
	if len(returns) == maxReturns {
		all := returned{}
		for _, r := range returns {
			all.cost = added(all.cost, r.cost)
		}
		all.number = s.number
		returns = append(returns[:0], all)
	}
	s.returns[ref] = append(returns, returned{charge: charge, number: s.number, cost: cost})
}

// forget makes the marks of the bucket in a place worthless. It is about to be
// forgotten, or was reset.
func (s *marks) forget(ref int32) {
	if s.serials != nil {
		s.serials[ref]++
		delete(s.returns, ref)
	}
}

// added returns a+b, held to the greatest number.
func added(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
