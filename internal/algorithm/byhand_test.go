package algorithm_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
)

const never = model.Never

// told is a step and the numbers that a person works out for it.
type told struct {
	op        op
	now, cost int64

	allowed                             bool
	limit, remaining, reset, retryAfter int64
	seen                                int64 // of an Enter that is let in: when it is let out
}

var byHand = []struct {
	name  string
	kinds []algorithm.Kind
	rates []model.Rate
	steps []told
}{
	{
		name:  "a bucket of 3, one back every 10 ticks",
		kinds: buckets,
		rates: []model.Rate{{Limit: 6, Period: 60, Burst: 3}},
		steps: []told{
			{opPeek, 1000, 1, true, 3, 3, 0, 0, 0},
			{opLimit, 1000, 1, true, 3, 2, 10, 0, 0},
			{opLimit, 1000, 2, true, 3, 0, 30, 0, 0},
			{opLimit, 1000, 1, false, 3, 0, 30, 10, 0},
			{opLimit, 1009, 1, false, 3, 0, 21, 1, 0},
			{opLimit, 1010, 1, true, 3, 0, 30, 0, 0}, // good as new at 1040
			{opLimit, 1010, 4, false, 3, 0, 30, never, 0},
			{opLimit, 1010, 0, true, 3, 0, 30, 0, 0},
			{opPeek, 1025, 1, true, 3, 1, 15, 0, 0},
			{opLimit, 1025, 2, false, 3, 1, 15, 5, 0},
			{opPeek, 1020, 2, false, 3, 1, 20, 10, 0}, // the clock stepped back by 5
			{opRefund, 1025, 1, true, 3, 2, 5, 0, 0},
			{opRefund, 1025, 9, true, 3, 3, 0, 0, 0},
			{opLimit, 1025, 3, true, 3, 0, 30, 0, 0},
			{opReset, 1025, 0, true, 3, 3, 0, 0, 0},
		},
	},
	{
		name:  "7 per 60 ticks come back every 60/7 = 8.571… ticks",
		kinds: buckets,
		rates: []model.Rate{{Limit: 7, Period: 60, Burst: 7}},
		steps: []told{
			{opLimit, 1000, 7, true, 7, 0, 60, 0, 0},
			{opLimit, 1000, 1, false, 7, 0, 60, 9, 0},
			{opLimit, 1008, 1, false, 7, 0, 52, 1, 0},
			{opLimit, 1009, 1, true, 7, 0, 60, 0, 0},  // good as new at 1068.571…
			{opLimit, 1009, 1, false, 7, 0, 60, 9, 0}, // the next at 1017.142…
			{opLimit, 1018, 1, true, 7, 0, 60, 0, 0},  // 1077.142…
			{opLimit, 1026, 1, true, 7, 0, 60, 0, 0},  // 1085.714…, the one of 1025.714…
			{opRefund, 1026, 6, true, 7, 6, 9, 0, 0},  // 1034.285…
			{opRefund, 1026, 1, true, 7, 7, 0, 0, 0},
		},
	},
	{
		name:  "two buckets: 10 that come back every tick, 20 that come back every 5",
		kinds: buckets,
		rates: []model.Rate{{Limit: 10, Period: 10, Burst: 10}, {Limit: 20, Period: 100, Burst: 20}},
		steps: []told{
			{opLimit, 1000, 10, true, 10, 0, 50, 0, 0},
			{opLimit, 1000, 1, false, 10, 0, 50, 1, 0},
			{opLimit, 1010, 10, true, 10, 0, 90, 0, 0},
			{opPeek, 1020, 1, true, 20, 4, 80, 0, 0},
			{opLimit, 1020, 5, false, 20, 4, 80, 5, 0},
			{opLimit, 1020, 15, false, 10, 4, 80, never, 0},
			{opLimit, 1020, 21, false, 20, 4, 80, never, 0}, // for both; the second has fewer remaining
		},
	},
	{
		name:  "a queue of 3, one let out every 10 ticks",
		kinds: []algorithm.Kind{algorithm.LeakyBucket},
		rates: []model.Rate{{Limit: 6, Period: 60, Burst: 3}},
		steps: []told{
			{opEnter, 1000, 1, true, 3, 2, 10, 0, 1000},
			{opEnter, 1000, 1, true, 3, 2, 10, 0, 1010},
			{opEnter, 1000, 1, true, 3, 2, 10, 0, 1020},
			{opEnter, 1000, 1, false, 3, 0, 30, 10, 1000},
			{opEnter, 1000, 4, false, 3, 0, 30, never, 1000},
			{opEnter, 1000, 0, true, 3, 0, 30, 0, 1000},
			{opLimit, 1010, 1, true, 3, 0, 30, 0, 0}, // the meter asks for room alone
			{opEnter, 1015, 1, false, 3, 0, 25, 5, 1015},
			{opEnter, 1020, 1, true, 3, 2, 10, 0, 1040},
		},
	},
	{
		name:  "a queue with two rates starts in both when the slower has leaked",
		kinds: []algorithm.Kind{algorithm.LeakyBucket},
		rates: []model.Rate{{Limit: 6, Period: 60, Burst: 3}, {Limit: 4, Period: 60, Burst: 4}},
		steps: []told{
			{opEnter, 1000, 1, true, 3, 2, 15, 0, 1000},
			{opEnter, 1000, 1, true, 3, 2, 15, 0, 1015}, // the faster has leaked at 1025, not at 1020
			{opPeek, 1000, 1, false, 3, 0, 30, 5, 0},
			{opEnter, 1000, 1, false, 3, 0, 30, 10, 1000}, // its water would start at 1030, not at 1025
		},
	},
	{
		name:  "5 in each window of 10 ticks",
		kinds: []algorithm.Kind{algorithm.FixedWindow},
		rates: []model.Rate{{Limit: 5, Period: 10, Burst: 1}},
		steps: []told{
			{opLimit, 103, 3, true, 5, 2, 7, 0, 0},
			{opLimit, 103, 3, false, 5, 2, 7, 7, 0},
			{opLimit, 109, 2, true, 5, 0, 1, 0, 0},
			{opLimit, 109, 1, false, 5, 0, 1, 1, 0},
			{opLimit, 110, 1, true, 5, 4, 10, 0, 0},
			{opLimit, 108, 1, false, 5, 0, 12, 2, 0}, // the clock stepped back into the window before
			{opLimit, 108, 5, false, 5, 0, 12, 12, 0},
			{opLimit, 108, 6, false, 5, 0, 12, never, 0},
			{opLimit, 108, 0, true, 5, 0, 12, 0, 0},
			{opRefund, 108, 1, false, 5, 0, 12, 2, 0}, // which is not the one that was charged
			{opRefund, 112, 1, true, 5, 5, 0, 0, 0},
			{opPeek, 108, 5, true, 5, 5, 0, 0, 0},
		},
	},
	{
		name:  "10 in a sliding window of 100 ticks",
		kinds: []algorithm.Kind{algorithm.SlidingWindow},
		rates: []model.Rate{{Limit: 10, Period: 100, Burst: 1}},
		steps: []told{
			{opLimit, 1040, 8, true, 10, 2, 160, 0, 0},
			{opLimit, 1040, 3, false, 10, 2, 160, 73, 0},
			{opPeek, 1100, 1, true, 10, 2, 100, 0, 0},  // 8·100 = 800 of 1000 are taken
			{opLimit, 1112, 3, false, 10, 2, 88, 1, 0}, // 8·88 + 3·100 = 1004
			{opLimit, 1113, 3, true, 10, 0, 187, 0, 0}, // 8·87 + 3·100 = 996
			{opLimit, 1113, 1, false, 10, 0, 187, 12, 0},
			{opLimit, 1125, 1, true, 10, 0, 175, 0, 0}, // 8·75 + 4·100 = 1000
			{opLimit, 1125, 10, false, 10, 0, 175, 175, 0},
			{opLimit, 1125, 11, false, 10, 0, 175, never, 0},
			{opPeek, 1120, 1, false, 10, 0, 180, 18, 0},  // the clock stepped back; 8·62 + 5·100 = 996 at 1138
			{opRefund, 1125, 9, true, 10, 4, 75, 0, 0},   // the 4 of this window; 8·75 = 600 stay
			{opRefund, 1099, 8, false, 10, 0, 101, 1, 0}, // another window gives nothing back; 8·100 + 1·100 fit at the start of 1100
		},
	},
}

// binding returns the index of the rate whose capacity is limit. No two in a table
// have the same.
func binding(kind algorithm.Kind, rates []model.Rate, limit int64) int {
	return slices.IndexFunc(rates, func(r model.Rate) bool { return r.Capacity(kind) == limit })
}

// TestByHand holds the laws, and the model as well, to numbers that nobody needs a
// program for.
func TestByHand(t *testing.T) {
	for _, tt := range byHand {
		for _, kind := range tt.kinds {
			t.Run(kindNames[kind]+"/"+tt.name, func(t *testing.T) {
				p := newPair(kind, tt.rates)
				for _, s := range tt.steps {
					asked := step{s.op, s.now, s.cost}
					require.NoError(t, p.prove(asked))
					got, want, seen, _ := p.answers(asked)
					require.Equal(t, want, got, "%s of %d at %d", opNames[s.op], s.cost, s.now)
					assert.Equal(t, model.Answer{
						Allowed: s.allowed, Limit: s.limit, Rate: binding(kind, tt.rates, s.limit), Remaining: s.remaining, ResetAfter: s.reset, RetryAfter: s.retryAfter,
					}, got, "%s of %d at %d", opNames[s.op], s.cost, s.now)
					if s.op == opEnter {
						assert.Equal(t, s.seen, seen, "%s of %d at %d", opNames[s.op], s.cost, s.now)
					}
				}
			})
		}
	}
}
