package peers

import (
	"testing"
	"time"

	"github.com/throttled-go/throttled/bench/internal/load"
)

// Cell is one measurement: a peer, the keys that it is asked for, and whether it
// mostly denies.
type Cell struct {
	Peer   Peer
	Load   load.Load
	Denied bool
}

// Mix returns the name of what is mostly answered.
func (c Cell) Mix() string {
	if c.Denied {
		return "denied"
	}
	return "allowed"
}

// Cannot returns why there is no such measurement, or "".
func (c Cell) Cannot() string {
	switch {
	case c.Load.Keys > 1 && !c.Peer.Keys:
		return "has no keys"
	case c.Denied && c.Peer.Law == NoLaw:
		return "denies nothing"
	case c.Denied && c.Peer.WaitsOnly:
		return "waits, never denies"
	default:
		return ""
	}
}

// Settings allow all that is ever asked for, or the first of each key.
func (c Cell) Settings() Settings {
	s := Settings{Limit: 1e9, Period: time.Hour, Burst: 1e9, MaxKeys: max(1024, c.Load.Keys)}
	if c.Denied {
		s.Limit, s.Burst = 1, 1
	}
	if c.Peer.Law == EvenSpacing && !c.Denied {
		s.Period = time.Second // a turn every nanosecond: who saves up nothing needs it
	}
	return s
}

// New makes the limiter of the measurement.
func (c Cell) New() (Limiter, error) { return c.Peer.New(c.Settings()) }

// Benchmark returns the measurement, and what closes the limiter that it used
// last. Each run begins with a new limiter in which all keys are, and keeps it
// while the number of iterations is found.
func (c Cell) Benchmark() (run func(b *testing.B), end func() error) {
	var limiter Limiter
	end = func() error {
		if limiter == nil {
			return nil
		}
		return limiter.Close()
	}
	run = func(b *testing.B) {
		if limiter == nil || b.N == 1 {
			err := end()
			if err != nil {
				b.Fatal(err)
			}
			if limiter, err = c.New(); err != nil {
				b.Fatal(err)
			}
			c.Load.Warm(func(key string) { limiter.Allow(key) })
		}
		if batcher, ok := limiter.(Batcher); ok {
			c.Load.MeasureBatches(b, InFlight, func(keys []string) { batcher.AllowAll(keys) })
			return
		}
		c.Load.Measure(b, func(key string) { limiter.Allow(key) })
	}
	return run, end
}
