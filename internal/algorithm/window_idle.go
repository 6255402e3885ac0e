package algorithm

// A sliding window that is nearly full lets places through one by one, at the pace
// at which the window before it stops counting. Where the rates of the longer
// periods do that so slowly that the shorter ones have room at any time, the shorter
// ones are idle: their windows come and go and hold nobody up, and are left out of
// the steps of the walk. What was charged in the last of them follows from the pace.
//
// With previous in the window before, a rate j that has no room for cost c at some
// instant lets at most previous·x/period + c through in the x instants behind that,
// and in any x instants from there on. Where all rates that are not idle may differ
// in their pace, the fastest counts. So beside one place in a window of rate i, with
// period P, at e into it, with n_p charged in the window before and n_c in this one,
//
//	n_p·(P − e)/P + n_c ≤ pace·(P + 1) + c
//
// since n_c ≤ pace·(e+1) + c and n_p + n_c ≤ pace·(P+e+1) + c, the place itself
// among them. A rate whose capacity is not below that is idle.

// mayIdle reports whether it is worth asking: the rate of the shortest period may be
// idle beside that of the longest.
func (w *Walk) mayIdle(cost int64) bool {
	if w.runs.kind != SlidingWindow {
		return false
	}
	shortest, last := &w.runs.rates[0], len(w.runs.rates)-1
	return w.pace(last, shortest.period+1) <= shortest.Capacity-cost || w.pace(last, 2*shortest.period+1) <= cost
}

// burst charges those of the places to which turn is the turn of all, and returns
// how many they are: at least one.
func (w *Walk) burst(cost, places int64) int64 {
	fit := min(places, w.roomFrom(0, w.turn)/cost)
	for i := range w.runs.rates {
		w.panes[i].current += fit * cost
	}
	return fit
}

// idling returns how many of the rates, from that of the shortest period on, are idle
// until a window of the others ends. It requires that places of this cost wait for
// one of the rates.
func (w *Walk) idling(cost int64) int {
	for live := len(w.runs.rates) - 1; live > 0; live-- {
		if w.idleBeside(live, cost) {
			return live
		}
	}
	return 0
}

// idleBeside reports whether all rates below live are idle beside the others.
func (w *Walk) idleBeside(live int, cost int64) bool {
	for i := range live {
		if !w.roomy(i, live, cost) && !w.sparse(i, live, cost) {
			return false
		}
	}
	return true
}

// roomy reports whether rate i always has room for one more, at the pace of those
// from live on. So it must be in this window too, where more may have been charged:
// now, and with all that is charged until it ends.
func (w *Walk) roomy(i, live int, cost int64) bool {
	r, p := &w.runs.rates[i], &w.panes[i]
	end := w.end(i)
	for j := live; j < len(w.runs.rates); j++ {
		if w.pace(j, r.period+1) > r.Capacity-cost {
			return false
		}
		end = min(end, w.end(j))
	}
	return w.roomAt(i, w.turn) > w.roomFrom(live, w.turn) && r.Capacity-p.current > w.roomFrom(live, end)
}

// sparse reports whether the places are so far apart that each finds rate i fresh.
func (w *Walk) sparse(i, live int, cost int64) bool {
	r, p := &w.runs.rates[i], &w.panes[i]
	next := w.turn
	for j := live; j < len(w.runs.rates); j++ {
		if w.pace(j, 2*r.period+1) > cost {
			return false
		}
		next = max(next, w.turnAt(j, cost))
	}
	return next >= p.start+2*r.period
}

// pace returns how much rate j lets through in so many instants, beside one place,
// rounded up. It requires at most two periods.
func (w *Walk) pace(j int, instants int64) int64 {
	r := &w.runs.rates[j]
	return r.weight(w.panes[j].previous, r.period-instants)
}

// settleIdle brings the panes of idle rates to the turn of the last place, which it
// finds.
func (w *Walk) settleIdle() {
	if w.passed == 0 {
		return
	}
	last := w.turn
	for j := w.idle; j < len(w.runs.rates); j++ {
		r, p := &w.runs.rates[j], &w.panes[j]
		last = max(last, p.start+r.decay(p.previous, r.Capacity-p.current-w.passed))
	}
	for i := range w.idle {
		r, p := &w.runs.rates[i], &w.panes[i]
		start := last - last%r.period
		if start == p.start {
			p.current += w.passed
			continue
		}
		before := w.passedBefore(start)
		now := pane{start: start, previous: before, current: w.passed - before}
		if start == p.start+r.period {
			now.previous += p.current
		} else {
			now.previous -= w.passedBefore(start - r.period)
		}
		*p = now
	}
	w.turn = last
}

// passedBefore returns how much of passed was charged before an instant behind turn.
func (w *Walk) passedBefore(at int64) int64 {
	room := min(w.passed, w.roomFrom(w.idle, at-1))
	return room - room%w.cost
}
