package replay

import (
	"slices"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// Waits is what would come of the workload if every request waited for its turn
// instead of being denied, up to a deadline. Each client's requests stand in
// line, first come, first served. One whose turn would come after its deadline
// gives up at once and charges nothing, and so does one that a full leaky bucket
// turns away.
type Waits struct {
	All, Good Delays // of all requests, and of those of good clients
}

// Delays are how long requests waited that did not give up.
type Delays struct {
	Served, Waited, GaveUp int64 // Waited: those Served that did not go ahead at once
	P50, P99, Longest      time.Duration
}

// waits works out the waits under one algorithm, by the library's own
// transitions. Good tells of each key whether it is one of a good client.
func waits(w *workload.Workload, plan *throttled.Plan, good []bool, deadline time.Duration) Waits {
	words := plan.Words()
	lines := make([]line, len(w.Keys))
	states := make([]int64, words*len(w.Keys))
	var all, ofGood delays
	for _, r := range w.Requests {
		at := int(r.Key) * words
		wait, ok := lines[r.Key].join(plan, states[at:at+words], r, deadline)
		all.add(wait, ok)
		if good[r.Key] {
			ofGood.add(wait, ok)
		}
	}
	return Waits{All: all.sum(), Good: ofGood.sum()}
}

// line is the line of one client.
type line struct{ last int64 } // the turn of who came last

// join returns how long a request waits, or false if it gives up.
func (l *line) join(plan *throttled.Plan, state []int64, r workload.Request, deadline time.Duration) (time.Duration, bool) {
	if r.Cost == 0 {
		return 0, true
	}
	if plan.Algorithm() == throttled.LeakyBucket {
		return enter(plan, state, r, deadline)
	}
	turn := max(r.At, l.last)
	res, _ := plan.Apply(state, turn, throttled.Request{Plan: plan, Op: throttled.OpPeek, Cost: r.Cost})
	after := res.RetryAfter()
	wait := time.Duration(turn-r.At) + after
	if after == throttled.Never || wait > deadline {
		return 0, false
	}
	turn += int64(after)
	plan.Limit(state, turn, r.Cost)
	l.last = turn
	return wait, true
}

// enter puts a request into a leaky bucket, which lets it out when the water
// before it has leaked.
func enter(plan *throttled.Plan, state []int64, r workload.Request, deadline time.Duration) (time.Duration, bool) {
	before, _ := plan.Apply(state, r.At, throttled.Request{Plan: plan, Op: throttled.OpPeek, Cost: 1})
	wait := before.ResetAfter()
	if wait > deadline {
		return 0, false
	}
	res, _ := plan.Apply(state, r.At, throttled.Request{Plan: plan, Op: throttled.OpWait, Cost: r.Cost})
	return wait, res.Allowed
}

// delays collects waits.
type delays struct {
	waits  []time.Duration
	waited int64
	gaveUp int64
}

func (d *delays) add(wait time.Duration, ok bool) {
	if !ok {
		d.gaveUp++
		return
	}
	if wait > 0 {
		d.waited++
	}
	d.waits = append(d.waits, wait)
}

// sum returns what was collected; a quantile is the least wait that so many
// of the served did not exceed.
func (d *delays) sum() Delays {
	sum := Delays{Served: int64(len(d.waits)), Waited: d.waited, GaveUp: d.gaveUp}
	if len(d.waits) == 0 {
		return sum
	}
	slices.Sort(d.waits)
	quantile := func(percent int) time.Duration { return d.waits[(len(d.waits)*percent+99)/100-1] }
	sum.P50, sum.P99, sum.Longest = quantile(50), quantile(99), quantile(100)
	return sum
}
