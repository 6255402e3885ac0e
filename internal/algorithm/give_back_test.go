package algorithm_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model/walk"
)

// marked is a charge that can be given back.
type marked struct {
	at, cost int64
	mark     []int64
	number   int
	returned bool

	// What it was charged in the end, for each rate: in shares of a tick for a
	// bucket, in units for a window.
	actual []int64
}

// history is a key whose charges are given back now and then.
type history struct {
	kind    algorithm.Kind
	rates   []algorithm.Rate
	law     *algorithm.Law
	state   []int64
	now     int64
	charges []*marked
	returns []struct{ charge, when int }
	backs   []int64
	number  int
}

func newHistory(kind algorithm.Kind, rates ...algorithm.Rate) *history {
	law := algorithm.New(kind, rates...)
	return &history{kind: kind, rates: rates, law: law, state: make([]int64, law.Words()), now: 1000}
}

func (h *history) windows() bool {
	return h.kind == algorithm.FixedWindow || h.kind == algorithm.SlidingWindow
}

func (h *history) charge(cost int64) *marked {
	told := h.law.Limit(h.state, h.now, cost)
	if told.Turn != h.now {
		return nil
	}
	h.number++
	c := &marked{at: h.now, cost: cost, mark: append([]int64(nil), h.state...), number: h.number, actual: make([]int64, len(h.rates))}
	for i, r := range h.rates {
		c.actual[i] = cost
		if !h.windows() {
			c.actual[i] *= r.Period // shares of 1/Limit tick
		}
	}
	h.charges = append(h.charges, c)
	return c
}

// giveBack gives c back. What it gave is seen from the state alone.
func (h *history) giveBack(c *marked) {
	given := int64(0)
	for i, r := range h.returns {
		if !h.windows() && r.charge < c.number && r.when > c.number {
			given += h.backs[i]
		}
	}
	before := h.levels()
	_, back := h.law.GiveBack(h.state, c.mark, h.now, c.cost, given)
	c.returned = true
	for i, level := range h.levels() {
		c.actual[i] -= before[i] - level
	}
	h.number++
	h.returns = append(h.returns, struct{ charge, when int }{c.number, h.number})
	h.backs = append(h.backs, back)
}

// levels is how much is charged at now in each rate: in a bucket the time from now to
// the TAT, in shares of a tick; in a window all that still counts.
func (h *history) levels() []int64 {
	var levels []int64
	words := h.kind.Words()
	for i, r := range h.rates {
		s := h.state[i*words : (i+1)*words]
		switch h.kind {
		case algorithm.FixedWindow:
			levels = append(levels, s[1])
		case algorithm.SlidingWindow:
			levels = append(levels, s[1]+s[2])
		default:
			divisor := gcdOf(r.Limit, r.Period)
			levels = append(levels, max(0, (s[0]-h.now)*r.Limit+s[1]*divisor))
		}
	}
	return levels
}

func gcdOf(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// asIfCharged is the levels of a key that was charged the actual costs at once, each
// at its instant. It fails where one of them would not have been allowed.
func (h *history) asIfCharged(t *testing.T) []int64 {
	t.Helper()
	levels := make([]int64, len(h.rates))
	for i, r := range h.rates {
		switch h.kind {
		case algorithm.FixedWindow, algorithm.SlidingWindow:
			levels[i] = h.windowAsIf(t, i, r)
		default:
			level, at := int64(0), h.now
			if len(h.charges) > 0 {
				at = h.charges[0].at
			}
			for _, c := range h.charges {
				level = max(0, level-(c.at-at)*r.Limit) + c.actual[i]
				at = c.at
				require.LessOrEqual(t, level, r.Burst*r.Period, "at %d", at)
			}
			levels[i] = max(0, level-(h.now-at)*r.Limit)
		}
	}
	return levels
}

func (h *history) windowAsIf(t *testing.T, i int, r algorithm.Rate) int64 {
	t.Helper()
	counts := map[int64]int64{}
	for _, c := range h.charges {
		window := c.at / r.Period
		counts[window] += c.actual[i]
		e := c.at % r.Period
		used := counts[window] * r.Period
		if h.kind == algorithm.SlidingWindow {
			used += counts[window-1] * (r.Period - e)
		}
		require.LessOrEqual(t, used, r.Limit*r.Period, "at %d", c.at)
	}
	// The state is rolled on when it is next charged; until then it has the windows
	// of the last charge.
	last := h.state[i*h.kind.Words()]
	if h.kind == algorithm.SlidingWindow {
		return counts[last] + counts[last-1]
	}
	return counts[last]
}

// TestGiveBackIsAsIfNotCharged: after any charges and any of them given back, the
// bucket is exactly as if each had been charged at once what it cost in the end, and
// that obeys the quota.
func TestGiveBackIsAsIfNotCharged(t *testing.T) {
	for _, kind := range walk.Kinds {
		for _, rates := range [][]algorithm.Rate{
			{{Limit: 1, Period: 1, Burst: 10}},
			{{Limit: 7, Period: 60, Burst: 5}},
			{{Limit: 10, Period: 60, Burst: 12}, {Limit: 25, Period: 600, Burst: 25}},
		} {
			t.Run(fmt.Sprintf("%s/%v", kindNames[kind], rates), func(t *testing.T) {
				for seed := range uint64(120) {
					rng := rand.New(rand.NewPCG(seed, 1))
					h := newHistory(kind, rates...)
					for range 60 {
						h.now += rng.Int64N(1 + rates[0].Period/2)
						if open := h.open(); len(open) > 0 && rng.IntN(3) == 0 {
							h.giveBack(open[rng.IntN(len(open))])
						} else {
							h.charge(1 + rng.Int64N(rates[0].Limit))
						}
						require.Equal(t, h.asIfCharged(t), h.levels(), "seed %d at %d", seed, h.now)
					}
				}
			})
		}
	}
}

// open is the charges that were not given back.
func (h *history) open() (open []*marked) {
	for _, c := range h.charges {
		if !c.returned {
			open = append(open, c)
		}
	}
	return open
}

// TestGiveBackGivesAllThatHasNotLeaked, in whatever order.
func TestGiveBackGivesAllThatHasNotLeaked(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		h := newHistory(algorithm.GCRA, algorithm.Rate{Limit: 1, Period: 1, Burst: 10})
		charges := []*marked{h.charge(2), h.charge(3), h.charge(5)}
		for _, i := range order {
			h.giveBack(charges[i])
		}
		assert.Equal(t, []int64{0}, h.levels())
	}
}

// TestGiveBackTakesNothingFromOthers: of ten, A and B took five each; A came back,
// and C took ten once all had leaked.
func TestGiveBackTakesNothingFromOthers(t *testing.T) {
	for _, kind := range []algorithm.Kind{algorithm.TokenBucket, algorithm.LeakyBucket, algorithm.GCRA} {
		h := newHistory(kind, algorithm.Rate{Limit: 1, Period: 1, Burst: 10})
		a, b := h.charge(5), h.charge(5)
		h.giveBack(a)
		h.now += 5
		require.NotNil(t, h.charge(10))
		h.giveBack(b)
		assert.Equal(t, []int64{10}, h.levels())
		assert.Nil(t, h.charge(1))
	}
}

// TestGiveBackLessWhatRefundGaveBack: what a window gave back by Refund may have been
// of this very charge.
func TestGiveBackLessWhatRefundGaveBack(t *testing.T) {
	for _, kind := range []algorithm.Kind{algorithm.FixedWindow, algorithm.SlidingWindow} {
		h := newHistory(kind, algorithm.Rate{Limit: 10, Period: 100, Burst: 10})
		a := h.charge(5)
		h.law.Refund(h.state, h.now, 4)
		require.NotNil(t, h.charge(9))
		_, back := h.law.GiveBack(h.state, a.mark, h.now, a.cost, 4)
		assert.EqualValues(t, 1, back)
		assert.Equal(t, []int64{9}, h.levels())
	}
}
