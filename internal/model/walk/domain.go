package walk

import (
	"math/bits"
	"math/rand/v2"

	"github.com/throttled-go/throttled/internal/algorithm"
)

// Kinds are all laws.
var Kinds = []algorithm.Kind{
	algorithm.TokenBucket, algorithm.LeakyBucket, algorithm.GCRA, algorithm.FixedWindow, algorithm.SlidingWindow,
}

// MaxAmount is the greatest limit and the greatest burst of a quota.
const MaxAmount = int64(1)<<48 - 1

// Domain is where the quotas and the clock of a store may lie.
type Domain struct {
	Tick                 int64 // its length in nanoseconds
	MinPeriod, MaxPeriod int64 // ticks
	Earliest, Latest     int64 // instants

	// Epochs are where a clock starts, and where it jumps to now and then. Without
	// them it starts anywhere.
	Epochs []int64
}

// Walk starts a walk of which everything follows from the seed: which law, how
// many rates, and what happens.
func (d *Domain) Walk(seed uint64) *Walker {
	rng := rand.New(rand.NewPCG(seed, 0))
	laws := uint64(len(Kinds))
	rates := []int{1, 2, 1 + rng.IntN(algorithm.MaxRates)}[seed/laws%3]
	w := &Walker{Domain: d, Rand: rng, Kind: Kinds[seed%laws], Rates: d.Rates(rng, rates)}
	if len(d.Epochs) > 0 {
		w.Now = d.Epochs[rng.IntN(len(d.Epochs))]
	} else {
		w.Now = d.Earliest + rng.Int64N(d.Latest-d.Earliest)>>rng.IntN(40)
	}
	return w
}

// Rates returns n rates within the bounds of a quota.
func (d *Domain) Rates(rng *rand.Rand, n int) []algorithm.Rate {
	rates, classics := make([]algorithm.Rate, n), d.classics()
	for i := range rates {
		switch rng.IntN(4) {
		case 0:
			rates[i] = d.Bounded(classics[rng.IntN(len(classics))])
		case 1:
			rates[i] = d.Bounded(Small(rng, 1, d.MinPeriod)[0])
		default:
			rates[i] = d.Bounded(algorithm.Rate{Limit: Scaled(rng, MaxAmount), Period: Scaled(rng, d.MaxPeriod), Burst: Scaled(rng, MaxAmount)})
		}
	}
	if n > 1 && rng.IntN(2) == 0 {
		d.alike(rng, rates)
	}
	return rates
}

// classics are the quotas that people write, and the corners of the bounds.
func (d *Domain) classics() []algorithm.Rate {
	second, least, most := 1_000_000_000/d.Tick, d.MinPeriod, d.MaxPeriod
	day := 86400 * second
	return []algorithm.Rate{
		{Limit: 1, Period: second, Burst: 1},
		{Limit: 100, Period: second, Burst: 200},
		{Limit: 5, Period: second / 2, Burst: 5},
		{Limit: 7, Period: 60 * second, Burst: 7},
		{Limit: 7, Period: 60 * second, Burst: 3},
		{Limit: 1000, Period: 3600 * second, Burst: 50},
		{Limit: 1, Period: day, Burst: 3},
		{Limit: 1, Period: 3650 * day, Burst: 1},
		{Limit: 1, Period: 3650 * day, Burst: 3},
		{Limit: 1_000_000_000, Period: second, Burst: 1_000_000_000},
		{Limit: 1_000_000_000, Period: second, Burst: 1},
		{Limit: 7, Period: second / 1000, Burst: 7},
		{Limit: 60, Period: 60 * (second / 1000), Burst: 60},
		{Limit: 1, Period: 4096, Burst: MaxAmount},
		{Limit: 1, Period: least, Burst: 1},
		{Limit: 3, Period: least, Burst: 3},
		{Limit: MaxAmount, Period: least, Burst: MaxAmount},
		{Limit: MaxAmount, Period: most, Burst: MaxAmount},
		{Limit: MaxAmount - 1, Period: most, Burst: MaxAmount},
		{Limit: MaxAmount - 1, Period: most - 1, Burst: MaxAmount},
		{Limit: MaxAmount, Period: most - 1, Burst: 1},
		{Limit: 1, Period: most, Burst: 2},
		{Limit: 1, Period: most, Burst: 32},
		{Limit: 2, Period: most, Burst: 4},
		{Limit: 3, Period: most - 1, Burst: 90},
		{Limit: 256, Period: most, Burst: 256},
	}
}

// alike gives every rate about the speed of the first, so that no single one of
// them always binds.
func (d *Domain) alike(rng *rand.Rand, rates []algorithm.Rate) {
	near := func(n int64) int64 { return n/2 + rng.Int64N(n/2+2) }
	for i, first := 1, rates[0]; i < len(rates); i++ {
		rates[i] = d.Bounded(algorithm.Rate{Limit: near(first.Limit), Period: near(first.Period), Burst: near(first.Burst)})
	}
}

// Bounded brings a rate within the bounds of a quota.
func (d *Domain) Bounded(r algorithm.Rate) algorithm.Rate {
	r.Limit, r.Burst = min(max(r.Limit, 1), MaxAmount), min(max(r.Burst, 1), MaxAmount)
	r.Period = min(max(r.Period, d.MinPeriod), d.MaxPeriod)
	// The greatest burst with burst·period ≤ 2^60 ns · limit.
	period := uint64(r.Period * d.Tick)
	if hi, lo := bits.Mul64(algorithm.MaxRefill, uint64(r.Limit)); hi < period {
		most, _ := bits.Div64(hi, lo, period)
		r.Burst = int64(min(most, uint64(r.Burst)))
	}
	return r
}

// Small returns n rates so small that a tick matters and a few requests fill
// everything.
func Small(rng *rand.Rand, n int, minPeriod int64) []algorithm.Rate {
	rates := make([]algorithm.Rate, n)
	for i := range rates {
		rates[i] = algorithm.Rate{Limit: 1 + rng.Int64N(6), Period: minPeriod + rng.Int64N(20), Burst: 1 + rng.Int64N(6)}
	}
	return rates
}

// Scaled returns a number from 1 to most of any length, often one off a power of
// two.
func Scaled(rng *rand.Rand, most int64) int64 {
	n := int64(1) << rng.IntN(bits.Len64(uint64(most)))
	if rng.IntN(8) == 0 {
		n += rng.Int64N(3) - 1
	} else {
		n += rng.Int64N(n)
	}
	return min(max(n, 1), most)
}
