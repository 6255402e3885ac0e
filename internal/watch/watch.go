// Package watch notices when the contexts end of those who wait without a goroutine
// of their own. All who wait under one context share a watch, so that its end
// starts one goroutine and not one for each of them.
package watch

import (
	"context"
	"slices"
	"sync"
)

// Waiter is one who waits: a pointer to a struct with a Membership in it.
type Waiter[W any] interface {
	comparable
	Watched() *Membership[W]
	Context() context.Context // which can end
}

// Membership is what a Set keeps of a waiter. The zero Membership is ready for use.
type Membership[W any] struct {
	watch        *watch[W] // nil while there is none
	newer, older W         // the neighbours there
}

// Set is the contexts of some waiters. It is safe for concurrent use.
//
// To begin or to end a watch takes the lock of the context, which whoever cancels
// it may hold for long. So Add and Release take that lock, and nothing else does:
// they are not to be called with a lock held.
type Set[W Waiter[W]] struct {
	// Leave is called with those whose context has ended, the last to come last, on
	// a goroutine of its own. Some of them may have been answered meanwhile.
	Leave func(crowd []W)

	mu      sync.Mutex
	none    watch[W] // that of those who were answered
	of      map[<-chan struct{}]*watch[W]
	expired []func() bool // stops of watches that nobody needs any more
}

// watch is that of one context, or of several that share a Done channel.
type watch[W any] struct {
	newest W
	stop   func() bool // nil until it has begun
	over   bool        // nobody needs it any more
}

// Add watches the context of w, unless w was answered already.
func (s *Set[W]) Add(w W) {
	if begun := s.join(w); begun != nil {
		stop := context.AfterFunc(w.Context(), func() { s.ended(begun) })
		if s.started(begun, stop) {
			return
		}
		stop()
	}
}

// join puts w under the watch of its context. It returns the watch if it has to
// be begun.
func (s *Set[W]) join(w W) (begun *watch[W]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, done := w.Watched(), w.Context().Done()
	if m.watch == &s.none {
		return nil
	}
	shared := s.of[done]
	if shared == nil {
		if s.of == nil {
			s.of = make(map[<-chan struct{}]*watch[W])
		}
		shared = new(watch[W])
		s.of[done], begun = shared, shared
	}
	var none W
	m.watch, m.older = shared, shared.newest
	if m.older != none {
		m.older.Watched().newer = w
	}
	shared.newest = w
	return begun
}

// started notes how to stop a watch, and reports whether it is still needed.
func (s *Set[W]) started(begun *watch[W], stop func() bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	begun.stop = stop
	return !begun.over
}

// Answered takes w out of its watch, now or before it is added. If nobody else is
// under it, the watch ends with the next Release.
func (s *Set[W]) Answered(w W) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := w.Watched()
	shared := m.watch
	m.watch = &s.none
	if shared == nil || shared == &s.none {
		return
	}
	var none W
	if m.newer == none {
		shared.newest = m.older
	} else {
		m.newer.Watched().older = m.older
	}
	if m.older != none {
		m.older.Watched().newer = m.newer
	}
	m.newer, m.older = none, none
	if shared.newest == none {
		s.drop(w, shared)
	}
}

// drop takes out a watch that nobody needs any more, which was over the context of
// w. It requires mu held.
func (s *Set[W]) drop(w W, shared *watch[W]) {
	shared.over = true
	delete(s.of, w.Context().Done())
	if shared.stop != nil {
		s.expired = append(s.expired, shared.stop)
	}
}

// Release ends the watches that nobody needs any more, on a goroutine that the
// contexts may hold up.
func (s *Set[W]) Release() {
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
func (s *Set[W]) ended(shared *watch[W]) {
	crowd := s.takeAll(shared)
	slices.Reverse(crowd)
	if len(crowd) > 0 {
		s.Leave(crowd)
	}
}

// takeAll empties a watch, and returns those who were under it, the last to come
// first.
func (s *Set[W]) takeAll(shared *watch[W]) (crowd []W) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none W
	for w := shared.newest; w != none; {
		m := w.Watched()
		crowd = append(crowd, w)
		w = m.older
		m.watch, m.newer, m.older = nil, none, none
	}
	shared.newest, shared.stop = none, nil
	if !shared.over {
		s.drop(crowd[0], shared)
	}
	return crowd
}
