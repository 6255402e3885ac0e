package grpclimit

import (
	"context"

	"github.com/throttled-go/throttled"
)

// Limiter decides for a [Server]. A limiter of package sync is one; [Async]
// makes one of a limiter of package async.
type Limiter interface {
	// LimitN decides whether key may have cost now.
	LimitN(ctx context.Context, key string, cost int64) (throttled.Result, error)

	// Quota is told to whoever is over it.
	Quota() throttled.Quota
}

// Waiter paces a [Client]. A limiter of package sync is one; [Async] makes one
// of a limiter of package async.
type Waiter interface {
	// WaitN blocks until key may have cost.
	WaitN(ctx context.Context, key string, cost int64) (throttled.Result, error)
}

// AsyncLimiter is what [Async] needs of a limiter of package async.
type AsyncLimiter interface {
	LimitN(ctx context.Context, key string, cost int64) <-chan throttled.Outcome
	WaitN(ctx context.Context, key string, cost int64) <-chan throttled.Outcome
	Quota() throttled.Quota
}

// Async returns limiter as a [Limiter] and a [Waiter]. An interceptor has
// nothing to do before it knows the answer, so each call receives it at once.
func Async(limiter AsyncLimiter) Blocking { return Blocking{limiter} }

// Blocking is a limiter of package async whose calls return with their answer.
// [Async] makes it.
type Blocking struct{ channels AsyncLimiter }

var (
	_ Limiter = Blocking{}
	_ Waiter  = Blocking{}
)

// Quota returns the quota of the limiter.
func (b Blocking) Quota() throttled.Quota { return b.channels.Quota() }

// LimitN returns what the limiter answers to LimitN.
func (b Blocking) LimitN(ctx context.Context, key string, cost int64) (throttled.Result, error) {
	outcome := <-b.channels.LimitN(ctx, key, cost)
	return outcome.Result, outcome.Err
}

// WaitN returns what the limiter answers to WaitN.
func (b Blocking) WaitN(ctx context.Context, key string, cost int64) (throttled.Result, error) {
	outcome := <-b.channels.WaitN(ctx, key, cost)
	return outcome.Result, outcome.Err
}
