package script

import (
	"encoding/binary"
	"math"

	"github.com/throttled-go/throttled/internal/algorithm"
)

// rate is one rate of a quota, in the numbers that the scripts are given: they
// multiply nothing, and what they divide, they divide for the sliding window.
type rate struct {
	kind     algorithm.Kind
	capacity int64 // the greatest cost that a fresh state allows
	period   int64 // µs
	interval algorithm.Interval
}

func newRate(kind algorithm.Kind, r algorithm.Rate) rate {
	return rate{kind: kind, capacity: r.Capacity(kind), period: r.Period, interval: r.Interval()}
}

// appendCharge appends what a script is asked to charge cost. It requires
// 0 < cost ≤ capacity.
func (r *rate) appendCharge(to []byte, cost int64) []byte {
	return r.append(to, cost, r.capacity-cost)
}

// appendRefund appends what a script is asked to give cost back. It requires
// cost > 0. Nothing ever has more than the capacity to give back.
func (r *rate) appendRefund(to []byte, cost int64) []byte {
	return r.append(to, min(cost, r.capacity), r.capacity)
}

// maxNumbers is how many numbers at most a script is given of one rate.
const maxNumbers = 5

// append appends a cost and how much may be charged already where it is its
// turn.
func (r *rate) append(to []byte, cost, room int64) []byte {
	if r.kind.Windows() {
		return appendNumbers(to, cost, r.period, room)
	}
	price, limit := r.interval.Times(cost), r.interval.Times(room)
	return appendNumbers(to, price.Ticks, price.Part, r.interval.Den, limit.Ticks, limit.Part)
}

// sound reports whether words may be a state that a script has left behind.
func (r *rate) sound(words []int64) bool {
	switch r.kind {
	case algorithm.FixedWindow:
		return words[0] <= maxNumber/r.period && words[1] <= r.capacity
	case algorithm.SlidingWindow:
		return words[0] <= maxNumber/r.period && words[1] <= r.capacity && words[2] <= r.capacity
	default:
		return words[1] < r.interval.Den
	}
}

// maxNumber is the greatest integer that a script may meet: up to it doubles
// are exact.
const maxNumber = 1<<53 - 1

// appendNumbers appends integers from −maxNumber to maxNumber as doubles, the
// lowest byte first.
func appendNumbers(to []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		to = binary.LittleEndian.AppendUint64(to, math.Float64bits(float64(n)))
	}
	return to
}

// numberAt reads the number at the index i. ok is false where that is no
// integer from 0 to maxNumber.
func numberAt(text string, i int) (n int64, ok bool) {
	var word uint64
	for shift := range 8 {
		word |= uint64(text[8*i+shift]) << (8 * shift)
	}
	x := math.Float64frombits(word)
	if !(x >= 0 && x <= maxNumber) {
		return 0, false
	}
	n = int64(x)
	return n, float64(n) == x
}
