package throttled

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config is the settings of a limiter. The zero Config is a token bucket of
// 60 per minute in the face's own default memory store.
type Config struct {
	// Quota is what every key may use. The zero Quota means 60 per minute.
	Quota Quota

	// Algorithm decides how the quota is counted. The zero value is TokenBucket.
	Algorithm Algorithm

	// Store keeps the buckets. Nil means the face's own default memory store,
	// which is shared by all limiters of that face that name no other.
	Store Store

	// Timeout is how long Limit may block for its turn; 0 means that it
	// decides at once. Wait does not look at it.
	Timeout time.Duration

	// Key is used where the key of a call is empty.
	Key string

	// Prefix is the namespace in the store, without a colon. Empty means
	// "throttled".
	Prefix string

	// Hooks wrap Limit and Wait, the first outermost.
	Hooks []Hook
}

// defaultQuota and defaultPrefix stand where a Config says nothing.
var defaultQuota = PerMinute(60)

const defaultPrefix = "throttled"

// Plan compiles the settings that name a bucket. It checks the whole Config
// and reports every fault at once, over [ErrInvalidQuota] and
// [ErrInvalidConfig]. New of either face calls it.
func (c Config) Plan() (*Plan, error) {
	if len(c.Quota.rates) == 0 {
		c.Quota = defaultQuota
	}
	if c.Prefix == "" {
		c.Prefix = defaultPrefix
	}
	if err := errors.Join(append(c.faults(), c.Quota.validate())...); err != nil {
		return nil, err
	}
	return newPlan(c.Prefix, c.Algorithm, c.Quota), nil
}

// faults returns what is wrong beside the quota.
func (c Config) faults() (faults []error) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrInvalidConfig}, args...)...))
	}
	if c.Algorithm > SlidingWindow {
		fault("Algorithm is %v, which is none of the five", c.Algorithm)
	}
	if c.Timeout < 0 {
		fault("Timeout is %v; it must be 0 (decide at once) or more", c.Timeout)
	}
	if strings.Contains(c.Prefix, ":") {
		fault("Prefix is %q; it must not have a colon, which separates it from the quota and the key", c.Prefix)
	}
	for i, hook := range c.Hooks {
		if hook == nil {
			fault("Hooks[%d] is nil", i)
		}
	}
	return faults
}
