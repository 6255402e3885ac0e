// Package actor has a goroutine that owns a state. Others post messages; the
// goroutine takes what has gathered as one batch and is the only one that ever
// touches the state. It is started by the post that finds nobody at work and
// ends as soon as the mailbox is empty, so an actor at rest has no goroutine,
// and it holds no channel, so that nothing ties it to the testing/synctest
// bubble, if any, in which it was last used.
package actor

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// ErrClosed is returned by Post on an actor that was closed.
var ErrClosed = errors.New("actor: closed")

// Behavior is what an actor does with its messages. Its methods run on the
// goroutine of the actor, one at a time; the batch is valid until they return.
type Behavior[S, M any] interface {
	// Receive handles messages in the order in which they were posted.
	Receive(state S, batch []M)

	// Refuse answers messages that were posted before the actor was closed and
	// not received by then. It is called at least once, and last.
	Refuse(state S, batch []M)
}

// Actor is a state, a mailbox for it and, at times, a goroutine. Its methods
// are safe for concurrent use.
type Actor[S, M any] struct {
	state    S
	behavior Behavior[S, M]
	capacity int
	run      func() // work, bound once so that to start it allocates nothing

	mu      sync.Mutex
	mailbox []M
	spare   []M           // the array of the batch before, to be used again
	blocked []*blocked[M] // those who wait for room in the mailbox, in order
	working bool          // a goroutine is at work
	closed  bool
	refused bool            // and Refuse was called
	closers []chan struct{} // those who wait for the goroutine to end
}

// blocked is a post that waits for room.
type blocked[M any] struct {
	message M
	settled chan struct{} // closed when the message is in the mailbox, or refused
	refused bool
}

// New returns an actor that owns state. A post to a mailbox with capacity
// messages waits for room; capacity is at least 1.
func New[S, M any](state S, behavior Behavior[S, M], capacity int) *Actor[S, M] {
	a := &Actor[S, M]{state: state, behavior: behavior, capacity: capacity}
	a.run = a.work
	return a
}

// Post puts a message into the mailbox: fill writes it where it is to lie, because to
// copy what was just written, word for word, holds the processor up. It is called at
// most once, before Post returns and under a lock, so it must do no more than that.
//
// Post blocks while the mailbox is full, until ctx ends, whose error it returns then, or
// the actor is closed. A message for which it returns nil is received or refused,
// exactly once.
func (a *Actor[S, M]) Post(ctx context.Context, fill func(message *M)) error {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return ErrClosed
	}
	if len(a.mailbox) < a.capacity && len(a.blocked) == 0 {
		fill(a.put())
		a.mu.Unlock()
		return nil
	}
	b := &blocked[M]{settled: make(chan struct{})}
	fill(&b.message)
	a.blocked = append(a.blocked, b)
	a.mu.Unlock()
	return a.await(ctx, b)
}

// Tell posts a message that must not wait for room: one that the actor causes
// itself, such as the ringing of a timer. It is dropped if the actor is closed.
func (a *Actor[S, M]) Tell(message M) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		*a.put() = message
	}
}

// Close makes later posts fail, has all that was not yet received refused, and
// waits until the goroutine has ended. It may be called any number of times,
// but not from the goroutine of the actor, for which it would wait for ever.
func (a *Actor[S, M]) Close() {
	a.mu.Lock()
	if a.closed && !a.working {
		a.mu.Unlock()
		return
	}
	ended := make(chan struct{})
	a.closers = append(a.closers, ended)
	a.closed = true
	for _, b := range a.blocked {
		b.refused = true
		close(b.settled)
	}
	a.blocked = nil
	a.start()
	a.mu.Unlock()
	<-ended
}

// await waits until b is in the mailbox, or takes it back.
func (a *Actor[S, M]) await(ctx context.Context, b *blocked[M]) error {
	select {
	case <-b.settled:
	case <-ctx.Done():
		if a.takeBack(b) {
			return ctx.Err()
		}
	}
	if b.refused {
		return ErrClosed
	}
	return nil
}

// takeBack removes a blocked post and reports whether it was still blocked.
func (a *Actor[S, M]) takeBack(b *blocked[M]) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.Index(a.blocked, b)
	if i >= 0 {
		a.blocked = slices.Delete(a.blocked, i, i+1)
	}
	return i >= 0
}

// put returns the place of a message that is to be posted, and sees to it that a
// goroutine is at work. It requires mu held until the message is there.
func (a *Actor[S, M]) put() *M {
	n := len(a.mailbox)
	if n < cap(a.mailbox) {
		a.mailbox = a.mailbox[:n+1] // where nothing is: rest clears what was used
	} else {
		var none M
		a.mailbox = append(a.mailbox, none)
	}
	a.start()
	return &a.mailbox[n]
}

// start sees to it that a goroutine is at work. It requires mu held.
func (a *Actor[S, M]) start() {
	if !a.working {
		a.working = true
		go a.run()
	}
}

// work handles batch after batch until there is none.
func (a *Actor[S, M]) work() {
	for {
		batch, closed := a.take()
		switch {
		case closed:
			a.behavior.Refuse(a.state, batch)
		case len(batch) > 0:
			a.behavior.Receive(a.state, batch)
		}
		if a.rest(batch) {
			return
		}
	}
}

// take takes all that is in the mailbox, and lets those in who wait for room.
func (a *Actor[S, M]) take() (batch []M, closed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	batch, a.mailbox, a.spare = a.mailbox, a.spare, nil
	entering := min(len(a.blocked), a.capacity)
	for _, b := range a.blocked[:entering] {
		a.mailbox = append(a.mailbox, b.message)
		close(b.settled)
	}
	a.blocked = slices.Delete(a.blocked, 0, entering)
	a.refused = a.closed
	return batch, a.closed
}

// rest keeps the array of batch for later and ends the work if there is no more
// of it.
func (a *Actor[S, M]) rest(batch []M) bool {
	clear(batch)
	a.mu.Lock()
	defer a.mu.Unlock()
	if cap(batch) <= 4*a.capacity {
		a.spare = batch[:0] // a burst of Tell is no reason to keep its room for ever
	}
	if len(a.mailbox) > 0 || a.closed && !a.refused {
		return false
	}
	a.working = false
	for _, ended := range a.closers {
		close(ended)
	}
	a.closers = nil
	return true
}
