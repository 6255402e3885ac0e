package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
)

// requests asks the store itself, for what no face asks.
func (s *suite) requests() []testCase {
	return []testCase{
		{"Kind is a name", func(b *trial) {
			if kind := b.store.Kind(); kind == "" || kind != b.store.Kind() {
				b.Errorf("Kind is %q, then %q", kind, b.store.Kind())
			}
		}},
		{"each operation tells the state", (*trial).operations},
		{"Within bounds a wait", (*trial).within},
		{"a context that ended before", (*trial).doEnded},
	}
}

// plan returns the plan of a quota in the namespace of the case.
func (b *trial) plan(a throttled.Algorithm, quota string) *throttled.Plan {
	b.Helper()
	plan, err := throttled.Config{Algorithm: a, Quota: throttled.MustParseQuota(quota), Prefix: b.prefix}.Plan()
	b.require("Plan", err)
	return plan
}

// do carries out req on key.
func (b *trial) do(req throttled.Request) throttled.Result {
	b.Helper()
	req.Key = key
	res, err := b.store.Do(b.ctx, req)
	b.require("Do", err)
	return res
}

func (b *trial) operations() {
	plan := b.plan(throttled.TokenBucket, "24/d burst 5")
	for i, c := range []struct {
		op   throttled.Op
		cost int64
		want throttled.State
	}{
		{throttled.OpPeek, 6, throttled.State{Limit: 5, Remaining: 5, RetryAfter: never}},
		{throttled.OpPeek, 5, throttled.State{Limit: 5, Remaining: 5}},
		{throttled.OpWait, 4, throttled.State{Limit: 5, Remaining: 1, ResetAfter: 4 * hour}},
		{throttled.OpPeek, 1, throttled.State{Limit: 5, Remaining: 1, ResetAfter: 4 * hour}},
		{throttled.OpPeek, 3, throttled.State{Limit: 5, Remaining: 1, ResetAfter: 4 * hour, RetryAfter: 2 * hour}},
		{throttled.OpPeek, 0, throttled.State{Limit: 5, Remaining: 1, ResetAfter: 4 * hour}},
		{throttled.OpLimit, 1, throttled.State{Limit: 5, ResetAfter: 5 * hour}},
		{throttled.OpRefund, 0, throttled.State{Limit: 5, ResetAfter: 5 * hour, RetryAfter: hour}},
		{throttled.OpRefund, 2, throttled.State{Limit: 5, Remaining: 2, ResetAfter: 3 * hour}},
		{throttled.OpReset, 0, throttled.State{Limit: 5, Remaining: 5}},
	} {
		res := b.do(throttled.Request{Plan: plan, Op: c.op, Cost: c.cost})
		what := fmt.Sprintf("request %d", i)
		b.isAllowed(what, res, nil, c.want.RetryAfter == 0)
		b.isState(what, throttled.TokenBucket, res.State(), c.want)
	}
}

// within asks with the bound itself and with a little less.
func (b *trial) within() {
	plan := b.plan(throttled.TokenBucket, "50/s burst 5") // one back in 20 ms
	for _, op := range []throttled.Op{throttled.OpLimit, throttled.OpWait} {
		began := b.now()
		b.do(throttled.Request{Plan: plan, Op: throttled.OpReset})
		b.do(throttled.Request{Plan: plan, Op: op, Cost: 5})
		again := throttled.Request{Plan: plan, Op: op, Cost: 5}
		if !b.real {
			b.isAllowed("without waiting", b.do(again), nil, false)
			again.Within = 100*millisecond - b.tick
			b.isAllowed("a tick too late", b.do(again), nil, false)
			b.isNow("a denial", began)
		}
		again.Within = 100 * millisecond
		b.isAllowed("just in time", b.do(again), nil, true)
		b.isNow("a wait", began+100*millisecond)
	}
}

func (b *trial) doEnded() {
	plan := b.plan(throttled.TokenBucket, "24/d burst 5")
	b.do(throttled.Request{Plan: plan, Op: throttled.OpLimit, Cost: 2})
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	for _, op := range []throttled.Op{throttled.OpLimit, throttled.OpWait, throttled.OpPeek, throttled.OpRefund, throttled.OpReset} {
		for _, within := range []time.Duration{0, hour} {
			what := fmt.Sprintf("operation %d within %v", op, within)
			_, err := b.store.Do(ctx, throttled.Request{Plan: plan, Key: key, Op: op, Cost: 1, Within: within})
			b.isError(what, err, context.Canceled)
			if left := b.do(throttled.Request{Plan: plan, Op: throttled.OpPeek, Cost: 1}).Remaining(); left != 3 {
				b.Errorf("%s: %d left, want 3", what, left)
			}
		}
	}
}
