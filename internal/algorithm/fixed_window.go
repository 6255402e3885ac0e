package algorithm

// The fixed window: time is cut into windows of one period, counted from the
// epoch, and each window has the whole limit.
//
// Words: the number of the window, and what was charged in it.

func (r *rate) fixedTurn(state []int64, now, cost int64) int64 {
	window, count := state[0], state[1]
	if window < now/r.period {
		return now
	}
	if count > r.capacity-cost {
		window++
	}
	return max(now, window*r.period)
}

func (r *rate) fixedCharge(state []int64, now, cost int64) {
	if window := now / r.period; state[0] < window {
		state[0], state[1] = window, 0
	}
	state[1] += cost
}

func (r *rate) fixedRemaining(state []int64, now int64) int64 {
	switch window := now / r.period; {
	case state[0] < window:
		return r.capacity
	case state[0] > window:
		return 0
	default:
		return r.capacity - state[1]
	}
}

func (r *rate) fixedFresh(state []int64) int64 {
	if state[1] == 0 {
		return 0
	}
	return (state[0] + 1) * r.period
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
