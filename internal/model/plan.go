package model

import (
	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

// LineOf returns a fresh key under plan, in nanoseconds, with nobody waiting.
func LineOf(plan *throttled.Plan) *Line {
	var rates []Rate
	for _, r := range plan.Quota().Rates() {
		if r.Burst == 0 {
			r.Burst = r.Limit
		}
		rates = append(rates, Rate{Limit: r.Limit, Period: int64(r.Period), Burst: r.Burst})
	}
	return NewLine(algorithm.Kind(plan.Algorithm()), rates...)
}
