package script

import (
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model/walk"
)

// walker makes up what happens to a bucket next.
type walker struct {
	*walk.Walker
	places []*Place // that were taken
}

// step is something that happens at an instant: a cancel, or else a request.
type step struct {
	now    int64
	cancel *Place
	req    throttled.Request
}

func (w *walker) next(r *reference) step {
	now := w.Move()
	n := w.Rand.IntN(100)
	if n >= 82 && len(w.places) > 0 {
		return w.nextCancel()
	}
	req := throttled.Request{Cost: w.Cost()}
	switch {
	case n < 30:
		req.Op = throttled.OpLimit
	case n < 60:
		req.Op = []throttled.Op{throttled.OpWait, throttled.OpWait, throttled.OpLimit}[w.Rand.IntN(3)]
		req.Within = w.within(r, req)
	case n < 70:
		req.Op = throttled.OpPeek
	case n < 97:
		req.Op = throttled.OpRefund
	default:
		req.Op = throttled.OpReset
	}
	return step{now: now, req: req}
}

// nextCancel cancels most often the last place, and now and then just when its
// turn comes.
func (w *walker) nextCancel() step {
	p := w.places[len(w.places)-1]
	if w.Rand.IntN(5) == 0 {
		p = w.places[w.Rand.IntN(len(w.places))]
	}
	if w.Rand.IntN(3) == 0 {
		w.Stand(p.Turn - w.Rand.Int64N(3) + 1)
	}
	return step{now: w.Now, cancel: p}
}

// within returns how far ahead the turn may be, often just as far as it is, or
// one less.
func (w *walker) within(r *reference, req throttled.Request) (within time.Duration) {
	turn := r.law.Peek(r.words, w.Now, req.Cost).Turn
	if req.Op == throttled.OpWait && r.kind == algorithm.LeakyBucket {
		turn = max(w.Now, r.law.Peek(r.words, w.Now, 0).Fresh)
	}
	switch w.Rand.IntN(6) {
	case 0:
		within = time.Duration(walk.Scaled(w.Rand, 1<<62))
	case 1:
		if turn != algorithm.Never {
			within = time.Duration(turn-w.Now-w.Rand.Int64N(2)) * time.Microsecond
		}
	default:
		within = throttled.Never
	}
	return max(0, within)
}

// heard takes down what came of the last step.
func (w *walker) heard(e expected) {
	w.Last = walk.Answer{Remaining: e.state.Remaining, ResetAfter: e.state.ResetAfter.Microseconds(), RetryAfter: algorithm.Never}
	if e.state.RetryAfter != throttled.Never {
		w.Last.RetryAfter = e.state.RetryAfter.Microseconds()
	}
	if e.place != nil {
		w.places, w.Turns = append(w.places, e.place), append(w.Turns, e.place.Turn)
	}
}
