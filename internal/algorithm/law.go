// Package algorithm holds the laws of the five algorithms as pure transitions
// over a few words of state: no clock, no lock, no map, no error.
//
// Time is an integer count of ticks since an epoch at or before which nothing
// happened. A tick is a nanosecond in memory and a microsecond in Redis; the
// laws do not know which. All decisions equal exact rational arithmetic: no
// float takes part, products have 128 bits, nothing saturates.
//
// A state of zeros is fresh. A state that lies ahead of now (after a step back
// of the clock, or because places were taken in advance) is a line to stand
// behind: nothing is minted, and what is answered of it is true.
//
// Three bounds keep every instant within 63 bits, and the package requires
// them: 0 ≤ now ≤ MaxNow, a period of at most MaxPeriod, and a capacity that
// takes at most MaxRefill to come back.
package algorithm

// MaxRates is how many rates one law can hold.
const MaxRates = 8

// MaxWords is the size of the largest state of any law.
const MaxWords = MaxRates * 3

// Kind is which of the five algorithms a law follows. Its values are those of
// throttled.Algorithm, so that one is converted to the other.
type Kind uint8

// The five algorithms. TokenBucket and GCRA are the same law.
const (
	TokenBucket Kind = iota
	LeakyBucket
	GCRA
	FixedWindow
	SlidingWindow
)

// Words is how many words of state one rate of the algorithm keeps.
func (k Kind) Words() int {
	if k == SlidingWindow {
		return 3
	}
	return 2
}

// Windows reports whether the algorithm counts in windows, and so knows no burst.
func (k Kind) Windows() bool { return k == FixedWindow || k == SlidingWindow }

// Rate is one rate of a quota: Limit units per Period ticks, Burst at once, and
// a Burst of 0 means Limit.
type Rate struct {
	Limit, Period, Burst int64
}

// Capacity returns the greatest cost that a fresh state allows.
func (r Rate) Capacity(kind Kind) int64 {
	if r.Burst == 0 || kind.Windows() {
		return r.Limit
	}
	return r.Burst
}

// Law is an algorithm over one or more rates, all of which must hold.
// It is immutable, so any number of goroutines may share it.
type Law struct {
	kind  Kind
	rates []rate
	whole *Whole // of the only rate, if it is one; else nil
}

// New compiles a law. It requires 1 to MaxRates rates within the bounds of
// the package.
func New(kind Kind, rates ...Rate) *Law {
	law := &Law{kind: kind, rates: make([]rate, len(rates))}
	for i, r := range rates {
		law.rates[i] = compile(kind, i, r)
	}
	if len(rates) == 1 {
		law.whole = wholeOf(&law.rates[0])
	}
	return law
}

// Words is the size of the law's state.
func (l *Law) Words() int { return len(l.rates) * l.kind.Words() }

// Whole returns the law in its shortest form, or nil if it has none.
func (l *Law) Whole() *Whole { return l.whole }

// Binding returns what answers say where the first rate binds.
func (l *Law) Binding() *Binding { return &l.rates[0].Binding }

// Answer is the answer to a request, as instants. Four fields, so that it
// travels in registers.
type Answer struct {
	// Binding is the rate that binds: the one with the longest wait, then the
	// fewest remaining, then the first.
	Binding *Binding

	// Remaining is the greatest cost that would pass now, after the request.
	Remaining int64

	// Turn is now if the request passes; else the least instant at which it
	// would if nothing else came, or Never.
	Turn int64

	// Fresh is the least instant from which the state cannot be told from a
	// fresh one. It may lie before now.
	Fresh int64
}

// ResetAfter returns how long after now the state cannot be told from a fresh one.
func (a Answer) ResetAfter(now int64) int64 { return max(0, a.Fresh-now) }

// RetryAfter returns how long after now, which is not after the turn, the request
// would pass, or Never.
func (a Answer) RetryAfter(now int64) int64 {
	if a.Turn == Never {
		return Never
	}
	return a.Turn - now
}

// Binding is what an answer says of the rate that binds. It is immutable.
type Binding struct {
	Capacity int64 // the greatest cost that a fresh state allows
	Index    int   // of the rate in the law
}

// Limit charges cost if every rate allows it now, else changes nothing.
// A cost of 0 or less always passes and changes nothing.
func (l *Law) Limit(state []int64, now, cost int64) Answer {
	if w := l.whole; w.Charges(cost) {
		turn, tat := w.Charge(state, now, cost)
		return Answer{Binding: w.Binding, Remaining: w.Remaining(tat - now), Turn: turn, Fresh: tat}
	}
	return l.decide(state, now, cost, true)
}

// Peek answers as Limit would and changes nothing.
func (l *Law) Peek(state []int64, now, cost int64) Answer {
	return l.decide(state, now, cost, false)
}

// Refund gives cost back to every rate and answers like a Peek of cost 1. No
// state goes beyond fresh, and a window gives back only what was charged in
// the window of now.
func (l *Law) Refund(state []int64, now, cost int64) Answer {
	words := l.kind.Words()
	for i := range l.rates {
		if s := state[i*words:]; cost > 0 {
			l.rates[i].refund(s, now, cost)
		}
	}
	return l.Peek(state, now, 1)
}

// decide finds the turn of cost, charges it if that is now and charge is set,
// and answers. A rate that allows a cost at one instant does so at all later
// ones, as long as nothing else comes, so the latest turn serves all rates.
func (l *Law) decide(state []int64, now, cost int64, charge bool) Answer {
	if len(l.rates) == 1 {
		r := &l.rates[0]
		v := r.decide(state, now, cost, charge)
		return Answer{Binding: &r.Binding, Remaining: v.remaining, Turn: v.turn, Fresh: v.fresh}
	}
	if charge && cost > 0 {
		return l.chargeAll(state, now, cost)
	}
	return l.peekAll(state, now, cost)
}

// chargeAll charges rate after rate: most requests are allowed, and then every
// rate decides once. One that does not allow it ends the charging; if others were
// charged before, that is undone and they are asked again.
func (l *Law) chargeAll(state []int64, now, cost int64) Answer {
	words := l.kind.Words()
	var before [MaxWords]int64
	copy(before[:], state[:words*len(l.rates)])
	var j joint
	charge := true
	for i := range l.rates {
		r := &l.rates[i]
		v := r.decide(state[i*words:], now, cost, charge)
		if charge && v.turn > now {
			if i > 0 {
				copy(state, before[:i*words])
				return l.peekAll(state, now, cost)
			}
			charge = false
		}
		j.add(r, v)
	}
	return j.Answer
}

// peekAll lets every rate decide for itself and joins their verdicts.
func (l *Law) peekAll(state []int64, now, cost int64) Answer {
	words := l.kind.Words()
	var j joint
	for i := range l.rates {
		r := &l.rates[i]
		j.add(r, r.decide(state[i*words:], now, cost, false))
	}
	return j.Answer
}

// verdict is what one rate has to say.
type verdict struct {
	turn, remaining, fresh int64
}

// joint is the answer of the rates that were heard so far. Of those with the
// latest turn, the one with the fewest remaining binds.
type joint struct {
	Answer
	heard bool
	least int64 // remaining of the rate that binds
}

func (j *joint) add(r *rate, v verdict) {
	if !j.heard || v.turn > j.Turn || v.turn == j.Turn && v.remaining < j.least {
		j.Binding, j.least = &r.Binding, v.remaining
	}
	if !j.heard || v.remaining < j.Remaining {
		j.Remaining = v.remaining
	}
	j.Turn = max(j.Turn, v.turn)
	j.Fresh = max(j.Fresh, v.fresh)
	j.heard = true
}
