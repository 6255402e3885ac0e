package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/interrupt"
	"github.com/throttled-go/throttled/internal/watch"
	"github.com/throttled-go/throttled/store/redis/internal/script"
)

// request is a call of Do or Submit, until its caller is answered and no call to
// Redis carries it. The mutex of the store guards what is below state.
type request struct {
	ctx    context.Context
	ends   time.Duration // deadline of ctx, on the clock of the store
	req    throttled.Request
	bucket bucketName
	op     script.Operation
	asked  asking // for the deny cache

	replies chan throttled.Outcome        // takes the answer to Do, which watches ctx by itself
	done    func(throttled.Result, error) // takes the answer to Submit; must not block
	watched watch.Membership[*request]    // over the ctx of a Submit

	state    state
	deadline time.Duration // for Redis to answer, on the clock of the store
	batch    *batch        // that carries it, once it is sent
	trial    func(error)   // takes the outcome, if r tries for the breaker
	admitted chan struct{} // closed when its Submit may return; nil if it need not block

	result throttled.Result // of the turn that it waits for
	place  *script.Place    // that it has taken
	turn   time.Duration    // on the clock of the store
	timer  *time.Timer      // rings at the turn

	list       *requestList // that it is in
	prev, next *request
}

// state is where a request is on its way.
//
//	arriving ──► queued ──► sent ──► waiting ──► done
//	                │         ├─────────────────► ▲
//	                │         └───► left ───────► │
//	                └───────────────────────────► │
type state uint8

const (
	// arriving: it is not accepted yet. If its ctx ends now, it is left.
	arriving state = iota

	// queued: no call carries it yet. If it ends now, nothing is charged.
	queued

	// sent: a call carries it, so it may have been charged.
	sent

	// left: its caller was answered without Redis, because ctx ended or the time
	// was up. The call is still out, and a place in its reply goes back.
	left

	// waiting: it has a place in line, and its turn is to come.
	waiting

	// done: its caller is answered, and no call carries it.
	done
)

// ending is how a request ends for its caller, who is told without the mutex.
type ending struct {
	request *request
	in      state // in which it ended
	result  throttled.Result
	err     error
	gaveUp  bool // ctx has ended. The error is made later: ctx may have a lock of its own
}

// tell tells callers how their requests ended.
func (s *Store) tell(endings ...ending) {
	for _, e := range endings {
		r := e.request
		if r.done != nil {
			s.watches.Answered(r)
		}
		unavailable := errors.Is(e.err, throttled.ErrStoreUnavailable)
		switch {
		case e.gaveUp || unavailable && r.ctx.Err() != nil:
			s.finish(r, throttled.Result{}, r.gaveUp(e.in))
		case !unavailable:
			s.finish(r, e.result, e.err)
		default:
			s.fails(r.ctx, r.req, e.err, func(res throttled.Result, err error) { s.finish(r, res, err) })
		}
	}
	s.watches.Release()
}

// Watched is for package watch.
func (r *request) Watched() *watch.Membership[*request] { return &r.watched }

// Context is for package watch.
func (r *request) Context() context.Context { return r.ctx }

// finish is the last that happens to the caller of r.
func (s *Store) finish(r *request, res throttled.Result, err error) {
	if r.replies != nil {
		r.replies <- throttled.Outcome{Result: res, Err: err}
	} else {
		r.done(res, err)
	}
	s.open.Done()
}

// unsent returns the error of a request that was queued until its time was up.
func (s *Store) unsent() error {
	return fmt.Errorf("%w: not sent within %v, because Redis has not answered the requests before", throttled.ErrStoreUnavailable, s.timeout)
}

// unanswered returns the error of a request that was sent in vain.
func (s *Store) unanswered() error {
	return fmt.Errorf("%w: Redis did not answer within %v", throttled.ErrStoreUnavailable, s.timeout)
}

// gaveUp returns the error of a request whose ctx ended in a state.
func (r *request) gaveUp(in state) error {
	switch in {
	case queued:
		return interrupt.GaveUpBefore(r.ctx, "Redis was asked")
	case waiting:
		return interrupt.GaveUp(r.ctx, r.req.Key)
	default:
		return interrupt.GaveUpBefore(r.ctx, "Redis answered")
	}
}
