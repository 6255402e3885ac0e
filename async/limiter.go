// Package async is the channel face of throttled: every call returns at once
// with a channel on which its answer will be, so that a limiter can stand in a
// select. Its default store is owned by a goroutine that runs only while there
// is work.
//
//	limiter, err := async.New(throttled.Config{Quota: throttled.PerSecond(100)})
//	...
//	select {
//	case permit := <-limiter.Wait(ctx, "user:42"):
//	case <-shutdown:
//	}
//
// The names, and what they mean, are those of package sync, which costs less
// where a caller waits for each answer before it asks again.
package async

import (
	"context"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/charge"
	"github.com/throttled-go/throttled/internal/limiter"
)

// Limiter holds callers to a quota, each key by itself. Most callers want
// [Limiter.Limit], which says whether a request may go ahead; use
// [Limiter.Wait] to be held back until it may. A Limiter has no state but its
// settings: the buckets are in the store. It is safe for concurrent use.
//
// Every channel that a method returns has room for its one value and is never
// closed, so a caller may walk away from it. The value is there soon, but for
// Wait, which takes as long as the quota says. A call may block while more
// requests than the store has room for are on their way, until its context
// ends.
//
// An empty key stands for Config.Key, and [throttled.ErrInvalidKey] is
// answered where that is empty too. A negative cost is
// [throttled.ErrInvalidCost]. A context that ended before the call gives its
// error. In each of these cases nothing is charged. A closed store gives
// [throttled.ErrClosed], a full one may give [throttled.ErrFull].
type Limiter struct {
	shared *limiter.Limiter
	store  throttled.Submitter
	marker charge.Marker // the store, where it can give a charge back; else nil
	sender charge.Sender // the store, where it sends answers itself; else nil
}

// New returns a limiter with the settings of cfg, of which the zero value is a
// token bucket of 60 per minute in [DefaultStore]. Every fault of cfg is
// reported at once, over [throttled.ErrInvalidQuota] and
// [throttled.ErrInvalidConfig].
func New(cfg throttled.Config) (*Limiter, error) {
	if cfg.Store == nil {
		cfg.Store = DefaultStore()
	}
	submitter := submitterOf(cfg.Store)
	cfg.Store = submitter
	shared, err := limiter.New(cfg)
	if err != nil {
		return nil, err
	}
	marker := charge.MarkerOf(submitter)
	sender, _ := marker.(charge.Sender)
	return &Limiter{shared: shared, store: submitter, marker: marker, sender: sender}, nil
}

// Quota returns the quota that every key has.
func (l *Limiter) Quota() throttled.Quota { return l.shared.Quota() }

// Algorithm returns the algorithm by which the quota is counted.
func (l *Limiter) Algorithm() throttled.Algorithm { return l.shared.Algorithm() }

// Limit is shorthand for LimitN with a cost of 1.
func (l *Limiter) Limit(ctx context.Context, key string) <-chan throttled.Outcome {
	return l.LimitN(ctx, key, 1)
}

// LimitN asks for cost at key and answers what the quota says. A denial is an
// answer, not an error, and charges nothing; its RetryAfter says when asking
// again makes sense. A cost of 0 is always allowed and changes nothing.
//
// Without Config.Timeout it is decided at once. With one the answer comes at
// its turn if that is within the timeout, the bound included, and before the
// deadline of ctx; otherwise it is denied at once. If ctx ends meanwhile,
// nothing is charged and the error wraps that of ctx.
func (l *Limiter) LimitN(ctx context.Context, key string, cost int64) <-chan throttled.Outcome {
	return l.send(ctx, throttled.OpLimit, key, cost)
}

// LimitTo is LimitN with the answer on dst, so that many calls share a channel.
// It allocates nothing for a key that is present.
//
// The channel must have room for every call in flight. An answer that finds it
// full is handed to a goroutine that ends when the answer is received, or when
// ctx ends. Then what was charged, and has not leaked since, is given back: not
// more, because others may have used it by then, and nothing over a store that
// cannot tell one charge from another, as Memory and Actor can. The channel must
// not be closed while calls are in flight.
func (l *Limiter) LimitTo(ctx context.Context, key string, cost int64, dst chan<- throttled.Outcome) {
	if l.sender != nil && l.sent(ctx, throttled.OpLimit, key, cost, dst) {
		return
	}
	d := newDelivery(ctx, l.shared.Key(key), dst)
	l.submitMarked(ctx, throttled.OpLimit, key, cost, &d.charged, d.done)
}

// Wait is shorthand for WaitN with a cost of 1.
func (l *Limiter) Wait(ctx context.Context, key string) <-chan throttled.Outcome {
	return l.WaitN(ctx, key, 1)
}

// WaitN answers when cost is allowed at key: first come, first served, and at
// the exact instant of its turn. While somebody waits at a key, no Limit
// overtakes. It does not look at Config.Timeout, and no goroutine waits.
//
// It answers with a [*throttled.LimitedError] at once, and charges nothing, if
// its turn cannot come before the deadline of ctx, or can never come because
// cost is above the capacity. If ctx ends while it waits, its place goes to
// those behind it and the error wraps that of ctx and its cause; a turn whose
// instant has come is granted. To walk away from the channel does not give the
// place up: cancel ctx for that.
//
// A LeakyBucket is a queue to WaitN: cost enters if there is room now, else it
// is refused at once, and it is let out when what entered before it has leaked.
func (l *Limiter) WaitN(ctx context.Context, key string, cost int64) <-chan throttled.Outcome {
	answer := make(chan throttled.Outcome, 1)
	l.submit(ctx, throttled.OpWait, key, cost, l.waited(key, answer))
	return answer
}

// Peek answers with the state of key, in Result.State, and changes nothing.
// Its Allowed and RetryAfter are those of a request of cost 1.
func (l *Limiter) Peek(ctx context.Context, key string) <-chan throttled.Outcome {
	return l.send(ctx, throttled.OpPeek, key, 1)
}

// Refund gives back cost that was charged to key before, and answers with the
// state after it, as Peek would. It never goes beyond the fresh state, and
// gives a window back only what was charged in the present one. Those who wait
// at key move up.
func (l *Limiter) Refund(ctx context.Context, key string, cost int64) <-chan throttled.Outcome {
	return l.send(ctx, throttled.OpRefund, key, cost)
}

// Reset makes key as one that was never used. Those who wait at it move up.
func (l *Limiter) Reset(ctx context.Context, key string) <-chan throttled.Outcome {
	return l.send(ctx, throttled.OpReset, key, 0)
}

// Do runs fn, on a goroutine of its own, if a Limit of cost 1 at key is
// allowed, and answers what fn returns; else it answers with a
// [*throttled.LimitedError] and does not run fn.
func (l *Limiter) Do(ctx context.Context, key string, fn func(context.Context) error) <-chan error {
	answer := make(chan error, 1)
	l.submit(ctx, throttled.OpLimit, key, 1, func(res throttled.Result, err error) {
		if err == nil {
			err = l.shared.Refused(key, res)
		}
		if err != nil {
			answer <- err
			return
		}
		go func() { answer <- fn(ctx) }()
	})
	return answer
}

// Wrap returns fn held to the quota at key: a function that calls Do.
func (l *Limiter) Wrap(key string, fn func(context.Context) error) func(context.Context) <-chan error {
	return func(ctx context.Context) <-chan error { return l.Do(ctx, key, fn) }
}

// send carries out a verb and returns the channel of its answer.
func (l *Limiter) send(ctx context.Context, op throttled.Op, key string, cost int64) <-chan throttled.Outcome {
	answer := make(chan throttled.Outcome, 1)
	if l.sender == nil || !l.sent(ctx, op, key, cost, answer) {
		l.submit(ctx, op, key, cost, newDelivery(ctx, l.shared.Key(key), answer).done)
	}
	return answer
}

// sent has the sender carry out a verb and send the answer, and reports whether it
// does. It does not where the call needs more than that, or is at fault.
func (l *Limiter) sent(ctx context.Context, op throttled.Op, key string, cost int64, dst chan<- throttled.Outcome) bool {
	if !l.shared.AtOnce(op) || l.shared.Check(ctx, key, cost) != nil {
		return false
	}
	l.sender.Send(ctx, dst, l.shared.Plan(), op, l.shared.Key(key), cost)
	return true
}

// submit carries out a verb and calls done with the answer, exactly once.
func (l *Limiter) submit(ctx context.Context, op throttled.Op, key string, cost int64, done func(throttled.Result, error)) {
	if l.shared.Hooked(op) {
		go func() { done(l.shared.Call(ctx, op, key, cost)) }()
		return
	}
	if err := l.shared.Check(ctx, key, cost); err != nil {
		done(throttled.Result{}, err)
		return
	}
	l.store.Submit(ctx, l.shared.Request(op, key, cost), done)
}

// submitMarked is submit for a Limit or a Wait whose charge may have to be given
// back. What it charged is in c when done is called.
func (l *Limiter) submitMarked(ctx context.Context, op throttled.Op, key string, cost int64, c *charged, done func(throttled.Result, error)) {
	if l.shared.Hooked(op) {
		ctx, c.receipt = l.shared.WithReceipt(ctx)
	}
	if l.marker == nil || c.receipt != nil {
		l.submit(ctx, op, key, cost, done)
		return
	}
	if err := l.shared.Check(ctx, key, cost); err != nil {
		done(throttled.Result{}, err)
		return
	}
	c.marker = l.marker
	l.marker.SubmitMarked(ctx, l.shared.Request(op, key, cost), &c.mark, done)
}

// waited returns what sends the answer to a Wait, where a denial is an error.
func (l *Limiter) waited(key string, answer chan<- throttled.Outcome) func(throttled.Result, error) {
	key = l.shared.Key(key)
	return func(res throttled.Result, err error) {
		if err == nil {
			err = l.shared.Refused(key, res)
		}
		answer <- throttled.Outcome{Key: key, Result: res, Err: err}
	}
}
