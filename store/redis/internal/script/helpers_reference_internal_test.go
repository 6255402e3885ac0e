package script

import (
	"math/big"
	"slices"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

// reference is a bucket as internal/algorithm has it, counting ticks of a µs. It
// keeps its own state and never sees a reply of Redis.
type reference struct {
	kind  algorithm.Kind
	rates []algorithm.Rate
	law   *algorithm.Law

	words   []int64
	version int64
	line    int64 // the turn of the last who entered the queue
	fresh   int64 // when the key expires, 0 where there is none
}

// slack is how long a key outlives its bucket at most, in µs.
const slack = 1_024_000

// expected is what the scripts must say of a step, and leave behind.
type expected struct {
	allowed bool
	state   throttled.State
	delay   time.Duration
	place   *Place
	words   []int64
	expires int64 // ms, -2 if the key is gone

	cancelled bool // of a cancel
}

func newReference(l *Plan, rates []algorithm.Rate) *reference {
	r := &reference{kind: l.kind, rates: rates, law: algorithm.New(l.kind, rates...)}
	r.words = make([]int64, r.law.Words())
	return r
}

// do carries out an operation at now, as Redis should.
func (r *reference) do(a *Operation, now int64) expected {
	e := expected{}
	switch {
	case a.action == read:
		r.tell(&e, now, r.law.Peek(r.words, now, a.cost))
	case a.action == forget:
		r.line = 0
		r.put(0, make([]int64, len(r.words)), now)
		r.tell(&e, now, r.law.Peek(r.words, now, 1))
	case a.action == refund:
		if r.ahead(now) {
			r.tell(&e, now, r.law.Peek(r.words, now, 1))
			break
		}
		words := slices.Clone(r.words)
		r.tell(&e, now, r.law.Refund(words, now, a.cost))
		r.put(0, words, now)
	default:
		r.charge(&e, a, now)
	}
	return r.seal(e)
}

// charge carries out a Limit or a Wait.
func (r *reference) charge(e *expected, a *Operation, now int64) {
	words := slices.Clone(r.words)
	var told algorithm.Answer
	var turn int64
	if a.action == enqueue {
		if told, turn = r.law.Enter(words, now, a.cost); told.Turn > turn {
			r.tell(e, now, told)
			return
		}
	} else {
		turn = r.law.Peek(words, now, a.cost).Turn
		told = r.law.Limit(words, turn, a.cost)
	}
	if turn-now > a.within {
		r.tell(e, now, r.law.Peek(r.words, now, a.cost))
		e.allowed, e.state.RetryAfter = false, time.Duration(turn-now)*time.Microsecond
		return
	}
	if turn > now {
		e.place = &Place{key: a.key, Mark: a.mark, Turn: turn, fresh: r.law.Peek(r.words, now, 0).Fresh, before: r.stored(), Behind: r.version}
		e.delay = time.Duration(turn-now) * time.Microsecond
	}
	r.tell(e, turn, told)
	if a.action == enqueue {
		r.line = turn
	}
	r.put(a.mark, words, now)
}

// cancel gives back a place that this reference has granted.
func (r *reference) cancel(p *Place, now int64) expected {
	e := expected{cancelled: r.version == p.Mark && now < p.Turn}
	if e.cancelled {
		version, words := r.reread(p.before)
		r.put(version, words, now)
	}
	return r.seal(e)
}

// put stores a state, unless it is as good as fresh.
func (r *reference) put(version int64, words []int64, now int64) {
	r.version, r.words = version, words
	if r.fresh = r.law.Peek(words, now, 0).Fresh; r.fresh <= now {
		r.version, r.fresh, r.line = 0, 0, 0
		r.words = make([]int64, len(words))
	}
}

// ahead reports whether the state does not conform now for a cost of 0, straight
// from the definitions of the laws.
func (r *reference) ahead(now int64) bool {
	if r.line > now {
		return true
	}
	for i, rate := range r.rates {
		s := r.words[i*r.kind.Words():]
		var used, limit *big.Rat
		switch r.kind {
		case algorithm.FixedWindow:
			if s[0]*rate.Period > now {
				return true
			}
			continue
		case algorithm.SlidingWindow:
			window, previous, current := s[0], s[1], s[2]
			if window*rate.Period > now {
				return true
			}
			for ; window < now/rate.Period && (previous > 0 || current > 0); window++ {
				previous, current = current, 0
			}
			used = big.NewRat(rate.Period-now%rate.Period, rate.Period)
			used.Mul(used, big.NewRat(previous, 1)).Add(used, big.NewRat(current, 1))
			limit = big.NewRat(rate.Limit, 1)
		default:
			divisor := new(big.Int).GCD(nil, nil, big.NewInt(rate.Limit), big.NewInt(rate.Period)).Int64()
			used = big.NewRat(s[1], rate.Limit/divisor)
			used.Add(used, big.NewRat(s[0]-now, 1))
			limit = new(big.Rat).Mul(big.NewRat(rate.Period, rate.Limit), big.NewRat(rate.Burst, 1))
		}
		if used.Cmp(limit) > 0 {
			return true
		}
	}
	return false
}

func (r *reference) tell(e *expected, at int64, told algorithm.Answer) {
	e.allowed = told.Turn == at
	e.state = throttled.State{
		Limit:      told.Binding.Capacity,
		Rate:       told.Binding.Index,
		Remaining:  told.Remaining,
		ResetAfter: time.Duration(max(0, told.Fresh-at)) * time.Microsecond,
		RetryAfter: throttled.Never,
	}
	if told.Turn != algorithm.Never {
		e.state.RetryAfter = time.Duration(told.Turn-at) * time.Microsecond
	}
}

// seal adds what must be found in Redis after the step.
func (r *reference) seal(e expected) expected {
	e.words, e.expires = slices.Clone(r.words), -2
	if r.fresh > 0 {
		e.expires = (r.fresh/slack + 1) * slack / 1000
	}
	return e
}

func (r *reference) stored() string {
	text := appendNumbers(appendNumbers(nil, r.version), r.words...)
	if r.kind == algorithm.LeakyBucket {
		text = appendNumbers(text, r.line)
	}
	return string(text)
}

// reread reads what stored has written.
func (r *reference) reread(stored string) (version int64, words []int64) {
	version, _ = numberAt(stored, 0)
	for i := range r.words {
		n, _ := numberAt(stored, 1+i)
		words = append(words, n)
	}
	r.line = 0
	if r.kind == algorithm.LeakyBucket {
		r.line, _ = numberAt(stored, 1+len(words))
	}
	return version, words
}
