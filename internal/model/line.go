package model

import (
	"fmt"

	"github.com/throttled-go/throttled/internal/algorithm"
)

// farthest is how far ahead of the asking a turn may lie.
const farthest = int64(1) << 60

// Status is what became of a request that may wait.
type Status uint8

// A request is turned away, let through at once, or given a place.
const (
	Denied Status = iota
	Granted
	Waiting
)

// Place is what a request that may wait is told at once. The Answer is that of a
// denied request, or of one let through; while it waits there is none.
type Place struct {
	ID     int // names the place to Cancel, Turn and Grant; 0 if it does not wait
	Status Status
	Answer Answer
}

// Grant is a turn that has come. The Answer is as of its instant and counts what
// was charged before it and itself.
type Grant struct {
	ID     int
	At     int64
	Answer Answer
}

// Line is one key with those who wait at it: instants in, grants out. Whatever
// happens at an instant, those whose turn has come by then are granted before it,
// each at its own turn. All is worked out anew each time, nothing is kept that
// follows from the rest.
type Line struct {
	bucket *Bucket // all that is charged: nothing of room, all of queue
	room   []place // those waiting for room, first come first
	queue  []entry // of a leaky bucket only, see there
	grants []Grant // not fetched yet
	ids    int
}

// place is a request waiting for room. Its turn is the earliest instant, not before
// its arrival nor before the turn of the one ahead, at which its cost is allowed
// after all ahead were charged at their turns.
type place struct {
	id         int
	cost, turn int64
}

// NewLine returns a fresh key with nobody waiting.
func NewLine(kind algorithm.Kind, rates ...Rate) *Line {
	return &Line{bucket: New(kind, rates...)}
}

// Limit charges cost if it is allowed now and nobody waits for room.
func (l *Line) Limit(now, cost int64) Answer {
	l.settle(now)
	if cost <= 0 || len(l.room) > 0 || !l.bucket.allows(now, cost) {
		return l.told(now, cost)
	}
	return l.pour(now, cost)
}

// LimitBy is a Limit with a timeout: it waits for room if its turn comes at latest
// or before, which must not lie before now.
func (l *Line) LimitBy(now, cost, latest int64) Place {
	l.settle(now)
	if cost <= 0 {
		return Place{Status: Granted, Answer: l.told(now, cost)}
	}
	turn := l.turn(now, cost)
	switch {
	case turn == Never, turn > latest, turn-now > farthest:
		return Place{Answer: l.told(now, cost)}
	case turn == now:
		return Place{Status: Granted, Answer: l.pour(now, cost)}
	}
	l.ids++
	l.room = append(l.room, place{id: l.ids, cost: cost, turn: turn})
	return Place{ID: l.ids, Status: Waiting}
}

// Wait waits for its turn if that comes at latest or before, which must not lie
// before now. At a leaky bucket it enters the queue.
func (l *Line) Wait(now, cost, latest int64) Place {
	if l.bucket.kind == algorithm.LeakyBucket {
		return l.enter(now, cost, latest)
	}
	return l.LimitBy(now, cost, latest)
}

// Cancel takes a waiting request away and reports whether it was still waiting.
// Those behind it move up as if they arrived now, in their order.
func (l *Line) Cancel(now int64, id int) bool {
	l.settle(now)
	if !l.leaveRoom(id) && !l.leaveQueue(now, id) {
		return false
	}
	l.rejoin(now)
	return true
}

// Refund gives cost back and answers like a Peek, after those it let through.
func (l *Line) Refund(now, cost int64) Answer {
	l.settle(now)
	if cost > 0 {
		l.refundBehind(now, cost)
		l.rejoin(now)
	}
	return l.told(now, 1)
}

// Reset makes the key fresh for those who wait.
func (l *Line) Reset(now int64) {
	l.settle(now)
	l.empty(now)
	l.rejoin(now)
}

// Peek tells what a Limit of cost 1 would be told now.
func (l *Line) Peek(now int64) Answer {
	l.settle(now)
	return l.told(now, 1)
}

// Advance grants all whose turn has come by now, and returns what was granted since
// the last Advance, in order.
func (l *Line) Advance(now int64) []Grant {
	l.settle(now)
	grants := l.grants
	l.grants = nil
	return grants
}

// Next returns the instant of the next turn.
func (l *Line) Next() (at int64, ok bool) {
	switch {
	case len(l.queue) > 0 && len(l.room) > 0:
		return min(l.queue[0].turn, l.room[0].turn), true
	case len(l.queue) > 0:
		return l.queue[0].turn, true
	case len(l.room) > 0:
		return l.room[0].turn, true
	}
	return 0, false
}

// Turn returns the turn of one who waits, as it stands.
func (l *Line) Turn(id int) (at int64, ok bool) {
	for _, p := range l.room {
		if p.id == id {
			return p.turn, true
		}
	}
	for _, e := range l.queue {
		if e.id == id {
			return e.turn, true
		}
	}
	return 0, false
}

// Waiting is how many wait, for room or in the queue.
func (l *Line) Waiting() int {
	n := len(l.room)
	for _, e := range l.queue {
		if e.waits() {
			n++
		}
	}
	return n
}

// settle grants what is due. Of one instant, who leaves the queue goes first.
func (l *Line) settle(now int64) {
	for {
		at, ok := l.Next()
		switch {
		case !ok || at > now:
			return
		case len(l.queue) > 0 && l.queue[0].turn == at:
			l.letOut()
		default:
			l.letIn()
		}
	}
}

// letIn charges the first of those waiting for room, at its turn.
func (l *Line) letIn() {
	first := l.room[0]
	l.room = l.room[1:]
	if !l.bucket.allows(first.turn, first.cost) {
		panic(fmt.Sprintf("model: a turn at which a cost of %d is denied: %d", first.cost, first.turn))
	}
	l.grants = append(l.grants, Grant{ID: first.id, At: first.turn, Answer: l.pour(first.turn, first.cost)})
}

// tail is the bucket after all who wait for room have had their turns, and the
// earliest instant at which one who joins now may have its own.
func (l *Line) tail(now int64) (*Bucket, int64) {
	b := l.bucket.Clone()
	for _, p := range l.room {
		b.charge(p.turn, p.cost)
		now = max(now, p.turn)
	}
	return b, now
}

// turn is what one who joins now would be given.
func (l *Line) turn(now, cost int64) int64 {
	tail, from := l.tail(now)
	return tail.turn(from, cost)
}

// rejoin gives new turns to all who wait for room, as if they arrived now, and
// grants those that come at once. It is turn for one after the other, with one
// tail carried along.
func (l *Line) rejoin(now int64) {
	tail, from := l.bucket.Clone(), now
	for i := range l.room {
		p := &l.room[i]
		p.turn = tail.turn(from, p.cost)
		tail.charge(p.turn, p.cost)
		from = max(from, p.turn)
	}
	l.settle(now)
}

func (l *Line) leaveRoom(id int) bool {
	for i, p := range l.room {
		if p.id == id {
			l.room = append(l.room[:i:i], l.room[i+1:]...)
			return true
		}
	}
	return false
}

// told is what a request that is charged nothing is told now. Behind others it is
// an answer of the instant after them, counted from now; only which rate binds is
// seen from now, as Remaining is.
func (l *Line) told(now, cost int64) Answer {
	return l.behind(now, cost, (*Bucket).Peek)
}

func (l *Line) behind(now, cost int64, peek func(b *Bucket, now, cost int64) Answer) Answer {
	if len(l.room) == 0 {
		return peek(l.bucket, now, cost)
	}
	tail, from := l.tail(now)
	a := peek(tail, from, cost)
	binding := peek(tail, now, cost)
	a.Limit, a.Rate = binding.Limit, binding.Rate
	a.Allowed = cost <= 0
	a.Remaining = 0
	a.ResetAfter += from - now
	if !a.Allowed && a.RetryAfter != Never {
		a.RetryAfter += from - now
	}
	return a
}
