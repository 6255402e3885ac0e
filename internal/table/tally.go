package table

import (
	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

// tally counts the places of a long line, so that the state after the last is known
// without going through all of them when somebody left.
type tally interface {
	push(w *Waiter, n int) // adds w, who has come behind all others; n wait now
	remove(w *Waiter)      // takes out w, who was granted or has left
	keepRight()            // does what else there is to do when somebody has left

	// through charges all in line to state, the first of them not before at.
	through(state []int64, at int64)
}

// longLine is how many may wait before they are counted. A shorter line is gone
// through.
const longLine = 32

// newTally counts those in line.
func newTally(plan *throttled.Plan, l *waiters) tally {
	var t tally
	if runs := lawOf(plan).Runs(); runs.Sums() {
		t = &sums{runs: runs}
	} else {
		t = &batches{runs: runs}
	}
	n := 0
	for w := l.head; w != nil; w = w.next {
		n++
		t.push(w, n)
	}
	return t
}

// lawOf returns the law of plan, which it keeps to itself.
func lawOf(plan *throttled.Plan) *algorithm.Law {
	given := plan.Quota().Rates()
	rates := make([]algorithm.Rate, len(given))
	for i, r := range given {
		rates[i] = algorithm.Rate{Limit: r.Limit, Period: int64(r.Period), Burst: r.Burst}
	}
	return algorithm.New(algorithm.Kind(plan.Algorithm()), rates...)
}
