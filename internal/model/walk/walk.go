// Package walk makes up quotas, and what happens to a bucket under them, for tests
// that hold a law to its twin: the laws of internal/algorithm to exact arithmetic,
// and the scripts of Redis to those laws. All of it is random and follows from a
// seed, but it stands at the instants and asks the costs at which answers turn far
// more often than chance would. Only tests import it.
package walk

import (
	"flag"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Steps is how long one bucket is watched under one quota.
const Steps = 250

// Flags defines the flags -steps and -seed of a test that takes Traces.
func Flags(steps int) (*int, *uint64) {
	return flag.Int("steps", steps, "steps of the random walks over all laws"),
		flag.Uint64("seed", 1, "seed of the first random walk")
}

// Traces takes as many traces as have so many steps, and at least one, so many at
// once, each with a seed of its own from the first seed on. It ends when one fails.
func Traces(t *testing.T, seed uint64, steps, atOnce int, trace func(seed uint64) error) {
	t.Helper()
	traces := uint64(max(1, steps/Steps))
	var next, taken atomic.Uint64
	var wait sync.WaitGroup
	began := time.Now()
	for range atOnce {
		wait.Go(func() {
			for n := next.Add(1) - 1; n < traces && !t.Failed(); n = next.Add(1) - 1 {
				if err := trace(seed + n); err != nil {
					t.Error(err)
				}
				taken.Add(Steps)
			}
		})
	}
	wait.Wait()
	t.Logf("%d steps in %d traces, %.0f steps a second", taken.Load(), traces, float64(taken.Load())/time.Since(began).Seconds())
}
