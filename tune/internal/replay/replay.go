// Package replay puts a workload through the library at the times of its
// requests, as fast as the machine goes: for each algorithm, with room for
// every client and in tables of several sizes.
package replay

import (
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// Options say what to replay.
type Options struct {
	Workload *workload.Workload
	Quota    throttled.Quota

	// Sizes are the values of MaxSize to try. The default of the stores is added,
	// and one that holds all that is ever live at once. None: a few that are chosen by what is live, which
	// differs from algorithm to algorithm.
	Sizes []int

	// Passes is how often each table is replayed to measure its speed and its
	// memory. 0: they are not measured.
	Passes int

	// Good tells of each key whether it is one of a good client, and Deadline how
	// long one would wait for its turn. 0: waits are not worked out.
	Good     []bool
	Deadline time.Duration

	// Step is told now and then how many more requests were replayed, Passes of
	// them counted in, and ends the replay by an error. May be nil.
	Step func(requests int) error
}

// MostSteps returns how many requests Step is told of at most: sizes that
// turn out to be the same are tried once.
func (o *Options) MostSteps() int64 {
	tables := len(o.Sizes) + addedSizes
	if len(o.Sizes) == 0 {
		tables += chosenSizes
	}
	return int64(len(o.Workload.Requests)) * int64(len(algorithms)) * int64(1+tables*max(1, o.Passes))
}

// step tells Step, if there is one.
func (o *Options) step(requests int) error {
	if o.Step == nil {
		return nil
	}
	return o.Step(requests)
}

// stride is how many requests are replayed between two calls of Step: some
// milliseconds of work.
const stride = 1 << 16

// strides calls replay for one span of requests after another, and Step after
// each.
func (o *Options) strides(replay func(from, to int) error) error {
	for from := 0; from < len(o.Workload.Requests); from += stride {
		to := min(from+stride, len(o.Workload.Requests))
		if err := replay(from, to); err != nil {
			return err
		}
		if err := o.step(to - from); err != nil {
			return err
		}
	}
	return nil
}

// Result is what came out for each algorithm.
type Result struct {
	Workload *workload.Workload
	Quota    throttled.Quota

	// Within counts the clients that stayed within their quota: in no span of
	// a Period [t, t+Period), of whatever alignment, did they ask for more than
	// the Limit, for every rate of the quota.
	Within int

	Outcomes []Outcome // in the order of the algorithms
}

// Outcome is what an algorithm did.
type Outcome struct {
	Algorithm throttled.Algorithm

	// With room for every client.
	Totals  Totals
	Allowed []bool // of each request
	Unfair  Unfair
	Peaks   []Peak // of each rate of the quota
	Backend []Load // what passed of all clients together, for a second and the Period of each rate
	Live    int    // buckets that mattered at once, at most
	Redis   RoundTrips
	Waits   *Waits // nil if they were not worked out

	Bounded []Bounded // in tables of each size, the smallest first
}

// Totals count requests and add up their costs.
type Totals struct {
	Allowed, Denied         int64
	AllowedCost, DeniedCost int64
}

func (t *Totals) count(allowed bool, cost int64) {
	if allowed {
		t.Allowed++
		t.AllowedCost += cost
	} else {
		t.Denied++
		t.DeniedCost += cost
	}
}

// Unfair counts the denials of clients that stayed within their quota.
type Unfair struct {
	Denied  int64
	Clients int
}

// Peak is the greatest cost that was admitted for one client in any span of a
// Period [t, t+Period) of a rate.
type Peak struct {
	Cost  int64
	Key   string // of the client; the first of several
	Above int    // clients that were admitted more than the Limit in such a span
	Over  int64  // by how much, the sum over these clients
}

// Load is the greatest cost of all clients together in any span [t, t+Span).
type Load struct {
	Span          time.Duration
	Asked, Passed int64
}

// algorithms are in the order of their constants.
var algorithms = [...]throttled.Algorithm{
	throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA, throttled.FixedWindow, throttled.SlidingWindow,
}

// Run replays a workload that has at least one request.
func Run(options Options) (*Result, error) {
	asked := groupByKey(options.Workload)
	within := asked.within(options.Quota)
	result := &Result{Workload: options.Workload, Quota: options.Quota, Within: count(within)}
	for _, algorithm := range algorithms {
		plan, err := throttled.Config{Quota: options.Quota, Algorithm: algorithm}.Plan()
		if err != nil {
			return nil, err
		}
		outcome, err := unbounded(&options, plan)
		if err != nil {
			return nil, err
		}
		outcome.Unfair = asked.unfair(within, outcome.Allowed)
		outcome.Peaks = asked.peaks(options.Quota, outcome.Allowed)
		outcome.Backend = backend(options.Workload, options.Quota, outcome.Allowed)
		if options.Deadline > 0 {
			waits := waits(options.Workload, plan, options.Good, options.Deadline)
			outcome.Waits = &waits
		}
		for _, size := range sizes(options.Sizes, outcome.Live) {
			tried, err := bounded(&options, plan, size, outcome.Allowed)
			if err != nil {
				return nil, fmt.Errorf("%v with %d places: %w", algorithm, size, err)
			}
			outcome.Bounded = append(outcome.Bounded, tried)
		}
		result.Outcomes = append(result.Outcomes, outcome)
	}
	return result, nil
}

func count(flags []bool) (n int) {
	for _, flag := range flags {
		if flag {
			n++
		}
	}
	return n
}
