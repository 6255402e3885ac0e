package quota

import (
	"cmp"
	"slices"
	"time"

	"github.com/throttled-go/throttled"
)

// settle marks the frontier, and chooses.
func (r *Result) settle(points []Point) {
	slices.SortStableFunc(points, r.compare)
	points = slices.CompactFunc(points, func(x, y Point) bool {
		return x.Algorithm == y.Algorithm && x.Quota.String() == y.Quota.String()
	})
	var frontier, rest []Point
	for _, p := range points {
		if p.Round() && (len(frontier) == 0 || r.Goal.Backend.Of(p) < r.Goal.Backend.Of(frontier[len(frontier)-1])) {
			p.Frontier = true
			frontier = append(frontier, p)
		} else {
			rest = append(rest, p)
		}
	}
	r.Points, r.Frontier = slices.Concat(frontier, rest), len(frontier)
	r.Knee = r.knee()
	r.Chosen, r.Met = r.choose()
}

// Round reports whether all limits are round numbers. An exact limit is that of
// one day; a round one is remembered, and has a little room.
func (p *Point) Round() bool {
	return !slices.ContainsFunc(p.Quota.Rates(), func(rate throttled.Rate) bool { return roundUp(rate.Limit) != rate.Limit })
}

// compare orders points by what they deny to good clients, then by what the
// backend has to stand; of equals first those with fewer rates, then those that
// deny fewer others.
func (r *Result) compare(x, y Point) int {
	return cmp.Or(
		cmp.Compare(x.GoodClients, y.GoodClients),
		cmp.Compare(r.Goal.Backend.Of(x), r.Goal.Backend.Of(y)),
		cmp.Compare(x.GoodRequests, y.GoodRequests),
		cmp.Compare(x.Second, y.Second),
		cmp.Compare(len(x.Quota.Rates()), len(y.Quota.Rates())),
		cmp.Compare(x.Others, y.Others),
		cmp.Compare(x.Algorithm, y.Algorithm),
		cmp.Compare(x.Quota.String(), y.Quota.String()),
	)
}

// knee returns the point of the frontier that is farthest from the line between
// its ends. To stretch an axis changes all distances alike, so it does not
// matter in what the two are measured.
func (r *Result) knee() (knee int) {
	first, last := r.Points[0], r.Points[r.Frontier-1]
	backend := r.Goal.Backend.Of
	width, height := int64(last.GoodClients-first.GoodClients), backend(first)-backend(last)
	farthest := int64(0)
	for i, p := range r.Points[:r.Frontier] {
		// Twice the area of the triangle that it makes with the ends, below the line.
		area := width*(backend(first)-backend(p)) - height*int64(p.GoodClients-first.GoodClients)
		if area > farthest {
			knee, farthest = i, area
		}
	}
	return knee
}

// choose returns the point to advise: of those that meet the goal, and with
// round limits if there is one, the one that is best in what the goal leaves
// open. Without a goal that is the strictest that denies no good client anything.
// If none meets it, it is the one that denies good clients the least.
func (r *Result) choose() (chosen int, met bool) {
	for _, candidates := range [][]Point{r.Points[:r.Frontier], r.Points} {
		best := -1
		for i, p := range candidates {
			if r.Goal.metBy(p, r.Good) && (best < 0 || r.betterFor(p, candidates[best])) {
				best = i
			}
		}
		if best >= 0 {
			return best, true
		}
	}
	return 0, false
}

// betterFor reports whether x is better in what the goal leaves open: what the
// backend has to stand where only denials are bounded, else the denials.
func (r *Result) betterFor(x, y Point) bool {
	backend := r.Goal.Backend.Of
	if r.Goal.Deny != nil && r.Goal.Backend.Most < 0 && backend(x) != backend(y) {
		return backend(x) < backend(y)
	}
	return r.compare(x, y) < 0
}

// Exact is the least limit of a period with which an algorithm denies good
// clients no more than it may.
type Exact struct {
	Algorithm throttled.Algorithm
	Period    time.Duration
	Limit     int64
}

// Exacts returns the least limits, of every algorithm and period that has one.
func (r *Result) Exacts() (all []Exact) {
	for _, u := range r.Uses {
		for _, algorithm := range laws {
			if limit := r.strictest(r.Points, algorithm, u.Period); limit > 0 {
				all = append(all, Exact{algorithm, u.Period, limit})
			}
		}
	}
	return all
}
