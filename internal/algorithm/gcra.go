package algorithm

import "math/bits"

// The law of the token bucket, of GCRA, and of the leaky bucket as a meter.
//
// It keeps one number, the theoretical arrival time (TAT): the instant at
// which the bucket will be as good as new. A cost moves it on by cost·E; it
// may be ahead of now by capacity·E at most. In the terms of tokens, the
// time from now to the TAT is what the missing tokens take to come back.
//
// Source: ITU-T Recommendation I.371, annex A (the virtual scheduling form of
// the generic cell rate algorithm).
//
// Words: ticks and part of the TAT.

func bucketTAT(state []int64) Span { return Span{state[0], state[1]} }

func bucketStore(state []int64, tat Span) { state[0], state[1] = tat.Ticks, tat.Part }

func (r *rate) bucketDecide(state []int64, now, cost int64, charge bool) verdict {
	tat, turn := bucketTAT(state), now
	if cost > 0 {
		spent := r.cost(cost)
		turn = max(now, r.minus(r.plus(tat, spent), r.full).ceil())
		if charge && turn == now {
			tat = r.plus(later(tat, now), spent)
			bucketStore(state, tat)
		}
	}
	ahead := later(tat, now)
	ahead.Ticks -= now
	return verdict{turn, r.units(r.minus(r.full, ahead)), tat.ceil()}
}

func (r *rate) bucketRefund(state []int64, now, cost int64) {
	back, ok := r.long(cost)
	tat := r.minus(bucketTAT(state), back)
	if !ok || tat.ceil() <= now {
		tat = Span{}
	}
	bucketStore(state, tat)
}

// later returns max(tat, now).
func later(tat Span, now int64) Span {
	if tat.Ticks < now {
		return Span{Ticks: now}
	}
	return tat
}

// cost returns cost·E, without a division for the commonest cost.
func (r *rate) cost(cost int64) Span {
	if cost == 1 {
		return r.each
	}
	return r.Times(cost)
}

// units returns how many whole intervals E fit into room, 0 if it is negative,
// mostly without the division.
func (r *rate) units(room Span) int64 {
	if room.Ticks < r.each.Ticks {
		return 0
	}
	if r.Den == 1 {
		return room.Ticks / r.Step
	}
	hi, lo := bits.Mul64(uint64(room.Ticks), uint64(r.Den))
	lo, carry := bits.Add64(lo, uint64(room.Part), 0)
	units, _ := bits.Div64(hi+carry, lo, uint64(r.Step))
	return int64(units)
}
