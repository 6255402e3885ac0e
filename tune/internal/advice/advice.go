// Package advice turns what a replay found into one recommendation.
package advice

import (
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
	// Backend: above all, as little as can be of all clients together passes at once.
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

// Found is a quota that was looked for, with the algorithm that it was found to
// be good with.
type Found struct {
	Algorithm throttled.Algorithm
	Reasons   []string
}

// Give returns the advice for a workload and a quota that was given.
func Give(result *replay.Result, goal Goal) Advice {
	chosen := choose(result, goal)
	a := about(result, chosen, slices.Concat(aboutChoice(result, chosen, goal), aboutMargin(result, chosen, goal)))
	a.Summary = fmt.Sprintf("Use %v, with room for %s.", a.Algorithm, words.Counted(a.MaxSize, "bucket"))
	return a
}

// GiveFound returns the advice for a quota that was found.
func GiveFound(result *replay.Result, found Found) Advice {
	chosen := &result.Outcomes[slices.IndexFunc(result.Outcomes, func(o replay.Outcome) bool { return o.Algorithm == found.Algorithm })]
	a := about(result, chosen, found.Reasons)
	a.Summary = fmt.Sprintf("Limit each client to %v by %v, with room for %s.", result.Quota, a.Algorithm, words.Counted(a.MaxSize, "bucket"))
	return a
}

// about returns the advice for one outcome, without a summary.
func about(result *replay.Result, chosen *replay.Outcome, why []string) Advice {
	size := fitting(chosen)
	a := Advice{Algorithm: chosen.Algorithm, MaxSize: size.Size}
	a.Reasons = slices.Concat(
		why,
		aboutDenials(result, chosen),
		aboutFairness(result, chosen),
		aboutPeaks(result, chosen),
		aboutSameLaw(chosen),
		aboutWaits(chosen),
		aboutSize(result, chosen, size),
		aboutRedis(chosen),
	)
	a.Code = code(result.Quota, a.Algorithm, a.MaxSize)
	return a
}

// choose returns the best outcome. Of equals it is the first, and so never
// leaky_bucket or gcra, which answer Limit as token_bucket does.
func choose(result *replay.Result, goal Goal) *replay.Outcome {
	measures := measuresOf(result, goal)
	best := -1
	for i := range result.Outcomes {
		if excluded(result, goal, &result.Outcomes[i]) {
			continue
		}
		if best < 0 || measures.compare(&result.Outcomes[i], &result.Outcomes[best]) < 0 {
			best = i
		}
	}
	return &result.Outcomes[best]
}

// excluded reports whether o would not keep what the quota promises.
func excluded(result *replay.Result, goal Goal, o *replay.Outcome) bool {
	return goal == Clients && isWindow(o) && namesBurst(result.Quota)
}

// isWindow reports whether o counts by the clock, and so ignores bursts.
func isWindow(o *replay.Outcome) bool {
	return o.Algorithm == throttled.FixedWindow || o.Algorithm == throttled.SlidingWindow
}

// namesBurst reports whether the quota has a burst that is not its limit.
func namesBurst(quota throttled.Quota) bool {
	return slices.ContainsFunc(quota.Rates(), func(r throttled.Rate) bool { return r.Burst != 0 })
}

// fitting returns the smallest table that has room for Headroom times what was
// live at once, evicted no live bucket, and is not smaller than the stores are
// anyway. There always is one: the default was tried, and one with that room.
func fitting(o *replay.Outcome) replay.Bounded {
	least := max(store.DefaultMaxSize, replay.RoomFor(o.Live))
	at := slices.IndexFunc(o.Bounded, func(b replay.Bounded) bool {
		return b.Size >= least && b.Evictions == 0
	})
	return o.Bounded[max(at, 0)]
}
