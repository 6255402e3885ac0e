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

	next, previous *Waiter
	waitlist       *waitlist // nil once granted, or left
	stretch        *stretch  // in a long line that is summed up
	number         int64     // in the stretch; in the queue of a leaky bucket, from 1 on; of the batch, from -1 down
}

// queues reports whether w is in the queue of a leaky bucket, not in the line.
func (w *Waiter) queues() bool { return w.stretch == nil && w.number > 0 }

// Answer returns the answer of a waiter that Ready returned.
func (w *Waiter) Answer() (throttled.Result, error) {
	if w.waitlist != nil { // dismissed, not granted
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

// pushAll moves all of more to the end of l.
func (l *waiters) pushAll(more *waiters) {
	switch {
	case more.head == nil:
		return
	case l.tail == nil:
		l.head = more.head
	default:
		l.tail.next, more.head.previous = more.head, l.tail
	}
	l.tail = more.tail
	*more = waiters{}
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
