package script

import (
	"math/rand/v2"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/hashslot"
)

// Operation is a request as Redis is asked to carry it out.
type Operation struct {
	plan   *Plan
	key    string // names the bucket
	action action
	cost   int64
	within int64 // µs that its turn may be away
	mark   int64 // version of the bucket after it, by which a place is recognised
}

// action is what a script does to a bucket.
type action uint8

const (
	read    action = iota // changes nothing
	charge                // charges at the turn that the law gives
	enqueue               // charges now and is let out in turn: the queue of a leaky bucket
	refund                // gives back what was charged
	forget                // makes the bucket fresh
)

// maxWithin is how far ahead a turn may lie, in µs: as far as in memory.
const maxWithin = algorithm.MaxAhead / int64(time.Microsecond)

// Operation compiles req, whose Plan is that of p.
func (p *Plan) Operation(req throttled.Request) Operation {
	op := Operation{plan: p, key: p.key(req.Key), action: p.actionOf(req), cost: req.Cost}
	if op.action == charge || op.action == enqueue {
		op.Within(req.Within)
	}
	if op.within > 0 {
		op.mark = newMark()
	}
	if req.Op == throttled.OpRefund && op.action == read {
		op.cost = 1 // a Refund answers like a Peek
	}
	return op
}

// Within sets how far away the turn may be, counted from the instant at which
// Redis decides. Less than 0 counts as 0.
func (op *Operation) Within(d time.Duration) {
	op.within = min(max(d.Microseconds(), 0), maxWithin)
}

// actionOf returns what req can change. What costs nothing changes nothing, and
// what costs more than the capacity is known to be denied.
func (p *Plan) actionOf(req throttled.Request) action {
	switch {
	case req.Op == throttled.OpReset:
		return forget
	case req.Op == throttled.OpPeek || req.Cost <= 0:
		return read
	case req.Op == throttled.OpRefund:
		return refund
	case req.Cost > p.capacity:
		return read
	case req.Op == throttled.OpWait && p.kind == algorithm.LeakyBucket:
		return enqueue
	default:
		return charge
	}
}

// newMark returns a version by which a place is recognised. It is drawn at
// random: a counter would start again when a bucket is reset, and then meet marks
// of before.
func newMark() int64 { return 1 + rand.Int64N(maxNumber) }

// GivesBack reports whether op makes room in its bucket.
func (op *Operation) GivesBack() bool { return op.action == refund || op.action == forget }

// Slot returns the slot of the bucket in a cluster.
func (op *Operation) Slot() uint16 { return hashslot.Of(op.key) }

// Kind is equal for operations that one call can carry: those served by the same
// script, over as many rates.
type Kind struct {
	script *script
	rates  int
}

// Kind returns the kind of op.
func (op *Operation) Kind() Kind { return Kind{op.script(), len(op.plan.rates)} }

// script returns the script that carries op out.
func (op *Operation) script() *script {
	switch op.action {
	case read:
		return peekScript
	case forget:
		return resetScript
	case enqueue:
		return queueScripts.over(len(op.plan.rates))
	default:
		return op.plan.script
	}
}

// decides reports whether the script is given a decision to carry out, and not
// only a key.
func (op *Operation) decides() bool { return op.action != read && op.action != forget }

// asksLike reports whether op and other ask for the same decision, if on two
// buckets.
func (op *Operation) asksLike(other *Operation) bool {
	return op.plan == other.plan && op.action == other.action && op.cost == other.cost &&
		op.within == other.within && op.mark == other.mark
}

// append appends the decision that op asks for, to be made so many times.
func (op *Operation) append(to []byte, times int) []byte {
	to = appendNumbers(to, int64(times))
	if op.action == refund {
		to = appendNumbers(to, -1, 0)
		for i := range op.plan.rates {
			to = op.plan.rates[i].appendRefund(to, op.cost)
		}
		return to
	}
	to = appendNumbers(to, op.within, op.mark)
	for i := range op.plan.rates {
		to = op.plan.rates[i].appendCharge(to, op.cost)
	}
	return to
}
