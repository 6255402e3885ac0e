package redis

import (
	"context"
	"runtime"
	"time"

	"github.com/throttled-go/throttled"
)

// What happens to a request. Only these methods change its state, under the
// mutex of the store. Callers are told after it is released, and what they are
// told is known to the breaker and the deny cache before.

// maxOnTheWay is how many requests are queued, sent or left before Submit
// blocks.
const maxOnTheWay = 1024

// now returns the time on the clock of the store.
func (s *Store) now() time.Duration { return time.Since(s.epoch) }

// accept has r carried out. It returns an error only if the store is closed, and
// else a channel that is closed when Submit may return, nil if that is now.
func (s *Store) accept(r *request) (<-chan struct{}, error) {
	trial, broken := s.breaker.admit()
	s.mu.Lock()
	if s.closed.Load() {
		s.mu.Unlock()
		if trial != nil {
			trial(errOpen) // nothing was tried
		}
		return nil, throttled.ErrClosed
	}
	s.open.Add(1)
	if gone := r.state == left; gone || broken != nil {
		r.state = done
		s.mu.Unlock()
		if trial != nil {
			trial(errOpen)
		}
		s.tell(answered{request: r, in: queued, err: broken, gaveUp: gone})
		return nil, nil
	}
	r.state = queued
	r.deadline = s.now() + s.timeout
	s.deadlines.push(r)
	s.ring()
	s.onTheWay++
	if r.blocks && s.onTheWay > maxOnTheWay {
		r.admitted = make(chan struct{})
		s.blocked = append(s.blocked, r)
		s.blocking++
	}
	admitted := r.admitted
	if trial != nil {
		r.trial = trial
		r.send(&batch{})
		s.open.Go(func() { s.exchange(r.batch) })
	} else if q, send := s.batcher.push(r); send {
		s.open.Go(func() { s.sendFrom(q) })
	}
	s.mu.Unlock()
	return admitted, nil
}

// sendFrom sends what is in q until nothing is. Before each call it lets those
// run who are ready to: callers who were all answered by one call often ask
// again, and then go together again. If a call takes too long, another sender
// goes on in its place.
func (s *Store) sendFrom(q *batchQueue) {
	for {
		runtime.Gosched()
		b := s.depart(q)
		if b == nil || !s.exchange(b) {
			return
		}
	}
}

// depart returns the batch that goes next, or nil if there is none.
func (s *Store) depart(q *batchQueue) *batch {
	var over []answered
	broken := s.breaker.refuses()
	s.mu.Lock()
	b, now, unsent := &batch{queue: q}, s.now(), 0
	for len(b.requests) < maxTogether {
		r := q.pop()
		if r == nil {
			break
		}
		switch {
		case broken != nil:
			over = append(over, s.drop(r, broken))
		case !r.reckon(now):
			over = append(over, s.leaveQueue(r))
		case r.deadline <= now: // expire is about to find out
			over = append(over, s.drop(r, s.unsent()))
			unsent++
		default:
			r.send(b)
		}
	}
	if len(b.requests) == 0 {
		q.out--
		b = nil
	}
	s.mu.Unlock()
	if unsent > 0 {
		over = append(over, s.count(unsent, nil)...)
	}
	s.tell(over...)
	return b
}

// send makes r one of b.
func (r *request) send(b *batch) {
	r.state, r.batch = sent, b
	b.requests = append(b.requests, r)
}

// drop ends a request that is queued.
func (s *Store) drop(r *request, err error) answered {
	r.remove()
	r.state = done
	s.release(r)
	return answered{request: r, in: queued, err: err}
}

// leaveQueue ends a request that is queued, because its ctx has ended.
func (s *Store) leaveQueue(r *request) answered {
	told := s.drop(r, nil)
	told.gaveUp = true
	return told
}

// release counts r as not on its way any more, and lets so many calls of Submit
// go on.
func (s *Store) release(r *request) {
	s.onTheWay--
	s.admit(r)
	for s.blocking > max(0, s.onTheWay-maxOnTheWay) {
		s.admit(s.blocked[0])
		s.blocked = s.blocked[1:]
	}
	if s.blocking == 0 {
		s.blocked = nil
	}
}

// admit lets the Submit of r return, if it has not.
func (s *Store) admit(r *request) {
	if r.admitted != nil {
		close(r.admitted)
		r.admitted = nil
		s.blocking--
	}
}

// carry brings the answers to a batch, or the error of all of it. A call that
// carries one request has the values of its ctx.
func (s *Store) carry(b *batch) ([]answer, error) {
	ctx := context.Background()
	if len(b.requests) == 1 {
		ctx = context.WithoutCancel(b.requests[0].ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	asks := make([]ask, len(b.requests))
	for i, r := range b.requests {
		asks[i] = r.ask
	}
	answers, err := s.client.exchange(ctx, asks)
	if err != nil && ctx.Err() != nil {
		s.expire() // whether it finds out first, or the client, all is as if it did
		err = s.unanswered()
	}
	return answers, err
}

// learn tells the deny cache what became of r.
func (s *Store) learn(r *request, a *answer) {
	switch {
	case r.ask.form == giveBack || r.ask.form == reset:
		s.denials.forget(r.bucket)
	case a.err == nil && !a.result.Allowed && s.denials.serves(&r.req):
		s.denials.keep(r.bucket, r.asked, a)
	}
}

// exchange has Redis carry out b, and reports whether it was in time for all.
func (s *Store) exchange(b *batch) (inTime bool) {
	answers, err := s.carry(b)
	var all []answered
	var trial func(error)
	unanswered := 0
	s.mu.Lock()
	for i, r := range b.requests {
		if r.remove() {
			unanswered++
		}
		if r.trial != nil {
			trial, r.trial = r.trial, nil
		}
		a := &answer{err: err}
		if err == nil {
			a = &answers[i]
		}
		if told, is := s.arrive(r, a); is {
			all = append(all, told)
		}
	}
	inTime = !b.late
	s.mu.Unlock()

	if err == nil {
		all = append(all, s.count(0, trial)...)
	} else if unanswered > 0 {
		all = append(all, s.count(unanswered, trial)...)
	}
	for i, r := range b.requests {
		if err != nil {
			s.learn(r, &answer{err: err})
		} else {
			s.learn(r, &answers[i])
		}
	}
	s.tell(all...)
	return inTime
}

// arrive takes what has come of r, and returns what its caller is told now, if
// anything. A place that comes when nobody waits for it any more goes back.
func (s *Store) arrive(r *request, a *answer) (told answered, is bool) {
	in := r.state
	r.state = done
	s.release(r)
	told = answered{request: r, in: in, result: a.result, err: a.err}
	if a.place == nil {
		return told, in != left
	}
	turn := s.now() + a.delay
	switch {
	case in == left:
		s.giveBack(r, a.place, turn)
		return told, false
	case s.closed.Load():
		s.giveBack(r, a.place, turn)
		told.result, told.err = throttled.Result{}, throttled.ErrClosed
		return told, true
	case turn >= r.ends:
		s.giveBack(r, a.place, turn)
		told.result = r.ask.tooLate(a)
		return told, true
	default:
		s.wait(r, a, turn)
		return told, false
	}
}

// count has the breaker know of so many requests without an answer, and of the
// outcome of its trial. If it is open then, those who are queued are answered.
func (s *Store) count(unanswered int, trial func(error)) []answered {
	s.breaker.count(unanswered, trial)
	broken := s.breaker.refuses()
	if unanswered == 0 || broken == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []answered
	for _, q := range s.batcher.queues {
		for r := q.pop(); r != nil; r = q.pop() {
			all = append(all, s.drop(r, broken))
		}
	}
	return all
}

// ring has expire called when the time of the first is up. There is one timer
// for all, because all have the same time: it is set again when it rings, and
// not for each.
func (s *Store) ring() {
	first := s.deadlines.first
	if s.ringing || first == nil {
		return
	}
	s.ringing = true
	left := first.deadline - s.now()
	if s.timer == nil {
		s.timer = time.AfterFunc(left, s.expire)
	} else {
		s.timer.Reset(left)
	}
}

// expire answers those whose time is up. What was sent is still out, and another
// sender goes on in place of that which is late, once the breaker knows.
func (s *Store) expire() {
	var all []answered
	var relieved []*batchQueue
	var trial func(error)
	unanswered := 0
	s.mu.Lock()
	s.ringing = false
	for r := s.deadlines.first; r != nil && r.deadline <= s.now(); r = s.deadlines.first {
		r.remove()
		unanswered++
		if r.trial != nil {
			trial, r.trial = r.trial, nil
		}
		switch r.state {
		case queued:
			all = append(all, s.drop(r, s.unsent()))
		case sent:
			r.state = left
			s.admit(r)
			all = append(all, answered{request: r, in: sent, err: s.unanswered()})
			relieved = append(relieved, r.batch.relieve()...)
		case left:
			relieved = append(relieved, r.batch.relieve()...)
		}
	}
	s.ring()
	if unanswered == 0 {
		s.mu.Unlock()
		return
	}
	s.open.Add(1)
	s.mu.Unlock()
	defer s.open.Done()
	all = append(all, s.count(unanswered, trial)...)
	for _, q := range relieved {
		s.open.Go(func() { s.sendFrom(q) })
	}
	s.tell(all...)
}

// stopTimer stops what rings for nobody any more.
func (s *Store) stopTimer() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
	}
}

// leave answers the caller of r, whose ctx has ended. A turn that has come is
// granted.
func (s *Store) leave(r *request) {
	s.mu.Lock()
	var told answered
	switch r.state {
	case arriving:
		r.state = left
		s.mu.Unlock()
		return
	case queued:
		told = s.leaveQueue(r)
	case sent:
		r.state = left
		s.admit(r)
		told = answered{request: r, in: sent, gaveUp: true}
	case waiting:
		told = s.stopWaiting(r, nil)
		if told.result = r.result; s.now() < r.turn {
			told.gaveUp = true
			s.giveBack(r, r.place, r.turn)
		}
	default:
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	s.tell(told)
}

// wait has r wait for its turn.
//
// The delay of an answer is counted from the instant at which Redis decided. It
// begins to pass here when the answer is there, which is later: nobody is let
// through before the turn.
func (s *Store) wait(r *request, a *answer, turn time.Duration) {
	r.state, r.result, r.place = waiting, a.result, a.place
	r.turn = turn
	r.timer = time.AfterFunc(a.delay, func() { s.wake(r) })
	s.waiters.push(r)
}

// stopWaiting ends the wait of r.
func (s *Store) stopWaiting(r *request, err error) answered {
	r.remove()
	r.timer.Stop()
	r.state = done
	return answered{request: r, in: waiting, err: err}
}

// wake lets r through, whose turn has come.
func (s *Store) wake(r *request) {
	s.mu.Lock()
	if r.state != waiting {
		s.mu.Unlock()
		return
	}
	told := s.stopWaiting(r, nil)
	s.mu.Unlock()
	told.result = r.result
	s.tell(told)
}

// dismiss answers all who wait with [throttled.ErrClosed], and gives their
// places back.
func (s *Store) dismiss() {
	var all []answered
	s.mu.Lock()
	s.closed.Store(true)
	for r := s.waiters.first; r != nil; r = s.waiters.first {
		all = append(all, s.stopWaiting(r, throttled.ErrClosed))
		s.giveBack(r, r.place, r.turn)
	}
	s.mu.Unlock()
	s.tell(all...)
}
