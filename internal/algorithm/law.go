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
// behind: nothing is minted, and what is told of it is true.
//
// Three bounds keep every instant within 63 bits, and the package requires
// them: 0 ≤ now ≤ 2^62, a period of at most 2^59 ticks, and a capacity that
// takes at most 2^60 ticks to come back.
package algorithm

import "math"

// Never is the instant of a turn that does not come.
const Never int64 = math.MaxInt64

// MaxRates is how many rates one law can hold.
const MaxRates = 8

// MaxWords is the size of the largest state of any law.
const MaxWords = MaxRates * 3

// Kind tells which of the five algorithms a law follows.
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

// Rate is one rate of a quota: Limit units per Period ticks, Burst at once.
// The windows do not look at Burst.
type Rate struct {
	Limit, Period, Burst int64
}

// Law is an algorithm over one or more rates, all of which must hold.
// It is immutable, so any number of goroutines may share it.
type Law struct {
	kind  Kind
	rates []rate
}

// New compiles a law. It requires 1 to MaxRates rates within the bounds of
// the package.
func New(kind Kind, rates ...Rate) *Law {
	law := &Law{kind: kind, rates: make([]rate, len(rates))}
	for i, r := range rates {
		law.rates[i] = compile(kind, r)
	}
	return law
}

// Words is the size of the law's state.
func (l *Law) Words() int { return len(l.rates) * l.kind.Words() }

// Answer is what a request is told, as instants. Four fields, so that it
// travels in registers.
type Answer struct {
	// Limit points at the capacity of the rate that binds: the one with the
	// longest wait, then the fewest remaining, then the first.
	Limit *int64

	// Remaining is the greatest cost that would pass now, after the request.
	Remaining int64

	// Turn is now if the request passes; else the least instant at which it
	// would if nothing else came, or Never.
	Turn int64

	// Fresh is the least instant from which the state cannot be told from a
	// fresh one. It may lie before now.
	Fresh int64
}

// Limit charges cost if every rate allows it now, else changes nothing.
// A cost of 0 or less always passes and changes nothing.
func (l *Law) Limit(state []int64, now, cost int64) Answer {
	turn := l.turn(state, now, cost)
	if turn == now && cost > 0 {
		l.charge(state, now, cost)
	}
	return l.answer(state, now, cost, turn)
}

// Peek answers as Limit would and changes nothing.
func (l *Law) Peek(state []int64, now, cost int64) Answer {
	return l.answer(state, now, cost, l.turn(state, now, cost))
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

// turn returns the least instant, not before now, at which every rate allows
// cost. A rate that allows it at one instant does so at all later ones, as
// long as nothing else comes, so the latest instant of the rates serves all.
func (l *Law) turn(state []int64, now, cost int64) int64 {
	if cost <= 0 {
		return now
	}
	words := l.kind.Words()
	latest := now
	for i := range l.rates {
		latest = max(latest, l.rates[i].turn(state[i*words:], now, cost))
	}
	return latest
}

// charge requires now to be at or after the turn of cost.
func (l *Law) charge(state []int64, now, cost int64) {
	words := l.kind.Words()
	for i := range l.rates {
		l.rates[i].charge(state[i*words:], now, cost)
	}
}

// answer tells of the state as it is now, to a request of cost whose turn is
// known.
func (l *Law) answer(state []int64, now, cost, turn int64) Answer {
	told := l.first(state, now, turn)
	if len(l.rates) == 1 {
		return told
	}
	words := l.kind.Words()
	return l.bind(state, now, told, func(i int) int64 {
		if turn == now {
			return now
		}
		return l.rates[i].turn(state[i*words:], now, cost)
	})
}

// first tells what the first rate has to say.
func (l *Law) first(state []int64, now, turn int64) Answer {
	r := &l.rates[0]
	return Answer{Limit: &r.capacity, Remaining: r.remaining(state, now), Turn: turn, Fresh: r.fresh(state)}
}

// bind completes what the first rate told by what the others have to say;
// turnOf gives the turn that rate i alone would grant.
func (l *Law) bind(state []int64, now int64, told Answer, turnOf func(i int) int64) Answer {
	words := l.kind.Words()
	longest := turnOf(0)
	for i := 1; i < len(l.rates); i++ {
		r, s := &l.rates[i], state[i*words:]
		turn, remaining := turnOf(i), r.remaining(s, now)
		if turn > longest || turn == longest && remaining < told.Remaining {
			told.Limit = &r.capacity
		}
		longest = max(longest, turn)
		told.Remaining = min(told.Remaining, remaining)
		told.Fresh = max(told.Fresh, r.fresh(s))
	}
	return told
}
