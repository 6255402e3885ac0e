package peers

import "time"

// Law is what a limiter says of itself that it enforces.
type Law string

// The laws. Each is told exactly in package correct.
const (
	NoLaw           Law = "none"
	TokenBucket     Law = "token bucket"                   // also GCRA: a burst, and then evenly
	EvenSpacing     Law = "even spacing"                   // a token bucket of one
	WindowByClock   Law = "window by the clock"            // begins at multiples of the period since the Unix epoch
	WindowFromFirst Law = "window from the first request"  // begins with the first request after the last one ended
	WindowFromBirth Law = "windows since the key was made" // begins at multiples of the period since the key was first asked for
	SlidingWindow   Law = "sliding window"                 // by the weighted counts of two windows
	// SlidingFromBirth has windows that begin at multiples of the period since the limiter was made.
	SlidingFromBirth Law = "sliding window since the limiter was made"
)

// Settings are what a limiter is made with: Limit in every Period, for each key.
type Settings struct {
	Limit   int64
	Period  time.Duration
	Burst   int64 // of the buckets; the windows have none
	MaxKeys int   // room for so many, where a peer bounds its memory
}

// Decision is an answer with all that a peer tells of it.
type Decision struct {
	Allowed    bool
	RetryAfter time.Duration // what it says after a denial, if it Tells
}

// Limiter is what every peer is asked through. Its methods are safe for
// concurrent use.
type Limiter interface {
	// Allow asks for one at key, in the shortest way that the peer documents.
	Allow(key string) bool
	// Decide asks for cost at key, and for when to come again.
	Decide(key string, cost int64) Decision
	// Close ends what the limiter has running.
	Close() error
}

// Batcher is a Limiter that takes many keys at once and answers them as they come.
type Batcher interface {
	Limiter
	// AllowAll asks for one at each key, and returns how many were allowed.
	AllowAll(keys []string) int
}

// InFlight is how many keys a Batcher is handed at a time.
const InFlight = 64

// Peer is a way to limit, and what it can do.
type Peer struct {
	Name   string // of a benchmark: no blanks
	What   string // how it is driven
	Module string // whose version matters; "" for a baseline
	Law    Law
	Bound  string // how it bounds its memory; "" if not at all
	// Bounded reports whether it holds no more keys than it was given room for.
	Bounded bool

	Keys      bool // has a limit for each key; else it is one limit for all
	Costs     bool // takes a cost above one
	Tells     bool // tells after a denial when to come again
	WaitsOnly bool // has no denial: every call blocks until its turn
	RealClock bool // reads a clock that testing/synctest cannot fake

	New func(Settings) (Limiter, error)
}

// NotMeasured are peers that would belong here, and why they are not.
var NotMeasured = []struct{ Module, Reason string }{
	{"github.com/mennanov/limiters", "the Go module proxy in use did not serve it"},
}

// All returns the peers: first the least that anything could cost, then this
// library, then the others.
func All() []Peer {
	return []Peer{
		lockedMap, lockedMapAndClock,
		syncTokenBucket, syncFixedWindow, syncSlidingWindow, asyncLimit, asyncLimitTo,
		timeRate, timeRateMap, uberRatelimit, goLimiter, throttledV2, throttledV2Bounded,
		ululeLimiter, failsafeBursty, failsafeSmooth, tollboothV7, tollboothV8,
		chiHTTPRate, jujuRatelimit,
	}
}
