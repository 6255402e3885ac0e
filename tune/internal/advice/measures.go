package advice

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/words"
)

// measure is one number of an outcome; less is better.
type measure struct {
	what string
	of   func(o *replay.Outcome) int64
}

// measures are looked at in turn: one counts only where all before it are equal.
type measures []measure

// compare returns -1 if x is better than y, 1 if it is worse, and else 0.
func (m measures) compare(x, y *replay.Outcome) int {
	for _, measure := range m {
		if order := cmp.Compare(measure.of(x), measure.of(y)); order != 0 {
			return order
		}
	}
	return 0
}

// decisive returns the first measure in which two outcomes differ, or nil.
func (m measures) decisive(x, y *replay.Outcome) *measure {
	for i := range m {
		if m[i].of(x) != m[i].of(y) {
			return &m[i]
		}
	}
	return nil
}

// measuresOf returns what the goal looks at.
func measuresOf(result *replay.Result, goal Goal) measures {
	fairness := measures{
		{"requests denied to clients that stayed within the quota", func(o *replay.Outcome) int64 { return o.Unfair.Denied }},
	}
	var excess, bounds, backend measures
	for i, rate := range result.Quota.Rates() {
		period := words.Period(rate.Period)
		excess = append(excess, measure{
			fmt.Sprintf("what all clients got beyond the limit of %s in any %s", humanize.Comma(rate.Limit), period),
			func(o *replay.Outcome) int64 { return o.Peaks[i].Over },
		})
		bounds = append(bounds, measure{
			fmt.Sprintf("the most that one client can ever get in any %s", period),
			func(o *replay.Outcome) int64 { return Guaranteed(o.Algorithm, rate) },
		})
	}
	for i, load := range result.Outcomes[0].Backend {
		backend = append(backend, measure{
			"the most that all clients together got in any " + words.Period(load.Span),
			func(o *replay.Outcome) int64 { return o.Backend[i].Passed },
		})
	}
	if goal == Backend {
		return slices.Concat(backend, excess, fairness, bounds)
	}
	return slices.Concat(fairness, excess, bounds)
}

// Guaranteed returns the greatest cost that an algorithm can ever allow one
// client in a span [t, t+Period) of a rate, however the client comes. A bucket
// gives its burst, and then what comes in less than a Period. A fixed window
// gives two windows around their boundary. A sliding window gives one at the
// end of a window, and then what it lets slide out of it in less than a Period.
func Guaranteed(algorithm throttled.Algorithm, rate throttled.Rate) int64 {
	burst := rate.Burst
	if burst == 0 {
		burst = rate.Limit
	}
	switch algorithm {
	case throttled.FixedWindow:
		return 2 * rate.Limit
	case throttled.SlidingWindow:
		return 2*rate.Limit - 1
	default:
		return burst + rate.Limit - 1
	}
}
