// Package sync is unrelated to the standard library's package of that name: it
// is the blocking face of throttled, in which every call returns with its
// answer. Where a file needs both packages, import this one as tsync.
//
//	limiter, err := sync.New(throttled.Config{Quota: throttled.PerSecond(100)})
//	...
//	res, err := limiter.Limit(ctx, "user:42")
//
// Package async is the same face with channels in place of answers.
package sync

import (
	"context"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/limiter"
)

// Limiter holds callers to a quota, each key by itself. Most callers want
// [Limiter.Limit], which says at once whether a request may go ahead; use
// [Limiter.Wait] to be held back until it may. A Limiter has no state but its
// settings: the buckets are in the store. It is safe for concurrent use.
//
// An empty key stands for Config.Key, and [throttled.ErrInvalidKey] is
// returned where that is empty too. A negative cost is
// [throttled.ErrInvalidCost]. A context that ended before the call gives its
// error. In each of these cases nothing is charged. A closed store gives
// [throttled.ErrClosed], a full one may give [throttled.ErrFull].
type Limiter struct {
	shared *limiter.Limiter
}

// New returns a limiter with the settings of cfg, of which the zero value is a
// token bucket of 60 per minute in [DefaultStore]. Every fault of cfg is
// reported at once, over [throttled.ErrInvalidQuota] and
// [throttled.ErrInvalidConfig].
func New(cfg throttled.Config) (*Limiter, error) {
	if cfg.Store == nil {
		cfg.Store = DefaultStore()
	}
	shared, err := limiter.New(cfg)
	if err != nil {
		return nil, err
	}
	return &Limiter{shared}, nil
}

// Quota returns the quota that every key has.
func (l *Limiter) Quota() throttled.Quota { return l.shared.Quota() }

// Algorithm returns the algorithm by which the quota is counted.
func (l *Limiter) Algorithm() throttled.Algorithm { return l.shared.Algorithm() }

// Limit is shorthand for LimitN with a cost of 1.
func (l *Limiter) Limit(ctx context.Context, key string) (throttled.Result, error) {
	return l.shared.Call(ctx, throttled.OpLimit, key, 1)
}

// LimitN asks for cost at key and reports what the quota says. A denial is an
// answer, not an error, and charges nothing; its RetryAfter says when asking
// again makes sense. A cost of 0 is always allowed and changes nothing.
//
// Without Config.Timeout it decides at once. With one it blocks until its turn
// if that comes within the timeout, the bound included, and before the
// deadline of ctx; otherwise it is denied at once. If ctx ends meanwhile,
// nothing is charged and the error wraps that of ctx.
func (l *Limiter) LimitN(ctx context.Context, key string, cost int64) (throttled.Result, error) {
	return l.shared.Call(ctx, throttled.OpLimit, key, cost)
}

// Wait is shorthand for WaitN with a cost of 1.
func (l *Limiter) Wait(ctx context.Context, key string) (throttled.Result, error) {
	return l.WaitN(ctx, key, 1)
}

// WaitN blocks until cost is allowed at key: first come, first served, and at
// the exact instant of its turn. While somebody waits at a key, no Limit
// overtakes. It does not look at Config.Timeout.
//
// It returns a [*throttled.LimitedError] at once, and charges nothing, if its
// turn cannot come before the deadline of ctx, or can never come because cost
// is above the capacity. If ctx ends while it waits, its place goes to those
// behind it and the error wraps that of ctx and its cause; a turn whose
// instant has come is granted.
//
// A LeakyBucket is a queue to WaitN: cost enters if there is room now, else it
// is refused at once, and it is let out when what entered before it has leaked.
func (l *Limiter) WaitN(ctx context.Context, key string, cost int64) (throttled.Result, error) {
	res, err := l.shared.Call(ctx, throttled.OpWait, key, cost)
	if err != nil {
		return res, err
	}
	return res, l.shared.Refused(key, res)
}

// Peek returns the state of key and changes nothing. Its RetryAfter is that of
// a request of cost 1.
func (l *Limiter) Peek(ctx context.Context, key string) (throttled.State, error) {
	return stateOf(l.shared.Call(ctx, throttled.OpPeek, key, 1))
}

// Refund gives back cost that was charged to key before, and returns the state
// after it, as Peek would. It never goes beyond the fresh state, and gives a
// window back only what was charged in the present one. Those who wait at key
// move up.
func (l *Limiter) Refund(ctx context.Context, key string, cost int64) (throttled.State, error) {
	return stateOf(l.shared.Call(ctx, throttled.OpRefund, key, cost))
}

// Reset makes key as one that was never used. Those who wait at it move up.
func (l *Limiter) Reset(ctx context.Context, key string) error {
	_, err := l.shared.Call(ctx, throttled.OpReset, key, 0)
	return err
}

// Do runs fn if a Limit of cost 1 at key is allowed and returns what fn
// returns; else it returns a [*throttled.LimitedError] and does not run fn.
func (l *Limiter) Do(ctx context.Context, key string, fn func(context.Context) error) error {
	res, err := l.Limit(ctx, key)
	if err != nil {
		return err
	}
	if err := l.shared.Refused(key, res); err != nil {
		return err
	}
	return fn(ctx)
}

// Wrap returns fn held to the quota at key: a function that calls Do.
func (l *Limiter) Wrap(key string, fn func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error { return l.Do(ctx, key, fn) }
}

// stateOf returns the state in an answer.
func stateOf(res throttled.Result, err error) (throttled.State, error) {
	return res.State(), err
}
