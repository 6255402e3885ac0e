package redis

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/throttled-go/throttled"
)

// Breaker sets the circuit breaker of a [Store]: after some failures in a row
// nothing is sent to Redis for a while, and every call gets its error, or what
// Options.OnFailure says, within microseconds. Then one command goes through to
// try; the breaker closes when it is answered and opens again when it is not.
//
// A failure is a request that Redis did not answer: refused, lost or later than
// Options.Timeout; of requests that went together each counts. An answer is
// none, whatever it says, and neither is a caller whose own context ends.
type Breaker struct {
	// Disabled switches the breaker off.
	Disabled bool

	// Failures is how many in a row open it; 0: 10.
	Failures uint32

	// Cooldown is how long it stays open before one command tries; 0: 500 ms.
	Cooldown time.Duration

	// OnChange is called after every change of state, one call at a time, in
	// their order, and on the goroutine of some call; it must not block. It may
	// use the store. nil: nobody is told.
	OnChange func(from, to BreakerState)
}

// BreakerState is a state of the circuit breaker.
type BreakerState uint8

// The three states.
const (
	BreakerClosed   BreakerState = iota // all commands are sent
	BreakerHalfOpen                     // one command tries
	BreakerOpen                         // none is sent
)

// String returns "closed", "half-open" or "open".
func (s BreakerState) String() string {
	switch s {
	case BreakerClosed:
		return "closed"
	case BreakerHalfOpen:
		return "half-open"
	case BreakerOpen:
		return "open"
	default:
		return fmt.Sprintf("BreakerState(%d)", uint8(s))
	}
}

const (
	defaultBreakerFailures = 10
	defaultBreakerCooldown = 500 * time.Millisecond
)

// breaker is the circuit breaker at work. A nil one lets everything pass.
//
// Requests are counted when their outcome is known, and not when they are sent:
// one who comes after ten have failed finds it open.
type breaker struct {
	circuit *gobreaker.TwoStepCircuitBreaker[struct{}]
	tell    func(from, to BreakerState)
	closed  atomic.Bool
	failing atomic.Bool // the last request that ended had no answer

	mu      sync.Mutex
	changes []change // not told yet
	telling bool     // somebody is
}

type change struct{ from, to BreakerState }

func newBreaker(options Breaker) *breaker {
	if options.Disabled {
		return nil
	}
	failures, cooldown := options.Failures, options.Cooldown
	if failures == 0 {
		failures = defaultBreakerFailures
	}
	if cooldown == 0 {
		cooldown = defaultBreakerCooldown
	}
	b := &breaker{tell: options.OnChange}
	b.closed.Store(true)
	settings := gobreaker.Settings{
		MaxRequests: 1,
		Timeout:     cooldown,
		ReadyToTrip: func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= failures },
	}
	settings.OnStateChange = func(_ string, from, to gobreaker.State) { b.changed(stateOf(from), stateOf(to)) }
	b.circuit = gobreaker.NewTwoStepCircuitBreaker[struct{}](settings)
	return b
}

// stateOf requires a state that gobreaker has.
func stateOf(s gobreaker.State) BreakerState {
	return map[gobreaker.State]BreakerState{
		gobreaker.StateClosed:   BreakerClosed,
		gobreaker.StateHalfOpen: BreakerHalfOpen,
		gobreaker.StateOpen:     BreakerOpen,
	}[s]
}

// admit returns an error if a request is not let through. One that is let through
// to try has a trial, which must be told the outcome.
func (b *breaker) admit() (trial func(error), err error) {
	if b == nil || b.closed.Load() {
		return nil, nil
	}
	state := b.circuit.State()
	if state == gobreaker.StateClosed {
		b.report()
		return nil, nil
	}
	trial, err = b.circuit.Allow()
	b.report()
	if err != nil {
		return nil, errOpen
	}
	return trial, nil
}

// refuses returns an error if requests that were let through are not to be sent
// any more.
func (b *breaker) refuses() error {
	if b == nil || b.closed.Load() {
		return nil
	}
	return errOpen
}

// count counts so many requests that Redis has not answered, or else an answer,
// and the outcome of a trial if they are one.
func (b *breaker) count(unanswered int, trial func(error)) {
	if b == nil {
		return
	}
	switch {
	case trial != nil && unanswered > 0:
		trial(errOpen) // any error counts
	case trial != nil:
		trial(nil)
	case unanswered > 0:
		b.failing.Store(true)
		b.repeat(unanswered, errOpen)
	case b.failing.Load():
		b.failing.Store(false)
		b.repeat(1, nil)
	default:
		return
	}
	b.report()
}

// repeat counts an outcome so many times, or until the circuit is open: what was
// sent before that decides nothing after.
func (b *breaker) repeat(times int, outcome error) {
	for range times {
		if !b.closed.Load() {
			return
		}
		told, err := b.circuit.Allow()
		if err != nil {
			return
		}
		told(outcome)
	}
}

// errOpen tells why nothing was sent.
var errOpen = fmt.Errorf("%w: its circuit breaker is open after commands that Redis did not answer", throttled.ErrStoreUnavailable)

// changed takes down a change. It is called with the lock of the circuit held,
// so the telling is left to report.
func (b *breaker) changed(from, to BreakerState) {
	b.closed.Store(to == BreakerClosed)
	if b.tell == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changes = append(b.changes, change{from, to})
}

// report tells of the changes, unless somebody is at it already, who then tells
// of the new ones too.
func (b *breaker) report() {
	if b.tell == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.telling {
		return
	}
	b.telling = true
	defer func() { b.telling = false }()
	for len(b.changes) > 0 {
		c := b.changes[0]
		b.changes = b.changes[1:]
		b.mu.Unlock()
		func() {
			defer b.mu.Lock() // also where tell panics
			b.tell(c.from, c.to)
		}()
	}
}
