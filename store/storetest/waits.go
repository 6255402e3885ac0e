package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
)

// waitFunc is a verb that may wait.
type waitFunc func(ctx context.Context, key string, cost int64) (throttled.Result, error)

// turn is what one who waits is to get: let through at an instant, which is
// counted from the beginning of the case, and given the state of then.
type turn struct {
	cost      int64
	at        time.Duration
	limit     int64
	remaining int64
	reset     time.Duration
}

// standing is a key that was used up at the beginning and those who then wait.
type standing struct {
	name       string
	algorithms []throttled.Algorithm
	quota      string
	taken      int64
	turns      []turn
}

func (t turn) state(a throttled.Algorithm, quota throttled.Quota) throttled.State {
	return throttled.State{Limit: t.limit, Remaining: t.remaining, ResetAfter: t.reset, Rate: binding(a, quota, t.limit)}
}

// standings are given in the order of turns. Whether all come at the beginning
// or each when the one before it was let through, the turns are the same.
var standings = []standing{
	{"", buckets, "24/d burst 5", 5, []turn{
		{2, 2 * hour, 5, 0, 5 * hour},
		{1, 3 * hour, 5, 0, 5 * hour},
		{5, 8 * hour, 5, 0, 5 * hour},
		{1, 9 * hour, 5, 0, 5 * hour},
	}},
	{"fractions ", buckets, "7/m", 7, []turn{
		{1, sevenths[0], 7, 0, minute},
		{1, sevenths[1], 7, 0, minute},
		{1, sevenths[2], 7, 0, minute},
		{1, sevenths[3], 7, 0, minute},
		{1, sevenths[4], 7, 0, minute},
		{1, sevenths[5], 7, 0, minute},
		{1, sevenths[6], 7, 0, minute},
		{2, minute + sevenths[1], 7, 0, minute},
	}},
	{"two rates ", buckets, "24/d burst 3; 7/w burst 5", 3, []turn{
		{2, 2 * hour, 3, 0, 118 * hour},
		{1, 24 * hour, 5, 0, 120 * hour},
		{3, 96 * hour, 3, 0, 120 * hour},
		{1, 120 * hour, 5, 0, 120 * hour},
	}},
	{"", fixed, "5/h", 5, []turn{
		{3, hour, 5, 2, hour},
		{3, 2 * hour, 5, 2, hour},
		{2, 2 * hour, 5, 0, hour},
		{1, 3 * hour, 5, 4, hour},
	}},
	{"", sliding, "4/h", 4, []turn{
		{1, 75 * minute, 4, 0, 105 * minute},  // beside three of the four
		{2, 105 * minute, 4, 0, 75 * minute},  // one of the four, and one
		{4, 180 * minute, 4, 0, 120 * minute}, // none of the three
		{1, 255 * minute, 4, 0, 105 * minute},
	}},
	{"two rates ", fixed, "3/h; 5/d", 3, []turn{
		{2, hour, 5, 0, 23 * hour},
		{3, 24 * hour, 3, 0, 24 * hour},
		{2, 25 * hour, 5, 0, 23 * hour},
	}},
}

// waits is about those who wait alone, so it goes for stores without a line.
func (s *suite) waits() (cases []testCase) {
	for _, a := range everyAlgorithm {
		cases = append(cases, testCase{a.String() + " Wait of a cost of 0 returns at once", func(b *trial) { b.waitForNothing(a) }})
		cases = append(cases, testCase{a.String() + " Wait returns at once if it may", func(b *trial) { b.noWait(a) }})
		if s.real {
			cases = append(cases, testCase{a.String() + " is never let through early", func(b *trial) { b.neverEarly(a) }})
		}
	}
	if s.real {
		return cases
	}
	for _, st := range standings {
		for _, a := range st.algorithms {
			if a != throttled.LeakyBucket { // there Wait has a law of its own
				cases = append(cases, testCase{a.String() + " " + st.name + "Wait is let through at its turn", func(b *trial) {
					b.alone(st, b.of(a, st.quota).WaitN, a)
				}})
			}
			cases = append(cases, testCase{a.String() + " " + st.name + "Limit with a Timeout is let through at its turn", func(b *trial) {
				b.alone(st, b.patient(a, st.quota, 1000*hour).LimitN, a)
			}})
		}
	}
	return cases
}

// alone makes one wait after the other.
func (b *trial) alone(st standing, wait waitFunc, a throttled.Algorithm) {
	b.take(b.of(a, st.quota), key, st.taken)
	quota := throttled.MustParseQuota(st.quota)
	for i, t := range st.turns {
		res, err := wait(b.ctx, key, t.cost)
		what := fmt.Sprintf("wait %d for %d", i, t.cost)
		b.isAllowed(what, res, err, true)
		b.isNow(what, t.at)
		b.isState(what, a, res.State(), t.state(a, quota))
	}
}

func (b *trial) waitForNothing(a throttled.Algorithm) {
	l := b.newLimiter(throttled.Config{Algorithm: a, Quota: throttled.Per(5, b.window()), Timeout: hour})
	b.take(l, key, 5)
	for what, wait := range map[string]waitFunc{"WaitN(0)": l.WaitN, "LimitN(0)": l.LimitN} {
		res, err := wait(b.ctx, key, 0)
		b.isAllowed(what, res, err, true)
		if !b.real {
			b.isNow(what, 0)
		}
		if left := res.Remaining(); left != 0 {
			b.Errorf("%s: %d left of nothing", what, left)
		}
	}
}

func (b *trial) noWait(a throttled.Algorithm) {
	l := b.newLimiter(throttled.Config{Algorithm: a, Quota: throttled.Per(5, b.window())})
	res, err := l.WaitN(b.ctx, key, 2)
	b.isAllowed("WaitN(2)", res, err, true)
	if left := res.Remaining(); left != 3 {
		b.Errorf("%d left, want 3", left)
	}
	if !b.real {
		b.isNow("WaitN(2)", 0)
	}
}

// neverEarly measures two waits for what was just used up. How long they last
// depends on the pace of the machine, and on the phase of a window; not how
// short.
func (b *trial) neverEarly(a throttled.Algorithm) {
	const period = 100 * millisecond
	cost, least := int64(10), 2*period
	switch a {
	case throttled.LeakyBucket: // a queue that has room only if it is half empty
		cost, least = 5, period
	case throttled.FixedWindow: // the first may be near the end of its window
		least = period
	}
	l := b.of(a, "10/100ms")
	b.take(l, key, cost)
	b.waitOf(l, cost)
	b.waitOf(l, cost)
	b.isNow("the second wait", least)
}

// waitOf holds a Wait of cost to be let through.
func (b *trial) waitOf(l Limiter, cost int64) {
	b.Helper()
	res, err := l.WaitN(b.ctx, key, cost)
	b.isAllowed(fmt.Sprintf("WaitN(%d)", cost), res, err, true)
}
