package redis

import (
	"fmt"
	"sync"
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
type breaker struct {
	circuit *gobreaker.TwoStepCircuitBreaker[struct{}]
	tell    func(from, to BreakerState)

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
	settings := gobreaker.Settings{
		MaxRequests: 1,
		Timeout:     cooldown,
		ReadyToTrip: func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= failures },
	}
	if b.tell != nil {
		settings.OnStateChange = func(_ string, from, to gobreaker.State) { b.changed(stateOf(from), stateOf(to)) }
	}
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

// open returns an error if a command would not be let through for now, so that
// a call need not queue to learn it.
func (b *breaker) open() error {
	if b == nil {
		return nil
	}
	state := b.circuit.State()
	b.report()
	if state == gobreaker.StateOpen {
		return errOpen
	}
	return nil
}

// enter returns an error if a command is not let through. Otherwise done must
// be told how many requests Redis has left without an answer.
func (b *breaker) enter() (done func(failures int), err error) {
	if b == nil {
		return func(int) {}, nil
	}
	told, err := b.circuit.Allow()
	b.report()
	if err != nil {
		return nil, errOpen
	}
	return func(failures int) {
		if failures == 0 {
			told(nil)
		} else {
			told(errOpen) // any error counts
			b.fail(failures - 1)
		}
		b.report()
	}, nil
}

// missed counts a request whose time was up before it was sent.
func (b *breaker) missed() {
	if b != nil {
		b.fail(1)
		b.report()
	}
}

// fail counts so many failures more, or until the circuit is open. Where many
// requests wait, they go together, one call after the other: if a call counted
// once, it would take as many timeouts until the circuit is open.
func (b *breaker) fail(failures int) {
	for range failures {
		told, err := b.circuit.Allow()
		if err != nil {
			return
		}
		told(errOpen)
	}
}

// errOpen tells why nothing was sent.
var errOpen = fmt.Errorf("%w: its circuit breaker is open after commands that Redis did not answer", throttled.ErrStoreUnavailable)

// changed takes down a change. It is called with the lock of the circuit held,
// so the telling is left to report.
func (b *breaker) changed(from, to BreakerState) {
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
