package redis_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	tsync "github.com/throttled-go/throttled/sync"
)

// load is a number of callers at work, each of whom asks again when answered. It checks
// every error and keeps account of what was charged.
type load struct {
	*testing.T
	began               time.Time
	limit, wait, scarce *face
	cancel              context.CancelFunc
	callers             []*caller
	group               errgroup.Group
	failures            atomic.Int64 // calls that Redis did not answer
}

// face is a quota through both packages, and the account of each of its keys.
type face struct {
	sync     *tsync.Limiter
	async    *async.Limiter
	accounts map[string]*account
}

// account is what is known of what was charged for a key.
type account struct {
	granted atomic.Int64 // charged for certain
	unknown atomic.Int64 // perhaps charged: the call ended without an answer
}

// caller is one goroutine of a load.
type caller struct {
	name     string
	call     func(ctx context.Context, key string) error
	answered atomic.Int64
}

// scarceCapacity is so little that the load soon exhausts it.
const scarceCapacity = 40

// lineRate and lineBurst are the quota that the load waits for.
const lineRate, lineBurst = 500, 5

// lineWithin is how far ahead a turn may be that the load waits for.
const lineWithin = 100 * time.Millisecond

// startLoad starts callers, who work on the keys until the load is stopped.
func startLoad(t *testing.T, s throttled.Store, keys ...string) *load {
	t.Helper()
	l := &load{
		T:      t,
		began:  time.Now(),
		limit:  newFace(t, s, slowly(200_000), keys),
		wait:   newFace(t, s, throttled.PerSecond(lineRate).WithBurst(lineBurst), keys),
		scarce: newFace(t, s, slowly(scarceCapacity), keys),
	}
	l.callers = []*caller{
		{name: "Limit", call: l.plain},
		{name: "Limit with a deadline", call: l.hurried},
		{name: "Limit of package async", call: l.channel},
		{name: "LimitTo by many", call: l.many},
		{name: "Limit of what is scarce", call: l.greedy},
		{name: "Wait", call: l.queue},
		{name: "Wait of package async, cancelled", call: l.fickle},
	}
	ctx, cancel := context.WithCancel(t.Context())
	l.cancel = cancel
	t.Cleanup(cancel)
	for i, c := range l.callers {
		l.group.Go(func() error {
			for n := i; ctx.Err() == nil; n++ {
				l.judge(ctx, c, c.call(ctx, keys[n%len(keys)]))
				time.Sleep(200 * time.Microsecond) // other tests run beside this one
			}
			return nil
		})
	}
	return l
}

func newFace(t *testing.T, s throttled.Store, quota throttled.Quota, keys []string) *face {
	t.Helper()
	cfg := throttled.Config{Quota: quota, Store: s}
	f := &face{throttled.Must(tsync.New(cfg)), throttled.Must(async.New(cfg)), map[string]*account{}}
	for _, key := range keys {
		f.accounts[key] = new(account)
	}
	return f
}

// judge counts a call whose error [load.check] has seen.
func (l *load) judge(ctx context.Context, c *caller, err error) {
	if err == nil || errors.Is(err, throttled.ErrLimited) {
		c.answered.Add(1)
	}
	if ctx.Err() == nil && errors.Is(err, throttled.ErrStoreUnavailable) {
		l.failures.Add(1)
	}
}

// check checks the answer to a call with ctx and enters it in the account.
func (l *load) check(ctx context.Context, a *account, cost int64, res throttled.Result, err error) error {
	if fault := misfit(ctx, err); fault != nil {
		l.Error(fault)
	}
	switch {
	case err == nil && res.Allowed:
		a.granted.Add(cost)
	case err != nil && !errors.Is(err, throttled.ErrLimited):
		a.unknown.Add(cost)
	}
	return err
}

// soon returns a context with a deadline in at most 50 ms.
func soon(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Duration(1+rand.IntN(50))*time.Millisecond)
}

// plain calls with a context that ends with the load.
func (l *load) plain(ctx context.Context, key string) error {
	res, err := l.limit.sync.Limit(ctx, key)
	return l.check(ctx, l.limit.accounts[key], 1, res, err)
}

// hurried calls with a deadline of its own.
func (l *load) hurried(ctx context.Context, key string) error {
	ctx, cancel := soon(ctx)
	defer cancel()
	res, err := l.limit.sync.LimitN(ctx, key, 2)
	return l.check(ctx, l.limit.accounts[key], 2, res, err)
}

// channel calls by way of package async, and cancels now and then.
func (l *load) channel(ctx context.Context, key string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answer := l.limit.async.Limit(ctx, key)
	if rand.IntN(2) == 0 {
		cancel()
	}
	o := <-answer
	return l.check(ctx, l.limit.accounts[key], 1, o.Result, o.Err)
}

// many has more calls on their way than are sent one by one.
func (l *load) many(ctx context.Context, key string) error {
	const n = 40
	answers := make(chan throttled.Outcome, n)
	for range n {
		l.limit.async.LimitTo(ctx, key, 1, answers)
	}
	var last error
	for range n {
		o := <-answers
		last = l.check(ctx, l.limit.accounts[key], 1, o.Result, o.Err)
	}
	return last
}

// greedy asks for more than there is.
func (l *load) greedy(ctx context.Context, key string) error {
	res, err := l.scarce.sync.Limit(ctx, key)
	return l.check(ctx, l.scarce.accounts[key], 1, res, err)
}

// queue waits, with a deadline.
func (l *load) queue(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, lineWithin)
	defer cancel()
	res, err := l.wait.sync.Wait(ctx, key)
	return l.check(ctx, l.wait.accounts[key], 1, res, err)
}

// fickle waits, and often leaves the line.
func (l *load) fickle(ctx context.Context, key string) error {
	deadline, stop := context.WithTimeout(ctx, lineWithin)
	defer stop()
	ctx, cancel := context.WithCancel(deadline)
	defer cancel()
	answer := l.wait.async.WaitN(ctx, key, 2)
	timer := time.AfterFunc(time.Duration(rand.IntN(50))*time.Millisecond, cancel) // longer than any delay of the proxy
	defer timer.Stop()
	o := <-answer
	return l.check(ctx, l.wait.accounts[key], 2, o.Result, o.Err)
}

// served waits until every caller has been answered by Redis once more.
func (l *load) served() {
	l.Helper()
	before := make([]int64, len(l.callers))
	for i, c := range l.callers {
		before[i] = c.answered.Load()
	}
	for i, c := range l.callers {
		eventually(l.T, c.name+" is served", func() bool { return c.answered.Load() > before[i] })
	}
}

// fails waits until a call was not answered by Redis.
func (l *load) fails() {
	l.Helper()
	before := l.failures.Load()
	eventually(l.T, "a call that Redis does not answer", func() bool { return l.failures.Load() > before })
}

// stop ends the load, and requires that no caller is left.
func (l *load) stop() {
	l.Helper()
	l.cancel()
	require.NoError(l, received(l.T, "end of the callers", background(l.group.Wait)))
}
