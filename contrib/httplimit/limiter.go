package httplimit

import (
	"context"
	"sync"

	"github.com/throttled-go/throttled"
)

// Limiter decides whether a request may go ahead. A *sync.Limiter is one, and
// [Async] makes one of an *async.Limiter.
//
// To send the RateLimit fields, [New] also needs the methods Quota and Algorithm
// that both have; a Limiter without them goes with [FieldsNone].
type Limiter interface {
	LimitN(ctx context.Context, key string, cost int64) (throttled.Result, error)
}

// Waiter holds a caller back until its turn. A *sync.Limiter is one, and
// [Async] makes one of an *async.Limiter.
type Waiter interface {
	WaitN(ctx context.Context, key string, cost int64) (throttled.Result, error)
}

// described is what a limiter tells of itself.
type described interface {
	Quota() throttled.Quota
	Algorithm() throttled.Algorithm
}

// AsyncLimiter is what [Async] needs of an *async.Limiter.
type AsyncLimiter interface {
	LimitTo(ctx context.Context, key string, cost int64, dst chan<- throttled.Outcome)
	WaitN(ctx context.Context, key string, cost int64) <-chan throttled.Outcome
	Quota() throttled.Quota
	Algorithm() throttled.Algorithm
}

// Blocking is an *async.Limiter whose calls return with their answers: a
// [Limiter] and a [Waiter]. It is safe for concurrent use. [Async] makes one.
type Blocking struct {
	limiter AsyncLimiter
	answers sync.Pool // of chan throttled.Outcome, each with room for its one value
}

// Async returns the blocking form of limiter. Make it where the limiter is made:
// in a testing/synctest bubble, it belongs to that bubble.
func Async(limiter AsyncLimiter) *Blocking {
	return &Blocking{
		limiter: limiter,
		answers: sync.Pool{New: func() any { return make(chan throttled.Outcome, 1) }},
	}
}

// LimitN is LimitN of the limiter, and returns with its answer.
func (b *Blocking) LimitN(ctx context.Context, key string, cost int64) (throttled.Result, error) {
	// A channel may be used again because LimitTo delivers exactly one value.
	answer := b.answers.Get().(chan throttled.Outcome)
	b.limiter.LimitTo(ctx, key, cost, answer)
	outcome := <-answer
	b.answers.Put(answer)
	return outcome.Result, outcome.Err
}

// WaitN is WaitN of the limiter, and returns when the turn has come.
func (b *Blocking) WaitN(ctx context.Context, key string, cost int64) (throttled.Result, error) {
	outcome := <-b.limiter.WaitN(ctx, key, cost)
	return outcome.Result, outcome.Err
}

// Quota returns the quota that every key has.
func (b *Blocking) Quota() throttled.Quota { return b.limiter.Quota() }

// Algorithm returns the algorithm by which the quota is counted.
func (b *Blocking) Algorithm() throttled.Algorithm { return b.limiter.Algorithm() }
