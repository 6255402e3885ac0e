package script

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

const (
	milli = time.Millisecond

	// noon is an instant of 2046 at which all windows of these quotas start.
	noon = int64(2_400_000_000_000_000)
)

// told is a request at an instant, counted from noon, with the numbers that a
// person works out for it.
type told struct {
	at     time.Duration
	op     throttled.Op
	cost   int64
	within time.Duration

	allowed           bool
	limit, remaining  int64
	reset, retryAfter time.Duration // as of its turn
	delay             time.Duration // until that turn
}

const (
	opLimit  = throttled.OpLimit
	opWait   = throttled.OpWait
	opPeek   = throttled.OpPeek
	opRefund = throttled.OpRefund
	opReset  = throttled.OpReset
)

var (
	bucketKinds = []throttled.Algorithm{throttled.TokenBucket, throttled.GCRA, throttled.LeakyBucket}
	meterKinds  = bucketKinds[:2]
	queueKind   = bucketKinds[2:]
	fixedKind   = []throttled.Algorithm{throttled.FixedWindow}
	slidingKind = []throttled.Algorithm{throttled.SlidingWindow}
)

var byHand = []struct {
	name  string
	of    []throttled.Algorithm
	quota string
	steps []told
}{
	{"a bucket of 3, one back every 10 ms", bucketKinds, "6/60ms burst 3", []told{
		{0, opPeek, 1, 0, true, 3, 3, 0, 0, 0},
		{0, opLimit, 1, 0, true, 3, 2, 10 * milli, 0, 0},
		{0, opLimit, 2, 0, true, 3, 0, 30 * milli, 0, 0},
		{0, opLimit, 1, 0, false, 3, 0, 30 * milli, 10 * milli, 0},
		{9999 * time.Microsecond, opLimit, 1, 0, false, 3, 0, 20001 * time.Microsecond, time.Microsecond, 0},
		{10 * milli, opLimit, 1, 0, true, 3, 0, 30 * milli, 0, 0}, // good as new at 40
		{10 * milli, opLimit, 4, 0, false, 3, 0, 30 * milli, throttled.Never, 0},
		{10 * milli, opLimit, 0, 0, true, 3, 0, 30 * milli, 0, 0},
		{25 * milli, opPeek, 1, 0, true, 3, 1, 15 * milli, 0, 0},
		{20 * milli, opLimit, 2, 0, false, 3, 1, 20 * milli, 10 * milli, 0}, // the clock stepped back
		{25 * milli, opRefund, 1, 0, true, 3, 2, 5 * milli, 0, 0},
		{25 * milli, opRefund, 99, 0, true, 3, 3, 0, 0, 0},
		{25 * milli, opLimit, 3, 0, true, 3, 0, 30 * milli, 0, 0},
		{25 * milli, opReset, 0, 0, true, 3, 3, 0, 0, 0},
	}},
	{"7 a minute come back every 60/7 = 8.571428… s", bucketKinds, "7/m", []told{
		{0, opLimit, 7, 0, true, 7, 0, time.Minute, 0, 0},
		{0, opLimit, 1, 0, false, 7, 0, time.Minute, 8571429 * time.Microsecond, 0},
		{8571428 * time.Microsecond, opLimit, 1, 0, false, 7, 0, 51428572 * time.Microsecond, time.Microsecond, 0},
		{8571429 * time.Microsecond, opLimit, 1, 0, true, 7, 0, time.Minute, 0, 0}, // the fraction is kept
		{8571429 * time.Microsecond, opLimit, 1, 0, false, 7, 0, time.Minute, 8571429 * time.Microsecond, 0},
		{17142858 * time.Microsecond, opLimit, 1, 0, true, 7, 0, time.Minute, 0, 0},
		{17142858 * time.Microsecond, opLimit, 1, time.Minute, true, 7, 0, time.Minute, 0, 8571428 * time.Microsecond},
	}},
	{"places in a line at a bucket", meterKinds, "6/60ms burst 3", []told{
		{0, opLimit, 2, 0, true, 3, 1, 20 * milli, 0, 0},
		{0, opWait, 3, 19 * milli, false, 3, 1, 20 * milli, 20 * milli, 0}, // too late, so nothing is charged
		{0, opWait, 3, 20 * milli, true, 3, 0, 30 * milli, 0, 20 * milli},
		{0, opLimit, 1, 0, false, 3, 0, 50 * milli, 30 * milli, 0}, // though one was left: nobody overtakes
		{0, opWait, 1, time.Hour, true, 3, 0, 30 * milli, 0, 30 * milli},
		{0, opLimit, 1, 10 * milli, false, 3, 0, 60 * milli, 40 * milli, 0},
		{29 * milli, opRefund, 1, 0, false, 3, 0, 31 * milli, 11 * milli, 0}, // gives nothing back while a place is ahead
		{30 * milli, opRefund, 1, 0, true, 3, 1, 20 * milli, 0, 0},
		{30 * milli, opWait, 4, time.Hour, false, 3, 1, 20 * milli, throttled.Never, 0},
		{30 * milli, opWait, 1, 0, true, 3, 0, 30 * milli, 0, 0},
	}},
	{"a queue of 3, one let out every 10 ms", queueKind, "6/60ms burst 3", []told{
		{0, opWait, 1, 0, true, 3, 2, 10 * milli, 0, 0},
		{0, opWait, 1, time.Hour, true, 3, 2, 10 * milli, 0, 10 * milli},
		{0, opWait, 1, 19 * milli, false, 3, 1, 20 * milli, 20 * milli, 0}, // let out too late
		{0, opWait, 1, 20 * milli, true, 3, 2, 10 * milli, 0, 20 * milli},
		{0, opWait, 1, time.Hour, false, 3, 0, 30 * milli, 10 * milli, 0}, // full
		{0, opWait, 4, time.Hour, false, 3, 0, 30 * milli, throttled.Never, 0},
		{10 * milli, opLimit, 1, 0, true, 3, 0, 30 * milli, 0, 0}, // the meter asks for room alone
		{15 * milli, opWait, 1, time.Hour, false, 3, 0, 25 * milli, 5 * milli, 0},
		{20 * milli, opWait, 1, time.Hour, true, 3, 2, 10 * milli, 0, 20 * milli},
	}},
	{"nothing is given back to a queue while somebody is in it", queueKind, "6/60ms burst 3", []told{
		{0, opLimit, 1, 0, true, 3, 2, 10 * milli, 0, 0},
		{0, opWait, 1, time.Hour, true, 3, 2, 10 * milli, 0, 10 * milli},
		{0, opRefund, 1, 0, true, 3, 1, 20 * milli, 0, 0},
		{0, opLimit, 1, 0, true, 3, 0, 30 * milli, 0, 0},
		{9999 * time.Microsecond, opRefund, 9, 0, false, 3, 0, 20001 * time.Microsecond, time.Microsecond, 0},
		{10 * milli, opRefund, 1, 0, true, 3, 2, 10 * milli, 0, 0}, // it was let out
		{10 * milli, opWait, 1, time.Hour, true, 3, 2, 10 * milli, 0, 10 * milli},
		{10 * milli, opReset, 0, 0, true, 3, 3, 0, 0, 0},
		{10 * milli, opLimit, 1, 0, true, 3, 2, 10 * milli, 0, 0},
		{10 * milli, opRefund, 1, 0, true, 3, 3, 0, 0, 0},
	}},
	{"nor to one with two rates", queueKind, "6/60ms burst 3; 3/60ms", []told{
		{0, opWait, 1, time.Hour, true, 3, 2, 20 * milli, 0, 0},
		{0, opRefund, 1, 0, true, 3, 3, 0, 0, 0}, // that was let out at once
		{0, opWait, 1, time.Hour, true, 3, 2, 20 * milli, 0, 0},
		{0, opWait, 1, time.Hour, true, 3, 2, 20 * milli, 0, 20 * milli},
		{10 * milli, opRefund, 1, 0, true, 3, 1, 30 * milli, 0, 0},
		{20 * milli, opRefund, 1, 0, true, 3, 3, 0, 0, 0},
	}},
	{"a queue with two rates starts in both when the slower has leaked", queueKind, "6/60ms burst 3; 4/60ms", []told{
		{0, opWait, 1, 0, true, 3, 2, 15 * milli, 0, 0},
		{0, opWait, 1, time.Hour, true, 3, 2, 15 * milli, 0, 15 * milli}, // the faster has leaked at 25, not at 20
		{0, opPeek, 1, 0, false, 3, 0, 30 * milli, 5 * milli, 0},
		{0, opWait, 1, time.Hour, false, 3, 0, 30 * milli, 10 * milli, 0}, // its water would start at 30, not at 25
	}},
	{"two buckets", meterKinds, "10/10ms; 20/100ms", []told{
		{0, opLimit, 10, 0, true, 10, 0, 50 * milli, 0, 0},
		{0, opLimit, 1, 0, false, 10, 0, 50 * milli, milli, 0},
		{10 * milli, opLimit, 10, 0, true, 10, 0, 90 * milli, 0, 0},
		{20 * milli, opPeek, 1, 0, true, 20, 4, 80 * milli, 0, 0},
		{20 * milli, opLimit, 5, 0, false, 20, 4, 80 * milli, 5 * milli, 0},
		{20 * milli, opWait, 5, time.Hour, true, 20, 0, 100 * milli, 0, 5 * milli},
		{20 * milli, opWait, 1, time.Hour, true, 20, 0, 100 * milli, 0, 10 * milli},
		{20 * milli, opLimit, 15, 0, false, 10, 0, 110 * milli, throttled.Never, 0},
	}},
	{"5 in each window of 10 ms", fixedKind, "5/10ms", []told{
		{3 * milli, opLimit, 3, 0, true, 5, 2, 7 * milli, 0, 0},
		{3 * milli, opLimit, 3, 0, false, 5, 2, 7 * milli, 7 * milli, 0},
		{3 * milli, opWait, 3, 7 * milli, true, 5, 2, 10 * milli, 0, 7 * milli}, // takes the next window
		{3 * milli, opLimit, 1, 0, false, 5, 0, 17 * milli, 7 * milli, 0},
		{3 * milli, opWait, 3, time.Hour, true, 5, 2, 10 * milli, 0, 17 * milli},
		{12 * milli, opRefund, 3, 0, false, 5, 0, 18 * milli, 8 * milli, 0}, // a place is ahead
		{20 * milli, opRefund, 2, 0, true, 5, 4, 10 * milli, 0, 0},
		{20 * milli, opRefund, 2, 0, true, 5, 5, 0, 0, 0},
	}},
	{"two fixed windows, all or nothing", fixedKind, "3/10ms; 5/100ms", []told{
		{0, opLimit, 3, 0, true, 3, 0, 100 * milli, 0, 0},
		{0, opWait, 2, time.Hour, true, 5, 0, 90 * milli, 0, 10 * milli},
		{0, opWait, 3, time.Hour, true, 3, 0, 100 * milli, 0, 100 * milli},
		{0, opWait, 2, time.Hour, true, 5, 0, 90 * milli, 0, 110 * milli},
		{50 * milli, opLimit, 1, 0, false, 5, 0, 150 * milli, 150 * milli, 0},
	}},
	{"10 in a sliding window of 100 ms", slidingKind, "10/100ms", []told{
		{40 * milli, opLimit, 8, 0, true, 10, 2, 160 * milli, 0, 0},
		{40 * milli, opLimit, 3, 0, false, 10, 2, 160 * milli, 72500 * time.Microsecond, 0},
		{100 * milli, opPeek, 1, 0, true, 10, 2, 100 * milli, 0, 0},                       // 8·100 of 1000 are taken
		{112 * milli, opLimit, 3, 0, false, 10, 2, 88 * milli, 500 * time.Microsecond, 0}, // 8·88 + 3·100 = 1004
		{113 * milli, opLimit, 3, 0, true, 10, 0, 187 * milli, 0, 0},                      // 8·87 + 3·100 = 996
		{113 * milli, opWait, 1, time.Hour, true, 10, 0, 175 * milli, 0, 12 * milli},
		{113 * milli, opRefund, 1, 0, false, 10, 0, 187 * milli, 24500 * time.Microsecond, 0}, // 8·62.5 + 5·100 = 1000 at 137.5
		{125 * milli, opRefund, 9, 0, true, 10, 4, 75 * milli, 0, 0},                          // the 4 of this window; 8·75 = 600 stay
	}},
}

// binding returns the index of the rate whose capacity is limit. No two in a table
// have the same.
func binding(l *Plan, limit int64) int {
	return slices.IndexFunc(l.rates, func(r rate) bool { return r.capacity == limit })
}

// TestByHand holds the scripts to numbers that nobody needs a program for.
func TestByHand(t *testing.T) {
	s := startServer(t)
	for _, tt := range byHand {
		for _, a := range tt.of {
			t.Run(a.String()+"/"+tt.name, func(t *testing.T) {
				l := planOfText(t, a, tt.quota)
				for i, step := range tt.steps {
					got := s.ask(noon+step.at.Microseconds(), l.Operation(throttled.Request{
						Key: tt.name, Op: step.op, Cost: step.cost, Within: step.within,
					}))[0]
					require.NoError(t, got.Err)
					want := throttled.State{Limit: step.limit, Rate: binding(l, step.limit), Remaining: step.remaining, ResetAfter: step.reset, RetryAfter: step.retryAfter}
					assert.Equal(t, step.allowed, got.Result.Allowed, "step %d", i)
					assert.Equal(t, want, got.Result.State(), "step %d", i)
					assert.Equal(t, step.delay, got.Delay, "step %d", i)
					assert.Equal(t, step.delay > 0, got.Place != nil, "step %d", i)
				}
			})
		}
	}
}
