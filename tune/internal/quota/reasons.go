package quota

import (
	"fmt"

	"github.com/dustin/go-humanize"

	"github.com/throttled-go/throttled/tune/internal/words"
)

// Reasons says in sentences why the chosen point is chosen, and what the others
// would cost.
func (r *Result) Reasons() (reasons []string) {
	p := r.Points[r.Chosen]
	reasons = append(reasons, r.Good.Rule)
	reasons = append(reasons, r.aboutGoal())
	reasons = append(reasons, fmt.Sprintf("It denies something to %s, %s in all, and to %s.",
		r.goodClients(p), words.Counted(p.GoodRequests, "request"), words.Counted(p.Others, "other client")))
	reasons = append(reasons, fmt.Sprintf("All clients together get at most %s in any 1s and %s in any 1m.",
		humanize.Comma(p.Second), humanize.Comma(p.Minute)))
	reasons = append(reasons, r.aboutKnee()...)
	return reasons
}

func (r *Result) goodClients(p Point) string {
	return fmt.Sprintf("%d of the %s (%s)", p.GoodClients, words.Counted(r.Good.Count, "good client"), words.Percent(int64(p.GoodClients), int64(r.Good.Count)))
}

// aboutGoal says what was looked for.
func (r *Result) aboutGoal() string {
	switch {
	case !r.Goal.Given():
		return fmt.Sprintf("Of the %s that were replayed it is, with round limits, the one that denies no good client anything and leaves the least to the backend in any 1m.",
			words.Counted(len(r.Points), "quota"))
	case !r.Met:
		return fmt.Sprintf("None of the %s that were replayed meets the goal %q; it is the one that denies good clients the least.", words.Counted(len(r.Points), "quota"), r.Goal)
	default:
		return fmt.Sprintf("Of the %s that were replayed it meets the goal %q best.", words.Counted(len(r.Points), "quota"), r.Goal)
	}
}

// aboutKnee says what the knee would cost beside the chosen point.
func (r *Result) aboutKnee() []string {
	knee, chosen := r.Points[r.Knee], r.Points[r.Chosen]
	span, backend := words.Period(r.Goal.Backend.Span), r.Goal.Backend.Of
	if r.Knee == r.Chosen {
		return []string{"It is the knee of the frontier too: to either side one thing gets worse faster than the other gets better."}
	}
	return []string{fmt.Sprintf("The knee of the frontier is %v by %v: it denies something to %s, and leaves the backend %s in any %s instead of %s.",
		knee.Quota, knee.Algorithm, r.goodClients(knee), humanize.Comma(backend(knee)), span, humanize.Comma(backend(chosen)))}
}
