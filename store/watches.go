package store

import (
	"context"
	"slices"
	"sync"
)

// watches notices when the contexts end of those who wait without a goroutine
// of their own. All who wait under one context share a watch, so that its end
// starts one goroutine and not one for each of them.
//
// To begin or to end a watch takes the lock of the context, which whoever
// cancels it may hold for long. So both are done on goroutines that may be kept
// waiting, and never with the lock of the watches or of the store held.
type watches struct {
	leave func(crowd []leaver) // called on a goroutine of its own; the last to come are last

	mu      sync.Mutex
	of      map[<-chan struct{}]*watch
	expired []func() bool // stops of watches that nobody needs any more
}

// watch is that of one context, or of several that share a Done channel.
type watch struct {
	newest *waiting
	stop   func() bool // nil until it has begun
	over   bool        // nobody needs it any more
}

// addAll is add for each of all.
func (s *watches) addAll(all []*waiting) {
	for _, w := range all {
		s.add(w)
	}
}

// add watches the context of w, unless w was answered already. It takes the lock
// of the context.
func (s *watches) add(w *waiting) {
	if begun := s.join(w); begun != nil {
		stop := context.AfterFunc(w.ctx, func() { s.ended(begun) })
		if s.started(begun, stop) {
			return
		}
		stop()
	}
}

// join puts w under the watch of its context. It returns the watch if it has to
// be begun.
func (s *watches) join(w *waiting) (begun *watch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.answered {
		return nil
	}
	done := w.ctx.Done()
	shared := s.of[done]
	if shared == nil {
		if s.of == nil {
			s.of = make(map[<-chan struct{}]*watch)
		}
		shared = new(watch)
		s.of[done], begun = shared, shared
	}
	w.watch, w.older = shared, shared.newest
	if w.older != nil {
		w.older.newer = w
	}
	shared.newest = w
	return begun
}

// started notes how to stop a watch, and reports whether it is still needed.
func (s *watches) started(begun *watch, stop func() bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	begun.stop = stop
	return !begun.over
}

// answered takes w out of its watch.
func (s *watches) answered(w *waiting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.answered = true
	shared := w.watch
	if shared == nil {
		return
	}
	if w.newer == nil {
		shared.newest = w.older
	} else {
		w.newer.older = w.older
	}
	if w.older != nil {
		w.older.newer = w.newer
	}
	w.watch, w.newer, w.older = nil, nil, nil
	if shared.newest == nil {
		s.drop(w.ctx, shared)
	}
}

// drop takes out the watch of ctx, which nobody needs any more. It requires mu
// held.
func (s *watches) drop(ctx context.Context, w *watch) {
	w.over = true
	delete(s.of, ctx.Done())
	if w.stop != nil {
		s.expired = append(s.expired, w.stop)
	}
}

// release ends the watches that nobody needs any more.
func (s *watches) release() {
	s.mu.Lock()
	expired := s.expired
	s.expired = nil
	s.mu.Unlock()
	if len(expired) > 0 {
		go stopAll(expired)
	}
}

func stopAll(stops []func() bool) {
	for _, stop := range stops {
		stop()
	}
}

// ended has all leave who wait under a context that has ended.
func (s *watches) ended(w *watch) {
	var crowd []leaver
	for one := s.takeAll(w); one != nil; one = one.older {
		crowd = append(crowd, one.giveUp())
	}
	slices.Reverse(crowd)
	s.leave(crowd)
}

// takeAll empties a watch, and returns the newest of those who were under it.
// Their older links lead to the others, and are of no other use any more.
func (s *watches) takeAll(w *watch) (newest *waiting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest = w.newest
	for one := newest; one != nil; one = one.older {
		one.watch = nil
	}
	w.newest, w.stop = nil, nil
	if !w.over {
		s.drop(newest.ctx, w)
	}
	return newest
}
