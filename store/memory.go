// Package store has the memory stores of throttled: [Memory], which callers
// share by locking it, and [Actor], which they share by talking to the goroutine
// that owns it. Both hold their buckets in a table with exact LRU order and
// expiry, give the same answers to the nanosecond, are bounded, and forget the
// dead before the living.
//
// Different stores are different spaces. To limit one key in several places,
// hand the same store and the same quota to each of their limiters.
//
// A bucket takes about 100 bytes beside its key while its quota has one rate, or
// two that are not sliding windows; every further word of state takes 8 more.
// Of this, 29 to 40 bytes for each of MaxSize are made with the store, and the
// rest as keys come, for 1024 buckets at a time; it is kept. While there is other
// room, the place of an expired bucket is used again a second after it expired,
// and at once where there is none.
package store

import (
	"context"
	"sync"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/table"
)

// Memory is a [throttled.Store] in the memory of the process, guarded by a
// mutex. It is safe for concurrent use, has no goroutine of its own, and
// allocates nothing for a key that is present.
type Memory struct {
	clock clock

	mu     sync.Mutex
	table  *table.Table
	alarm  alarm
	closed bool
}

var _ throttled.Store = (*Memory)(nil)

// NewMemory returns an empty store, or [throttled.ErrInvalidConfig] for
// options out of range.
func NewMemory(options Options) (*Memory, error) {
	t, err := options.newTable()
	if err != nil {
		return nil, err
	}
	m := &Memory{clock: newClock(), table: t}
	m.alarm.wake = m.wake
	return m, nil
}

// Kind returns "memory".
func (*Memory) Kind() string { return "memory" }

// Do carries out req, as [throttled.Store] says. A new key may get
// [throttled.ErrFull], and every call on a closed store gets
// [throttled.ErrClosed].
func (m *Memory) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
	if ctx.Err() != nil {
		return throttled.Result{}, ended(ctx)
	}
	if req.Op == throttled.OpWait || req.Within > 0 {
		return m.wait(ctx, &req)
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return throttled.Result{}, throttled.ErrClosed
	}
	res, err := m.table.Do(m.clock.now(), &req)
	if m.table.Busy() {
		m.unlock()
	} else {
		m.mu.Unlock()
	}
	return res, err
}

// Stats returns the counts so far.
func (m *Memory) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Stats(m.table.Stats())
}

// Close answers all who wait with [throttled.ErrClosed], as it does all later
// calls. It returns nil, also when called again.
func (m *Memory) Close() error {
	m.mu.Lock()
	if !m.closed {
		m.closed = true
		m.table.Dismiss()
	}
	m.unlock()
	return nil
}

// Submit carries out req and calls done with the answer, exactly once: before
// it returns or, where req has to wait, on a goroutine of the runtime's timers,
// of ctx, or of the call that makes room. No goroutine waits. done must not
// block.
func (m *Memory) Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error)) {
	if req.Op != throttled.OpWait && req.Within == 0 {
		done(m.Do(ctx, req))
		return
	}
	if res, joined, err := m.join(ctx, &req, func() func(throttled.Result, error) { return done }); !joined {
		done(res, err)
	}
}

// wait carries out a request that may have to wait for its turn.
func (m *Memory) wait(ctx context.Context, req *throttled.Request) (throttled.Result, error) {
	var answered reply
	res, joined, err := m.join(ctx, req, func() func(throttled.Result, error) {
		answered = newReply()
		return answered.send
	})
	if joined {
		return answered.receive()
	}
	return res, err
}

// join carries out req, or gives it a place in line and has what done returns
// called when it is answered.
func (m *Memory) join(ctx context.Context, req *throttled.Request, done func() func(throttled.Result, error)) (res throttled.Result, joined bool, err error) {
	if ctx.Err() != nil {
		return throttled.Result{}, false, ended(ctx)
	}
	m.mu.Lock()
	defer m.unlock()
	if m.closed {
		return throttled.Result{}, false, throttled.ErrClosed
	}
	now := m.clock.now()
	res, w, err := m.table.Join(now, m.clock.latest(ctx, now, req.Within), req)
	if w == nil {
		return res, false, err
	}
	answer, key := done(), req.Key
	watch(ctx, w, answer, func() {
		if m.leave(w) {
			answer(throttled.Result{}, interrupted(ctx, key))
		}
	})
	return throttled.Result{}, true, nil
}

// leave takes w out of its line and reports whether it was still there.
func (m *Memory) leave(w *table.Waiter) bool {
	m.mu.Lock()
	defer m.unlock()
	return m.table.Leave(m.clock.now(), w)
}

// wake lets through all whose turn has come.
func (m *Memory) wake() {
	m.mu.Lock()
	defer m.unlock()
	m.alarm.clear()
	m.table.Settle(m.clock.now())
}

// unlock sets the alarm for the next turn, unlocks m, and then answers those
// who were let through meanwhile. It requires mu held.
func (m *Memory) unlock() {
	m.alarm.set(m.table, &m.clock)
	told := m.table.Ready()
	m.mu.Unlock()
	answerAll(told)
}
