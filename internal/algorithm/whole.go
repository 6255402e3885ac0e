package algorithm

import (
	"math"
	"math/bits"
)

// Whole is the law of gcra.go where there is one rate and its interval E is a
// whole number of ticks, as for most quotas. A TAT has no fraction then, so a
// charge takes a sum and a comparison. All but charging is left to Law. Its methods
// are small enough to be inlined where decisions must be fast.
type Whole struct {
	Binding *Binding
	each    int64  // E
	full    int64  // capacity·E
	inverse uint64 // ⌊(2^64−1)/E⌋
}

// wholeOf returns nil for a rate that needs the general law.
func wholeOf(r *rate) *Whole {
	if r.kind.Windows() || r.Den != 1 {
		return nil
	}
	return &Whole{
		Binding: &r.Binding,
		each:    r.Step,
		full:    r.full.Ticks,
		inverse: math.MaxUint64 / uint64(r.Step),
	}
}

// Charges reports whether Charge may be asked for cost. It may be called on nil.
func (w *Whole) Charges(cost int64) bool {
	return w != nil && 0 < cost && cost <= w.Binding.Capacity
}

// Charge charges cost if its turn is now, else changes nothing. It returns the
// turn, and the TAT as it is then, which is not before now.
func (w *Whole) Charge(state []int64, now, cost int64) (turn, tat int64) {
	spent := cost * w.each
	tat = max(state[0], now)
	if turn = tat + spent - w.full; turn > now {
		return turn, tat
	}
	state[0] = tat + spent
	return now, state[0]
}

// Remaining returns the greatest cost that would pass where the TAT is so far
// ahead of now. It takes no division: as no length of time here reaches 2^61, its
// product with the inverse of E is the quotient or one less.
func (w *Whole) Remaining(ahead int64) int64 {
	room := w.full - ahead
	if room < w.each {
		return 0
	}
	units, _ := bits.Mul64(uint64(room), w.inverse)
	if uint64(room)-units*uint64(w.each) >= uint64(w.each) {
		units++
	}
	return int64(units)
}
