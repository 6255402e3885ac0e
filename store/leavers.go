package store

import "sync"

// leavers gathers those who give up. A crowd whose common context ends leaves a
// few at a time, so that it does not keep others from the store meanwhile, and
// whoever came last leaves first, so that nobody in it moves up in vain.
type leavers struct {
	mu       sync.Mutex
	gathered []leaver
	draining bool // somebody has been asked to take them
}

// leaveBatch is how many leave before others are let to the store.
const leaveBatch = 32

// add gathers more, the one who came last at the end. It reports whether the
// caller is to see to it that take is called until nobody is left.
func (l *leavers) add(more ...leaver) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gathered = append(l.gathered, more...)
	asked := l.draining
	l.draining = true
	return !asked
}

// take returns the next to leave; more is false where these are the last.
func (l *leavers) take() (batch []leaver, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := max(0, len(l.gathered)-leaveBatch)
	batch = l.gathered[rest:]
	l.gathered = l.gathered[:rest:rest]
	if rest == 0 {
		l.gathered, l.draining = nil, false
	}
	return batch, rest > 0
}
