package redis

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/throttled-go/throttled"
)

// Breaker sets the circuit breaker of a [Store]. After some failures in a row it
// opens: nothing is sent to Redis for a while, and every call gets its error, or
// what Options.OnFailure chooses, within microseconds. Then the request of one
// caller tries, while the others are still answered at once. The breaker closes
// if Redis answers, and opens again if not.
//
// A failure is a request that Redis did not answer within Options.Timeout, or
// whose connection was refused or lost. Each request of a batch counts. An answer
// is no failure, whatever it says, and neither is a caller whose context ends.
type Breaker struct {
	// Disabled switches the breaker off.
	Disabled bool

	// Failures is how many in a row open the breaker. 0 means 10.
	Failures uint32

	// Cooldown is how long it stays open before one request tries. 0 means
	// 500 ms.
	Cooldown time.Duration

	// OnChange is called after every change of state, if it is not nil: one call
	// at a time, in order, on the goroutine of some request. It must not block.
	// It may use the store.
	OnChange func(from, to BreakerState)
}

// BreakerState is a state of the circuit breaker.
type BreakerState uint8

// The three states.
const (
	BreakerClosed   BreakerState = iota // all requests are sent
	BreakerHalfOpen                     // one request tries
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
	report  func(from, to BreakerState)
	closed  atomic.Bool
	failing atomic.Bool // the last request that ended had no answer

	mu        sync.Mutex
	changes   []change // not reported yet
	reporting bool     // somebody is at it
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
	b := &breaker{report: options.OnChange}
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
// to try has a trial, which must be given the outcome: nil if Redis answered.
func (b *breaker) admit() (trial func(error), err error) {
	if b == nil || b.closed.Load() {
		return nil, nil
	}
	state := b.circuit.State()
	if state == gobreaker.StateClosed {
		b.reportChanges()
		return nil, nil
	}
	trial, err = b.circuit.Allow()
	b.reportChanges()
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

// count counts so many requests that Redis has not answered, or an answer if that
// is 0. If the request was a trial, it counts as that.
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
	b.reportChanges()
}

// repeat counts an outcome so many times, or until the circuit is open: requests
// that were sent before it opened decide nothing after.
func (b *breaker) repeat(times int, outcome error) {
	for range times {
		if !b.closed.Load() {
			return
		}
		done, err := b.circuit.Allow()
		if err != nil {
			return
		}
		done(outcome)
	}
}

// errOpen is the error of what is not sent.
var errOpen = fmt.Errorf("%w: its circuit breaker is open after commands that Redis did not answer", throttled.ErrStoreUnavailable)

// changed keeps a change for reportChanges: it is called with the lock of the
// circuit held.
func (b *breaker) changed(from, to BreakerState) {
	b.closed.Store(to == BreakerClosed)
	if b.report == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changes = append(b.changes, change{from, to})
}

// reportChanges reports the changes, unless somebody is at it already, who then
// reports the new ones too.
func (b *breaker) reportChanges() {
	if b.report == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reporting {
		return
	}
	b.reporting = true
	defer func() { b.reporting = false }()
	for len(b.changes) > 0 {
		c := b.changes[0]
		b.changes = b.changes[1:]
		b.mu.Unlock()
		func() {
			defer b.mu.Lock() // also if report panics
			b.report(c.from, c.to)
		}()
	}
}
