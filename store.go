package throttled

import (
	"context"
	"time"
)

// Store keeps the state of buckets. It is safe for concurrent use, and each
// request is atomic on its bucket. A bucket is named by the plan's Name and
// the key, so limiters that share a store share a bucket exactly when all
// their settings and the key are equal.
//
// [Plan.Apply] is the arithmetic; a store brings the place, the lock and the
// clock. The conformance suite in store/storetest checks whether it is right.
//
// Beyond these methods a store may have those of [Checker] and of [Submitter],
// which limiters find by type assertion.
type Store interface {
	// Do carries out req. A denial is an answer: Allowed is false and the
	// error nil, also where a wait is refused at once because its turn comes too
	// late. A wait blocks until its turn; if ctx ends before it the error
	// wraps that of ctx, and nothing stays charged. A ctx that ended before
	// the call gets its error, and nothing changes.
	Do(ctx context.Context, req Request) (Result, error)

	// Kind is a short name of the kind of store ("memory", "actor",
	// "redis", …), for hooks and metrics. It never changes.
	Kind() string

	// Close frees what the store holds. Those who wait, and all later calls,
	// get ErrClosed. Closing twice does nothing.
	Close() error
}

// Checker is a [Store] that may refuse a plan: one whose periods it cannot
// count, for instance. New of either face asks it and returns its error.
type Checker interface {
	Store

	// Check returns nil if the store can carry out requests of plan, else an
	// error that wraps ErrInvalidQuota or ErrInvalidConfig.
	Check(plan *Plan) error
}

// Submitter is a [Store] that answers through a function. Package async needs
// no goroutine for each call over it, and bounded ones over any other Store.
type Submitter interface {
	Store

	// Submit carries out req as Do does and calls done exactly once with what
	// Do would return: before it returns, or later on a goroutine of the
	// store's. It does not wait for the turn of req, and blocks, if at all,
	// only until the store has room for one more request or ctx ends. done
	// must not block.
	Submit(ctx context.Context, req Request, done func(Result, error))
}

// Op is what a [Request] asks for.
type Op uint8

// The five operations. [Plan.Apply] says what each does to a bucket.
const (
	OpLimit Op = iota
	OpWait
	OpPeek
	OpRefund
	OpReset
)

// Request is one request to a [Store].
type Request struct {
	Plan *Plan
	Key  string
	Op   Op
	Cost int64 // not negative; for OpPeek the cost that RetryAfter speaks of, 1 from both faces

	// Within is how long OpLimit and OpWait may wait for their turn at
	// most; 0: not at all.
	Within time.Duration
}
