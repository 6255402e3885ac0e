package storetest

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/throttled-go/throttled"
)

// verb is what a step asks for.
type verb string

const (
	take   verb = "LimitN"
	peek   verb = "Peek"
	refund verb = "Refund"
	reset  verb = "Reset"
)

// step asks for something at an instant, counted from the beginning of the
// case, which in a bubble is that of every window up to a day. The three
// numbers after cost are the answer; what waits is denied.
type step struct {
	at           time.Duration
	do           verb
	cost         int64
	remaining    int64
	reset, retry time.Duration
}

// table is what is to be answered to steps taken one after another.
type table struct {
	name       string
	algorithms []throttled.Algorithm
	quota      throttled.Quota
	limits     []int64 // of the rate that binds, step by step; the last goes for all that follow
	quick      bool    // so much comes back that it cannot be run in real time
	steps      []step
}

var (
	everyAlgorithm = []throttled.Algorithm{
		throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA, throttled.FixedWindow, throttled.SlidingWindow,
	}
	buckets = everyAlgorithm[:3]
	fixed   = everyAlgorithm[3:4]
	sliding = everyAlgorithm[4:]
)

const (
	millisecond = time.Millisecond
	minute      = time.Minute
	hour        = time.Hour
	never       = throttled.Never
)

// sevenths are the instants at which 7 a minute give one back, rounded up to
// nanoseconds: 60 s is no multiple of 7 ns.
var sevenths = [...]time.Duration{
	8571428572, 17142857143, 25714285715, 34285714286, 42857142858, 51428571429, 60000000000,
}

// moves reports whether time passes between the steps.
func (t table) moves() bool { return t.quick || t.steps[len(t.steps)-1].at > 0 }

// answers has rules 1 to 6 as tables.
func (s *suite) answers() (cases []testCase) {
	tables := append(bucketTables(), fixedTables(s.window())...)
	tables = append(tables, slidingTables(s.window())...)
	tables = append(tables, rateTables(s.window())...)
	for _, t := range tables {
		if s.real && t.moves() {
			continue
		}
		for _, a := range t.algorithms {
			cases = append(cases, testCase{a.String() + " " + t.name, func(b *trial) { b.walk(t, a) }})
		}
	}
	return cases
}

// walk takes the steps of t.
func (b *trial) walk(t table, a throttled.Algorithm) {
	l := b.newLimiter(throttled.Config{Algorithm: a, Quota: t.quota})
	for i, s := range t.steps {
		b.sleepUntil(b.up(s.at))
		what := fmt.Sprintf("step %d: %s(%d)", i, s.do, s.cost)
		got, ok := b.step(what, l, s)
		if !ok {
			continue
		}
		limit := t.limits[min(i, len(t.limits)-1)]
		b.isState(what, a, got, throttled.State{Limit: limit, Rate: binding(a, t.quota, limit), Remaining: s.remaining, ResetAfter: s.reset, RetryAfter: s.retry})
		if b.Failed() {
			return // what follows would fail too and say less
		}
	}
}

// binding returns the index of the first rate of quota with the capacity limit
// under a. In the tables no two rates have the same.
func binding(a throttled.Algorithm, quota throttled.Quota, limit int64) int {
	return slices.IndexFunc(quota.Rates(), func(r throttled.Rate) bool {
		if r.Burst == 0 || a == throttled.FixedWindow || a == throttled.SlidingWindow {
			return r.Limit == limit
		}
		return r.Burst == limit
	})
}

// step takes one step; ok is false where it says nothing of the state.
func (b *trial) step(what string, l Limiter, s step) (state throttled.State, ok bool) {
	switch s.do {
	case take:
		res, err := l.LimitN(b.ctx, key, s.cost)
		b.isAllowed(what, res, err, s.retry == 0)
		return res.State(), true
	case peek:
		return b.peek(l, key), true
	case refund:
		state, err := l.Refund(b.ctx, key, s.cost)
		b.require(what, err)
		return state, true
	default:
		b.require(what, l.Reset(b.ctx, key))
		return throttled.State{}, false
	}
}

// bucketTables are those of the law that the three buckets share. One comes
// back an hour, and five at once are the most.
func bucketTables() []table {
	five := throttled.MustParseQuota("24/d burst 5")
	return []table{
		{name: "charges until nothing is left", algorithms: buckets, quota: five, limits: []int64{5}, steps: []step{
			{0, peek, 1, 5, 0, 0},
			{0, take, 3, 2, 3 * hour, 0},
			{0, peek, 1, 2, 3 * hour, 0},
			{0, take, 2, 0, 5 * hour, 0},
			{0, take, 1, 0, 5 * hour, hour},
			{0, take, 5, 0, 5 * hour, 5 * hour},
			{0, peek, 1, 0, 5 * hour, hour},
		}},
		{name: "a denial changes nothing", algorithms: buckets, quota: five, limits: []int64{5}, steps: []step{
			{0, take, 6, 5, 0, never},
			{0, peek, 1, 5, 0, 0},
			{0, take, 3, 2, 3 * hour, 0},
			{0, take, 3, 2, 3 * hour, hour},
			{0, take, 5, 2, 3 * hour, 3 * hour},
			{0, take, 6, 2, 3 * hour, never},
			{0, take, math.MaxInt64, 2, 3 * hour, never},
			{0, take, 2, 0, 5 * hour, 0},
		}},
		{name: "a cost of 0 passes and changes nothing", algorithms: buckets, quota: five, limits: []int64{5}, steps: []step{
			{0, take, 0, 5, 0, 0},
			{0, take, 5, 0, 5 * hour, 0},
			{0, take, 0, 0, 5 * hour, 0},
			{0, refund, 0, 0, 5 * hour, hour},
		}},
		{name: "refund gives back, at most to fresh", algorithms: buckets, quota: five, limits: []int64{5}, steps: []step{
			{0, refund, 1, 5, 0, 0},
			{0, take, 5, 0, 5 * hour, 0},
			{0, refund, 2, 2, 3 * hour, 0},
			{0, refund, 4, 5, 0, 0},
			{0, take, 4, 1, 4 * hour, 0},
			{0, refund, math.MaxInt64, 5, 0, 0},
			{0, take, 5, 0, 5 * hour, 0},
		}},
		{name: "reset makes fresh", algorithms: buckets, quota: five, limits: []int64{5}, steps: []step{
			{0, reset, 0, 0, 0, 0},
			{0, take, 5, 0, 5 * hour, 0},
			{0, reset, 0, 0, 0, 0},
			{0, peek, 1, 5, 0, 0},
			{0, take, 5, 0, 5 * hour, 0},
		}},
		{name: "comes back evenly", algorithms: buckets, quota: five, limits: []int64{5}, steps: []step{
			{0, take, 5, 0, 5 * hour, 0},
			{hour, take, 1, 0, 5 * hour, 0},
			{3 * hour, peek, 1, 2, 3 * hour, 0},
			{3*hour + 30*minute, take, 3, 2, 150 * minute, 30 * minute},
			{3*hour + 30*minute, take, 2, 0, 270 * minute, 0},
			{8 * hour, peek, 1, 5, 0, 0},
		}},
		{name: "saves up no more than the burst", algorithms: buckets, quota: five, limits: []int64{5}, steps: []step{
			{0, take, 2, 3, 2 * hour, 0},
			{100 * hour, peek, 1, 5, 0, 0},
			{100 * hour, take, 5, 0, 5 * hour, 0},
			{100 * hour, take, 1, 0, 5 * hour, hour},
		}},
		{name: "refund of what has come back gives nothing", algorithms: buckets, quota: five, limits: []int64{5}, steps: []step{
			{0, take, 5, 0, 5 * hour, 0},
			{4 * hour, refund, 3, 5, 0, 0},
			{4 * hour, take, 5, 0, 5 * hour, 0},
			{4 * hour, take, 1, 0, 5 * hour, hour},
		}},
		{name: "keeps fractions", algorithms: buckets, quota: throttled.PerHour(7), limits: []int64{7}, steps: []step{
			{0, take, 1, 6, 514285714286, 0},
			{0, take, 1, 5, 1028571428572, 0},
			{0, take, 4, 1, 3085714285715, 0},
			{0, take, 1, 0, hour, 0},
			{0, take, 1, 0, hour, 514285714286},
			{0, take, 3, 0, hour, 1542857142858},
			{0, take, 7, 0, hour, hour},
		}},
		{name: "keeps fractions as time passes", algorithms: buckets, quota: throttled.PerMinute(7), limits: []int64{7}, steps: []step{
			{0, take, 7, 0, minute, 0},
			{0, take, 1, 0, minute, sevenths[0]},
			{sevenths[0], take, 1, 0, minute, 0},
			{sevenths[0], take, 1, 0, minute, sevenths[1] - sevenths[0]},
			{sevenths[6], peek, 1, 6, sevenths[0], 0},
		}},
		{
			name: "is as wide as a quota may be", algorithms: buckets, limits: []int64{1<<48 - 1}, quick: true,
			quota: throttled.PerDay(1<<48 - 1),
			steps: []step{
				{0, peek, 1, 1<<48 - 1, 0, 0},
				{0, take, 1 << 48, 1<<48 - 1, 0, never},
				{0, take, 1<<48 - 1, 0, 24 * hour, 0},
				{0, take, 1, 0, 24 * hour, 1},
				{12 * hour, peek, 1, 1<<47 - 1, 12 * hour, 0},
			},
		},
	}
}
