package redis

import (
	"errors"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
)

// Options are the settings of a [Store]. The zero Options are ready to use.
type Options struct {
	// Timeout bounds how long a call waits for Redis to answer, and the time
	// that it is queued before it is sent counts. It does not bound how long a
	// Wait waits for its turn. [Open] also bounds dials and writes by it. 0 means
	// the timeout of the URL, or one second if the URL has none.
	Timeout time.Duration

	// Client changes the settings of the client that Open makes. It is given
	// those that follow from the URL and these Options. [New] refuses it.
	Client func(*rueidis.ClientOption)

	// OnFailure chooses the answer to a Limit or a Wait while Redis cannot be
	// asked. The zero value is Deny.
	OnFailure Failure

	// Local is the store that decides instead under [Fallback]. Processes, at
	// least 1, divides the quota there. Close does not close Local.
	Local     throttled.Store
	Processes int64

	// Breaker sets the circuit breaker, which is on by default.
	Breaker Breaker

	// DenyCacheSize is how many exhausted keys are remembered, so that a certain
	// denial costs no round trip. 0 means none: the cache is off.
	//
	// The cache never admits anything, and Redis is asked again as soon as the
	// quota could have room. For at most DenyCacheTime it may deny what Redis
	// would admit, if another process has given something back: by Refund, Reset
	// or a cancelled Wait. It serves Limit without a Config.Timeout.
	DenyCacheSize int

	// DenyCacheTime is how long a denial is remembered at most. 0 means one
	// second.
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
