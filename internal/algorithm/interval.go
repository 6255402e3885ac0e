package algorithm

import "math/bits"

// Interval is the emission interval E = Period/Limit of a rate, the time in which
// one unit comes back: Step/Den ticks in lowest terms.
type Interval struct {
	Step, Den int64
}

// Interval returns E of r.
func (r Rate) Interval() Interval {
	divisor := gcd(r.Limit, r.Period)
	return Interval{Step: r.Period / divisor, Den: r.Limit / divisor}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Span is an exact length of time, or an instant: Ticks + Part/Den ticks, where
// Den is that of its Interval and 0 ≤ Part < Den.
type Span struct {
	Ticks, Part int64
}

// Times returns cost·E. It requires 0 ≤ cost ≤ capacity.
func (e *Interval) Times(cost int64) Span {
	hi, lo := bits.Mul64(uint64(cost), uint64(e.Step))
	ticks, part := bits.Div64(hi, lo, uint64(e.Den))
	return Span{int64(ticks), int64(part)}
}

// long returns cost·E for a cost that may be above the capacity; ok is false
// where the product is longer than any state can be ahead.
func (e *Interval) long(cost int64) (product Span, ok bool) {
	hi, lo := bits.Mul64(uint64(cost), uint64(e.Step))
	if hi >= uint64(e.Den) {
		return Span{}, false
	}
	ticks, part := bits.Div64(hi, lo, uint64(e.Den))
	return Span{int64(ticks), int64(part)}, ticks < 1<<63
}

// plus returns a+b.
func (e *Interval) plus(a, b Span) Span {
	sum := Span{a.Ticks + b.Ticks, a.Part + b.Part}
	if sum.Part >= e.Den {
		sum.Ticks++
		sum.Part -= e.Den
	}
	return sum
}

// minus returns a−b, whose ticks may be negative.
func (e *Interval) minus(a, b Span) Span {
	difference := Span{a.Ticks - b.Ticks, a.Part - b.Part}
	if difference.Part < 0 {
		difference.Ticks--
		difference.Part += e.Den
	}
	return difference
}

// less reports whether s is shorter than t, which is of the same rate.
func (s Span) less(t Span) bool { return s.Ticks < t.Ticks || s.Ticks == t.Ticks && s.Part < t.Part }

// ceil returns the least whole number of ticks that is not below s.
func (s Span) ceil() int64 {
	if s.Part > 0 {
		return s.Ticks + 1
	}
	return s.Ticks
}
