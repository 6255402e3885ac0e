package table

import (
	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/charge"
)

// Waiter is one who waits at a bucket. Join makes it, and before the table is
// used again the store sets Done, which it calls with Answer when Ready returns
// the waiter.
type Waiter struct {
	Done func(throttled.Result, error)

	result throttled.Result
	cost   int64
	mark   *charge.Mark // where to mark what it is charged, nil: nowhere
	after  int64        // in a queue: what Limit charged behind this one and before the next

	next, previous *Waiter
	waitlist       *waitlist // nil once answered
	queued         bool      // in the queue of a leaky bucket, not in the line
	dismissed      bool      // not granted: the store was closed
}

// Answer returns the answer of a waiter that Ready returned.
func (w *Waiter) Answer() (throttled.Result, error) {
	if w.dismissed {
		return throttled.Result{}, throttled.ErrClosed
	}
	return w.result, nil
}

// Next returns the one behind w in what Ready returned, or nil.
func (w *Waiter) Next() *Waiter { return w.next }

// waiters is an intrusive list in order of arrival.
type waiters struct {
	head, tail *Waiter
}

func (l *waiters) empty() bool { return l.head == nil }

func (l *waiters) push(w *Waiter) {
	w.previous, w.next = l.tail, nil
	if l.tail == nil {
		l.head = w
	} else {
		l.tail.next = w
	}
	l.tail = w
}

func (l *waiters) remove(w *Waiter) {
	if w.previous == nil {
		l.head = w.next
	} else {
		w.previous.next = w.next
	}
	if w.next == nil {
		l.tail = w.previous
	} else {
		w.next.previous = w.previous
	}
	w.previous, w.next = nil, nil
}
