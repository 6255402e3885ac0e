package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
)

// prepare answers req if that needs no Redis, and otherwise returns it as it is
// to be sent.
func (s *Store) prepare(ctx context.Context, req *throttled.Request) (*pending, throttled.Result, error) {
	c, err := s.laws.of(req.Plan)
	if err != nil {
		return nil, throttled.Result{}, err
	}
	bucket := bucketName{c.law, req.Key}
	if s.denials.serves(req) && !s.closed.Load() {
		if res, denied := s.denials.look(bucket, req.Cost); denied {
			return nil, res, nil
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed.Load() {
		return nil, throttled.Result{}, throttled.ErrClosed
	}
	s.trips.Add(1)
	p := &pending{store: s, ctx: ctx, req: *req, bucket: bucket, asked: s.denials.ask()}
	p.ask = c.law.newAsk(beforeDeadline(ctx, *req))
	return p, throttled.Result{}, nil
}

// beforeDeadline returns req so that its turn comes before the deadline of ctx.
func beforeDeadline(ctx context.Context, req throttled.Request) throttled.Request {
	if deadline, ok := ctx.Deadline(); ok {
		req.Within = min(req.Within, time.Until(deadline)-1)
	}
	return req
}

// send sends p as soon as there is a slot for it. While the breaker is open it
// does not wait for one.
func (s *Store) send(p *pending) {
	err := s.courier.breaker.open()
	if err == nil {
		err = s.takeSlot(p)
	}
	if err != nil {
		p.answered(&answer{err: err})
		return
	}
	s.desk.post(p)
}

// takeSlot returns when there is a slot for p, or with an error when its ctx has
// ended, or after as long as a command may take.
func (s *Store) takeSlot(p *pending) error {
	select {
	case s.slots <- struct{}{}:
		return nil
	default:
	}
	p.waits()
	timer := time.NewTimer(s.courier.timeout)
	defer timer.Stop()
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-p.ctx.Done():
		return ended(p.ctx, "gave up before Redis was asked")
	case <-timer.C:
		return fmt.Errorf("%w: %d requests are on their way, and for %v Redis has answered none",
			throttled.ErrStoreUnavailable, maxTrips, s.courier.timeout)
	}
}

// carry brings the answers to requests that one call can carry, and reports
// whether that was done in time. When their time is up they are answered, and
// relieve is called; the call may still be out then, since there are moments in
// which the client looks at no context.
func (s *Store) carry(together []*pending, relieve func()) bool {
	together, within := s.stillInTime(together)
	if len(together) == 0 {
		return true
	}
	asks := make([]ask, len(together))
	for i, p := range together {
		asks[i] = p.ask
	}
	ctx := context.Background()
	if len(together) == 1 {
		ctx = context.WithoutCancel(together[0].ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	inTime := context.AfterFunc(ctx, func() {
		for _, p := range together {
			p.expire()
		}
		relieve()
	})
	call := newCall(asks...)
	reply, err := s.courier.carry(ctx, &call.command)
	done := inTime()
	var answers []answer
	if err == nil {
		answers = call.answers(reply)
	}
	for i, p := range together {
		a := &answer{err: err}
		if err == nil {
			a = &answers[i]
		}
		s.arrive(p, a)
	}
	return done
}

// arrive hands over what has come of p.
func (s *Store) arrive(p *pending, a *answer) {
	<-s.slots
	s.learn(p, a)
	p.answered(a)
}

// stillInTime returns those of some requests that are still to be sent, and how
// much of their time is left for a call that carries them together: that of the
// one that has waited longest. Whose caller has left is not sent, and so charged
// nothing. Whose time is up is answered at once: while Redis hangs, a crowd must
// not wait for one call after another to fail.
func (s *Store) stillInTime(together []*pending) (still []*pending, left time.Duration) {
	left = s.courier.timeout
	if len(together) == 1 && together[0].since.IsZero() {
		return together, left // it has not waited
	}
	now := time.Now()
	still = together[:0]
	for _, p := range together {
		own := s.courier.timeout - p.waited(now)
		switch {
		case own <= 0:
			s.courier.breaker.missed()
			s.arrive(p, &answer{err: s.courier.noAnswer()})
		case p.over.Load():
			s.arrive(p, &answer{err: s.courier.noAnswer()}) // nobody is told
		default:
			still = append(still, p)
			left = min(left, own)
		}
	}
	return still, left
}

// learn tells the deny cache what became of p.
func (s *Store) learn(p *pending, a *answer) {
	switch {
	case p.ask.form == giveBack || p.ask.form == reset:
		s.denials.forget(p.bucket)
	case a.err == nil && !a.result.Allowed && s.denials.serves(&p.req):
		s.denials.keep(p.bucket, p.asked, a)
	}
}

// giveUp gives a place back, in the background. It requires the request that
// took it to be counted in trips.
func (s *Store) giveUp(bucket bucketName, taken *place) {
	s.trips.Go(func() {
		s.slots <- struct{}{}
		ctx, cancel := context.WithTimeout(context.Background(), s.courier.timeout)
		defer cancel()
		// If it fails the place is used up, and nobody is left to be told.
		_, _ = s.courier.carry(ctx, taken.cancel())
		<-s.slots
		s.denials.forget(bucket)
	})
}

// giveAllUp gives places back in their order, as many as can be in the time of
// one command.
func (s *Store) giveAllUp(places []*place) {
	ctx, cancel := context.WithTimeout(context.Background(), s.courier.timeout)
	defer cancel()
	for len(places) > 0 {
		n := min(len(places), maxTogether)
		cancels := make([]*command, n)
		for i, p := range places[:n] {
			cancels[i] = p.cancel()
		}
		if s.courier.carryAll(ctx, cancels) != nil {
			return // the rest is used up
		}
		places = places[n:]
	}
}
