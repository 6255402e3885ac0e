package redis

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/throttled-go/throttled/store/redis/internal/script"
)

// returns are the places to be given back. Redis takes a place back only while
// it is the last that was taken at its bucket, so those who leave together go
// together, the newest first. A place that is not the last yet is kept until its
// turn comes, and tried again when that after it went back.
//
// It is guarded by the mutex of the store.
type returns struct {
	clustered bool
	places    []*leftPlace
	sending   bool // by a goroutine of its own

	kept  map[int64]*leftPlace // by the version that the place left behind
	sweep int                  // how many are kept when those are dropped whose turn has come
}

// leftPlace is a place whose owner has left.
type leftPlace struct {
	*script.Place
	bucket bucketName
	turn   time.Duration // on the clock of the store
}

// giveBack gives the place of r back, whose turn is still to come, in the
// background. It requires the mutex to be held.
func (s *Store) giveBack(r *request, p *script.Place, turn time.Duration) {
	s.returns.places = append(s.returns.places, &leftPlace{Place: p, bucket: r.bucket, turn: turn})
	if !s.returns.sending {
		s.returns.sending = true
		s.open.Go(s.sendReturns)
	}
}

// sendReturns sends until nothing is to be given back. Those who leave together
// come one after the other, so it lets them come.
func (s *Store) sendReturns() {
	for {
		runtime.Gosched()
		s.mu.Lock()
		together := s.returns.next()
		s.mu.Unlock()
		if together == nil {
			return
		}
		given, err := s.cancel(together)
		for _, p := range together {
			s.denied.forget(p.bucket)
		}
		s.mu.Lock()
		if err != nil {
			s.returns.forget()
		} else {
			s.returns.settle(together, given, s.now())
		}
		s.mu.Unlock()
	}
}

// cancel has Redis take places back in their order, and returns whether it did
// so with each. All are used up if Redis cannot be asked.
func (s *Store) cancel(together []*leftPlace) (given []bool, err error) {
	if err := s.breaker.refuses(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	places := make([]*script.Place, len(together))
	for i, p := range together {
		places[i] = p.Place
	}
	given, err = s.client.cancel(ctx, places)
	if err != nil {
		s.tell(s.count(1, nil)...)
	} else {
		s.tell(s.count(0, nil)...)
	}
	return given, err
}

// next returns the places that go back in one call, or none, and then nobody
// sends any more.
func (r *returns) next() (together []*leftPlace) {
	slices.SortFunc(r.places, func(a, b *leftPlace) int { return cmp.Compare(b.Turn, a.Turn) })
	var rest []*leftPlace
	for _, p := range r.places {
		if len(together) == maxBatch || r.clustered && len(together) > 0 && p.Slot() != together[0].Slot() {
			rest = append(rest, p)
		} else {
			together = append(together, p)
		}
	}
	r.places = rest
	r.sending = len(together) > 0
	return together
}

// settle keeps the places that could not go back yet, and has those go that now
// can.
func (r *returns) settle(together []*leftPlace, given []bool, now time.Duration) {
	for i, p := range together {
		if !given[i] {
			r.keep(p, now)
			continue
		}
		if before := r.kept[p.Behind]; before != nil {
			delete(r.kept, p.Behind)
			r.places = append(r.places, before)
		}
	}
}

// keep keeps a place for later. Those whose turn has come are dropped when they
// could be half of all.
func (r *returns) keep(p *leftPlace, now time.Duration) {
	if r.kept == nil {
		r.kept = make(map[int64]*leftPlace)
	}
	if len(r.kept) >= max(r.sweep, 64) {
		for mark, p := range r.kept {
			if p.turn <= now {
				delete(r.kept, mark)
			}
		}
		r.sweep = 2 * len(r.kept)
	}
	r.kept[p.Mark] = p
}

// forget forgets all: the places are used up.
func (r *returns) forget() { r.places, r.kept = nil, nil }
