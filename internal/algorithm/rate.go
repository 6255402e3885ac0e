package algorithm

import "math/bits"

// rate is a Rate compiled for its algorithm.
type rate struct {
	Binding
	kind   Kind
	period int64

	// The buckets count in emission intervals E = Period/Limit, the time in
	// which one unit comes back: step/den ticks in lowest terms.
	step, den int64
	each      span // E
	full      span // capacity·E
}

// span is an exact length of time, or an instant: ticks + part/den ticks,
// where den is that of its rate and 0 ≤ part < den.
type span struct {
	ticks, part int64
}

func compile(kind Kind, index int, given Rate) rate {
	divisor := gcd(given.Limit, given.Period)
	r := rate{
		Binding: Binding{Capacity: given.Burst, Index: index},
		kind:    kind,
		period:  given.Period,
		step:    given.Period / divisor,
		den:     given.Limit / divisor,
	}
	if kind == FixedWindow || kind == SlidingWindow {
		r.Capacity = given.Limit
		return r
	}
	r.each = span{r.step / r.den, r.step % r.den}
	r.full = r.times(r.Capacity)
	return r
}

// times returns cost·E. It requires 0 ≤ cost ≤ capacity.
func (r *rate) times(cost int64) span {
	hi, lo := bits.Mul64(uint64(cost), uint64(r.step))
	ticks, part := bits.Div64(hi, lo, uint64(r.den))
	return span{int64(ticks), int64(part)}
}

// plus returns a+b.
func (r *rate) plus(a, b span) span {
	sum := span{a.ticks + b.ticks, a.part + b.part}
	if sum.part >= r.den {
		sum.ticks++
		sum.part -= r.den
	}
	return sum
}

// minus returns a−b, whose ticks may be negative.
func (r *rate) minus(a, b span) span {
	difference := span{a.ticks - b.ticks, a.part - b.part}
	if difference.part < 0 {
		difference.ticks--
		difference.part += r.den
	}
	return difference
}

// less reports whether s is shorter than t, which is of the same rate.
func (s span) less(t span) bool { return s.ticks < t.ticks || s.ticks == t.ticks && s.part < t.part }

// ceil returns the least whole number of ticks that is not below s.
func (s span) ceil() int64 {
	if s.part > 0 {
		return s.ticks + 1
	}
	return s.ticks
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

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
