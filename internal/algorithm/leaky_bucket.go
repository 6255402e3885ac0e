package algorithm

// The leaky bucket as a queue: what waits in the bucket is let out when the
// water before it has leaked, so evenly spaced, E apart. As a meter, which
// asks only for room, it is the law of gcra.go, and both share one state.
//
// Source: J. Turner, "New Directions in Communications (or Which Way to the
// Information Age?)", IEEE Communications Magazine 24(10), 1986.

// Enter lets cost into the queue if it has room now, else changes nothing.
// The answer is that of the instant seen: where cost entered, the one at which
// it is let out again; where there was no room, now, and the Turn of the
// answer, which lies later, says when there will be. It requires a law of
// kind LeakyBucket. A cost of 0 or less passes at once.
func (l *Law) Enter(state []int64, now, cost int64) (told Answer, seen int64) {
	if cost <= 0 {
		return l.Peek(state, now, 0), now
	}
	out := l.leaked(state, now)
	var j joint
	for i := range l.rates {
		r, s := &l.rates[i], state[2*i:]
		v := r.decide(s, now, 0, false)
		v.turn = r.room(s, now, cost, out)
		j.add(r, v)
	}
	if j.Turn > now {
		return j.Answer, now
	}
	for i := range l.rates {
		l.rates[i].enter(state[2*i:], now, cost, out)
	}
	return l.Peek(state, out, 0), out
}

// leaked returns the instant, not before now, at which all water has leaked.
func (l *Law) leaked(state []int64, now int64) int64 {
	for i := range l.rates {
		now = max(now, bucketTAT(state[2*i:]).ceil())
	}
	return now
}

// room returns the least instant, not before now, at which cost has room
// behind the water that is gone at out, or Never.
func (r *rate) room(state []int64, now, cost, out int64) int64 {
	if cost > r.Capacity {
		return Never
	}
	start := queueStart(state, now, out)
	return max(now, r.minus(r.plus(start, r.cost(cost)), r.full).ceil())
}

// enter adds cost to the water that is gone at out. It requires room.
func (r *rate) enter(state []int64, now, cost, out int64) {
	bucketStore(state, r.plus(queueStart(state, now, out), r.cost(cost)))
}

// queueStart returns the instant from which a rate counts the water of what is
// let out at out. Several rates have no common denominator, so the latest of
// them gives the rest a whole tick, rounded up, and keeps its own fraction.
func queueStart(state []int64, now, out int64) Span {
	start := later(bucketTAT(state), now)
	if start.ceil() < out {
		return Span{Ticks: out}
	}
	return start
}
