// Package model is the reference the laws are measured against: the definitions of
// an answer and of the five algorithms, in exact rational arithmetic, as plain as
// they can be said and as slow as that makes them. It shares no arithmetic with
// what it judges. Only tests import it.
package model

import (
	"math"

	"github.com/throttled-go/throttled/internal/algorithm"
)

// Never is the RetryAfter of a request that can never be allowed.
const Never int64 = math.MaxInt64

// Rate is one rate of a quota. Its Burst is never 0 here, and the windows do not
// look at it.
type Rate = algorithm.Rate

// Answer is what a request is told. Durations are in ticks.
type Answer struct {
	Allowed    bool
	Limit      int64 // the capacity of the rate that binds
	Rate       int   // the index of that rate
	Remaining  int64 // the greatest cost that would be allowed at this instant, after the request
	ResetAfter int64 // the least duration after which the key cannot be told from a fresh one
	RetryAfter int64 // 0 if allowed, else the least duration after which it would be, or Never
}

// rate is the state of one rate with the law that it follows. Costs are 1 or more
// everywhere in it: a cost of 0 is no question for a law. An instant that is asked
// for is the least one at or after now.
type rate interface {
	capacity() int64
	allows(now, cost int64) bool // the law itself
	remaining(now int64) int64   // the greatest cost that allows(now, cost)
	turn(now, cost int64) int64  // the least instant t that allows(t, cost), or Never
	fresh(now int64) int64       // the least instant from which all is as if nothing had been charged
	charge(now, cost int64)      // without asking
	refund(now, cost int64)      // never beyond fresh
	reset()
	clone() rate
}

// Bucket is one key's state under one quota.
type Bucket struct {
	kind  algorithm.Kind
	rates []rate
}

// New returns a fresh bucket.
func New(kind algorithm.Kind, rates ...Rate) *Bucket {
	b := &Bucket{kind: kind}
	for _, r := range rates {
		switch kind {
		case algorithm.FixedWindow:
			b.rates = append(b.rates, &fixed{limit: r.Limit, period: r.Period})
		case algorithm.SlidingWindow:
			b.rates = append(b.rates, &sliding{limit: r.Limit, period: r.Period})
		default:
			b.rates = append(b.rates, newMeter(r))
		}
	}
	return b
}

// Clone returns a bucket of its own in the same state, for what-if questions.
func (b *Bucket) Clone() *Bucket {
	c := &Bucket{kind: b.kind, rates: make([]rate, len(b.rates))}
	for i, r := range b.rates {
		c.rates[i] = r.clone()
	}
	return c
}

// Limit charges cost to every rate if every rate allows it now, else to none.
func (b *Bucket) Limit(now, cost int64) Answer {
	if cost <= 0 || !b.allows(now, cost) {
		return b.Peek(now, cost)
	}
	b.charge(now, cost)
	return b.Peek(now, 0)
}

// Peek tells whether cost would be allowed now and changes nothing.
func (b *Bucket) Peek(now, cost int64) Answer {
	return b.told(now, cost, b.closed)
}

// Refund gives cost back to every rate and answers like a Peek of cost 1.
func (b *Bucket) Refund(now, cost int64) Answer {
	if cost > 0 {
		for _, r := range b.rates {
			r.refund(now, cost)
		}
	}
	return b.Peek(now, 1)
}

// Reset makes the bucket fresh.
func (b *Bucket) Reset() {
	for _, r := range b.rates {
		r.reset()
	}
}

func (b *Bucket) allows(now, cost int64) bool {
	for _, r := range b.rates {
		if !r.allows(now, cost) {
			return false
		}
	}
	return true
}

func (b *Bucket) charge(now, cost int64) {
	for _, r := range b.rates {
		r.charge(now, cost)
	}
}

// turn is the least instant from now on at which every rate allows cost: none of
// them, once it allows it, denies it again.
func (b *Bucket) turn(now, cost int64) int64 {
	latest := now
	for _, r := range b.rates {
		latest = max(latest, r.turn(now, cost))
	}
	return latest
}

// view is what one rate has to say about a request, in instants.
type view struct {
	turn, fresh, remaining int64
}

// closed is a rate's view by the closed forms.
func (b *Bucket) closed(r rate, now, cost int64) view {
	v := view{turn: now, fresh: r.fresh(now), remaining: r.remaining(now)}
	if cost > 0 {
		v.turn = r.turn(now, cost)
	}
	return v
}

// told folds the views of the rates: the fewest remaining, the longest waits, and
// the limit of the rate with the longest RetryAfter, then the fewest remaining,
// then the first listed.
func (b *Bucket) told(now, cost int64, see func(r rate, now, cost int64) view) Answer {
	a := Answer{Remaining: math.MaxInt64}
	var binds view
	for i, r := range b.rates {
		v := see(r, now, cost)
		if i == 0 || v.turn > binds.turn || v.turn == binds.turn && v.remaining < binds.remaining {
			binds, a.Limit, a.Rate = v, r.capacity(), i
		}
		a.Remaining = min(a.Remaining, v.remaining)
		a.ResetAfter = max(a.ResetAfter, v.fresh-now)
	}
	a.Allowed = binds.turn == now
	a.RetryAfter = Never
	if binds.turn != Never {
		a.RetryAfter = binds.turn - now
	}
	return a
}
