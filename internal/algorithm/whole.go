package algorithm

import (
	"math"
	"math/bits"
)

// whole is the law of gcra.go where there is one rate and its interval E is a
// whole number of ticks, as for most quotas. A TAT has no fraction then, so a
// charge takes a sum and a comparison. Everything but charging is left to rate.
type whole struct {
	binding *Binding
	each    int64  // E
	full    int64  // capacity·E
	inverse uint64 // ⌊(2^64−1)/E⌋
}

// wholeOf returns nil for a rate that needs the general law.
func wholeOf(r *rate) *whole {
	if r.kind == FixedWindow || r.kind == SlidingWindow || r.den != 1 {
		return nil
	}
	return &whole{
		binding: &r.Binding,
		each:    r.step,
		full:    r.full.ticks,
		inverse: math.MaxUint64 / uint64(r.step),
	}
}

// charges reports whether charge may be asked for cost.
func (w *whole) charges(cost int64) bool { return 0 < cost && cost <= w.binding.Capacity }

// charge returns the turn of cost, and the TAT after it if the turn is now and
// else as it is.
func (w *whole) charge(state []int64, now, cost int64) (turn, tat int64) {
	spent := cost * w.each
	tat = max(state[0], now)
	if turn = tat + spent - w.full; turn > now {
		return turn, tat
	}
	state[0] = tat + spent
	return now, state[0]
}

// units returns how many whole intervals E fit into room, 0 if it is negative. It
// takes no division: as room is below 2^61, its product with the inverse is the
// quotient or one less.
func (w *whole) units(room int64) int64 {
	if room < w.each {
		return 0
	}
	units, _ := bits.Mul64(uint64(room), w.inverse)
	if uint64(room)-units*uint64(w.each) >= uint64(w.each) {
		units++
	}
	return int64(units)
}
