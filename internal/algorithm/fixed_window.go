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

func (r *rate) fixedTurn(state []int64, now, cost int64) int64 {
	s := r.fixedAt(state, now)
	if s.count > r.capacity-cost {
		s.window++
	}
	return max(now, s.window*r.period)
}

func (r *rate) fixedTake(state []int64, now, cost int64) (remaining, fresh int64) {
	s := r.fixedAt(state, now)
	if cost > 0 {
		s.count += cost
		state[0], state[1] = s.window, s.count
	}
	start := s.window * r.period
	if start <= now {
		remaining = r.capacity - s.count
	}
	if s.count > 0 {
		fresh = start + r.period
	}
	return remaining, fresh
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
