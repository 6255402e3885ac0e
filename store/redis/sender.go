package redis

import (
	"context"
	"runtime"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store/redis/internal/script"
)

// startSender starts a goroutine that sends from q. It requires the store to be
// open for something else.
func (s *Store) startSender(q *batchQueue, alone bool) {
	s.open.Add(1)
	go s.sendFrom(q, alone)
}

// sendFrom sends what is in q until nothing is, or until a call took too long and
// another sender goes on. Before each call it lets those run who are ready to:
// callers who were all answered by one call often ask again, and then go together
// again. A request that is alone, as the last one was, lets nobody run: to yield
// would only wake another processor.
func (s *Store) sendFrom(q *batchQueue, alone bool) {
	defer s.open.Done()
	for {
		if !alone {
			runtime.Gosched()
		}
		b := s.nextBatch(q)
		if b == nil || !s.exchange(b) {
			return
		}
		alone = false
	}
}

// nextBatch returns the batch that goes next, or nil if there is none.
func (s *Store) nextBatch(q *batchQueue) *batch {
	var endings []ending
	unsent := 0
	broken := s.breaker.refuses()
	s.mu.Lock()
	q.out--
	if q.waiting() == 0 || !q.sendsMore() {
		s.mu.Unlock()
		return nil
	}
	b, now := newBatch(q, min(q.waiting(), maxBatch)), s.now()
	for len(b.requests) < maxBatch {
		r := q.pop()
		if r == nil {
			break
		}
		switch {
		case broken != nil:
			endings = append(endings, s.drop(r, broken))
		case r.ends <= now:
			endings = append(endings, s.drop(r, nil))
		case r.deadline <= now: // expire is about to notice
			endings = append(endings, s.drop(r, s.unsent()))
			unsent++
		default:
			r.op.Within(min(r.req.Within, r.ends-now-1)) // what is left now, and not when it came
			b.send(r)
		}
	}
	if len(b.requests) == 0 {
		b = nil
	} else {
		q.out++
		q.last, b.sent = len(b.requests), now
	}
	s.mu.Unlock()
	if unsent > 0 {
		endings = append(endings, s.count(unsent, nil)...)
	}
	s.tell(endings...)
	return b
}

// exchange has Redis carry out b, and reports whether its sender is to go on: not
// if it was late, and another sender goes on, nor if b was a single request and
// nothing else is queued.
func (s *Store) exchange(b *batch) (goOn bool) {
	answers, err := s.carry(b)
	var one [1]ending
	endings := one[:0]
	if len(b.requests) > 1 {
		endings = make([]ending, 0, len(b.requests))
	}
	var trial func(error)
	unanswered := 0
	s.mu.Lock()
	for i, r := range b.requests {
		if r.remove() && err != nil {
			unanswered++
		}
		if r.trial != nil {
			trial, r.trial = r.trial, nil
		}
		if err != nil {
			endings = s.arrive(endings, r, &script.Answer{Err: err})
		} else {
			endings = s.arrive(endings, r, &answers[i])
		}
	}
	goOn = !b.late
	if b.queue != nil {
		b.queue.took = s.now() - b.sent
	}
	if goOn && b.queue != nil && len(b.requests) == 1 && b.queue.waiting() == 0 {
		b.queue.out--
		goOn = false
	}
	s.mu.Unlock()

	if err == nil || unanswered > 0 {
		endings = append(endings, s.count(unanswered, trial)...)
	}
	s.learn(b, answers)
	s.tell(endings...)
	return goOn
}

// carry returns the answers to a batch, or an error if Redis has not answered. A
// call for one request has the values of its ctx.
func (s *Store) carry(b *batch) ([]script.Answer, error) {
	ctx := &callContext{context.Background(), s.epoch.Add(b.requests[0].deadline), b.expired}
	if len(b.requests) == 1 {
		ctx.Context = context.WithoutCancel(b.requests[0].ctx)
	}
	operations := make([]script.Operation, len(b.requests))
	for i, r := range b.requests {
		operations[i] = r.op
	}
	answers, err := s.client.exchange(ctx, operations)
	if err != nil && ctx.Err() != nil {
		err = s.unanswered()
	}
	return answers, err
}

// arrive takes the answer to r, and appends how r ends for its caller, if it ends
// now. A place that nobody wants any more goes back. It requires the mutex to be
// held.
func (s *Store) arrive(endings []ending, r *request, a *script.Answer) []ending {
	in := r.state
	r.state = done
	s.flow.leave(r)
	if a.Place == nil {
		if in == left {
			return endings
		}
		return append(endings, ending{request: r, in: in, result: a.Result, err: a.Err})
	}
	turn := s.now() + a.Delay
	switch {
	case in == left:
		s.giveBack(r, a.Place, turn)
		return endings
	case s.closed.Load():
		s.giveBack(r, a.Place, turn)
		return append(endings, ending{request: r, in: in, err: throttled.ErrClosed})
	case turn >= r.ends:
		s.giveBack(r, a.Place, turn)
		return append(endings, ending{request: r, in: in, result: r.op.TooLate(a)})
	default:
		s.wait(r, a, turn)
		return endings
	}
}

// learn tells the deny cache what became of a batch. There are no answers if
// Redis has not answered.
func (s *Store) learn(b *batch, answers []script.Answer) {
	for i, r := range b.requests {
		switch {
		case r.op.GivesBack():
			s.denied.forget(r.bucket)
		case len(answers) > i && answers[i].Err == nil && !answers[i].Result.Allowed && s.denied.serves(&r.req):
			s.denied.keep(r.bucket, r.asked, answers[i].Bucket.Clone())
		}
	}
}
