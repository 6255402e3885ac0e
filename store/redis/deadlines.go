package redis

import "time"

// deadlines are the requests that Redis is to answer, the earliest deadline first.
// All of them have the same time, so they come in the order of their deadlines,
// and one timer serves them all: it is set again when it rings, and not for each
// request.
//
// It is guarded by the mutex of the store.
type deadlines struct {
	requestList
	timer *time.Timer
	set   bool
}

// watch has ring called when the time of the first is up.
func (d *deadlines) watch(now time.Duration, ring func()) {
	if d.set || d.first == nil {
		return
	}
	d.set = true
	left := d.first.deadline - now
	if d.timer == nil {
		d.timer = time.AfterFunc(left, ring)
	} else {
		d.timer.Reset(left)
	}
}

// stop stops the timer.
func (d *deadlines) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

// expire answers those whose time is up. What was sent is still out; another
// sender goes on in place of one that is late, once the breaker knows of it.
func (s *Store) expire() {
	var endings []ending
	var late []*batchQueue
	var trial func(error)
	unanswered := 0
	s.mu.Lock()
	now := s.now()
	for r := s.deadlines.first; r != nil && r.deadline <= now; r = s.deadlines.first {
		r.remove()
		unanswered++
		if r.trial != nil {
			trial, r.trial = r.trial, nil
		}
		if r.state == queued {
			endings = append(endings, s.drop(r, s.unsent()))
			continue
		}
		if r.state == sent {
			r.state = left
			s.flow.admit(r)
			endings = append(endings, ending{request: r, in: sent, err: s.unanswered()})
		}
		if r.batch.expire() {
			late = append(late, r.batch.queue)
		}
	}
	s.deadlines.set = false
	s.deadlines.watch(now, s.expire)
	if unanswered == 0 {
		s.mu.Unlock()
		return
	}
	s.open.Add(1) // those who are told may be the last to keep it open
	defer s.open.Done()
	s.mu.Unlock()
	endings = append(endings, s.count(unanswered, trial)...)
	for _, q := range late {
		s.open.Go(func() { s.sendFrom(q, false) })
	}
	s.tell(endings...)
}
