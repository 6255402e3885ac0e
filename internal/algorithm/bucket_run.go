package algorithm

import (
	"math"
	"math/bits"
)

// Places in a line at a bucket of m rates. With x the TATs before a place of
// cost c, its turn is
//
//	t = max over j of ⌈x_j + (c − C_j)·E_j⌉
//
// and x_i becomes max(x_i, t) + c·E_i. (That t is not before the turn of the
// place ahead follows: that one has raised x_j by its own c·E_j.) So the TATs
// after any number of places are
//
//	max(x_i + sum_i, max over j and some (lag, plus) of ⌈x_j − lag⌉ + plus)
//
// where each (lag, plus) stands for a rate i that was idle at a turn, because of
// rate j, and counts from there on. Runs of this form chain to one of this form:
// ⌈⌈x⌉ + y⌉ = ⌈x⌉ + ⌈y⌉, and both max and ⌈ ⌉ may be drawn out of each other.
// All of it is exact.
//
// A lag is below one tick, so a pair gives one of two values a tick apart, and
// only pairs within a tick of the greatest matter. Where the intervals E are
// whole, or a tick or more apart, that leaves one or two in practice.

// restart is one (lag, plus): lag in parts of a tick of rate j, plus of rate i.
type restart struct {
	lag  int64
	plus Span
}

// maxRestarts is how many pairs are kept for two rates. A run that needs more
// is not summed up. It takes rates beyond a billion a second, or such that are
// so much alike, and so odd, that turns by one and by the other drift apart by
// less than a tick from place to place.
const maxRestarts = 8

// covers reports whether r gives no less than other, whatever the TAT.
func (r restart) covers(other restart) bool {
	if r.plus.less(other.plus) {
		return false
	}
	return r.lag <= other.lag || !r.plus.less(Span{other.plus.Ticks + 1, other.plus.Part})
}

// addRestart adds n to list, which keeps none that another one covers.
func addRestart(list []restart, n restart) []restart {
	kept := list[:0]
	for _, other := range list {
		if other.covers(n) {
			return list // and n covers none, or other would cover that one too
		}
		if !n.covers(other) {
			kept = append(kept, other)
		}
	}
	return append(kept, n)
}

// idles reports whether n may ever give more than adding sum to the same TAT.
// It may at the two TATs, within a tick, where it is the furthest ahead.
func (r *rate) idles(n restart, sum Span) bool {
	if sum.less(n.plus) {
		return true
	}
	if n.lag == r.Den-1 {
		return false
	}
	// At a TAT just above lag: sum + (lag+1)/den < plus + 1.
	return r.plus(sum, Span{Part: n.lag + 1}).less(Span{n.plus.Ticks + 1, n.plus.Part})
}

// empty makes run that of no places.
func (s *Runs) empty(run *Run) {
	m := len(s.rates)
	if run.sums == nil {
		run.sums, run.restarts = make([]Span, m), make([][]restart, m*m)
	}
	clear(run.sums)
	for k := range run.restarts {
		run.restarts[k] = run.restarts[k][:0]
	}
}

func (s *Runs) bucketSum(run, spare *Run, costs []int64) bool {
	s.empty(run)
	equal := 1
	for equal < len(costs) && costs[equal] == costs[0] {
		equal++
	}
	if !s.repeat(run, spare, costs[0], equal) {
		return false
	}
	for _, cost := range costs[equal:] {
		if !s.charge(run, cost) {
			return false
		}
	}
	return true
}

// repeat adds so many places of equal cost to run, which is empty: a few one by one,
// and then as many again as there are, and again.
func (s *Runs) repeat(run, spare *Run, cost int64, places int) bool {
	doublings := max(0, bits.Len(uint(places))-fewPlaces)
	for range places >> doublings {
		if !s.charge(run, cost) {
			return false
		}
	}
	for doublings > 0 {
		doublings--
		if !s.bucketChain(spare, run, run) {
			return false
		}
		*run, *spare = *spare, *run
		if places>>doublings&1 == 1 && !s.charge(run, cost) {
			return false
		}
	}
	return true
}

// fewPlaces is the number of bits of as many places as it takes no longer to charge
// than to chain.
const fewPlaces = 3

// charge adds a place behind those of run.
func (s *Runs) charge(run *Run, cost int64) bool {
	m := len(s.rates)
	var spent, lead [MaxRates]Span
	for i := range m {
		spent[i] = s.rates[i].cost(cost)
		lead[i] = s.rates[i].minus(spent[i], s.rates[i].full)
	}
	var turns [MaxRates]restart
	for j := range m {
		turns[j] = s.turn(run, j, &lead)
	}
	for i := range m {
		r := &s.rates[i]
		run.sums[i] = r.plus(run.sums[i], spent[i])
		for j := range m {
			list := run.restarts[i*m+j]
			for k := range list {
				list[k].plus = r.plus(list[k].plus, spent[i])
			}
			n := restart{turns[j].lag, r.plus(turns[j].plus, spent[i])}
			if i == j && !r.idles(n, run.sums[i]) {
				continue
			}
			if list = addRestart(list, n); len(list) > maxRestarts {
				return false
			}
			run.restarts[i*m+j] = list
		}
	}
	return true
}

// turn returns when all rates let a cost through behind the places of run, as
// far as that follows from x_j: ⌈x_j − lag⌉ + plus, where plus is a whole number
// of ticks. Each rate lets it through so long after its TAT as lead says, which
// is (cost − C)·E and not above 0.
func (s *Runs) turn(run *Run, j int, lead *[MaxRates]Span) restart {
	m := len(s.rates)
	turn := s.rates[j].rounded(s.rates[j].plus(run.sums[j], lead[j]))
	for l := range m {
		for _, n := range run.restarts[l*m+j] {
			plus := s.rates[l].plus(n.plus, lead[l]).ceil()
			if plus > turn.plus.Ticks || plus == turn.plus.Ticks && n.lag < turn.lag {
				turn = restart{n.lag, Span{Ticks: plus}}
			}
		}
	}
	return turn
}

// rounded returns ⌈x + a⌉ as ⌈x − lag⌉ + plus.
func (r *rate) rounded(a Span) restart {
	if a.Part == 0 {
		return restart{plus: Span{Ticks: a.Ticks}}
	}
	return restart{lag: r.Den - a.Part, plus: Span{Ticks: a.Ticks + 1}}
}

func (s *Runs) bucketChain(run, first, second *Run) bool {
	m := len(s.rates)
	s.empty(run)
	for i := range m {
		r := &s.rates[i]
		run.sums[i] = r.plus(first.sums[i], second.sums[i])
		for j := range m {
			list, ok := s.chainRestarts(run.restarts[i*m+j], first, second, i, j)
			if !ok {
				return false
			}
			if i == j {
				list = r.dropIdle(list, run.sums[i])
			}
			run.restarts[i*m+j] = list
		}
	}
	return true
}

// chainRestarts adds to list where rate i starts again because of rate j in
// first, in second, or in second because of another that does so in first.
func (s *Runs) chainRestarts(list []restart, first, second *Run, i, j int) ([]restart, bool) {
	m := len(s.rates)
	greatest := int64(math.MinInt64) // the ticks of plus in list
	for _, n := range first.restarts[i*m+j] {
		n.plus = s.rates[i].plus(n.plus, second.sums[i])
		list, greatest = addRestart(list, n), max(greatest, n.plus.Ticks)
	}
	for _, n := range second.restarts[i*m+j] {
		turn := s.rates[j].rounded(s.rates[j].minus(first.sums[j], Span{Part: n.lag}))
		n = restart{turn.lag, Span{n.plus.Ticks + turn.plus.Ticks, n.plus.Part}}
		list, greatest = addRestart(list, n), max(greatest, n.plus.Ticks)
	}
	for l := range m {
		ahead := first.restarts[l*m+j]
		if len(ahead) == 0 {
			continue
		}
		for _, n := range second.restarts[i*m+l] {
			for k := range ahead {
				// Most are far behind.
				if ahead[k].plus.Ticks+n.plus.Ticks < greatest-2 {
					continue
				}
				n := restart{ahead[k].lag, n.from(ahead[k].plus)}
				list, greatest = addRestart(list, n), max(greatest, n.plus.Ticks)
			}
		}
		if len(list) > maxRestarts {
			return nil, false
		}
	}
	return list, len(list) <= maxRestarts
}

// dropIdle takes out of list those that can give no more than sum does.
func (r *rate) dropIdle(list []restart, sum Span) []restart {
	kept := list[:0]
	for _, n := range list {
		if r.idles(n, sum) {
			kept = append(kept, n)
		}
	}
	return kept
}

// from returns ⌈x − lag⌉ + plus.
func (r restart) from(x Span) Span {
	ticks := x.Ticks + r.plus.Ticks
	if x.Part > r.lag {
		ticks++
	}
	return Span{ticks, r.plus.Part}
}

func (s *Runs) bucketThrough(run *Run, state []int64, at int64) {
	m := len(s.rates)
	var found [MaxRates]Span
	for j := range m {
		found[j] = later(bucketTAT(state[2*j:]), at)
	}
	for i := range m {
		tat := s.rates[i].plus(found[i], run.sums[i])
		for j := range m {
			for _, n := range run.restarts[i*m+j] {
				if started := n.from(found[j]); tat.less(started) {
					tat = started
				}
			}
		}
		bucketStore(state[2*i:], tat)
	}
}
