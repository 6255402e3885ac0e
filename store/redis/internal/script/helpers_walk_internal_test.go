package script

import (
	"math/rand/v2"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

// walker makes up what happens to a bucket next. It knows what was expected
// last, so that it often stands at the very instant, or asks the very cost, at
// which an answer turns.
type walker struct {
	rng       *rand.Rand
	algorithm throttled.Algorithm
	rates     []algorithm.Rate
	first     int64 // no instant is before it
	now       int64
	last      expected
	places    []*Place
}

// step is something that happens at an instant: a cancel, or else a request.
type step struct {
	now    int64
	cancel *Place
	req    throttled.Request
}

func (w *walker) next(r *reference) step {
	w.now = min(max(w.now+w.advance(), w.first), lastInstant)
	n := w.rng.IntN(100)
	if n >= 82 && len(w.places) > 0 {
		return w.nextCancel()
	}
	req := throttled.Request{Cost: w.cost()}
	switch {
	case n < 30:
		req.Op = throttled.OpLimit
	case n < 60:
		req.Op = []throttled.Op{throttled.OpWait, throttled.OpWait, throttled.OpLimit}[w.rng.IntN(3)]
		req.Within = w.within(r, req)
	case n < 70:
		req.Op = throttled.OpPeek
	case n < 97:
		req.Op = throttled.OpRefund
	default:
		req.Op = throttled.OpReset
	}
	return step{now: w.now, req: req}
}

// nextCancel is most often of the last place, and now and then just when its turn
// comes.
func (w *walker) nextCancel() step {
	p := w.places[len(w.places)-1]
	if w.rng.IntN(5) == 0 {
		p = w.places[w.rng.IntN(len(w.places))]
	}
	if w.rng.IntN(3) == 0 {
		w.now = min(max(p.Turn-w.rng.Int64N(3)+1, w.first), lastInstant)
	}
	return step{now: w.now, cancel: p}
}

// within is often what a turn takes, or one less.
func (w *walker) within(r *reference, req throttled.Request) (within time.Duration) {
	turn := r.law.Peek(r.words, w.now, req.Cost).Turn
	if req.Op == throttled.OpWait && r.kind == algorithm.LeakyBucket {
		turn = max(w.now, r.law.Peek(r.words, w.now, 0).Fresh)
	}
	switch w.rng.IntN(6) {
	case 0:
		within = time.Duration(scaled(w.rng, 1<<62))
	case 1:
		if turn != algorithm.Never {
			within = time.Duration(turn-w.now-w.rng.Int64N(2)) * time.Microsecond
		}
	default:
		within = throttled.Never
	}
	return max(0, within)
}

// advance is how far the clock moves, most often not at all or a little, and now
// and then back.
func (w *walker) advance() int64 {
	r := w.rates[w.rng.IntN(len(w.rates))]
	var d int64
	switch w.rng.IntN(13) {
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
		if w.last.state.RetryAfter != throttled.Never {
			d = w.last.state.RetryAfter.Microseconds() - w.rng.Int64N(2)
		}
	case 9:
		d = w.last.state.ResetAfter.Microseconds() - w.rng.Int64N(2)
	case 10:
		d = w.last.delay.Microseconds() - w.rng.Int64N(2)
	case 11:
		if len(w.places) > 0 {
			d = w.places[len(w.places)-1].Turn - w.now - w.rng.Int64N(2)
		}
	case 12:
		if w.rng.IntN(8) == 0 {
			d = scaled(w.rng, 1<<52)
		}
	}
	if w.rng.IntN(6) == 0 {
		return -d
	}
	return d
}

func (w *walker) cost() int64 {
	r := w.rates[w.rng.IntN(len(w.rates))]
	most := r.Burst
	if w.algorithm == throttled.FixedWindow || w.algorithm == throttled.SlidingWindow {
		most = r.Limit
	}
	switch w.rng.IntN(10) {
	case 0:
		return w.rng.Int64N(2)
	case 1:
		return w.last.state.Remaining + w.rng.Int64N(2)
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
		return 1 + w.rng.Int64N(w.last.state.Remaining+1)
	default:
		return 1 + w.rng.Int64N(most/4+1)
	}
}
