package redis

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/throttled-go/throttled"
)

// sleepers are those who have a place and sleep until its turn. No goroutine
// sleeps with them.
type sleepers struct {
	mu     sync.Mutex
	all    map[*sleeper]struct{}
	closed bool
}

// sleeper is one of them. Whoever takes it out of the set answers it.
type sleeper struct {
	*pending
	result  throttled.Result
	place   *place
	turn    time.Time
	timer   *time.Timer
	unwatch func() bool
}

// sleep answers p when its turn comes, or earlier if its ctx ends.
//
// The delay of an answer is counted from the instant at which Redis decided. It
// begins to pass here when the answer is there, which is later: nobody is let
// through before the turn.
func (s *sleepers) sleep(p *pending, a *answer) {
	sl := &sleeper{pending: p, result: a.result, place: a.place, turn: time.Now().Add(a.delay)}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		p.store.giveUp(p.bucket, a.place)
		p.finish(throttled.Result{}, throttled.ErrClosed)
		return
	}
	if s.all == nil {
		s.all = make(map[*sleeper]struct{})
	}
	s.all[sl] = struct{}{}
	sl.timer = time.AfterFunc(a.delay, func() { s.wake(sl) })
	if p.ctx.Done() != nil {
		sl.unwatch = context.AfterFunc(p.ctx, func() { s.leave(sl) })
	}
	s.mu.Unlock()
}

// take takes sl out, and reports whether it was still there.
func (s *sleepers) take(sl *sleeper) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.all[sl]; !ok {
		return false
	}
	delete(s.all, sl)
	sl.rest()
	return true
}

// rest stops what watches over sl.
func (sl *sleeper) rest() {
	sl.timer.Stop()
	if sl.unwatch != nil {
		sl.unwatch()
	}
}

// wake lets sl through.
func (s *sleepers) wake(sl *sleeper) {
	if s.take(sl) {
		sl.finish(sl.result, nil)
	}
}

// leave gives up the place of one whose ctx has ended. A turn that has come is
// granted.
func (s *sleepers) leave(sl *sleeper) {
	if !s.take(sl) {
		return
	}
	if !time.Now().Before(sl.turn) {
		sl.finish(sl.result, nil)
		return
	}
	sl.store.giveUp(sl.bucket, sl.place)
	sl.finish(throttled.Result{}, ended(sl.ctx, fmt.Sprintf("gave up waiting for key %q", sl.req.Key)))
}

// dismiss answers all with [throttled.ErrClosed] and returns their places, the
// last turn first: a place goes back only while none was taken after it.
func (s *sleepers) dismiss() []*place {
	s.mu.Lock()
	all := s.all
	s.all, s.closed = nil, true
	for sl := range all {
		sl.rest()
	}
	s.mu.Unlock()

	places := make([]*place, 0, len(all))
	for sl := range all {
		places = append(places, sl.place)
		sl.finish(throttled.Result{}, throttled.ErrClosed)
	}
	slices.SortFunc(places, func(a, b *place) int { return cmp.Compare(b.turn, a.turn) })
	return places
}
