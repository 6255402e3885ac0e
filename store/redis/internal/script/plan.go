package script

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

// Plan is a [throttled.Plan] compiled for Redis, where time is counted in
// microseconds. It is immutable.
type Plan struct {
	kind     algorithm.Kind
	name     string
	rates    []rate
	capacity int64 // the greatest cost that ever passes

	// law is that of the plan. In roomier every rate has room for one unit more:
	// it lets one unit through exactly where law conforms for a cost of 0.
	law, roomier *algorithm.Law

	script *script // charges and refunds
}

const (
	// minPeriod is the resolution of a time to live: Redis cannot forget a shorter
	// period when it ends.
	minPeriod = time.Millisecond

	// maxPeriod keeps the sums of a script below 2^53 µs. A bucket needs no bound
	// of its own: what every quota has, 2^60 ns, is below 2^51 µs.
	maxPeriod = 1 << 45 * time.Microsecond
)

// Check returns [throttled.ErrInvalidQuota] with all the rates of plan that
// Redis cannot count, or nil.
func Check(plan *throttled.Plan) error {
	var faults []error
	for _, r := range plan.Quota().Rates() {
		if r.Period%time.Microsecond != 0 || r.Period < minPeriod || r.Period > maxPeriod {
			faults = append(faults, fmt.Errorf("%w %q: period %v; Redis counts periods of whole microseconds, from 1ms to 2^45us (407 days)",
				throttled.ErrInvalidQuota, plan.Quota(), r.Period))
		}
	}
	return errors.Join(faults...)
}

// Compile compiles a plan that Check accepts.
func Compile(plan *throttled.Plan) *Plan {
	given := plan.Quota().Rates()
	p := &Plan{kind: algorithm.Kind(plan.Algorithm()), name: plan.Name()}
	p.script = chargeScript(p.kind, len(given))
	rates := make([]algorithm.Rate, len(given))
	roomier := make([]algorithm.Rate, len(given))
	for i, g := range given {
		r := algorithm.Rate{Limit: g.Limit, Period: g.Period.Microseconds(), Burst: g.Burst}
		p.rates = append(p.rates, newRate(p.kind, r))
		rates[i], roomier[i] = r, r
		if p.kind.Windows() {
			roomier[i].Limit++
		} else {
			roomier[i].Burst = r.Capacity(p.kind) + 1
		}
	}
	p.capacity = slices.MinFunc(p.rates, func(a, b rate) int { return cmp.Compare(a.capacity, b.capacity) }).capacity
	p.law, p.roomier = algorithm.New(p.kind, rates...), algorithm.New(p.kind, roomier...)
	return p
}

// queues reports whether a bucket has a queue besides its meter.
func (p *Plan) queues() bool { return p.kind == algorithm.LeakyBucket }

// size returns how many bytes a stored bucket has: its version, its words, and
// the line of one that queues.
func (p *Plan) size() int {
	size := 8 * (1 + p.law.Words())
	if p.queues() {
		size += 8
	}
	return size
}

// key returns the name of a bucket in Redis: prefix, algorithm, quota and the
// user's key, separated by colons. It adds no braces, so that a hash tag in the
// user's key works.
func (p *Plan) key(of string) string { return p.name + ":" + of }

// resultAt returns the Result of an answer as of the instant now.
func resultAt(now int64, told algorithm.Answer) throttled.Result {
	return throttled.NewResult(told.Turn == now, stateAt(now, told))
}

func stateAt(now int64, told algorithm.Answer) throttled.State {
	return throttled.State{
		Limit:      told.Binding.Capacity,
		Rate:       told.Binding.Index,
		Remaining:  told.Remaining,
		ResetAfter: microseconds(told.ResetAfter(now)),
		RetryAfter: microseconds(told.RetryAfter(now)),
	}
}

// microseconds returns n µs, which are within the bounds of a turn, or Never.
func microseconds(n int64) time.Duration {
	if n == algorithm.Never {
		return throttled.Never
	}
	return time.Duration(n) * time.Microsecond
}
