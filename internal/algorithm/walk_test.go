package algorithm_test

import (
	"math/rand/v2"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
)

// walker makes up what happens to a key next. It knows what was told last, so that
// it often stands at the very instant, or asks the very cost, at which an answer
// turns.
type walker struct {
	rng   *rand.Rand
	kind  algorithm.Kind
	rates []model.Rate
	now   int64
	last  model.Answer
}

func (w *walker) next() step {
	w.now = min(max(w.now+w.advance(), 0), maxNow)
	s := step{now: w.now, cost: w.cost()}
	switch n := w.rng.IntN(100); {
	case n < 60:
		s.op = opLimit
		if w.kind == algorithm.LeakyBucket && w.rng.IntN(2) == 0 {
			s.op = opEnter
		}
	case n < 80:
		s.op = opPeek
	case n < 98:
		s.op = opRefund
	default:
		s.op = opReset
	}
	return s
}

// advance is how far the clock moves, most often not at all or a little, and now
// and then back.
func (w *walker) advance() int64 {
	r := w.rates[w.rng.IntN(len(w.rates))]
	var d int64
	switch w.rng.IntN(12) {
	case 0, 1, 2:
		return 0
	case 3:
		d = w.rng.Int64N(5)
	case 4: // about one E
		d = r.Period/r.Limit + w.rng.Int64N(3) - 1
	case 5: // a few E
		d = w.rng.Int64N(4*(r.Period/r.Limit) + 2)
	case 6: // about a window, or into it
		d = w.rng.Int64N(2*r.Period + 1)
	case 7: // to the edge of a window
		d = r.Period - w.now%r.Period + w.rng.Int64N(3) - 1
	case 8:
		if w.last.RetryAfter != model.Never {
			d = w.last.RetryAfter - w.rng.Int64N(2)
		}
	case 9:
		d = w.last.ResetAfter - w.rng.Int64N(2)
	case 10:
		d = scaled(w.rng, 1<<50)
	case 11:
		switch w.rng.IntN(16) {
		case 0:
			d = scaled(w.rng, 1<<60)
		case 1: // a clock that was not set, or is set wrong
			d = epochs[w.rng.IntN(len(epochs))] - w.now
		}
	}
	if w.rng.IntN(6) == 0 {
		return -d
	}
	return d
}

func (w *walker) cost() int64 {
	most := capacity(w.kind, w.rates[w.rng.IntN(len(w.rates))])
	switch w.rng.IntN(10) {
	case 0:
		return w.rng.Int64N(2)
	case 1:
		return w.last.Remaining + w.rng.Int64N(2)
	case 2:
		return most + w.rng.Int64N(3) - 1
	case 3:
		return w.rng.Int64N(3*most + 1)
	case 4:
		if w.rng.IntN(4) == 0 {
			return scaled(w.rng, 1<<62)
		}
		return 1
	case 5, 6:
		return 1 + w.rng.Int64N(w.last.Remaining+1)
	default:
		return 1 + w.rng.Int64N(most/4+1)
	}
}
