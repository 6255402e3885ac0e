package store

import (
	"context"
	"errors"
	"slices"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/actor"
	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/charge"
	"github.com/throttled-go/throttled/internal/handover"
	"github.com/throttled-go/throttled/internal/interrupt"
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
//
// [NewActor] makes one; the zero Actor is as one that was closed.
type Actor struct {
	clock clock
	actor *actor.Actor[*owned, message]
	owned *owned
}

var _ charge.Sender = (*Actor)(nil)

// mailboxSize is how many requests may gather.
const mailboxSize = 1024

// NewActor returns an empty store, or [throttled.ErrInvalidConfig] for options
// out of range.
func NewActor(options Options) (*Actor, error) {
	t, err := options.newTable()
	if err != nil {
		return nil, err
	}
	clock := newClock()
	a := &Actor{clock: clock, owned: &owned{clock: clock, table: t}}
	a.actor = actor.New[*owned, message](a.owned, owner{}, mailboxSize)
	a.owned.tell = a.actor.Tell
	a.owned.alarm.wake = func() { a.actor.Tell(message{act: (*owned).wake}) }
	a.owned.watches.Leave = func(crowd []*waiting) { a.leave(giveUpAll(crowd)) }
	return a, nil
}

// Kind returns "actor".
func (*Actor) Kind() string { return "actor" }

// Do carries out req, as [throttled.Store] says. A new key may get
// [throttled.ErrFull], and every call on a closed store gets
// [throttled.ErrClosed].
func (a *Actor) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
	answered := newReply()
	if !mayWait(&req) || ctx.Done() == nil {
		a.Submit(ctx, req, answered.send)
		return answered.receive()
	}
	w := &waiting{ctx: ctx, key: req.Key, done: answered.send, attended: true}
	a.submit(ctx, &req, nil, w, w.done)
	select {
	case answer := <-answered:
		return answer.res, answer.err
	case <-ctx.Done():
	}
	a.leave([]leaver{w.giveUp()})
	return answered.receive()
}

// Submit carries out req and calls done with the answer, exactly once: before
// it returns if req is refused, else on the goroutine of the store, so done
// must not block and must not call Close. Submit itself blocks only while
// requests have gathered up to the bound, until ctx ends.
func (a *Actor) Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error)) {
	a.SubmitMarked(ctx, req, nil, done)
}

// SubmitMarked is Submit for a Limit or a Wait, with what it charged in mark. It
// is for package async.
func (a *Actor) SubmitMarked(ctx context.Context, req throttled.Request, mark *charge.Mark, done func(throttled.Result, error)) {
	var w *waiting
	if mayWait(&req) && ctx.Done() != nil {
		w = &waiting{ctx: ctx, key: req.Key, done: done}
	}
	a.submit(ctx, &req, mark, w, done)
}

// Send carries out a request that does not wait and sends the answer to dst. It is for
// package async.
func (a *Actor) Send(ctx context.Context, dst chan<- throttled.Outcome, plan *throttled.Plan, op throttled.Op, key string, cost int64) {
	last, err := a.clock.admit(ctx, plan)
	if err == nil {
		err = a.post(ctx, func(m *message) {
			m.req.Plan, m.req.Key, m.req.Op, m.req.Cost, m.last = plan, key, op, cost, last
			m.ctx, m.dst = ctx, dst
		})
	}
	if err != nil && !handover.Try(dst, key, throttled.Result{}, err) {
		go handover.Insist(ctx, dst, throttled.Outcome{Key: key, Err: err}, func() {})
	}
}

// Self returns a. By it the faces tell a from a store that embeds it.
func (a *Actor) Self() throttled.Store { return a }

// GiveBack gives back what of the charge in mark has not leaked. It is for
// package async.
func (a *Actor) GiveBack(mark *charge.Mark) error {
	if a.actor == nil {
		return throttled.ErrClosed
	}
	returned := make(chan struct{})
	giveBack := func(o *owned, now int64) {
		defer close(returned)
		o.table.GiveBack(now, mark)
	}
	if a.actor.Post(context.Background(), func(m *message) { m.act = giveBack }) != nil {
		return throttled.ErrClosed
	}
	<-returned
	return nil
}

// submit posts a request, or refuses it.
func (a *Actor) submit(ctx context.Context, req *throttled.Request, mark *charge.Mark, w *waiting, done func(throttled.Result, error)) {
	last, err := a.clock.admit(ctx, req.Plan)
	if err == nil {
		err = a.post(ctx, func(m *message) {
			m.req.Plan, m.req.Key, m.req.Op, m.req.Cost, m.req.Within, m.last = req.Plan, req.Key, req.Op, req.Cost, req.Within, last
			m.mark, m.waiting, m.done = mark, w, done
		})
	}
	if err != nil {
		done(throttled.Result{}, err)
	}
}

// post posts a message. It returns the error of one that is refused.
func (a *Actor) post(ctx context.Context, fill func(m *message)) error {
	if a.actor == nil {
		return throttled.ErrClosed
	}
	switch err := a.actor.Post(ctx, fill); {
	case err == nil:
		return nil
	case errors.Is(err, actor.ErrClosed):
		return throttled.ErrClosed
	default:
		return interrupt.Refused(ctx)
	}
}

// leave has those leave their lines who give up.
func (a *Actor) leave(crowd []leaver) {
	if a.owned.leavers.add(crowd...) {
		a.actor.Tell(message{act: (*owned).leave})
	}
}

// Stats returns the counts so far.
func (a *Actor) Stats() Stats {
	if a.actor == nil {
		return Stats{}
	}
	counted := make(chan Stats, 1)
	count := func(o *owned, _ int64) { counted <- Stats(o.table.Stats()) }
	if a.actor.Post(context.Background(), func(m *message) { m.act = count }) != nil {
		a.actor.Close() // waits until nobody touches the table any more
		return Stats(a.owned.table.Stats())
	}
	return <-counted
}

// Close answers all who wait, and all whose request was not yet looked at, with
// [throttled.ErrClosed], as it does all later calls, and returns when the
// goroutine has ended. It returns nil, also when called again.
func (a *Actor) Close() error {
	if a.actor != nil {
		a.actor.Close()
	}
	return nil
}

// message is one thing to do: a request, or an act of the store itself.
type message struct {
	req     throttled.Request
	last    int64 // of a request: the last instant before its deadline
	done    func(throttled.Result, error)
	mark    *charge.Mark              // where to mark what the request is charged, nil: nowhere
	waiting *waiting                  // of a request that may wait and give up
	dst     chan<- throttled.Outcome  // in place of done
	ctx     context.Context           // of the caller, if there is a dst
	act     func(o *owned, now int64) // in place of a request
}

// owned is what the goroutine alone touches, but for leavers and watches, which
// have locks of their own.
type owned struct {
	clock   clock
	table   *table.Table
	alarm   alarm
	tell    func(message)
	seated  []*waiting // those of this batch who are to be watched
	leavers leavers
	watches watches
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
		o.tend()
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
			o.answer(m, throttled.Result{}, throttled.ErrClosed)
		}
	}
	o.alarm.clear()
	o.table.Dismiss()
	answerAll(o.table.Ready())
	o.tend()
}

// carryOut answers a request or gives it a place in line.
func (o *owned) carryOut(now int64, m *message) {
	switch {
	case now > m.last:
		o.answer(m, throttled.Result{}, interrupt.ErrTooLate)
	case !mayWait(&m.req) && m.mark == nil:
		res, err := o.table.Do(now, &m.req)
		o.answer(m, res, err)
	case !mayWait(&m.req):
		m.done(o.table.DoMarked(now, &m.req, m.mark))
	default:
		o.join(now, m)
	}
}

// answer answers a request that was just carried out, or refused.
func (o *owned) answer(m *message, res throttled.Result, err error) {
	if m.dst == nil {
		m.done(res, err)
		return
	}
	if !handover.Try(m.dst, m.req.Key, res, err) {
		o.insist(m, res, err)
	}
}

// insist has the answer wait until it is received. If the ctx of the caller ends first,
// what was charged is given back.
func (o *owned) insist(m *message, res throttled.Result, err error) {
	mark := new(charge.Mark)
	o.table.Mark(&m.req, res, mark)
	go handover.Insist(m.ctx, m.dst, throttled.Outcome{Key: m.req.Key, Result: res, Err: err}, func() {
		o.tell(message{act: func(o *owned, now int64) { o.table.GiveBack(now, mark) }})
	})
}

// join carries out a request that may have to wait.
func (o *owned) join(now int64, m *message) {
	res, seat, err := o.table.Join(now, min(m.last, algorithm.After(now, int64(m.req.Within))), &m.req, m.mark)
	if seat == nil {
		m.done(res, err)
		return
	}
	seat.Done = m.done
	if w := m.waiting; w != nil {
		w.waiter = seat
		if !w.attended {
			seat.Done = w.answer(&o.watches)
			o.seated = append(o.seated, w)
		}
	}
}

// tend begins the watches of those who have joined, and ends those that nobody
// needs any more, on a goroutine that the contexts may hold up.
func (o *owned) tend() {
	o.watches.Release()
	if len(o.seated) > 0 {
		go addAll(&o.watches, o.seated)
		o.seated = nil
	}
}

func addAll(to *watches, seated []*waiting) {
	for _, w := range seated {
		to.Add(w)
	}
}

// leave has a few leave who give up, and comes again for the others after the
// requests that came meanwhile.
func (o *owned) leave(now int64) {
	batch, more := o.leavers.take()
	for _, l := range slices.Backward(batch) {
		if l.waiter != nil && o.table.Leave(now, l.waiter) {
			l.left()
		}
	}
	if more {
		o.tell(message{act: (*owned).leave})
	}
}

// wake lets through all whose turn has come.
func (o *owned) wake(now int64) {
	o.alarm.clear()
	o.table.Settle(now)
}
