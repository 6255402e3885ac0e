package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/throttled-go/throttled"
)

// interruptions is about contexts that end while somebody waits.
func (s *suite) interruptions() (cases []testCase) {
	for _, u := range usedUps {
		if s.real && (u.turn < hour || u.algorithm >= throttled.FixedWindow) {
			continue // its turn might come before the context ends
		}
		name := u.algorithm.String() + " " + u.quota + " "
		cases = append(cases, testCase{name + "a Wait whose context ends", func(b *trial) { b.interrupted(u, Limiter.WaitN) }})
		if u.algorithm != throttled.LeakyBucket {
			cases = append(cases, testCase{name + "a Limit whose context ends", func(b *trial) { b.interrupted(u, Limiter.LimitN) }})
		}
		if !s.real {
			cases = append(cases,
				testCase{name + "a context that runs out without a deadline", func(b *trial) { b.ranOut(u) }},
				testCase{name + "a context that ends at the turn", func(b *trial) { b.endsAtItsTurn(u) }},
			)
		}
	}
	return cases
}

// patience is how long a store far away may take to give back, at most.
const patience = 10 * time.Second

var errReason = errors.New("a reason of its own")

// interrupted ends the context of a waiting call when half of its time is over.
func (b *trial) interrupted(u usedUp, verb func(Limiter, context.Context, string, int64) (throttled.Result, error)) {
	l, twin, before := b.twins(u)
	ctx, cancel := context.WithCancelCause(b.ctx)
	waiting := b.begin(func() (throttled.Result, error) { return verb(l, ctx, key, 1) })
	known := b.isWaiting(l, before)
	if !b.real {
		b.sleepUntil(b.up(u.turn / 2))
	}
	left := b.now()
	cancel(errReason)
	<-waiting.done
	b.isError("a wait", waiting.err, context.Canceled)
	if known {
		b.isError("a wait", waiting.err, errReason)
	}
	b.isAt("its end", waiting.at, left)
	b.isGivenBack(u, l, twin, before)
}

// twins uses up a key and a twin of it, at which nobody will wait.
func (b *trial) twins(u usedUp) (l, twin Limiter, before throttled.State) {
	cfg := throttled.Config{Algorithm: u.algorithm, Quota: throttled.MustParseQuota(u.quota), Timeout: 1000 * hour}
	l = b.newLimiter(cfg)
	cfg.Prefix = "-twin"
	twin = b.newLimiter(cfg)
	b.take(l, key, u.taken)
	b.take(twin, key, u.taken)
	return l, twin, b.peek(l, key)
}

// isGivenBack holds the key to be as if nobody had waited at it. A store far
// away may take its time for that: it must not keep the caller for so long.
func (b *trial) isGivenBack(u usedUp, l, twin Limiter, before throttled.State) {
	b.Helper()
	want := before
	if !b.real {
		want = b.peek(twin, key)
	}
	for end := time.Now().Add(patience); b.real && b.peek(l, key).ResetAfter > before.ResetAfter && time.Now().Before(end); {
		time.Sleep(millisecond)
	}
	b.isState("Peek after all was given back", u.algorithm, b.peek(l, key), want)
}

// isWaiting returns when the one who was begun has its place, and whether
// that can be known.
func (b *trial) isWaiting(l Limiter, before throttled.State) bool {
	for b.real && b.line && b.peek(l, key).ResetAfter <= before.ResetAfter {
		time.Sleep(millisecond)
	}
	return b.line || !b.real
}

// undated is a context that hides its deadline.
type undated struct{ context.Context }

func (undated) Deadline() (time.Time, bool) { return time.Time{}, false }

func (b *trial) ranOut(u usedUp) {
	l, twin, before := b.twins(u)
	half := b.up(u.turn / 2)
	_, err := l.WaitN(undated{b.deadlineAt(half)}, key, 1)
	b.isError("a wait", err, context.DeadlineExceeded)
	b.isNow("its end", half)
	b.isGivenBack(u, l, twin, before)
}

// endsAtItsTurn: a turn whose instant has come is granted, not given back.
func (b *trial) endsAtItsTurn(u usedUp) {
	l, _, _ := b.twins(u)
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	time.AfterFunc(b.up(u.turn), cancel)
	res, err := l.WaitN(ctx, key, 1)
	b.isAllowed("a wait", res, err, true)
	b.isNow("a wait", u.turn)
}
