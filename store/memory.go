// Package store has the memory stores of throttled: [Memory], which callers
// share by locking it, and [Actor], which they share by talking to the goroutine
// that owns it. Both hold their buckets in a table with exact LRU order and
// expiry, give the same answers to the nanosecond, are bounded, and forget the
// dead before the living.
//
// A store counts time by the monotonic clock from the wall time at which it was
// made. A step of the wall clock moves nothing; what the monotonic clock does
// not count, as Linux does not count the time while the machine is suspended,
// passes for no bucket and no window.
//
// Different stores are different spaces. To limit one key in several places,
// hand the same store and the same quota to each of their limiters.
//
// A bucket takes about 98 bytes beside its key while its quota has one rate, or two
// that are not sliding windows; every further word of state takes 8 more. Where one
// rate is no sliding window and the key has at most 15 bytes, it takes about 72 with
// its key, as long as nobody waits in the thousand buckets around it.
// Of this, 27 to 32 bytes for each of MaxSize are made with the store, and up to
// 14 more in a store of at most 5,461; the rest is made as keys come, for 1024
// buckets at a time, and is kept. While there is other room, the place of an expired
// bucket is used again a second after it expired, and at once where there is none.
package store

import (
	"context"
	"slices"
	"sync"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/charge"
	"github.com/throttled-go/throttled/internal/interrupt"
	"github.com/throttled-go/throttled/internal/precheck"
	"github.com/throttled-go/throttled/internal/table"
)

// Memory is a [throttled.Store] in the memory of the process, guarded by a
// mutex. It is safe for concurrent use, has no goroutine of its own, and
// allocates nothing for a key that is present. [NewMemory] makes one; the zero
// Memory is as one that was closed.
type Memory struct {
	clock clock

	mu    sync.Mutex
	table *table.Table
	alarm alarm
	open  bool

	leavers leavers
	watches watches
}

var _ charge.Marker = (*Memory)(nil)

// NewMemory returns an empty store, or [throttled.ErrInvalidConfig] for
// options out of range.
func NewMemory(options Options) (*Memory, error) {
	t, err := options.newTable()
	if err != nil {
		return nil, err
	}
	m := &Memory{clock: newClock(), table: t, open: true}
	m.alarm.wake = m.wake
	m.watches.Leave = func(crowd []*waiting) {
		if m.leavers.add(giveUpAll(crowd)...) {
			m.drain()
		}
	}
	return m, nil
}

// Kind returns "memory".
func (*Memory) Kind() string { return "memory" }

// Do carries out req, as [throttled.Store] says. A new key may get
// [throttled.ErrFull], and every call on a closed store gets
// [throttled.ErrClosed].
func (m *Memory) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
	last := algorithm.Never // as admit does, without a call for the commonest context
	if ctx.Done() != nil {
		var err error
		if last, err = m.clock.last(ctx); err != nil {
			return throttled.Result{}, err
		}
	}
	if !precheck.Planned(req.Plan) {
		return throttled.Result{}, precheck.ErrNoPlan
	}
	if mayWait(&req) {
		return m.wait(ctx, &req)
	}
	// No deferred call: with one the compiler keeps the Result in memory, and a
	// decision takes a seventh longer. Nothing below panics on a planned request.
	m.mu.Lock()
	if !m.open {
		m.mu.Unlock()
		return throttled.Result{}, throttled.ErrClosed
	}
	now := m.clock.now()
	if now > last {
		m.mu.Unlock()
		return throttled.Result{}, interrupt.ErrTooLate
	}
	res, err := m.table.Do(now, &req)
	if m.table.Busy() {
		m.unlock()
	} else {
		m.mu.Unlock()
	}
	return res, err
}

// doMarked is Do for a request that does not wait, with what it charged in mark.
func (m *Memory) doMarked(ctx context.Context, req *throttled.Request, mark *charge.Mark) (throttled.Result, error) {
	last, err := m.clock.admit(ctx, req.Plan)
	if err != nil {
		return throttled.Result{}, err
	}
	m.mu.Lock()
	defer m.unlock()
	if !m.open {
		return throttled.Result{}, throttled.ErrClosed
	}
	now := m.clock.now()
	if now > last {
		return throttled.Result{}, interrupt.ErrTooLate
	}
	return m.table.DoMarked(now, req, mark)
}

// Stats returns the counts so far.
func (m *Memory) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.table == nil {
		return Stats{}
	}
	return Stats(m.table.Stats())
}

// Close answers all who wait with [throttled.ErrClosed], as it does all later
// calls. It returns nil, also when called again.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.unlock()
	if m.open {
		m.open = false
		m.table.Dismiss()
	}
	return nil
}

// Submit carries out req and calls done with the answer, exactly once: before
// it returns or, where req has to wait, on a goroutine of the runtime's timers,
// of the store, or of the call that makes room. No goroutine waits. done must
// not block.
func (m *Memory) Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error)) {
	if !mayWait(&req) {
		done(m.Do(ctx, req))
		return
	}
	if res, joined, err := m.submit(ctx, &req, nil, done); !joined {
		done(res, err)
	}
}

// SubmitMarked is Submit for a Limit or a Wait, with what it charged in mark. It
// is for package async.
func (m *Memory) SubmitMarked(ctx context.Context, req throttled.Request, mark *charge.Mark, done func(throttled.Result, error)) {
	if !mayWait(&req) {
		done(m.doMarked(ctx, &req, mark))
		return
	}
	if res, joined, err := m.submit(ctx, &req, mark, done); !joined {
		done(res, err)
	}
}

// Self returns m. By it the faces tell m from a store that embeds it.
func (m *Memory) Self() throttled.Store { return m }

// GiveBack gives back what of the charge in mark has not leaked. It is for
// package async.
func (m *Memory) GiveBack(mark *charge.Mark) error {
	m.mu.Lock()
	defer m.unlock()
	if !m.open {
		return throttled.ErrClosed
	}
	m.table.GiveBack(m.clock.now(), mark)
	return nil
}

// submit is Submit, or SubmitMarked, for a request that may have to wait. If it
// joined a line, done is called when it is answered.
func (m *Memory) submit(ctx context.Context, req *throttled.Request, mark *charge.Mark, done func(throttled.Result, error)) (res throttled.Result, joined bool, err error) {
	if ctx.Done() == nil {
		return m.join(ctx, req, mark, func(w *table.Waiter) { w.Done = done })
	}
	var w *waiting
	res, joined, err = m.join(ctx, req, mark, func(seat *table.Waiter) {
		w = &waiting{waiter: seat, ctx: ctx, key: req.Key, done: done}
		seat.Done = w.answer(&m.watches)
	})
	if joined {
		m.watches.Add(w)
	}
	return res, joined, err
}

// wait carries out a request that may have to wait for its turn. Its goroutine
// looks for the end of ctx itself.
func (m *Memory) wait(ctx context.Context, req *throttled.Request) (throttled.Result, error) {
	var seat *table.Waiter
	var answered reply
	res, joined, err := m.join(ctx, req, nil, func(w *table.Waiter) {
		answered = newReply()
		seat, w.Done = w, answered.send
	})
	if !joined {
		return res, err
	}
	select {
	case a := <-answered:
		return a.res, a.err
	case <-ctx.Done():
	}
	w := &waiting{waiter: seat, ctx: ctx, key: req.Key, done: answered.send}
	if m.leavers.add(w.giveUp()) {
		go m.drain()
	}
	return answered.receive()
}

// join carries out req, or gives it a place in line and calls seated with it.
// Where mark is not nil, what req is charged is in it then.
func (m *Memory) join(ctx context.Context, req *throttled.Request, mark *charge.Mark, seated func(*table.Waiter)) (res throttled.Result, joined bool, err error) {
	last, err := m.clock.admit(ctx, req.Plan)
	if err != nil {
		return throttled.Result{}, false, err
	}
	m.mu.Lock()
	defer m.unlock()
	if !m.open {
		return throttled.Result{}, false, throttled.ErrClosed
	}
	now := m.clock.now()
	if now > last {
		return throttled.Result{}, false, interrupt.ErrTooLate
	}
	res, w, err := m.table.Join(now, min(last, algorithm.After(now, int64(req.Within))), req, mark)
	if w == nil {
		return res, false, err
	}
	seated(w)
	return throttled.Result{}, true, nil
}

// drain has all leave who give up, a few at a time.
func (m *Memory) drain() {
	for more := true; more; {
		var batch []leaver
		batch, more = m.leavers.take()
		for _, l := range m.leave(batch) {
			l.left()
		}
	}
}

// leave takes those of batch out of their lines who still wait, and returns them.
func (m *Memory) leave(batch []leaver) (left []leaver) {
	m.mu.Lock()
	defer m.unlock()
	now := m.clock.now()
	for _, l := range slices.Backward(batch) {
		if m.table.Leave(now, l.waiter) {
			left = append(left, l)
		}
	}
	return left
}

// wake lets through all whose turn has come.
func (m *Memory) wake() {
	m.mu.Lock()
	defer m.unlock()
	m.alarm.clear()
	m.table.Settle(m.clock.now())
}

// unlock unlocks m, and answers those who were let through meanwhile. It
// requires mu held.
func (m *Memory) unlock() {
	if m.table == nil || !m.table.Busy() {
		m.mu.Unlock()
		return
	}
	m.alarm.set(m.table, &m.clock)
	ready := m.table.Ready()
	m.mu.Unlock()
	answerAll(ready)
	m.watches.Release()
}
