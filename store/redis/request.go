package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/interrupt"
)

// request is a call of Do or Submit, from when it is accepted to when its
// answer is known to the caller and to Redis. Its state is guarded by the mutex
// of the store, and only the methods in lifecycle.go change it.
type request struct {
	ctx    context.Context
	req    throttled.Request
	bucket bucketName
	ask    ask
	asked  asking // for the deny cache

	done func(throttled.Result, error) // takes the answer, called once; must not block
	stop func() bool                   // ends the watch over ctx; nil if nobody watches

	// Instants on the clock of the store: its answer must come before both.
	deadline time.Duration // of Redis
	ends     time.Duration // of ctx

	state    state
	batch    *batch        // that carries it, once it is sent
	trial    func(error)   // takes the outcome for the breaker, if r tries for it
	blocks   bool          // it may have its Submit block
	admitted chan struct{} // closed when Submit may return; nil if it need not block

	result throttled.Result // of a request that waits
	place  *place           // that it has taken
	turn   time.Duration    // at which it is let through, on the clock of the store
	timer  *time.Timer      // rings then

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
	// arriving: it is not accepted yet. If its ctx ends now, accept finds it left.
	arriving state = iota

	// queued: no call carries it yet. Whoever leaves now is charged nothing.
	queued

	// sent: a call carries it, so it may have been charged.
	sent

	// left: its caller was answered without Redis, because the ctx ended or the
	// time was up. The call is still out, and a place in its reply goes back.
	left

	// waiting: it has a place in line, and its turn is to come.
	waiting

	// done: it is answered, and no call carries it.
	done
)

// answered is an answer on its way to the caller, to be given without the mutex.
type answered struct {
	request *request
	in      state // that it was in
	result  throttled.Result
	err     error
	gaveUp  bool // its ctx has ended: the error is made when no mutex is held, for ctx may have one
}

// tell gives answers to their callers.
func (s *Store) tell(all ...answered) {
	for _, a := range all {
		r := a.request
		if r.stop != nil {
			r.stop()
		}
		unavailable := errors.Is(a.err, throttled.ErrStoreUnavailable)
		switch {
		case a.gaveUp || unavailable && r.ctx.Err() != nil:
			s.finish(r, throttled.Result{}, r.gaveUp(a.in))
		case !unavailable:
			s.finish(r, a.result, a.err)
		default:
			s.fails(r.ctx, r.req, a.err, func(res throttled.Result, err error) { s.finish(r, res, err) })
		}
	}
}

// finish is the last that happens to the caller of r.
func (s *Store) finish(r *request, res throttled.Result, err error) {
	r.done(res, err)
	s.open.Done()
}

// How a request may end without an answer of Redis. What is told depends on its
// state, and on whether its ctx has ended.

// unsent is the error of a request that was queued until its time was up.
func (s *Store) unsent() error {
	return fmt.Errorf("%w: not sent within %v, because Redis has not answered the requests before", throttled.ErrStoreUnavailable, s.timeout)
}

// unanswered is the error of a request that was sent in vain.
func (s *Store) unanswered() error {
	return fmt.Errorf("%w: Redis did not answer within %v", throttled.ErrStoreUnavailable, s.timeout)
}

// gaveUp is the error of a request in a state in which its ctx ended.
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

// reckon works out how far ahead the turn of r may be so that it comes before its
// ctx ends. It reports false if that is over.
func (r *request) reckon(now time.Duration) bool {
	r.ask.within = microseconds(min(r.req.Within, r.ends-now-1))
	return now < r.ends
}

// requestList is a list of requests, each of which is in one list at most.
type requestList struct {
	first, last *request
}

func (l *requestList) push(r *request) {
	r.list, r.prev, r.next = l, l.last, nil
	if l.last == nil {
		l.first = r
	} else {
		l.last.next = r
	}
	l.last = r
}

// remove takes r out of the list that it is in, and reports whether it was in
// one.
func (r *request) remove() bool {
	l := r.list
	if l == nil {
		return false
	}
	if r.prev == nil {
		l.first = r.next
	} else {
		r.prev.next = r.next
	}
	if r.next == nil {
		l.last = r.prev
	} else {
		r.next.prev = r.prev
	}
	r.list, r.prev, r.next = nil, nil, nil
	return true
}
