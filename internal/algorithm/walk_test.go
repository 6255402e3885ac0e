package algorithm_test

import (
	"math/rand/v2"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
	"github.com/throttled-go/throttled/internal/model/walk"
)

const (
	tickSecond = int64(1e9)
	maxPeriod  = int64(1) << 59
	maxNow     = int64(1) << 62
)

// domain is that of the package: ticks of a nanosecond. Clocks stand at Unix
// nanoseconds of 2026, in a synctest bubble, at Unix microseconds of 2026, at the
// start of time itself, and near the last instant that the package admits.
var domain = walk.Domain{
	Tick:      1,
	MinPeriod: 1,
	MaxPeriod: maxPeriod,
	Latest:    maxNow,
	Epochs:    []int64{1_767_225_600_000_000_000, 946_684_800_000_000_000, 1_767_225_600_000_000, 0, maxNow - 1<<52},
}

// walker makes up what happens to a key next.
type walker struct{ *walk.Walker }

func (k *key) walker(rng *rand.Rand, now int64) walker {
	return walker{&walk.Walker{Domain: &domain, Rand: rng, Kind: k.kind, Rates: k.rates, Now: now}}
}

func (w walker) next() step {
	s := step{now: w.Move(), cost: w.Cost()}
	switch n := w.Rand.IntN(100); {
	case n < 60:
		s.op = opLimit
		if w.Kind == algorithm.LeakyBucket && w.Rand.IntN(2) == 0 {
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

// heard takes down the answer to the last step, and returns it.
func (w walker) heard(a model.Answer) model.Answer {
	w.Last = walk.Answer{Remaining: a.Remaining, ResetAfter: a.ResetAfter, RetryAfter: a.RetryAfter}
	return a
}
