package algorithm

import "math/bits"

// The sliding window counter: what was charged in the window before this one
// counts by the share of it that the last full period still covers.
//
// With e = now mod period, cost is allowed iff
//
//	previous·(period − e) + (current + cost)·period ≤ limit·period.
//
// Words: the number of the window, what was charged in the window before it,
// and what was charged in it.

// sliding is a state as seen from one instant.
type sliding struct {
	window, previous, current int64
}

// slidingAt returns the state rolled on to the window of now. A state ahead of
// now stays where it is.
func (r *rate) slidingAt(state []int64, now int64) sliding {
	s := sliding{state[0], state[1], state[2]}
	if now-s.window*r.period < r.period {
		return s
	}
	if window := now / r.period; window > s.window+1 {
		return sliding{window: window}
	}
	return sliding{window: s.window + 1, previous: s.current}
}

func (r *rate) slidingDecide(state []int64, now, cost int64, charge bool) verdict {
	s := r.slidingAt(state, now)
	start := s.window * r.period
	v := verdict{turn: now}
	if cost > 0 {
		v.turn = max(now, start+r.slidingWait(s, cost))
		if charge && v.turn == now {
			s.current += cost
			state[0], state[1], state[2] = s.window, s.previous, s.current
		}
	}
	if start <= now {
		v.remaining = max(0, r.Capacity-s.current-r.weight(s.previous, now-start))
	}
	switch {
	case s.current > 0:
		v.fresh = start + 2*r.period
	case s.previous > 0:
		v.fresh = start + r.period
	}
	return v
}

// slidingWait returns how long after the start of the window of s cost is
// allowed: in this window if it fits beside what was charged there, else in the
// next one, for which that is what came before.
func (r *rate) slidingWait(s sliding, cost int64) int64 {
	if spare := r.Capacity - cost - s.current; spare >= 0 {
		return r.decay(s.previous, spare)
	}
	return r.period + r.decay(s.current, r.Capacity-cost)
}

// decay returns how far into a window the weight of the previous one has
// fallen to spare: the least e with previous·(period − e) ≤ spare·period.
func (r *rate) decay(previous, spare int64) int64 {
	if previous <= spare {
		return 0
	}
	hi, lo := bits.Mul64(uint64(spare), uint64(r.period))
	left, _ := bits.Div64(hi, lo, uint64(previous))
	return r.period - int64(left)
}

// weight returns what the previous window still counts for at e into this one,
// rounded up because costs are whole: ⌈previous·(period − e) / period⌉.
func (r *rate) weight(previous, e int64) int64 {
	if previous == 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(previous), uint64(r.period-e))
	weight, rest := bits.Div64(hi, lo, uint64(r.period))
	if rest > 0 {
		weight++
	}
	return int64(weight)
}

func (r *rate) slidingRefund(state []int64, now, cost int64) {
	if state[0] != now/r.period {
		return
	}
	state[2] = max(0, state[2]-cost)
	if state[1] == 0 && state[2] == 0 {
		state[0] = 0
	}
}
