package model

import "math/big"

// Enter is the bucket as a queue, which is what a Wait at a leaky bucket asks for.
// If cost has room it is charged, and told is the answer as of seen, the instant at
// which the water before it has leaked and it is let out. Else nothing changes and
// seen is now.
func (b *Bucket) Enter(now, cost int64) (told Answer, seen int64) {
	if cost <= 0 || !b.fits(now, cost) {
		return b.peekEnter(now, cost), now
	}
	seen = b.enter(now, cost)
	return b.Peek(seen, 0), seen
}

// peekEnter tells when cost could enter. What remains is a word about the state, the
// same for all who ask.
func (b *Bucket) peekEnter(now, cost int64) Answer {
	return b.told(now, cost, b.closedEnter)
}

// enter charges cost behind the water that is there, without asking, and returns
// its turn.
func (b *Bucket) enter(now, cost int64) int64 {
	starts, turn := b.starts(now)
	for i, r := range b.rates {
		m := r.(*meter)
		m.tat = m.after(starts[i], cost)
	}
	return turn
}

// starts returns the turn of one who enters now, the latest max(TAT, now) of all
// rates rounded up to a whole tick, and where its water starts in each of them: a
// rate whose own max(TAT, now) falls into that tick keeps its fraction, so that one
// rate alone leaks evenly to the end; all others start from the turn.
func (b *Bucket) starts(now int64) ([]*big.Rat, int64) {
	turn := now
	for _, r := range b.rates {
		turn = max(turn, ceil(r.(*meter).base(now)))
	}
	var starts []*big.Rat
	for _, r := range b.rates {
		own := r.(*meter).base(now)
		if ceil(own) != turn {
			own = rat(turn)
		}
		starts = append(starts, own)
	}
	return starts, turn
}

// fits reports whether every rate has room for cost from its start on.
func (b *Bucket) fits(now, cost int64) bool {
	starts, _ := b.starts(now)
	for i, r := range b.rates {
		if !r.(*meter).fits(starts[i], now, cost) {
			return false
		}
	}
	return true
}

// closedEnter is a rate's view of one who would enter. Up to the turn no start
// depends on now, and from the turn on every start is now.
func (b *Bucket) closedEnter(r rate, now, cost int64) view {
	v := view{turn: now, fresh: r.fresh(now), remaining: r.remaining(now)}
	if cost <= 0 {
		return v
	}
	starts, _ := b.starts(now)
	for i := range b.rates {
		if b.rates[i] == r {
			v.turn = r.(*meter).turnFrom(starts[i], now, cost)
		}
	}
	return v
}
