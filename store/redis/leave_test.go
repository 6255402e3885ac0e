package redis_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store/redis"
)

// line is some waits at one key, behind a charge of 1.
type line struct {
	s       *redis.Store
	plan    *throttled.Plan
	answers []<-chan error
	cancels []context.CancelFunc
}

// joinLine makes n waits take places at a key that has been charged. Each has a
// context of its own, which also ends with ctx.
func joinLine(t *testing.T, ctx context.Context, s *redis.Store, n int) *line {
	t.Helper()
	plan, err := throttled.Config{Quota: throttled.PerHour(1), Prefix: prefixOf(t)}.Plan()
	require.NoError(t, err)
	l := &line{s: s, plan: plan}
	res, err := s.Do(ctx, throttled.Request{Plan: plan, Key: "k", Cost: 1})
	require.NoError(t, err)
	require.True(t, res.Allowed)
	for range n {
		answer := make(chan error, 1)
		own, cancel := context.WithCancel(ctx)
		l.cancels, l.answers = append(l.cancels, cancel), append(l.answers, answer)
		s.Submit(own, throttled.Request{Plan: plan, Key: "k", Op: throttled.OpWait, Cost: 1, Within: throttled.Never},
			func(_ throttled.Result, err error) { answer <- err })
	}
	t.Cleanup(func() {
		for _, cancel := range l.cancels {
			cancel()
		}
	})
	return l
}

// await waits until the line is as long as n charges.
func (l *line) await(t *testing.T, n int) {
	t.Helper()
	eventually(t, "the length of the line", func() bool { return l.length(t) == n })
}

// length returns how many charges the line has.
func (l *line) length(t *testing.T) int {
	t.Helper()
	res, err := l.s.Do(t.Context(), throttled.Request{Plan: l.plan, Key: "k", Op: throttled.OpPeek, Cost: 1})
	require.NoError(t, err)
	return int((res.ResetAfter() + time.Hour - 1) / time.Hour)
}

const inLine = 60

// TestACrowdThatLeavesGivesAllBack: all places go back, whether one context ends
// for all, or one for each in any order.
func TestACrowdThatLeavesGivesAllBack(t *testing.T) {
	for name, leave := range map[string]func(all context.CancelFunc, l *line){
		"together": func(all context.CancelFunc, _ *line) { all() },
		"the first who came first": func(_ context.CancelFunc, l *line) {
			for _, cancel := range l.cancels {
				cancel()
			}
		},
		"the last who came first": func(_ context.CancelFunc, l *line) {
			for i := range l.cancels {
				l.cancels[len(l.cancels)-1-i]()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l := joinLine(t, ctx, openStore(t, redistest.Shared(t).URL(), redis.Options{Timeout: patience}), inLine)
			l.await(t, 1+inLine)
			leave(cancel, l)
			for _, answer := range l.answers {
				require.ErrorIs(t, received(t, "one who left", answer), context.Canceled)
			}
			l.await(t, 1)
		})
	}
}

// TestWhoStaysKeepsTheLine: places ahead of one that is still waited for stay
// charged. They go back when that one is given up.
func TestWhoStaysKeepsTheLine(t *testing.T) {
	l := joinLine(t, t.Context(), openStore(t, redistest.Shared(t).URL(), redis.Options{Timeout: patience}), inLine)
	l.await(t, 1+inLine)
	last := joinBehind(t, l)
	l.await(t, 2+inLine)
	for i, cancel := range l.cancels {
		cancel()
		require.ErrorIs(t, received(t, "one who left", l.answers[i]), context.Canceled)
	}
	l.await(t, 2+inLine)
	last()
	l.await(t, 1)
}

// joinBehind makes one more wait take a place.
func joinBehind(t *testing.T, l *line) context.CancelFunc {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	l.s.Submit(ctx, throttled.Request{Plan: l.plan, Key: "k", Op: throttled.OpWait, Cost: 1, Within: throttled.Never},
		func(throttled.Result, error) {})
	return cancel
}

// TestACrowdThatLeavesInAStallGivesAllBack: places that are taken for callers who
// have left go back when Redis answers again.
func TestACrowdThatLeavesInAStallGivesAllBack(t *testing.T) {
	server, proxy := proxied(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := joinLine(t, ctx, openThrough(t, proxy, patient()), 0)
	proxy.Hold(redistest.Replies)
	for range 20 {
		answer := make(chan error, 1)
		l.answers = append(l.answers, answer)
		l.s.Submit(ctx, throttled.Request{Plan: l.plan, Key: "k", Op: throttled.OpWait, Cost: 1, Within: throttled.Never},
			func(_ throttled.Result, err error) { answer <- err })
	}
	seen := &line{s: openStore(t, server.URL(), patient()), plan: l.plan}
	eventually(t, "places", func() bool { return seen.length(t) > 1 })
	cancel()
	for _, answer := range l.answers {
		require.ErrorIs(t, received(t, "one who left", answer), context.Canceled)
	}
	proxy.Resume(t)
	seen.await(t, 1)
}

// TestNobodyOvertakesAQueueByARefund: while somebody waits in the queue of a
// leaky bucket, a refund lets no other wait out before it or beside it.
func TestNobodyOvertakesAQueueByARefund(t *testing.T) {
	s := openStore(t, redistest.Shared(t).URL(), redis.Options{Timeout: patience})
	plan, err := throttled.Config{Quota: throttled.PerHour(60).WithBurst(5), Algorithm: throttled.LeakyBucket, Prefix: prefixOf(t)}.Plan()
	require.NoError(t, err)
	do := func(op throttled.Op) throttled.Result {
		res, err := s.Do(t.Context(), throttled.Request{Plan: plan, Key: "k", Op: op, Cost: 1})
		require.NoError(t, err)
		return res
	}
	do(throttled.OpLimit)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	waits := make(chan error, 1)
	s.Submit(ctx, throttled.Request{Plan: plan, Key: "k", Op: throttled.OpWait, Cost: 1, Within: throttled.Never},
		func(_ throttled.Result, err error) { waits <- err })
	eventually(t, "the place", func() bool { return do(throttled.OpPeek).Remaining() == 3 })
	require.EqualValues(t, 3, do(throttled.OpRefund).Remaining())
	cancel()
	require.ErrorIs(t, <-waits, context.Canceled)
	eventually(t, "the place given back", func() bool { return do(throttled.OpRefund).Remaining() == 5 })
}
