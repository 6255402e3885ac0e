package algorithm_test

import (
	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
)

// pastTraces are those that showed a law to be wrong, cut short and made round.
var pastTraces = map[string]trace{
	// Of the two rates that wait longest the third has fewer remaining than the
	// first; that the second has fewer still is no matter, its wait is shorter.
	"the limit is of the fewest remaining among the longest waits": {
		algorithm.FixedWindow,
		[]model.Rate{{Limit: 20, Period: 2, Burst: 1}, {Limit: 15, Period: 1, Burst: 1}, {Limit: 18, Period: 2, Burst: 1}},
		[]step{{opLimit, 100, 10}, {opLimit, 100, 11}},
	},
	"a refund of more ticks than 2^62": {
		algorithm.TokenBucket,
		[]model.Rate{{Limit: 1, Period: 1 << 59, Burst: 2}},
		[]step{{opLimit, 1 << 62, 2}, {opRefund, 0, 9}},
	},
	"the same of what can never be allowed": {
		algorithm.TokenBucket,
		[]model.Rate{{Limit: 1, Period: 1, Burst: 20}, {Limit: 1, Period: 10, Burst: 21}, {Limit: 1, Period: 2, Burst: 18}},
		[]step{{opLimit, 100, 15}, {opLimit, 110, 21}},
	},
	"the same of the queue": {
		algorithm.LeakyBucket,
		[]model.Rate{{Limit: 1, Period: 5, Burst: 6}, {Limit: 1 << 40, Period: 1, Burst: 1 << 20}, {Limit: 1, Period: 3, Burst: 4}},
		[]step{{opEnter, 100, 4}, {opEnter, 114, 4}},
	},
}
