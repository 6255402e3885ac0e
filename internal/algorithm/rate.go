package algorithm

// rate is a Rate compiled for its algorithm.
type rate struct {
	Binding
	Interval
	kind   Kind
	period int64
	each   Span // E, for a bucket
	full   Span // capacity·E, for a bucket
}

func compile(kind Kind, index int, given Rate) rate {
	r := rate{
		Binding:  Binding{Capacity: given.Capacity(kind), Index: index},
		Interval: given.Interval(),
		kind:     kind,
		period:   given.Period,
	}
	if !kind.Windows() {
		r.each, r.full = r.Times(1), r.Times(r.Capacity)
	}
	return r
}

// decide finds the least instant, not before now, at which cost is allowed,
// charges it if that is now and charge is set, and returns the greatest cost that
// is allowed then, and the least instant from which the state is as good as
// fresh. Each law has it in a file of its own; a switch over values costs less
// than an interface, through which the state would escape to the heap.
func (r *rate) decide(state []int64, now, cost int64, charge bool) verdict {
	if cost > r.Capacity {
		v := r.decide(state, now, 0, false)
		v.turn = Never
		return v
	}
	switch r.kind {
	case FixedWindow:
		return r.fixedDecide(state, now, cost, charge)
	case SlidingWindow:
		return r.slidingDecide(state, now, cost, charge)
	default:
		return r.bucketDecide(state, now, cost, charge)
	}
}

// refund gives cost back. It requires cost > 0.
func (r *rate) refund(state []int64, now, cost int64) {
	switch r.kind {
	case FixedWindow:
		r.fixedRefund(state, now, cost)
	case SlidingWindow:
		r.slidingRefund(state, now, cost)
	default:
		r.bucketRefund(state, now, cost)
	}
}
