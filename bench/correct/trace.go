package correct

import (
	"math/rand/v2"
	"time"

	"github.com/throttled-go/throttled/bench/peers"
)

// step is a request, so long after the one before it.
type step struct {
	gap  time.Duration
	cost int64
}

// trace returns the same requests for every peer: long pressure, several times
// what the quota lets through, then a while of ease, now and then a long pause,
// and many at one instant. Costs are up to the greatest.
func trace(s peers.Settings, steps int, greatest int64) []step {
	random := rand.New(rand.NewPCG(3, uint64(greatest)))
	mean := float64(s.Period) / float64(s.Limit) * float64(1+greatest) / 2
	all := make([]step, steps)
	for i := range all {
		var gap float64
		switch phase := i % 300; {
		case phase == 0:
			gap = 1.5 * float64(s.Period) * random.Float64()
		case random.IntN(10) == 0: // at the same instant
		case phase < 240:
			gap = mean * random.Float64() / 2
		default:
			gap = mean * random.Float64() * 4
		}
		all[i] = step{gap: time.Duration(gap), cost: 1 + random.Int64N(greatest)}
	}
	return all
}

// flood returns a little more than the whole limit at once, twice, with more
// than a period between them, so that all of it is there again.
func flood(s peers.Settings) []step {
	const more = 100
	all := make([]step, 0, 2*(s.Limit+more))
	for range 2 {
		for i := range s.Limit + more {
			each := step{cost: 1}
			if i == 0 {
				each.gap = s.Period + s.Period/10
			}
			all = append(all, each)
		}
	}
	return all
}
