package table_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// crowd is a line that is kept at about some length, while random things happen
// at it.
type crowd struct {
	*pair
	random   *rand.Rand
	interval int64        // what the clock goes on by, at most
	length   int          // of the line
	cost     func() int64 // of one who comes
	limits   func() bool  // whether one who comes calls Limit, not Wait
	lowest   int64        // the capacity of the quota
}

// step does one random thing. The clock goes slowly, so that the line stays.
func (c *crowd) step() {
	c.t.Helper()
	at, waits := c.model.Next()
	switch n := c.random.IntN(20); {
	case n < 6:
		c.now += c.random.Int64N(c.interval)
	case n < 7 && waits:
		c.now = max(c.now, at-1+c.random.Int64N(3))
	}
	missing := c.length - len(c.places)
	switch n := c.random.IntN(100); {
	case n < 8:
		c.do(throttled.OpLimit, c.cost())
	case n < 16:
		c.do(throttled.OpPeek, 1)
	case n < 18:
		c.do(throttled.OpRefund, 1+c.random.Int64N(c.lowest/4+1))
	case n < 19 && c.random.IntN(10) == 0:
		c.do(throttled.OpReset, 0)
	case len(c.places) > 0 && c.random.IntN(c.length) > missing:
		c.leaveSome()
	default:
		c.come()
	}
}

// leaveSome has one leave, often the head or the tail, and now and then many
// who stand behind each other.
func (c *crowd) leaveSome() {
	c.t.Helper()
	last := len(c.places) - 1
	switch c.random.IntN(24) {
	case 0, 1, 2:
		c.leave(c.places[0])
	case 3, 4, 5:
		c.leave(c.places[last])
	case 6:
		first := c.random.IntN(last + 1)
		for n := c.random.IntN(c.length); n > 0 && first < len(c.places); n-- {
			c.leave(c.places[first])
		}
	default:
		c.leave(c.places[c.random.IntN(last+1)])
	}
}

// come has one come, who now and then must have its turn in time.
func (c *crowd) come() {
	c.t.Helper()
	op, latest := throttled.OpWait, int64(math.MaxInt64)
	if c.limits() {
		op = throttled.OpLimit
	}
	if at, ok := c.model.Next(); ok && c.random.IntN(20) == 0 {
		latest = max(c.now, at) + c.random.Int64N(int64(time.Minute))
	}
	c.join(op, c.cost(), latest)
}

// newCrowd returns a crowd that has come. At a leaky bucket some queue, some wait
// for room, and some do both.
func newCrowd(t *testing.T, a throttled.Algorithm, quota string, seed int) *crowd {
	random := rand.New(rand.NewPCG(uint64(seed), uint64(a)+100))
	c := &crowd{pair: newPair(t, a, quota), random: random, length: 40 << random.IntN(3), lowest: math.MaxInt64}
	c.now += random.Int64N(int64(time.Hour))
	for _, r := range throttled.MustParseQuota(quota).Rates() {
		if r.Burst == 0 || a >= throttled.FixedWindow {
			r.Burst = r.Limit
		}
		c.lowest = min(c.lowest, r.Burst)
		c.interval = max(2, int64(r.Period)/r.Limit)
	}
	least, most := int64(1), []int64{1, 1, 2, c.lowest/40 + 1, c.lowest/8 + 1, c.lowest}[random.IntN(6)]
	if random.IntN(6) == 0 {
		least, most = max(1, c.lowest-3-c.lowest/1000), c.lowest
	}
	most = min(most, c.lowest)
	c.cost = func() int64 { return least + random.Int64N(most-least+1) }
	if random.IntN(3) == 0 { // runs of equal costs
		random, one := c.cost, c.cost()
		c.cost = func() int64 {
			if c.random.IntN(30) == 0 {
				one = random()
			}
			return one
		}
	}
	limits := seed % 3
	c.limits = func() bool { return limits == 0 || limits == 1 && random.IntN(2) == 0 }
	if limits == 0 {
		c.do(throttled.OpLimit, c.lowest)
	}
	for range c.length {
		c.come()
	}
	return c
}

// The same as TestLineEqualsTheModel, where hundreds wait.
func TestCrowdEqualsTheModel(t *testing.T) {
	quotas := []string{
		"10/s", "7/m burst 3", "10/s burst 1000", "7/s burst 1", "999983/s burst 70", "3000000000/s burst 4", "13/4ns burst 300",
		"10/s burst 4; 30/m burst 9", "7/m burst 5; 5/3s burst 20; 100/h", "7/s burst 7; 420/m burst 300", "3000000000/s burst 4; 7/2ns burst 3",
		"999983/s burst 500; 999979/s burst 700", "700/s burst 500; 11000/m burst 2000", "900000000/s burst 500; 400000007/s burst 600", "99991/100ns burst 100000",
	}
	windows := []string{
		"10/s; 100/m", "5/s; 1000/h; 10000/d", "100/s; 1000/m", "3/7s; 10/11s", "2/s; 5/6s; 20/m", "1/s; 30/m; 200/h",
		"3/s; 10/5s; 30/20s; 80/m", "2/s; 7/5s; 6/4s", "30/m; 4/5s", "20/3ns; 50/8ns; 12/2ns",
	}
	for a := throttled.TokenBucket; a <= throttled.SlidingWindow; a++ {
		switch a {
		case throttled.GCRA:
			continue // the law of the token bucket
		case throttled.FixedWindow:
			quotas = append(quotas, windows...)
		}
		for _, quota := range quotas {
			t.Run(a.String()+"/"+quota, func(t *testing.T) {
				t.Parallel()
				longest, seeds := 0, 1+*lives/50
				if a == throttled.LeakyBucket {
					seeds *= 3
				}
				for seed := range seeds {
					c := newCrowd(t, a, quota, seed)
					for range 2 * c.length {
						longest = max(longest, len(c.places))
						c.step()
					}
				}
				require.GreaterOrEqual(t, longest, 35)
			})
		}
	}
}
