package algorithm

// The fixed window: time is cut into windows of one period, counted from the
// epoch, and each window has the whole limit.
//
// Words: the number of the window, and what was charged in it.

// fixed is a state as seen from one instant.
type fixed struct {
	window, count int64
}

// fixedAt returns the state rolled on to the window of now. A state ahead of
// now stays where it is.
func (r *rate) fixedAt(state []int64, now int64) fixed {
	s := fixed{state[0], state[1]}
	if now-s.window*r.period < r.period {
		return s
	}
	return fixed{window: now / r.period}
}

func (r *rate) fixedDecide(state []int64, now, cost int64, charge bool) verdict {
	s := r.fixedAt(state, now)
	start := s.window * r.period
	v := verdict{turn: now}
	if cost > 0 {
		if v.turn = max(now, start); s.count > r.Capacity-cost {
			v.turn = start + r.period
		}
		if charge && v.turn == now {
			s.count += cost
			state[0], state[1] = s.window, s.count
		}
	}
	if start <= now {
		v.remaining = r.Capacity - s.count
	}
	if s.count > 0 {
		v.fresh = start + r.period
	}
	return v
}

func (r *rate) fixedRefund(state []int64, now, cost int64) {
	if state[0] != now/r.period {
		return
	}
	state[1] = max(0, state[1]-cost)
	if state[1] == 0 {
		state[0] = 0
	}
}
