package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/throttled-go/throttled"
)

// trial is one case under way.
type trial struct {
	*suite
	*testing.T
	ctx    context.Context
	store  throttled.Store
	prefix string
	began  time.Time
}

// key is that of the cases that need but one.
const key = "user:42"

func (s *suite) try(t *testing.T, c testCase) {
	b := &trial{
		suite:  s,
		T:      t,
		ctx:    context.Background(),
		prefix: "storetest-" + strconv.FormatUint(rand.Uint64(), 36),
		began:  time.Now(),
	}
	b.store = b.openStore()
	c.run(b)
}

// openStore returns a store that is closed at the end of the case.
func (b *trial) openStore() throttled.Store {
	b.Helper()
	store := b.open(b.T)
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Errorf("Close: %v", err)
		}
	})
	return store
}

// newLimiter returns a limiter on the store of the case, in its namespace.
func (b *trial) newLimiter(cfg throttled.Config) Limiter {
	b.Helper()
	if cfg.Store == nil {
		cfg.Store = b.store
	}
	cfg.Prefix = b.prefix + cfg.Prefix
	l, err := b.limiter(cfg)
	b.require("New", err)
	return l
}

// of returns a limiter with nothing special about it.
func (b *trial) of(a throttled.Algorithm, quota string) Limiter {
	b.Helper()
	return b.newLimiter(throttled.Config{Algorithm: a, Quota: throttled.MustParseQuota(quota)})
}

// patient returns a limiter whose Limit waits for up to timeout.
func (b *trial) patient(a throttled.Algorithm, quota string, timeout time.Duration) Limiter {
	b.Helper()
	return b.newLimiter(throttled.Config{Algorithm: a, Quota: throttled.MustParseQuota(quota), Timeout: timeout})
}

// now returns the time since the case began.
func (b *trial) now() time.Duration { return time.Since(b.began) }

// sleepUntil returns at an instant, counted from the beginning of the case,
// after everybody else did what there was to do at that instant.
func (b *trial) sleepUntil(at time.Duration) {
	time.Sleep(at - b.now())
	b.settle()
}

// settle returns when everybody else in the bubble waits.
func (b *trial) settle() {
	if !b.real {
		synctest.Wait()
	}
}

// up rounds d up to whole ticks.
func (s *suite) up(d time.Duration) time.Duration {
	if d == throttled.Never {
		return d
	}
	return (d + s.tick - 1) / s.tick * s.tick
}

// window returns the period for windows in cases in which no time is meant to
// pass: an hour, or where time is real a little more, so that the boundary is
// well away on either side. It is a whole number of minutes.
func (s *suite) window() time.Duration {
	p := time.Hour
	if !s.real {
		return p
	}
	for now := time.Now().UnixNano(); ; p += time.Minute {
		if phase := now % int64(p); phase > int64(p)/4 && phase < int64(p)*3/4 {
			return p
		}
	}
}

// The checks. All but require go on after a failure.

// require ends the case on an error.
func (b *trial) require(what string, err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("%s: %v", what, err)
	}
}

// isError holds err to be want and to have the prefix of the library.
func (b *trial) isError(what string, err, want error) {
	b.Helper()
	switch {
	case !errors.Is(err, want):
		b.Errorf("%s: the error is %v, not %v", what, err, want)
	case !strings.HasPrefix(err.Error(), "throttled: "):
		b.Errorf("%s: the error does not begin with %q: %v", what, "throttled: ", err)
	}
}

// isRefused holds err to be the refusal of a wait and returns its state.
func (b *trial) isRefused(what string, err error) throttled.State {
	b.Helper()
	b.isError(what, err, throttled.ErrLimited)
	var limited *throttled.LimitedError
	if !errors.As(err, &limited) {
		b.Fatalf("%s: the error is %v, not a *LimitedError", what, err)
	}
	if limited.Result.Allowed || limited.Key != key {
		b.Errorf("%s: the refusal says key %q, allowed %v", what, limited.Key, limited.Result.Allowed)
	}
	return limited.Result.State()
}

// isAllowed holds the answer to be allowed, or denied, and to say so in its
// RetryAfter too.
func (b *trial) isAllowed(what string, res throttled.Result, err error, want bool) {
	b.Helper()
	b.require(what, err)
	if res.Allowed != want || (res.RetryAfter() == 0) != want {
		b.Errorf("%s: allowed is %v and RetryAfter %v, want %v", what, res.Allowed, res.RetryAfter(), want)
	}
}

// isState holds a state to want, whose durations are exact or rounded up to
// nanoseconds. Where time is real it has gone on meanwhile: then a window may
// be anywhere in its period, and a bucket is behind by what went by.
func (b *trial) isState(what string, a throttled.Algorithm, got, want throttled.State) {
	b.Helper()
	want.ResetAfter, want.RetryAfter = b.up(want.ResetAfter), b.up(want.RetryAfter)
	same := got == want
	if b.real {
		same = got.Limit == want.Limit && got.Remaining == want.Remaining &&
			b.near(a, got.ResetAfter, want.ResetAfter) && b.near(a, got.RetryAfter, want.RetryAfter)
	}
	if !same {
		b.Errorf("%s, at %v:\n got %+v\nwant %+v", what, b.now(), got, want)
	}
}

// near reports whether got is what want has become while time went on. Two
// clocks may differ by a second a case.
func (b *trial) near(a throttled.Algorithm, got, want time.Duration) bool {
	switch {
	case want == 0 || want == throttled.Never:
		return got == want
	case a == throttled.FixedWindow || a == throttled.SlidingWindow:
		return 0 < got && got <= want
	default:
		return 0 < got && got <= want && got >= want-b.now()-time.Second
	}
}

// isNow holds this instant to be at, counted from the beginning of the case;
// where time is real, not to be before it.
func (b *trial) isNow(what string, at time.Duration) {
	b.Helper()
	b.isAt(what, b.now(), at)
}

// isAt is isNow for an instant in the past.
func (b *trial) isAt(what string, got, want time.Duration) {
	b.Helper()
	// Two real clocks do not run at quite the same pace.
	if want = b.up(want); got != want && (!b.real || got < want-time.Millisecond) {
		b.Errorf("%s: at %v, want %v", what, got, want)
	}
}

// peek returns the state of key.
func (b *trial) peek(l Limiter, key string) throttled.State {
	b.Helper()
	state, err := l.Peek(b.ctx, key)
	b.require("Peek", err)
	return state
}

// take holds a Limit of cost to be allowed.
func (b *trial) take(l Limiter, key string, cost int64) throttled.Result {
	b.Helper()
	res, err := l.LimitN(b.ctx, key, cost)
	b.isAllowed("LimitN("+strconv.FormatInt(cost, 10)+")", res, err, true)
	return res
}

// call is a call that runs in a goroutine of its own.
type call struct {
	done chan struct{}
	at   time.Duration // when it returned
	res  throttled.Result
	err  error
}

// begin starts a call. In a bubble it has its place in line, or has returned,
// when begin returns.
func (b *trial) begin(do func() (throttled.Result, error)) *call {
	c := &call{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.res, c.err = do()
		c.at = b.now()
	}()
	b.settle()
	return c
}

// beginWait starts a Wait of cost at key.
func (b *trial) beginWait(ctx context.Context, l Limiter, cost int64) *call {
	return b.begin(func() (throttled.Result, error) { return l.WaitN(ctx, key, cost) })
}

// beginLimit starts a Limit of cost at key.
func (b *trial) beginLimit(l Limiter, cost int64) *call {
	return b.begin(func() (throttled.Result, error) { return l.LimitN(b.ctx, key, cost) })
}

// returned reports whether c has.
func (c *call) returned() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// isGranted waits for c and holds it to have been let through at an instant.
func (b *trial) isGranted(what string, c *call, at time.Duration) {
	b.Helper()
	<-c.done
	b.isAllowed(what, c.res, c.err, true)
	b.isAt(what+" returned", c.at, at)
}

// leftOrGranted waits for c, which was canceled or let through at an instant.
func (b *trial) leftOrGranted(what string, c *call, left bool, at time.Duration) {
	b.Helper()
	if !left {
		b.isGranted(what, c, at)
		return
	}
	<-c.done
	b.isError(what, c.err, context.Canceled)
	b.isAt(what+" left", c.at, at)
}
