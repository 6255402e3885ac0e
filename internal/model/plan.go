package model

import (
	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

// kinds is what the algorithms are called here.
var kinds = map[throttled.Algorithm]algorithm.Kind{
	throttled.TokenBucket:   algorithm.TokenBucket,
	throttled.LeakyBucket:   algorithm.LeakyBucket,
	throttled.GCRA:          algorithm.GCRA,
	throttled.FixedWindow:   algorithm.FixedWindow,
	throttled.SlidingWindow: algorithm.SlidingWindow,
}

// LineOf returns a fresh key under plan, in nanoseconds, with nobody waiting.
func LineOf(plan *throttled.Plan) *Line {
	var rates []Rate
	for _, r := range plan.Quota().Rates() {
		if r.Burst == 0 {
			r.Burst = r.Limit
		}
		rates = append(rates, Rate{Limit: r.Limit, Period: int64(r.Period), Burst: r.Burst})
	}
	return NewLine(kinds[plan.Algorithm()], rates...)
}
