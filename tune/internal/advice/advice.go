// Package advice turns what a replay found into one recommendation.
package advice

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/words"
)

// Goal is what to hold dearer where not both can be had.
type Goal string

// The goals.
const (
	// Clients: above all, nobody is denied who stayed within the quota.
	Clients Goal = "clients"
	// Backend: above all, as little as can be passes within one Period.
	Backend Goal = "backend"
)

// Advice is the recommendation.
type Advice struct {
	Algorithm throttled.Algorithm
	MaxSize   int
	Summary   string   // one sentence
	Reasons   []string // whole sentences
	Code      string   // Go, to paste into a function that returns an error
}

// Give returns the advice for a workload and a quota.
func Give(result *replay.Result, goal Goal) Advice {
	chosen := choose(result, goal)
	size := fitting(chosen)
	a := Advice{Algorithm: chosen.Algorithm, MaxSize: size.Size}
	a.Summary = fmt.Sprintf("Use %v, with room for %s.", a.Algorithm, words.Counted(a.MaxSize, "bucket"))
	a.Reasons = slices.Concat(
		aboutChoice(result, chosen, goal),
		aboutDenials(result, chosen),
		aboutFairness(result, chosen),
		aboutPeaks(result, chosen),
		aboutSameLaw(chosen),
		aboutSize(result, chosen, size),
		aboutRedis(chosen),
	)
	a.Code = code(result.Quota, a.Algorithm, a.MaxSize)
	return a
}

// choose returns the best outcome. Of equals it is the first, and so never
// leaky_bucket or gcra, which answer Limit as token_bucket does.
func choose(result *replay.Result, goal Goal) *replay.Outcome {
	best := -1
	for i := range result.Outcomes {
		if goal == Clients && isWindow(&result.Outcomes[i]) && namesBurst(result.Quota) {
			continue // it would not keep what the quota promises
		}
		if best < 0 || better(result, goal, &result.Outcomes[i], &result.Outcomes[best]) {
			best = i
		}
	}
	return &result.Outcomes[best]
}

// better reports whether x serves the goal better than y.
func better(result *replay.Result, goal Goal, x, y *replay.Outcome) bool {
	fairness := cmp.Compare(x.Unfair.Denied, y.Unfair.Denied)
	peak := cmp.Compare(excess(result, x), excess(result, y))
	if goal == Backend {
		return cmp.Or(peak, fairness) < 0
	}
	return cmp.Or(fairness, peak) < 0
}

// excess returns the greatest peak of o as a multiple of the limit it is
// measured by.
func excess(result *replay.Result, o *replay.Outcome) (most float64) {
	for i, rate := range result.Quota.Rates() {
		most = max(most, float64(o.Peaks[i].Cost)/float64(rate.Limit))
	}
	return most
}

// isWindow reports whether o counts by the clock, and so ignores bursts.
func isWindow(o *replay.Outcome) bool {
	return o.Algorithm == throttled.FixedWindow || o.Algorithm == throttled.SlidingWindow
}

// namesBurst reports whether the quota has a burst that is not its limit.
func namesBurst(quota throttled.Quota) bool {
	return slices.ContainsFunc(quota.Rates(), func(r throttled.Rate) bool { return r.Burst != 0 })
}

// fitting returns the smallest table that evicted no live bucket, and is not
// smaller than the stores are anyway. There always is one: the default was
// tried, and one that holds all that was live at once.
func fitting(o *replay.Outcome) replay.Bounded {
	at := slices.IndexFunc(o.Bounded, func(b replay.Bounded) bool {
		return b.Size >= store.DefaultMaxSize && b.Evictions == 0
	})
	return o.Bounded[at]
}
