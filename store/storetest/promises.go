package storetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/throttled-go/throttled"
)

// promises asks the store to keep what its answers say: not the numbers
// themselves, but that they are true.
func (s *suite) promises() (cases []testCase) {
	for _, a := range everyAlgorithm {
		name := a.String() + " "
		if s.real {
			cases = append(cases, testCase{name + "RetryAfter is long enough", func(b *trial) { b.retryIsEnough(a) }})
			continue
		}
		for _, quota := range promisingQuotas {
			name := name + quota + " "
			cases = append(cases,
				testCase{name + "Remaining is the greatest cost", func(b *trial) { b.remainingIsTrue(a, quota) }},
				testCase{name + "RetryAfter is the least wait", func(b *trial) { b.retryIsTrue(a, quota) }},
				testCase{name + "ResetAfter is when it is fresh", func(b *trial) { b.resetIsTrue(a, quota) }},
			)
		}
		if s.tick == time.Nanosecond {
			cases = append(cases, testCase{name + "answers as Plan.Apply does", func(b *trial) { b.isApply(a) }})
		}
	}
	return cases
}

// promisingQuotas have a capacity of 3 to 7, and an odd state after odd.
var promisingQuotas = []string{"24/d burst 5", "7/m", "7/h burst 3", "500/s burst 4", "24/d burst 3; 7/w burst 5"}

// odd uses keys up alike: to what is left after requests at uneven instants,
// some of them denied.
func (b *trial) odd(l Limiter, keys ...string) {
	for _, at := range []time.Duration{0, millisecond, 3141592 * time.Microsecond, 61 * time.Second} {
		b.sleepUntil(at)
		for _, key := range keys {
			for _, cost := range []int64{2, 1} {
				_, err := l.LimitN(b.ctx, key, cost)
				b.require("LimitN", err)
			}
		}
	}
}

func (b *trial) remainingIsTrue(a throttled.Algorithm, quota string) {
	l := b.of(a, quota)
	b.odd(l, "more", "all")
	remaining := b.peek(l, "all").Remaining
	res, err := l.LimitN(b.ctx, "more", remaining+1)
	b.isAllowed("one more than Remaining", res, err, false)
	if left := b.take(l, "all", remaining).Remaining(); left != 0 {
		b.Errorf("%d left after all of Remaining was taken", left)
	}
}

func (b *trial) retryIsTrue(a throttled.Algorithm, quota string) {
	l := b.of(a, quota)
	costs := []int64{1, 2, 3}
	keyOf := func(cost int64) string { return fmt.Sprint("cost ", cost) }
	b.odd(l, keyOf(1), keyOf(2), keyOf(3))
	b.use(l, keyOf(1), keyOf(2), keyOf(3))

	type ask struct {
		at   time.Duration
		cost int64
		left time.Duration // what RetryAfter is to be
	}
	var asks []ask
	for _, cost := range costs {
		res, err := l.LimitN(b.ctx, keyOf(cost), cost)
		b.isAllowed("a used up key", res, err, false)
		turn := b.now() + res.RetryAfter()
		asks = append(asks, ask{turn - b.tick, cost, b.tick}, ask{turn, cost, 0})
	}
	slices.SortStableFunc(asks, func(x, y ask) int { return cmp.Compare(x.at, y.at) })
	for _, ask := range asks {
		b.sleepUntil(ask.at)
		res, err := l.LimitN(b.ctx, keyOf(ask.cost), ask.cost)
		b.isAllowed(fmt.Sprintf("cost %d at %v", ask.cost, ask.at), res, err, ask.left == 0)
		if res.RetryAfter() != ask.left {
			b.Errorf("cost %d at %v: RetryAfter is %v, want %v", ask.cost, ask.at, res.RetryAfter(), ask.left)
		}
	}
}

// use takes all that is left.
func (b *trial) use(l Limiter, keys ...string) {
	for _, key := range keys {
		b.take(l, key, b.peek(l, key).Remaining)
	}
}

func (b *trial) resetIsTrue(a throttled.Algorithm, quota string) {
	l := b.of(a, quota)
	b.odd(l, key)
	b.use(l, key)
	reset := b.now() + b.peek(l, key).ResetAfter
	b.sleepUntil(reset - b.tick)
	if got := b.peek(l, key).ResetAfter; got != b.tick {
		b.Errorf("a tick before it is reset ResetAfter is %v, want %v", got, b.tick)
	}
	b.sleepUntil(reset)
	got, unused := b.peek(l, key), b.peek(l, "never used")
	if got != unused {
		b.Errorf("a key that is reset has\n%+v, and one never used\n%+v", got, unused)
	}
	b.take(l, key, got.Remaining)
}

func (b *trial) retryIsEnough(a throttled.Algorithm) {
	l := b.of(a, "10/100ms")
	b.take(l, key, 10)
	var res throttled.Result
	for res.Allowed = true; res.Allowed; { // until it comes sooner than the quota lets it
		var err error
		res, err = l.LimitN(b.ctx, key, 10)
		b.require("LimitN", err)
	}
	if res.RetryAfter() <= 0 || res.RetryAfter() > 200*millisecond {
		b.Fatalf("RetryAfter is %v", res.RetryAfter())
	}
	time.Sleep(res.RetryAfter() + millisecond)
	b.take(l, key, 10)
}

// isApply holds the store to [throttled.Plan.Apply] over a random walk. A
// store that follows another clock or forgets too early differs soon.
func (b *trial) isApply(a throttled.Algorithm) {
	cfg := throttled.Config{Algorithm: a, Quota: throttled.MustParseQuota("7/m burst 9; 100/h"), Store: b.store}
	l := b.newLimiter(cfg)
	plan, err := cfg.Plan()
	b.require("Plan", err)
	random := rand.New(rand.NewPCG(1, uint64(a)))
	states := map[string][]int64{}
	for range 2000 {
		b.sleepUntil(b.now() + time.Duration(random.Int64N(1<<random.IntN(43))))
		key := fmt.Sprint("key ", random.IntN(5))
		if states[key] == nil {
			states[key] = make([]int64, plan.Words())
		}
		req := throttled.Request{Op: throttled.OpLimit, Cost: random.Int64N(6)}
		switch random.IntN(10) {
		case 0:
			req.Op = throttled.OpReset
		case 1:
			req.Op = throttled.OpRefund
		case 2:
			req.Op, req.Cost = throttled.OpPeek, 1
		}
		want, _ := plan.Apply(states[key], time.Now().UnixNano(), req)
		got := b.ask(l, key, req)
		if req.Op == throttled.OpReset {
			want, _ = plan.Apply(states[key], time.Now().UnixNano(), throttled.Request{Op: throttled.OpPeek, Cost: 1})
		}
		if got != want.State() {
			b.Fatalf("%+v at %v:\n got %+v\nwant %+v", req, b.now(), got, want.State())
		}
	}
}

// ask carries out req and returns the state in its answer.
func (b *trial) ask(l Limiter, key string, req throttled.Request) throttled.State {
	switch req.Op {
	case throttled.OpLimit:
		res, err := l.LimitN(b.ctx, key, req.Cost)
		b.require("LimitN", err)
		return res.State()
	case throttled.OpRefund:
		state, err := l.Refund(b.ctx, key, req.Cost)
		b.require("Refund", err)
		return state
	case throttled.OpReset:
		b.require("Reset", l.Reset(b.ctx, key))
	}
	return b.peek(l, key)
}
