package redis

import (
	"errors"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
)

// Options are the settings of a [Store]. The zero Options are good ones.
type Options struct {
	// Timeout bounds every command, and so how long a call may hang at a Redis
	// that does not answer; what it waits before it is sent, in a crowd, counts
	// too. It does not bound the sleep of a wait. [Open] sets it for dials and
	// writes too. 0 means the timeout of the URL, or one second if it has none.
	Timeout time.Duration

	// Client changes the settings of the client that Open makes, all of which
	// it is given as the URL and these Options have them. [New] refuses it.
	Client func(*rueidis.ClientOption)

	// OnFailure says what a Limit or a Wait is answered while Redis cannot be
	// asked. The zero value is Deny.
	OnFailure Failure

	// Local is the store that decides instead under [Fallback], and Processes
	// by how many processes the quota is divided there, 1 or more. The store
	// is not closed with this one.
	Local     throttled.Store
	Processes int64

	// Breaker sets the circuit breaker. It is on unless it is told otherwise.
	Breaker Breaker

	// DenyCacheSize is of how many keys at the most it is kept in memory that
	// they are exhausted, so that a denial that is certain costs no round trip;
	// 0: of none.
	//
	// The cache never admits what Redis would not, and asks again as soon as
	// the quota could have room. It may deny what Redis would admit where
	// another process has given something back, by Refund, Reset or a
	// cancelled Wait, for DenyCacheTime at the most. It serves Limit without a
	// Config.Timeout.
	DenyCacheSize int

	// DenyCacheTime is how long a denial is kept at the most; 0: one second.
	DenyCacheTime time.Duration
}

const (
	defaultTimeout       = time.Second
	defaultDenyCacheTime = time.Second
)

// faults returns [throttled.ErrInvalidConfig] with all that is wrong with o.
func (o *Options) faults() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: redis.Options."+format, append([]any{throttled.ErrInvalidConfig}, args...)...))
	}
	if o.Timeout < 0 {
		fault("Timeout is %v; it must be positive, or 0 for the default", o.Timeout)
	}
	if o.OnFailure > Fallback {
		fault("OnFailure is %d; it must be Deny, Allow or Fallback", o.OnFailure)
	}
	if (o.OnFailure == Fallback) != (o.Local != nil) {
		fault("Local is the store of OnFailure Fallback: give both or none")
	}
	if o.OnFailure == Fallback && o.Processes < 1 {
		fault("Processes is %d; Fallback divides the quota by it, so it must be 1 or more", o.Processes)
	}
	if o.DenyCacheSize < 0 {
		fault("DenyCacheSize is %d; it must be 0 or more", o.DenyCacheSize)
	}
	if o.DenyCacheTime < 0 {
		fault("DenyCacheTime is %v; it must be positive, or 0 for the default", o.DenyCacheTime)
	}
	if o.Breaker.Cooldown < 0 {
		fault("Breaker.Cooldown is %v; it must be positive, or 0 for the default", o.Breaker.Cooldown)
	}
	return errors.Join(faults...)
}
