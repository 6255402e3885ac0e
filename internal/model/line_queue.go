package model

import "slices"

// The queue of a leaky bucket. A Wait that finds room is charged as it enters and
// is let out at its turn; a Limit is the meter and asks for room alone, so it is
// charged behind those who queue and delays none of them.
//
// From the head of the queue on the line keeps what was charged, in order: that is
// what moves up when one in it leaves. What was charged before the head is water
// and nothing else.

// entry is a charge since the head of the queue entered.
type entry struct {
	id     int // 0 for a Limit
	cost   int64
	before *Bucket // as it was found
	turn   int64   // of a Wait: when it is let out
	told   Answer  // of a Wait: as of its turn
}

func (e entry) waits() bool { return e.id != 0 }

// enter is the Wait of a leaky bucket. It needs room now, and nobody waiting for it.
func (l *Line) enter(now, cost, latest int64) Place {
	l.settle(now)
	if cost <= 0 {
		return Place{Status: Granted, Answer: l.told(now, cost)}
	}
	if len(l.room) > 0 || !l.bucket.fits(now, cost) {
		return Place{Answer: l.behind(now, cost, (*Bucket).peekEnter)}
	}
	if _, turn := l.bucket.starts(now); turn > latest || turn-now > farthest {
		return Place{Answer: l.late(now, cost, turn)}
	}
	l.ids++
	l.admit(entry{id: l.ids, cost: cost}, now)
	if last := l.queue[len(l.queue)-1]; last.turn == now {
		l.queue = nil // it found no water, so nobody is ahead of it
		return Place{Status: Granted, Answer: last.told}
	}
	return Place{ID: l.ids, Status: Waiting}
}

// late is what one is told who has room now but would be let out too late. As with
// all who wait, what keeps it is its turn: from then on it could pass at once.
func (l *Line) late(now, cost, turn int64) Answer {
	a := l.told(now, cost)
	a.Allowed = false
	a.RetryAfter = turn - now
	return a
}

// admit charges a Wait behind all that is there.
func (l *Line) admit(e entry, now int64) {
	e.before = l.bucket.Clone()
	e.turn = l.bucket.enter(now, e.cost)
	e.told = l.bucket.Peek(e.turn, 0)
	l.queue = append(l.queue, e)
}

// pour charges a Limit behind all that is there, without asking.
func (l *Line) pour(at, cost int64) Answer {
	if len(l.queue) > 0 {
		l.queue = append(l.queue, entry{cost: cost, before: l.bucket.Clone()})
	}
	l.bucket.charge(at, cost)
	return l.bucket.Peek(at, 0)
}

// letOut grants the head of the queue. What Limits charged between it and the next
// one is water before the head from now on.
func (l *Line) letOut() {
	head := l.queue[0]
	l.grants = append(l.grants, Grant{ID: head.id, At: head.turn, Answer: head.told})
	l.queue = l.queue[1:]
	for len(l.queue) > 0 && !l.queue[0].waits() {
		l.queue = l.queue[1:]
	}
}

// replay charges entries again to the bucket as it stands, in order and as if they
// just arrived. Nobody is asked for room again.
func (l *Line) replay(entries []entry, now int64) {
	for _, e := range entries {
		if e.waits() {
			l.admit(e, now)
		} else {
			l.pour(now, e.cost)
		}
	}
}

// leaveQueue takes out the water of one who queues: all that came after it is
// charged again to the bucket that it found.
func (l *Line) leaveQueue(now int64, id int) bool {
	for i, e := range l.queue {
		if e.id == id {
			after := l.queue[i+1:]
			l.queue = l.queue[:i:i]
			l.bucket = e.before
			l.replay(after, now)
			return true
		}
	}
	return false
}

// refundBehind gives back what Limits charged since the head of the queue entered,
// the newest first, then water before the head. What those who queue have charged
// is theirs.
func (l *Line) refundBehind(now, cost int64) {
	if len(l.queue) == 0 {
		l.bucket.Refund(now, cost)
		return
	}
	var kept []entry
	for _, e := range slices.Backward(l.queue) {
		if !e.waits() {
			back := min(cost, e.cost)
			e.cost -= back
			cost -= back
		}
		if e.cost > 0 {
			kept = append([]entry{e}, kept...)
		}
	}
	l.bucket = l.queue[0].before
	l.bucket.Refund(now, cost)
	l.queue = nil
	l.replay(kept, now)
}

// empty takes out all water but that of those who queue, who enter again.
func (l *Line) empty(now int64) {
	var kept []entry
	for _, e := range l.queue {
		if e.waits() {
			kept = append(kept, e)
		}
	}
	l.bucket.Reset()
	l.queue = nil
	l.replay(kept, now)
}
