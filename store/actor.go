package store

import (
	"context"
	"errors"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/actor"
	"github.com/throttled-go/throttled/internal/table"
)

// Actor is a [throttled.Store] in the memory of the process, owned by a
// goroutine that others talk to. It decides as [Memory] does, to the
// nanosecond. The goroutine is started by the request that finds none at work
// and ends when no request is left, so a store at rest has none, however many
// wait at it. It is safe for concurrent use.
//
// One request at a time costs less with Memory. The more are in flight at once,
// the less each costs here, because all that have gathered are taken in one go.
//
// At most 1024 requests gather. One more blocks until there is room, or until
// its context ends.
type Actor struct {
	actor *actor.Actor[*owned, message]
	owned *owned
}

var _ throttled.Store = (*Actor)(nil)

// mailboxSize is how many requests may gather.
const mailboxSize = 1024

// NewActor returns an empty store, or [throttled.ErrInvalidConfig] for options
// out of range.
func NewActor(options Options) (*Actor, error) {
	t, err := options.newTable()
	if err != nil {
		return nil, err
	}
	a := &Actor{owned: &owned{clock: newClock(), table: t}}
	a.actor = actor.New[*owned, message](a.owned, owner{}, mailboxSize)
	a.owned.alarm.wake = func() { a.actor.Tell(message{act: (*owned).wake}) }
	a.owned.tell = a.actor.Tell
	return a, nil
}

// Kind returns "actor".
func (*Actor) Kind() string { return "actor" }

// Do carries out req, as [throttled.Store] says. A new key may get
// [throttled.ErrFull], and every call on a closed store gets
// [throttled.ErrClosed].
func (a *Actor) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
	answered := newReply()
	a.Submit(ctx, req, answered.send)
	return answered.receive()
}

// Submit carries out req and calls done with the answer, exactly once: before
// it returns if req is refused, else on the goroutine of the store, so done
// must not block and must not call Close. Submit itself blocks only while
// requests have gathered up to the bound, until ctx ends.
func (a *Actor) Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error)) {
	if ctx.Err() != nil {
		done(throttled.Result{}, ended(ctx))
		return
	}
	switch err := a.actor.Post(ctx, message{req: req, ctx: ctx, done: done}); {
	case errors.Is(err, actor.ErrClosed):
		done(throttled.Result{}, throttled.ErrClosed)
	case err != nil:
		done(throttled.Result{}, ended(ctx))
	}
}

// Stats returns the counts so far.
func (a *Actor) Stats() Stats {
	counted := make(chan Stats, 1)
	count := message{act: func(o *owned, _ int64) { counted <- Stats(o.table.Stats()) }}
	if a.actor.Post(context.Background(), count) != nil {
		a.actor.Close() // waits until nobody touches the table any more
		return Stats(a.owned.table.Stats())
	}
	return <-counted
}

// Close answers all who wait, and all whose request was not yet looked at, with
// [throttled.ErrClosed], as it does all later calls, and returns when the
// goroutine has ended. It returns nil, also when called again.
func (a *Actor) Close() error {
	a.actor.Close()
	return nil
}

// message is one thing to do: a request, or an act of the store itself.
type message struct {
	req  throttled.Request
	ctx  context.Context
	done func(throttled.Result, error)
	act  func(o *owned, now int64) // in place of a request
}

// owned is what the goroutine alone touches.
type owned struct {
	clock clock
	table *table.Table
	alarm alarm
	tell  func(message)
}

// owner is the behavior of the goroutine.
type owner struct{}

// Receive carries out a batch. One reading of the clock serves it, taken when
// all of it was there.
func (owner) Receive(o *owned, batch []message) {
	now := o.clock.now()
	for i := range batch {
		if m := &batch[i]; m.act != nil {
			m.act(o, now)
		} else {
			o.carryOut(now, m)
		}
	}
	if o.table.Busy() {
		o.alarm.set(o.table, &o.clock)
		answerAll(o.table.Ready())
	} else {
		o.alarm.clear()
	}
}

// Refuse is what becomes of those who come too late, or wait, at a closed store.
func (owner) Refuse(o *owned, batch []message) {
	for i := range batch {
		switch m := &batch[i]; {
		case m.act != nil:
			m.act(o, o.clock.now())
		default:
			m.done(throttled.Result{}, throttled.ErrClosed)
		}
	}
	o.alarm.clear()
	o.table.Dismiss()
	answerAll(o.table.Ready())
}

// carryOut answers a request or gives it a place in line.
func (o *owned) carryOut(now int64, m *message) {
	if m.req.Op != throttled.OpWait && m.req.Within == 0 {
		m.done(o.table.Do(now, &m.req))
		return
	}
	res, w, err := o.table.Join(now, o.clock.latest(m.ctx, now, m.req.Within), &m.req)
	if w == nil {
		m.done(res, err)
		return
	}
	ctx, done, key := m.ctx, m.done, m.req.Key
	watch(ctx, w, done, func() {
		o.tell(message{act: func(o *owned, now int64) {
			if o.table.Leave(now, w) {
				done(throttled.Result{}, interrupted(ctx, key))
			}
		}})
	})
}

// wake lets through all whose turn has come.
func (o *owned) wake(now int64) {
	o.alarm.clear()
	o.table.Settle(now)
}
