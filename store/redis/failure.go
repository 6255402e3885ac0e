package redis

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

// Failure chooses the answer to a Limit or a Wait while Redis cannot be asked or
// its answer makes no sense. The other verbs always return the error, and so does
// every call whose own context has ended.
type Failure uint8

const (
	// Deny answers with the error, [throttled.ErrStoreUnavailable].
	Deny Failure = iota

	// Allow lets the request through at once, with a Result that was not
	// checked: see [throttled.Result.Checked].
	Allow

	// Fallback asks Options.Local, with the quota divided by Options.Processes,
	// so that all processes together admit about what Redis would.
	//
	// The rate of a bucket is divided exactly: each process has the same limit
	// over a period that many times longer, and its share of the burst, rounded
	// down. The limit of a window is divided and rounded down; if it is less than
	// the number of processes, each has 1 in a longer period, rounded up. Every
	// process has room for at least one unit, so more processes than the burst
	// admit more than the burst at first. A cost above the share of one process
	// is denied.
	Fallback
)

// unchecked is the answer under Allow.
var unchecked = throttled.NewResult(true, throttled.State{})

// fails answers a request that Redis has not answered, and not because of ctx.
func (s *Store) fails(ctx context.Context, req throttled.Request, err error, done func(throttled.Result, error)) {
	if s.onFailure == Deny || req.Op != throttled.OpLimit && req.Op != throttled.OpWait || !errors.Is(err, throttled.ErrStoreUnavailable) {
		done(throttled.Result{}, err)
		return
	}
	if s.onFailure == Allow {
		done(unchecked, nil)
		return
	}
	p, invalid := s.plans.of(req.Plan)
	if invalid != nil {
		done(throttled.Result{}, invalid)
		return
	}
	req.Plan = p.local
	if req.Op == throttled.OpWait || req.Within > 0 {
		ctx, done = s.untilClosed(ctx, done)
	}
	if local, ok := s.local.(throttled.Submitter); ok {
		local.Submit(ctx, req, done)
		return
	}
	go func() { done(s.local.Do(ctx, req)) }()
}

// untilClosed returns a context for a request that waits at the local store, which
// is not ours to close: it ends when this store is closed, and done then gets
// [throttled.ErrClosed].
func (s *Store) untilClosed(ctx context.Context, done func(throttled.Result, error)) (context.Context, func(throttled.Result, error)) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.life, func() { cancel(throttled.ErrClosed) })
	return ctx, func(res throttled.Result, err error) {
		stop()
		if err != nil && context.Cause(ctx) == throttled.ErrClosed { //nolint:errorlint // it is the very cause set above
			err = throttled.ErrClosed
		}
		cancel(nil)
		done(res, err)
	}
}

// divide returns the plan by which one of so many processes decides alone.
func divide(plan *throttled.Plan, processes int64) (*throttled.Plan, error) {
	var shares []throttled.Rate
	for _, r := range plan.Quota().Rates() {
		share, err := divideRate(plan.Algorithm(), r, processes)
		if err != nil {
			return nil, err
		}
		shares = append(shares, share)
	}
	divided, err := throttled.Config{Prefix: plan.Prefix(), Algorithm: plan.Algorithm(), Quota: throttled.NewQuota(shares...)}.Plan()
	if err != nil {
		return nil, fmt.Errorf("%q divided by Options.Processes, %d: %w", plan.Quota(), processes, err)
	}
	return divided, nil
}

// divideRate returns the share that one of n processes has of a rate.
func divideRate(a throttled.Algorithm, r throttled.Rate, n int64) (throttled.Rate, error) {
	if r.Burst == 0 {
		r.Burst = r.Limit
	}
	share := throttled.Rate{Limit: r.Limit, Period: r.Period, Burst: max(1, r.Burst/n)}
	windows := algorithm.Kind(a).Windows()
	if windows && r.Limit >= n {
		share.Limit = r.Limit / n
		return share, nil
	}
	period, rest := uint64(r.Period), uint64(0)
	hi, lo := bits.Mul64(period, uint64(n))
	if windows { // 1 in the time that n processes would take to admit n
		share.Limit = 1
		if hi < uint64(r.Limit) {
			lo, rest = bits.Div64(hi, lo, uint64(r.Limit))
			hi = 0
			if rest > 0 {
				lo++
			}
		}
	}
	if hi > 0 || lo > algorithm.MaxPeriod {
		return share, fmt.Errorf("%w: a rate of %d per %v is too slow to be divided by Options.Processes, %d",
			throttled.ErrInvalidQuota, r.Limit, r.Period, n)
	}
	share.Period = time.Duration(lo)
	return share, nil
}
