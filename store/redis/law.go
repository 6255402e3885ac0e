package redis

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

// law is a plan compiled for Redis, where a tick is a microsecond. It is
// immutable.
type law struct {
	kind     algorithm.Kind
	name     string // of the plan
	rates    []rate
	capacity int64 // the greatest cost that ever passes

	// ticks is the law itself, and roomier the same with room for one unit
	// more in every rate, so that it lets one unit through exactly where the
	// law itself conforms for a cost of 0.
	ticks, roomier *algorithm.Law

	script *script // charges and gives back
}

const (
	// The resolution of a time to live: Redis cannot forget a shorter period
	// when it ends.
	minPeriod = time.Millisecond

	// Above, the sums of a script could pass 2^53 µs. A bucket needs no bound
	// of its own: what every quota has, 2^60 ns, is below 2^51 µs.
	maxPeriod = 1 << 45 * time.Microsecond
)

// check returns [throttled.ErrInvalidQuota] with all the rates of plan that
// Redis cannot count, or nil.
func check(plan *throttled.Plan) error {
	var faults []error
	for _, r := range plan.Quota().Rates() {
		if r.Period%time.Microsecond != 0 || r.Period < minPeriod || r.Period > maxPeriod {
			faults = append(faults, fmt.Errorf("%w %q: period %v; Redis counts periods of whole microseconds, from 1ms to 2^45us (407 days)",
				throttled.ErrInvalidQuota, plan.Quota(), r.Period))
		}
	}
	return errors.Join(faults...)
}

// compile requires a plan that check lets pass.
func compile(plan *throttled.Plan) *law {
	given := plan.Quota().Rates()
	l := &law{kind: kindOf(plan.Algorithm()), name: plan.Name()}
	l.script = lawScript(l.kind, len(given))
	ticks := make([]algorithm.Rate, len(given))
	roomier := make([]algorithm.Rate, len(given))
	for i, g := range given {
		r := algorithm.Rate{Limit: g.Limit, Period: g.Period.Microseconds(), Burst: g.Burst}
		if r.Burst == 0 {
			r.Burst = r.Limit
		}
		l.rates = append(l.rates, newRate(l.kind, r))
		ticks[i], roomier[i] = r, r
		if l.windows() {
			roomier[i].Limit++
		} else {
			roomier[i].Burst++
		}
	}
	l.capacity = slices.MinFunc(l.rates, func(a, b rate) int { return cmp.Compare(a.capacity, b.capacity) }).capacity
	l.ticks, l.roomier = algorithm.New(l.kind, ticks...), algorithm.New(l.kind, roomier...)
	return l
}

// kindOf requires a to be one of the five algorithms.
func kindOf(a throttled.Algorithm) algorithm.Kind {
	return [...]algorithm.Kind{
		throttled.TokenBucket:   algorithm.TokenBucket,
		throttled.LeakyBucket:   algorithm.LeakyBucket,
		throttled.GCRA:          algorithm.GCRA,
		throttled.FixedWindow:   algorithm.FixedWindow,
		throttled.SlidingWindow: algorithm.SlidingWindow,
	}[a]
}

// windows reports whether the law counts in windows.
func (l *law) windows() bool {
	return l.kind == algorithm.FixedWindow || l.kind == algorithm.SlidingWindow
}

// queues reports whether a bucket has a queue beside its meter.
func (l *law) queues() bool { return l.kind == algorithm.LeakyBucket }

// size is how many bytes the value of a bucket has: its version, its words, and
// the line of one that queues.
func (l *law) size() int {
	size := 8 * (1 + l.ticks.Words())
	if l.queues() {
		size += 8
	}
	return size
}

// key returns the name of a bucket in Redis: prefix, algorithm, quota and the
// user's key, parted by colons. There are no braces of ours, so a hash tag in
// the user's key works.
func (l *law) key(of string) string { return l.name + ":" + of }

// peek returns what a Limit of cost would be told of a state at now, in µs.
func (l *law) peek(words []int64, now, cost int64) throttled.Result {
	return resultAt(now, l.ticks.Peek(words, now, cost))
}

// resultAt returns what was told at the instant now.
func resultAt(now int64, told algorithm.Answer) throttled.Result {
	return throttled.NewResult(told.Turn == now, stateAt(now, told))
}

func stateAt(now int64, told algorithm.Answer) throttled.State {
	return throttled.State{
		Limit:      told.Binding.Capacity,
		Rate:       told.Binding.Index,
		Remaining:  told.Remaining,
		ResetAfter: until(told.Fresh, now),
		RetryAfter: until(told.Turn, now),
	}
}

// until returns the time from now to the instant at, 0 if it has come.
func until(at, now int64) time.Duration {
	if at == algorithm.Never {
		return throttled.Never
	}
	return time.Duration(max(0, at-now)) * time.Microsecond
}
