package walk

import (
	"math/rand/v2"

	"github.com/throttled-go/throttled/internal/algorithm"
)

// Walker makes up when something happens to a bucket next, and what it costs. What
// that is, the test decides that drives it, and says what came of it.
type Walker struct {
	*Domain
	Rand  *rand.Rand
	Kind  algorithm.Kind
	Rates []algorithm.Rate
	Now   int64

	Last  Answer  // to what happened last
	Turns []int64 // of the places that were taken, the last one last
}

// Answer is what a Walker wants to know of an answer. Durations are in ticks.
type Answer struct {
	Remaining, ResetAfter, RetryAfter int64
}

// Move moves the clock and returns what it shows.
func (w *Walker) Move() int64 {
	w.Stand(w.Now + w.advance())
	return w.Now
}

// Stand sets the clock to an instant, or as near to it as the domain allows.
func (w *Walker) Stand(now int64) { w.Now = min(max(now, w.Earliest), w.Latest) }

// advance is how far the clock moves, most often not at all or a little, and now
// and then back.
func (w *Walker) advance() int64 {
	r := w.Rates[w.Rand.IntN(len(w.Rates))]
	far := (w.Latest - w.Earliest) / 4
	var d int64
	switch w.Rand.IntN(13) {
	case 0, 1, 2:
		return 0
	case 3:
		d = w.Rand.Int64N(5)
	case 4: // about one E
		d = r.Period/r.Limit + w.Rand.Int64N(3) - 1
	case 5: // a few E
		d = w.Rand.Int64N(4*(r.Period/r.Limit) + 2)
	case 6: // about a window, or into it
		d = w.Rand.Int64N(2*r.Period + 1)
	case 7: // to the edge of a window
		d = r.Period - w.Now%r.Period + w.Rand.Int64N(3) - 1
	case 8:
		if w.Last.RetryAfter != algorithm.Never {
			d = w.Last.RetryAfter - w.Rand.Int64N(2)
		}
	case 9:
		d = w.Last.ResetAfter - w.Rand.Int64N(2)
	case 10:
		if n := len(w.Turns); n > 0 {
			d = w.Turns[n-1] - w.Now - w.Rand.Int64N(2)
		}
	case 11:
		d = Scaled(w.Rand, far>>10)
	case 12:
		switch w.Rand.IntN(16) {
		case 0:
			d = Scaled(w.Rand, far)
		case 1: // a clock that was not set, or is set wrong
			if n := len(w.Epochs); n > 0 {
				d = w.Epochs[w.Rand.IntN(n)] - w.Now
			}
		}
	}
	if w.Rand.IntN(6) == 0 {
		return -d
	}
	return d
}

// Cost returns what to ask for, often just what there is, or one more.
func (w *Walker) Cost() int64 {
	most := w.Rates[w.Rand.IntN(len(w.Rates))].Capacity(w.Kind)
	switch w.Rand.IntN(10) {
	case 0:
		return w.Rand.Int64N(2)
	case 1:
		return w.Last.Remaining + w.Rand.Int64N(2)
	case 2:
		return most + w.Rand.Int64N(3) - 1
	case 3:
		return w.Rand.Int64N(3*most + 1)
	case 4:
		if w.Rand.IntN(4) == 0 {
			return Scaled(w.Rand, 1<<62)
		}
		return 1
	case 5, 6:
		return 1 + w.Rand.Int64N(w.Last.Remaining+1)
	default:
		return 1 + w.Rand.Int64N(most/4+1)
	}
}
