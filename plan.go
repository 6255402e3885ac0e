package throttled

import (
	"hash/fnv"
	"time"

	"github.com/throttled-go/throttled/internal/algorithm"
)

// Plan is what New compiled, once, from the prefix, the algorithm and the
// quota of a [Config]. Every request of a limiter carries the same Plan, and a
// store does its arithmetic with it. Two plans of one name are equal: a store
// compares names, never pointers, so that limiters with equal settings share
// their buckets. A Plan is immutable and safe for concurrent use.
type Plan struct {
	prefix    string
	algorithm Algorithm
	quota     Quota
	name      string
	hash      uint64
	words     int
	law       *algorithm.Law
	whole     *algorithm.Whole   // the same law, where it is that simple; else nil
	first     *algorithm.Binding // of the first rate
}

// The laws bound a period, and the time in which a whole burst comes back: instants
// are int64 nanoseconds, and must have room for both on top of today's Unix time.
const (
	maxPeriod = time.Duration(algorithm.MaxPeriod)
	maxRefill = algorithm.MaxRefill
)

// newPlan requires arguments that were validated.
func newPlan(prefix string, a Algorithm, quota Quota) *Plan {
	rates := make([]algorithm.Rate, len(quota.rates))
	for i, r := range quota.rates {
		rates[i] = algorithm.Rate{Limit: r.Limit, Period: int64(r.Period), Burst: r.Burst}
	}
	name := prefix + ":" + a.String() + ":" + quota.String()
	hash := fnv.New64a()
	hash.Write([]byte(name))
	law := algorithm.New(algorithm.Kind(a), rates...)
	return &Plan{
		prefix:    prefix,
		algorithm: a,
		quota:     quota,
		name:      name,
		hash:      hash.Sum64(),
		words:     law.Words(),
		law:       law,
		whole:     law.Whole(),
		first:     law.Binding(),
	}
}

// Name returns prefix, algorithm and quota, separated by colons. With the key of
// a request it names a bucket; a prefix has no colon, so no two plans of
// different settings have one name.
func (p *Plan) Name() string { return p.name }

// Hash returns a hash of Name, for stores that keep a table of buckets.
func (p *Plan) Hash() uint64 { return p.hash }

// Prefix returns the namespace in the store.
func (p *Plan) Prefix() string { return p.prefix }

// Algorithm returns the algorithm.
func (p *Plan) Algorithm() Algorithm { return p.algorithm }

// Quota returns the quota.
func (p *Plan) Quota() Quota { return p.quota }

// Words returns how many words of state a bucket has: 2 to 24.
func (p *Plan) Words() int { return p.words }

// Apply carries out req on the state of one bucket, as it is at now, and is
// all the arithmetic a [Store] needs. It is pure: no clock, no lock, no
// allocation, so it may run under any lock of the store's.
//
// The state has [Plan.Words] words, all zero when fresh, changed in place; it
// means nothing outside Apply. The time now is in Unix nanoseconds, from 0 to
// 2^62; it may step back, which mints nothing. What comes back is the answer
// and how long the state matters: after keep it is as good as fresh and may
// be forgotten; 0 means at once.
//
// Apply never waits, so it does not look at Within. What it makes of an Op:
//   - [OpLimit] charges Cost if there is room for it, else changes nothing.
//   - [OpWait] is the same, but for LeakyBucket, where Cost enters the queue
//     if there is room. It is to be let out when the water before it has
//     leaked, which is after the ResetAfter of a Peek made just before, and
//     the answer is that of this later instant.
//   - [OpPeek] answers as OpLimit would and changes nothing.
//   - [OpRefund] gives Cost back, never beyond the fresh state and to a window
//     only what was charged in the window of now; it answers like a Peek of
//     cost 1.
//   - [OpReset] makes the state fresh and answers like a Peek of cost 1.
//
// A Cost of 0 or less is allowed and changes nothing.
func (p *Plan) Apply(state []int64, now int64, req Request) (res Result, keep time.Duration) {
	var told algorithm.Answer
	seen := now
	switch req.Op {
	case OpLimit:
		return p.Limit(state, now, req.Cost)
	case OpWait:
		if p.algorithm == LeakyBucket {
			told, seen = p.law.Enter(state, now, req.Cost)
		} else {
			told = p.law.Limit(state, now, req.Cost)
		}
	case OpRefund:
		told = p.law.Refund(state, now, req.Cost)
	case OpReset:
		clear(state[:p.words])
		told = p.law.Peek(state, now, 1)
	default:
		told = p.law.Peek(state, now, req.Cost)
	}
	return resultAt(seen, told), time.Duration(told.ResetAfter(now))
}

// Limit is shorthand for [Plan.Apply] with OpLimit, which most requests are.
func (p *Plan) Limit(state []int64, now, cost int64) (res Result, keep time.Duration) {
	if w := p.whole; w.Charges(cost) {
		turn, tat := w.Charge(state, now, cost)
		keep = time.Duration(tat - now)
		return newResult(turn == now, w.Binding, w.Remaining(tat-now), keep, time.Duration(turn-now)), keep
	}
	told := p.law.Limit(state, now, cost)
	return resultAt(now, told), time.Duration(told.ResetAfter(now))
}

// Whole returns the law of p in the short form of a single rate whose interval is a
// whole number of nanoseconds, or nil for any other law. It is for the memory stores of
// this module, as its type says, which have the compiler inline it where the state is.
// All others have [Plan.Limit], which answers the same.
func (p *Plan) Whole() *algorithm.Whole { return p.whole }

// Result returns an answer of p, whose only or first rate binds: the same as
// [NewResult] does, without allocating. It requires remaining in 0 … 2^48−1.
func (p *Plan) Result(allowed bool, remaining int64, reset, retryAfter time.Duration) Result {
	return newResult(allowed, p.first, remaining, reset, retryAfter)
}

// GiveBack gives back what of one charge has not leaked, for stores that can
// tell a charge from others: at most cost, which was charged in the bucket, and
// nothing of what others were charged. It is pure, as Apply is.
//
// The mark is a copy of the state just after the charge. A bucket leaks first
// in, first out: what was given back since of charges made before this one is
// in given, and brings its end forward. A window gives back while it counts;
// there given is what Refund gave back since. The charge must not have been
// given back before, and the bucket not reset or evicted since.
//
// The answer is like a Peek of cost 1; back is the greatest amount that it gave
// back to any rate, rounded up.
func (p *Plan) GiveBack(state, mark []int64, now, cost, given int64) (res Result, keep time.Duration, back int64) {
	told, back := p.law.GiveBack(state, mark, now, cost, given)
	return resultAt(now, told), time.Duration(told.ResetAfter(now)), back
}

// resultAt returns an answer as it is at the instant now.
func resultAt(now int64, told algorithm.Answer) Result {
	return newResult(told.Turn == now, told.Binding, told.Remaining, time.Duration(told.ResetAfter(now)), time.Duration(told.RetryAfter(now)))
}
