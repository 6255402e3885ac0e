package redis

import (
	"math/rand/v2"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

// ask is a request as Redis is asked to carry it out.
type ask struct {
	law  *law
	key  string // names the bucket
	form form
	cost int64

	within int64 // µs that a turn may be away
	mark   int64 // version that a place taken leaves behind
}

// form is what a script does with a request.
type form uint8

const (
	look  form = iota // change nothing
	take              // charge at the turn that the law gives
	enter             // charge at once and be let out in turn: the queue of a leaky bucket
	giveBack
	reset
)

// maxWithin is how far ahead a turn may lie: 2^60 ns, as in memory.
const maxWithin = 1 << 60 / int64(time.Microsecond)

// newAsk compiles req, whose Plan is that of l. A turn may be req.Within away,
// counted from the instant at which Redis decides.
func (l *law) newAsk(req throttled.Request) ask {
	a := ask{law: l, key: l.key(req.Key), form: l.formOf(req), cost: req.Cost}
	if a.form == take || a.form == enter {
		a.within = microseconds(req.Within)
	}
	if a.within > 0 {
		a.mark = newMark()
	}
	if req.Op == throttled.OpRefund && a.form == look {
		a.cost = 1 // what a refund is told of
	}
	return a
}

// microseconds returns how far away a turn may be in µs. Less than nothing counts
// as nothing.
func microseconds(within time.Duration) int64 {
	return min(max(within.Microseconds(), 0), maxWithin)
}

// formOf tells what can be changed by req. What costs nothing changes nothing,
// and what costs more than there can be is known to be denied.
func (l *law) formOf(req throttled.Request) form {
	switch {
	case req.Op == throttled.OpReset:
		return reset
	case req.Op == throttled.OpPeek || req.Cost <= 0:
		return look
	case req.Op == throttled.OpRefund:
		return giveBack
	case req.Cost > l.capacity:
		return look
	case req.Op == throttled.OpWait && l.kind == algorithm.LeakyBucket:
		return enter
	default:
		return take
	}
}

// newMark returns a version by which a place is known again. It is drawn at
// random: a count would begin anew, and meet marks that are still about, when a
// bucket is reset.
func newMark() int64 { return 1 + rand.Int64N(maxNumber) }

// script returns the script that carries a out.
func (a *ask) script() *script {
	switch a.form {
	case look:
		return peekScript
	case reset:
		return resetScript
	case enter:
		return queueLaw.over(len(a.law.rates))
	default:
		return a.law.script
	}
}

// kin is equal for asks that one script call can carry: those served by the
// same script, over as many rates.
type kin struct {
	script *script
	rates  int
}

func (a *ask) kin() kin { return kin{a.script(), len(a.law.rates)} }

// decides reports whether the script is given a decision to carry out, and
// not only a key.
func (a *ask) decides() bool { return a.form != look && a.form != reset }

// append appends the decision that a asks for.
func (a *ask) append(to []byte) []byte {
	if a.form == giveBack {
		to = appendNumbers(to, -1, 0)
		for i := range a.law.rates {
			to = a.law.rates[i].appendReturn(to, a.cost)
		}
		return to
	}
	to = appendNumbers(to, a.within, a.mark)
	for i := range a.law.rates {
		to = a.law.rates[i].appendTake(to, a.cost)
	}
	return to
}
