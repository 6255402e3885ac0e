package algorithm

// Runs sums up what places in a line do to the state that they find, so that
// the state behind thousands of them can be told without going through them.
// Each place has a cost, and its turn is the earliest instant at which the cost
// is allowed after the places before it; it is charged then.
//
// The buckets add up: the sum of two runs is worked out from theirs, whatever
// the state before them ([Runs.Chain]), in time between the square and the cube
// of the number of rates. A window is filled up place after place and has no
// such sum. A run of places at one window is tabulated instead, in time and
// memory in proportion to them, and is then gone through in the logarithm of
// their number. Several windows at once have neither: a [Walk] passes their places.
//
// A Runs is immutable.
type Runs struct {
	kind   Kind
	rates  []rate  // of windows, that of the shortest period first
	blocks []int64 // of windows, see there
}

// Run is what some places in a row do to the state that they find. The zero
// Run is for [Runs.Sum] and [Runs.Chain] to fill, as often as one likes.
type Run struct {
	// Of buckets: what is added to each TAT, and where it starts again.
	sums     []Span
	restarts [][]restart // of rate i because of rate j, at i·len(sums)+j

	// Of a window: what all places before each of them cost, and what becomes
	// of the window that each is the first in.
	before []int64
	fills  []fill
}

// Runs returns how the law sums up places.
func (l *Law) Runs() *Runs {
	if l.kind != FixedWindow && l.kind != SlidingWindow {
		return &Runs{kind: l.kind, rates: l.rates}
	}
	rates := byPeriod(l.rates)
	return &Runs{l.kind, rates, blocks(rates)}
}

// Rates returns of how many rates a sum is made.
func (s *Runs) Rates() int { return len(s.rates) }

// Chains reports whether Chain is of any use.
func (s *Runs) Chains() bool { return !s.kind.Windows() }

// Sums reports whether Sum is of any use. Where it is not, [Runs.Walk] is.
func (s *Runs) Sums() bool { return s.Chains() || s.tabulates() }

// Sum fills run for places of these costs, at least one, each from 1 to the capacity.
// It reports whether it could; else run is of no use. What it allocates is enough for
// as many places as there is room for in costs. What is in spare, it may overwrite.
func (s *Runs) Sum(run, spare *Run, costs []int64) bool {
	switch {
	case s.Chains():
		return s.bucketSum(run, spare, costs)
	case s.tabulates():
		s.rates[0].tabulate(run, costs)
		return true
	default:
		return false
	}
}

// Chain fills run for the places of first and those of second behind them. It
// reports whether it could; else run is of no use. It requires Chains.
func (s *Runs) Chain(run, first, second *Run) bool { return s.bucketChain(run, first, second) }

// Through charges the places of run to state. The first of them has its turn
// not before the instant at, which is not after it.
func (s *Runs) Through(run *Run, state []int64, at int64) {
	if s.Chains() {
		s.bucketThrough(run, state, at)
	} else {
		s.rates[0].fillThrough(run, state, at)
	}
}

// Pass charges the places of these costs to state, one after the other. The
// turn of the first is not before the instant at; that of the last is returned.
func (s *Runs) Pass(costs, state []int64, at int64) int64 {
	words := s.kind.Words()
	for _, cost := range costs {
		for i := range s.rates { // one that allows it goes on to
			at = s.rates[i].decide(state[s.rates[i].Index*words:], at, cost, false).turn
		}
		for i := range s.rates {
			s.rates[i].decide(state[s.rates[i].Index*words:], at, cost, true)
		}
	}
	return at
}
