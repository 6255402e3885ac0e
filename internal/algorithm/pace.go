package algorithm

import "math/bits"

// OnePace reports whether one rate alone sets the pace at which the queue is let
// out: its E is two ticks longer than that of any other rate, or the same. Then
// all that differ have run dry at every turn, and start again from there.
func (l *Law) OnePace() bool {
	slowest := &l.rates[0]
	for i := range l.rates {
		if l.rates[i].longer(slowest, 0) {
			slowest = &l.rates[i]
		}
	}
	for i := range l.rates {
		if r := &l.rates[i]; !r.longer(slowest, 0) && !slowest.longer(r, 2) {
			return false
		}
	}
	return true
}

// longer reports whether E of r is that of other and so many ticks, or longer.
func (r *rate) longer(other *rate, ticks int64) bool {
	hi, lo := bits.Mul64(uint64(r.step), uint64(other.den))
	otherHi, otherLo := bits.Mul64(uint64(other.step+ticks*other.den), uint64(r.den))
	return hi > otherHi || hi == otherHi && lo >= otherLo
}
