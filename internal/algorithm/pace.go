package algorithm

import "math/bits"

// OnePace reports whether one rate alone sets the pace at which the queue of a
// leaky bucket is let out: its E is two ticks longer than that of any other. Then
// all others have run dry at every turn, and start again from there.
func (l *Law) OnePace() bool {
	slowest := 0
	for i := range l.rates {
		if l.rates[i].longer(&l.rates[slowest], 0) {
			slowest = i
		}
	}
	for i := range l.rates {
		if i != slowest && !l.rates[slowest].longer(&l.rates[i], 2) {
			return false
		}
	}
	return true
}

// longer reports whether E of r is that of other and so many ticks, or longer.
func (r *rate) longer(other *rate, ticks int64) bool {
	hi, lo := bits.Mul64(uint64(r.Step), uint64(other.Den))
	otherHi, otherLo := bits.Mul64(uint64(other.Step+ticks*other.Den), uint64(r.Den))
	return hi > otherHi || hi == otherHi && lo >= otherLo
}
