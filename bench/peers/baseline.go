package peers

import (
	"sync"
	"time"
)

// Baseline is the name of the baseline that speeds are compared with.
const Baseline = "mutex+map+clock"

// The baselines limit nothing. They are what any limiter by key has to do.
var (
	lockedMap = Peer{
		Name: "mutex+map", What: "a mutex around a map that counts", Law: NoLaw, Keys: true, Costs: true,
		New: func(Settings) (Limiter, error) { return &counter{counts: map[string]int64{}}, nil },
	}
	lockedMapAndClock = Peer{
		Name: Baseline, What: "the same, and one reading of the monotonic clock", Law: NoLaw, Keys: true, Costs: true,
		New: func(Settings) (Limiter, error) {
			return &clockCounter{counts: map[string]int64{}, epoch: time.Now()}, nil
		},
	}
)

type counter struct {
	mu     sync.Mutex
	counts map[string]int64
}

func (c *counter) Allow(key string) bool {
	c.mu.Lock()
	c.counts[key]++
	c.mu.Unlock()
	return true
}

func (c *counter) Decide(key string, _ int64) Decision { return Decision{Allowed: c.Allow(key)} }
func (c *counter) Close() error                        { return nil }

type clockCounter struct {
	mu     sync.Mutex
	counts map[string]int64
	epoch  time.Time
}

func (c *clockCounter) Allow(key string) bool {
	c.mu.Lock()
	c.counts[key] += int64(time.Since(c.epoch))
	c.mu.Unlock()
	return true
}

func (c *clockCounter) Decide(key string, _ int64) Decision { return Decision{Allowed: c.Allow(key)} }
func (c *clockCounter) Close() error                        { return nil }
