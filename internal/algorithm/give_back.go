package algorithm

// Giving back one charge among others.
//
// A bucket leaks first in, first out, so a charge has leaked for good at its own
// end: the TAT just after it was made. What was given back since of charges
// before it brings that end forward; what came after it does not move it. So the
// part of a charge that can still be given back is what lies between now and its
// end, and to take that away leaves every other charge where it is.
//
// A window knows no order: a charge can be given back while its window counts,
// less what plain refunds took out of the window since, which may have been meant
// for it.

// GiveBack gives back what of a charge of cost has not leaked. The mark is the
// state just after the charge. The cost in given was given back since: to a
// bucket, of charges made before this one; to a window, by Refund.
//
// It answers like a Peek of cost 1, and returns how much it gave back at most to
// any rate, rounded up. It requires that the state was never fresh since, except
// because all charges had leaked, and that the charge was not given back yet.
func (l *Law) GiveBack(state, mark []int64, now, cost, given int64) (told Answer, back int64) {
	words := l.kind.Words()
	for i := range l.rates {
		s, m := state[i*words:], mark[i*words:]
		back = max(back, l.rates[i].giveBack(s, m, now, cost, given))
	}
	return l.Peek(state, now, 1), back
}

// giveBack requires 0 < cost ≤ capacity, which was charged, and 0 ≤ given.
func (r *rate) giveBack(state, mark []int64, now, cost, given int64) int64 {
	switch r.kind {
	case FixedWindow:
		return r.fixedGiveBack(state, mark, now, cost-given)
	case SlidingWindow:
		return r.slidingGiveBack(state, mark, now, cost-given)
	default:
		return r.bucketGiveBack(state, mark, now, cost, given)
	}
}

func (r *rate) bucketGiveBack(state, mark []int64, now, cost, given int64) int64 {
	earlier, ok := r.long(given)
	if !ok {
		return 0
	}
	left := r.minus(bucketTAT(mark), earlier)
	left.Ticks -= now
	if left.ceil() <= 0 {
		return 0
	}
	if charged := r.cost(cost); charged.less(left) {
		left = charged
	}
	tat := r.minus(bucketTAT(state), left)
	if tat.ceil() <= now {
		tat = Span{}
	}
	bucketStore(state, tat)
	whole := r.units(left)
	if r.Times(whole).less(left) {
		whole++
	}
	return whole
}

func (r *rate) fixedGiveBack(state, mark []int64, now, left int64) int64 {
	window := mark[0]
	if state[0] != window || now/r.period > window {
		return 0
	}
	return takeBack(&state[1], left, state[:2])
}

// slidingGiveBack also gives back to the window before that of now, which still
// counts.
func (r *rate) slidingGiveBack(state, mark []int64, now, left int64) int64 {
	window := mark[0]
	switch {
	case now/r.period > window+1:
		return 0
	case state[0] == window:
		return takeBack(&state[2], left, state[:3])
	case state[0] == window+1:
		return takeBack(&state[1], left, state[:3])
	default:
		return 0
	}
}

// takeBack takes up to left from a count of a window, and makes the state fresh
// where nothing is left in it.
func takeBack(count *int64, left int64, state []int64) int64 {
	back := min(max(0, left), *count)
	*count -= back
	for _, n := range state[1:] {
		if n > 0 {
			return back
		}
	}
	state[0] = 0
	return back
}
