package redis

import (
	"time"

	"github.com/throttled-go/throttled/store/redis/internal/script"
)

// wait has r wait for its turn in what it was answered. It requires the mutex to
// be held. No goroutine waits with it.
//
// The delay of an answer counts from the instant at which Redis decided. It
// begins to pass here when the answer arrives, which is later: nobody is let
// through before the turn.
func (s *Store) wait(r *request, a *script.Answer, turn time.Duration) {
	r.state, r.result, r.place, r.turn = waiting, a.Result, a.Place, turn
	r.timer = time.AfterFunc(a.Delay, func() { s.wake(r) })
	s.waiters.push(r)
}

// stopWaiting ends the wait of r, as if its turn had come. It requires the mutex
// to be held.
func (s *Store) stopWaiting(r *request) ending {
	r.remove()
	r.timer.Stop()
	r.state = done
	return ending{request: r, in: waiting, result: r.result}
}

// wake lets r through, whose turn has come.
func (s *Store) wake(r *request) {
	s.mu.Lock()
	if r.state != waiting {
		s.mu.Unlock()
		return
	}
	end := s.stopWaiting(r)
	s.mu.Unlock()
	s.tell(end)
}
