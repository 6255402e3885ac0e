// Package limiter is what the two faces share, so that they cannot differ: the
// check of a Config, the request that a verb becomes, the hooks around it, and
// the error that a denial becomes.
package limiter

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/charge"
	"github.com/throttled-go/throttled/internal/interrupt"
)

// Limiter is a checked and compiled Config.
type Limiter struct {
	plan   *throttled.Plan
	store  throttled.Store
	key    string
	within [throttled.OpReset + 1]time.Duration // how long each verb may wait
	hooked throttled.Handler                    // nil without hooks
	direct bool                                 // a call goes to the store as it is, which looks whether ctx is over
}

// New checks cfg, which names a store, and compiles it. It reports every fault
// at once.
func New(cfg throttled.Config) (*Limiter, error) {
	plan, err := cfg.Plan()
	if err != nil {
		return nil, err
	}
	l := &Limiter{plan: plan, store: cfg.Store, key: cfg.Key}
	l.within[throttled.OpLimit], l.within[throttled.OpWait] = cfg.Timeout, throttled.Never
	if checker, ok := l.store.(throttled.Checker); ok {
		if err := checker.Check(plan); err != nil {
			return nil, err
		}
	}
	if len(cfg.Hooks) > 0 {
		l.hooked = l.handle
	}
	for i, hook := range slices.Backward(cfg.Hooks) {
		if l.hooked = hook(l.hooked); l.hooked == nil {
			return nil, fmt.Errorf("%w: Hooks[%d] returned a nil Handler; it must return one that calls next, or next itself",
				throttled.ErrInvalidConfig, i)
		}
	}
	looks := charge.MarkerOf(l.store) != nil // as those of package store do; those of others may look at Err alone
	l.direct = looks && l.hooked == nil
	return l, nil
}

// Quota returns the quota that every key has.
func (l *Limiter) Quota() throttled.Quota { return l.plan.Quota() }

// Algorithm returns the algorithm by which the quota is counted.
func (l *Limiter) Algorithm() throttled.Algorithm { return l.plan.Algorithm() }

// Call carries out a verb and returns when it is answered.
func (l *Limiter) Call(ctx context.Context, op throttled.Op, key string, cost int64) (throttled.Result, error) {
	if key = l.Key(key); key == "" || cost < 0 || !l.direct {
		return l.detour(ctx, op, key, cost)
	}
	return l.store.Do(ctx, l.Request(op, key, cost))
}

// detour is Call where more is to be done than to ask the store.
func (l *Limiter) detour(ctx context.Context, op throttled.Op, key string, cost int64) (throttled.Result, error) {
	if err := l.Check(ctx, key, cost); err != nil {
		return throttled.Result{}, err
	}
	if l.Hooked(op) {
		return l.hooked(ctx, l.call(op, key, cost))
	}
	return l.store.Do(ctx, l.Request(op, key, cost))
}

// Check returns what is wrong with the arguments of a verb, or nil. It is for a
// caller that does not block. Whether ctx is over is left to a store that looks.
func (l *Limiter) Check(ctx context.Context, key string, cost int64) error {
	switch {
	case l.Key(key) == "":
		return fmt.Errorf("%w: the key is empty; give the call one, or Config.Key", throttled.ErrInvalidKey)
	case cost < 0:
		return fmt.Errorf("%w: %d; it must be 0 or more (Refund gives back)", throttled.ErrInvalidCost, cost)
	case !l.direct && interrupt.Over(ctx):
		return interrupt.Refused(ctx)
	default:
		return nil
	}
}

// Request returns what a verb with arguments that pass Check asks of the store.
// The compiler puts it where the store takes it, so it is never copied.
func (l *Limiter) Request(op throttled.Op, key string, cost int64) throttled.Request {
	return throttled.Request{Plan: l.plan, Key: l.Key(key), Op: op, Cost: cost, Within: l.within[op]}
}

// Plan returns what requests of l carry.
func (l *Limiter) Plan() *throttled.Plan { return l.plan }

// AtOnce reports whether op goes to the store as it is and is decided there at once.
func (l *Limiter) AtOnce(op throttled.Op) bool { return l.within[op] == 0 && !l.Hooked(op) }

// Hooked reports whether hooks wrap op.
func (l *Limiter) Hooked(op throttled.Op) bool { return l.hooked != nil && op <= throttled.OpWait }

// Key returns the key of a call: its own, or else that of the Config.
func (l *Limiter) Key(key string) string {
	if key == "" {
		return l.key
	}
	return key
}

// Refused returns the [*throttled.LimitedError] that a denial of key becomes
// where it is an error, and nil if res allows.
func (l *Limiter) Refused(key string, res throttled.Result) error {
	if res.Allowed {
		return nil
	}
	return &throttled.LimitedError{Key: l.Key(key), Result: res}
}

// call returns a Limit or a Wait as hooks see it.
func (l *Limiter) call(op throttled.Op, key string, cost int64) throttled.Call {
	return throttled.Call{
		Key:       key,
		Cost:      cost,
		Wait:      op == throttled.OpWait,
		Algorithm: l.plan.Algorithm(),
		Quota:     l.plan.Quota(),
		Store:     l.store.Kind(),
	}
}

// handle is the innermost handler. It checks what it is given once more,
// because a hook may have changed it.
func (l *Limiter) handle(ctx context.Context, call throttled.Call) (throttled.Result, error) {
	op := throttled.OpLimit
	if call.Wait {
		op = throttled.OpWait
	}
	if err := l.Check(ctx, call.Key, call.Cost); err != nil {
		return throttled.Result{}, err
	}
	req := l.Request(op, call.Key, call.Cost)
	if receipt, ok := ctx.Value(receiptKey{}).(*Receipt); ok {
		return receipt.carryOut(ctx, l.store, req)
	}
	return l.store.Do(ctx, req)
}
