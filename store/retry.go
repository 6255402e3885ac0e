package store

import (
	"context"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/interrupt"
	"github.com/throttled-go/throttled/internal/table"
)

// WaitByRetrying carries out req, of any Op, for a store that cannot keep a
// waiting line. Such a store needs no more than try, which decides one request
// at once, atomically, as [throttled.Plan.Apply] does:
//
//	func (s *Store) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
//		return store.WaitByRetrying(ctx, req, s.try)
//	}
//
// Where a Limit or a Wait has to wait, it sleeps until the RetryAfter of the
// denial and tries again. Like a store with a line it is denied at once, and
// charges nothing, if its turn comes later than req.Within, not before the
// deadline of ctx, or never. If ctx ends meanwhile nothing stays charged, and
// the error wraps that of ctx and its cause. An error of try is returned as it
// is.
//
// It is a poll, and that costs: it is not first come, first served, so a
// request may lose its turn to another again and again, and be denied in the
// end although it was to be let through at first; what Refund and Reset give
// back is seen only at the next try; and each try is a round trip. At a
// LeakyBucket a Wait enters the bucket once and then only sleeps, which takes
// two more round trips and does not move up when somebody before it gives up.
// [Memory] keeps a line and has none of this.
func WaitByRetrying(ctx context.Context, req throttled.Request, try func(throttled.Request) (throttled.Result, error)) (throttled.Result, error) {
	if interrupt.Over(ctx) {
		return throttled.Result{}, interrupt.Refused(ctx)
	}
	r := retrier{ctx: ctx, req: req, try: try, began: time.Now()}
	switch {
	case req.Cost == 0 || req.Op != throttled.OpLimit && req.Op != throttled.OpWait:
		return try(req)
	case req.Op == throttled.OpWait && req.Plan.Algorithm() == throttled.LeakyBucket:
		return r.queue()
	default:
		return r.retry()
	}
}

// retrier is one request that waits by retrying.
type retrier struct {
	ctx   context.Context
	req   throttled.Request
	try   func(throttled.Request) (throttled.Result, error)
	began time.Time
	timer *time.Timer
}

// retry tries until it is allowed.
func (r *retrier) retry() (throttled.Result, error) {
	for {
		now := time.Now()
		res, err := r.try(r.req)
		if err != nil || res.Allowed || !r.soonEnough(now, res.RetryAfter()) {
			return res, err
		}
		if err := r.sleep(res.RetryAfter()); err != nil {
			return throttled.Result{}, err
		}
	}
}

// queue enters a leaky bucket and returns when it is let out again.
//
// A look before it enters shows whether that is soon enough, so that a refusal
// charges nothing. Others may enter between the look and the entry, so a look
// after it shows when it is let out: all has leaked then but what all will be
// after it.
func (r *retrier) queue() (throttled.Result, error) {
	now := time.Now()
	before, err := r.look()
	if err != nil {
		return throttled.Result{}, err
	}
	if out := before.ResetAfter(); before.Allowed && !r.soonEnough(now, out) {
		return table.Late(before, out), nil
	}
	res, err := r.try(r.req)
	if err != nil || !res.Allowed {
		return res, err
	}
	now = time.Now()
	after, err := r.look()
	if err != nil {
		return throttled.Result{}, r.leave(err)
	}
	out := max(0, after.ResetAfter()-res.ResetAfter())
	if !r.soonEnough(now, out) {
		return table.Late(before, out), r.leave(nil)
	}
	if err := r.sleep(out); err != nil {
		return throttled.Result{}, r.leave(err)
	}
	return res, nil
}

// look returns the state of the bucket.
func (r *retrier) look() (throttled.Result, error) {
	peek := r.req
	peek.Op = throttled.OpPeek
	return r.try(peek)
}

// leave takes the water of the request out again and returns err. Where that
// fails, the reason is in the error too.
func (r *retrier) leave(err error) error {
	refund := r.req
	refund.Op = throttled.OpRefund
	_, failed := r.try(refund)
	switch {
	case failed == nil:
		return err
	case err == nil:
		return failed
	default:
		return fmt.Errorf("%w; what it had charged was not given back: %w", err, failed)
	}
}

// soonEnough reports whether a turn that is the duration after away from now
// is within the time the request may wait, and before the deadline of its
// context.
func (r *retrier) soonEnough(now time.Time, after time.Duration) bool {
	if after == throttled.Never || after > r.req.Within-now.Sub(r.began) {
		return false
	}
	deadline, ok := r.ctx.Deadline()
	return !ok || after < deadline.Sub(now)
}

// sleep returns after d, or with an error when the context has ended before.
func (r *retrier) sleep(d time.Duration) error {
	turn := time.Now().Add(d)
	if r.timer == nil {
		r.timer = time.NewTimer(d)
	} else {
		r.timer.Reset(d)
	}
	select {
	case <-r.timer.C:
		return nil
	case <-r.ctx.Done():
		r.timer.Stop()
		if !time.Now().Before(turn) {
			return nil // a turn whose instant has come is granted
		}
		return interrupt.GaveUp(r.ctx, r.req.Key)
	}
}
