package throttled

import (
	"fmt"
	"math"
	"time"

	"github.com/throttled-go/throttled/internal/algorithm"
)

// Never is the RetryAfter of a request that can never be allowed, because its
// cost is above the capacity of the quota.
const Never time.Duration = math.MaxInt64

// State is the state of a key at one instant.
type State struct {
	// Limit is the capacity of the rate that binds: its burst for the three
	// buckets, its limit for the two windows.
	Limit int64

	// Remaining is the greatest cost that would be allowed at this instant,
	// after the request that was answered.
	Remaining int64

	// ResetAfter is the least duration after which the key cannot be told
	// from one that was never used.
	ResetAfter time.Duration

	// RetryAfter is 0 if the request was allowed; else the least duration
	// after which the same request would be allowed if nothing else came, or
	// [Never] if its cost is above the capacity.
	RetryAfter time.Duration

	// Rate is the index, in [Quota.Rates], of the rate that binds: of those with
	// the longest RetryAfter the one with the fewest Remaining, and of those the
	// first. Limit is its capacity, and a wait is a wait for it.
	Rate int
}

// Result is the answer to a request: whether it was allowed, and the state of
// its key just after. The zero Result denies.
//
// It has at most four fields a level and 32 bytes, so that it travels through
// face, interface and store in registers: past either bound the compiler
// keeps it in memory, and a decision takes nearly twice as long.
type Result struct {
	// Allowed reports whether the request may go ahead. In the answer to Peek
	// and Refund it reports whether a cost of 1 would be allowed.
	Allowed bool

	// Remaining, which is below 2^48, in two pieces beside Allowed.
	remainingHigh uint16
	remainingLow  uint32

	told told
}

// told is the rest of a Result. It points at immutable data of the rate that
// binds, never at a limiter or at a bucket of a store.
type told struct {
	binding           *algorithm.Binding
	reset, retryAfter time.Duration
}

// maxRemaining is the greatest Remaining that a Result has room for.
const maxRemaining = 1<<48 - 1

// NewResult returns the Result that says what state says: for stores, hooks
// and tests of other people. Remaining is held to the range of 0 to 2^48−1.
func NewResult(allowed bool, state State) Result {
	binding := &algorithm.Binding{Capacity: state.Limit, Index: state.Rate}
	return newResult(allowed, binding, min(max(state.Remaining, 0), maxRemaining), state.ResetAfter, state.RetryAfter)
}

// newResult requires remaining in 0 … maxRemaining.
func newResult(allowed bool, binding *algorithm.Binding, remaining int64, reset, retryAfter time.Duration) Result {
	return Result{
		Allowed:       allowed,
		remainingHigh: uint16(remaining >> 32),
		remainingLow:  uint32(remaining),
		told:          told{binding: binding, reset: reset, retryAfter: retryAfter},
	}
}

// State returns all the numbers of the answer at once.
func (r Result) State() State {
	return State{
		Limit:      r.Limit(),
		Remaining:  r.Remaining(),
		ResetAfter: r.ResetAfter(),
		RetryAfter: r.RetryAfter(),
		Rate:       r.Rate(),
	}
}

// Limit returns [State].Limit.
func (r Result) Limit() int64 {
	if r.told.binding == nil {
		return 0
	}
	return r.told.binding.Capacity
}

// Rate returns [State].Rate.
func (r Result) Rate() int {
	if r.told.binding == nil {
		return 0
	}
	return r.told.binding.Index
}

// Remaining returns [State].Remaining.
func (r Result) Remaining() int64 { return int64(r.remainingHigh)<<32 | int64(r.remainingLow) }

// ResetAfter returns [State].ResetAfter.
func (r Result) ResetAfter() time.Duration { return r.told.reset }

// RetryAfter returns [State].RetryAfter.
func (r Result) RetryAfter() time.Duration { return r.told.retryAfter }

// Checked reports whether the quota was looked at. It was not where a store let
// a request through without, as store/redis may be set to do while Redis is
// away: the numbers of such a Result are all 0, and mean nothing.
func (r Result) Checked() bool { return r.Limit() > 0 }

// String returns the answer in words, as in
// "denied, 0 of 10 remaining, reset after 1m0s, retry after 6s".
func (r Result) String() string {
	verdict := "denied"
	if r.Allowed {
		verdict = "allowed"
	}
	if !r.Checked() {
		return verdict + ", unchecked"
	}
	return fmt.Sprintf("%s, %d of %d remaining, reset after %v, retry after %s",
		verdict, r.Remaining(), r.Limit(), r.ResetAfter(), untilText(r.RetryAfter()))
}

// untilText is d as a person reads it.
func untilText(d time.Duration) string {
	if d == Never {
		return "never"
	}
	return d.String()
}

// Outcome is the answer to a call as it travels on a channel. Either Err is
// nil and Result is the answer, or Err says why there is none.
type Outcome struct {
	Key    string
	Result Result
	Err    error
}
