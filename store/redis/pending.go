package redis

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/throttled-go/throttled"
)

// pending is a request on its way. It is answered once: by Redis, or because
// its ctx ended or its time is up, whichever is first.
type pending struct {
	store  *Store
	ctx    context.Context
	req    throttled.Request
	bucket bucketName
	ask    ask
	asked  asking
	done   func(throttled.Result, error) // must not block
	stop   func() bool                   // of watching ctx; nil if nobody does
	over   atomic.Bool

	// since is when it began to wait for a slot, or for the call that it is to
	// go with: the time that Redis has for it runs from then. It is zero if it
	// went at once.
	since time.Time
	timer *time.Timer // rings when that time is up; nil while since is zero
}

// answered takes the answer of Redis, or the reason why there is none. If
// nobody waits for it any more, a place in it goes back.
func (p *pending) answered(a *answer) {
	if p.timer != nil {
		p.timer.Stop()
	}
	if !p.over.CompareAndSwap(false, true) {
		if a.place != nil {
			p.store.giveUp(p.bucket, a.place)
		}
		p.store.trips.Done()
		return
	}
	if p.stop != nil {
		p.stop()
	}
	switch {
	case a.err != nil:
		p.fail(a.err, p.finish)
	case a.delay > 0:
		p.store.sleepers.sleep(p, a)
	default:
		p.finish(a.result, nil)
	}
}

// expire answers a caller for whom Redis has no answer in time. The request goes
// on without.
func (p *pending) expire() {
	if !p.over.CompareAndSwap(false, true) {
		return
	}
	if p.stop != nil {
		p.stop()
	}
	p.fail(p.store.courier.noAnswer(), p.done)
}

// fail answers a caller for whom Redis has no answer.
func (p *pending) fail(err error, done func(throttled.Result, error)) {
	if p.ctx.Err() != nil {
		done(throttled.Result{}, ended(p.ctx, "gave up before Redis answered"))
		return
	}
	p.store.fails(p.ctx, p.req, err, done)
}

// waits begins to count the time for which p waits. It has a timer of its own,
// because nobody may come to look at it in time: those before it may have more
// time left.
func (p *pending) waits() {
	if p.since.IsZero() {
		p.since = time.Now()
		p.timer = time.AfterFunc(p.store.courier.timeout, p.expire)
	}
}

// waited returns for how long p has waited.
func (p *pending) waited(now time.Time) time.Duration {
	if p.since.IsZero() {
		return 0
	}
	return now.Sub(p.since)
}

// finish gives the answer to the caller who still waits for it.
func (p *pending) finish(res throttled.Result, err error) {
	p.done(res, err)
	p.store.trips.Done()
}

// leave answers a caller whose ctx has ended. The request goes on without.
func (p *pending) leave() {
	if p.over.CompareAndSwap(false, true) {
		p.done(throttled.Result{}, ended(p.ctx, "gave up before Redis answered"))
	}
}

// ended returns the error of a call whose ctx has ended.
func ended(ctx context.Context, what string) error {
	err := fmt.Errorf("throttled: %s: %w", what, ctx.Err())
	if cause := context.Cause(ctx); cause != ctx.Err() { //nolint:errorlint // the cause may wrap the error, and is still to be told then
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return err
}
