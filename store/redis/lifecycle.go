package redis

import (
	"slices"
	"time"

	"github.com/throttled-go/throttled"
)

// How a request begins and ends. The methods here, and those in sender.go,
// deadlines.go and waiters.go, change the states of requests, under the mutex of
// the store. Callers are told after it is released, and what they are told is
// known to the breaker and the deny cache before.

// now returns the time on the clock of the store.
func (s *Store) now() time.Duration { return time.Since(s.epoch) }

// accept has r carried out. Its error is that the store is closed. The channel is
// closed when Submit may return, and nil if that is at once.
func (s *Store) accept(r *request) (admitted <-chan struct{}, err error) {
	trial, broken := s.breaker.admit()
	s.mu.Lock()
	gone := r.state == left
	switch {
	case s.closed.Load():
		err = throttled.ErrClosed
	case gone || broken != nil:
		r.state = done
		s.open.Add(1)
	default:
		s.open.Add(1)
		s.start(r, trial)
		admitted = r.admitted
		s.mu.Unlock()
		return admitted, nil
	}
	s.mu.Unlock()
	if trial != nil {
		trial(errOpen) // nothing was tried
	}
	if err == nil {
		s.tell(ending{request: r, in: queued, err: broken, gaveUp: gone})
	}
	return nil, err
}

// start queues r, or sends it by itself if it is a trial. Its time begins to run.
func (s *Store) start(r *request, trial func(error)) {
	now := s.now()
	r.state = queued
	r.deadline = now + s.timeout
	s.deadlines.push(r)
	s.deadlines.watch(now, s.expire)
	s.flow.enter(r)
	if trial != nil {
		r.trial = trial
		b := newBatch(nil, 1)
		b.send(r)
		s.open.Go(func() { s.exchange(b) })
		return
	}
	if q, send := s.batcher.push(r); send {
		s.startSender(q, s.flow.inFlight == 1 && q.last <= 1)
	}
}

// drop ends a request that is queued. It requires the mutex to be held.
func (s *Store) drop(r *request, err error) ending {
	r.remove()
	r.state = done
	s.flow.leave(r)
	return ending{request: r, in: queued, err: err, gaveUp: err == nil}
}

// leave answers the caller of r, whose ctx has ended. A turn that has come is
// granted.
func (s *Store) leave(r *request) {
	s.mu.Lock()
	var end ending
	switch r.state {
	case arriving:
		r.state = left
		s.mu.Unlock()
		return
	case queued:
		end = s.drop(r, nil)
	case sent:
		r.state = left
		s.flow.admit(r)
		end = ending{request: r, in: sent, gaveUp: true}
	case waiting:
		end = s.stopWaiting(r)
		if s.now() < r.turn {
			end.gaveUp = true
			s.giveBack(r, r.place, r.turn)
		}
	default:
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	s.tell(end)
}

// leaveAll is leave for a crowd under one ctx. Who came last leaves first, so that
// nobody in it is the last at a bucket in vain.
func (s *Store) leaveAll(crowd []*request) {
	for _, r := range slices.Backward(crowd) {
		s.leave(r)
	}
}

// count tells the breaker of so many requests without an answer, or of an answer
// if there are none, and of the outcome of its trial. If that opens it, those who
// are queued are answered: their endings are returned.
func (s *Store) count(unanswered int, trial func(error)) (endings []ending) {
	s.breaker.count(unanswered, trial)
	broken := s.breaker.refuses()
	if unanswered == 0 || broken == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.batcher.queues {
		for r := q.pop(); r != nil; r = q.pop() {
			endings = append(endings, s.drop(r, broken))
		}
	}
	return endings
}

// dismiss closes the store for new requests and answers all who wait. Their
// places go back.
func (s *Store) dismiss() {
	var endings []ending
	s.mu.Lock()
	s.closed.Store(true)
	for r := s.waiters.first; r != nil; r = s.waiters.first {
		end := s.stopWaiting(r)
		end.result, end.err = throttled.Result{}, throttled.ErrClosed
		endings = append(endings, end)
		s.giveBack(r, r.place, r.turn)
	}
	s.mu.Unlock()
	s.tell(endings...)
}
