package redis_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// decide asks for a decision at a key.
type decide func(ctx context.Context, key string) (allowed bool, err error)

// crowd is callers who ask side by side, each again as soon as it is answered.
type crowd struct {
	callers int
	keys    []string // asked for one after the other, round and round
}

// tally is what a crowd was told.
type tally struct {
	elapsed         time.Duration
	allowed, failed int64
	latencies       []time.Duration // of one call in so many
}

// stride is how many calls a caller does before it looks whether there are more
// to do. The first of them is timed: reading the clock around every call would
// cost more than a denial from memory does.
const stride = 8

// ask has the crowd ask n times, rounded up to whole strides. Each caller has a
// context that can be cancelled, as the requests of a server have.
func (c crowd) ask(n int, by decide) tally {
	told := make([]tally, c.callers)
	var asked atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for i := range told {
		group.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			for at := asked.Add(stride); at-stride < int64(n); at = asked.Add(stride) {
				c.askStride(ctx, int(at), by, &told[i])
			}
		})
	}
	group.Wait()
	sum := tally{elapsed: time.Since(began)}
	for _, t := range told {
		sum.allowed += t.allowed
		sum.failed += t.failed
		sum.latencies = append(sum.latencies, t.latencies...)
	}
	slices.Sort(sum.latencies)
	return sum
}

func (c crowd) askStride(ctx context.Context, at int, by decide, t *tally) {
	began := time.Now()
	for i := range stride {
		allowed, err := by(ctx, c.keys[(at+i)%len(c.keys)])
		if i == 0 {
			t.latencies = append(t.latencies, time.Since(began))
		}
		if err != nil {
			t.failed++
		} else if allowed {
			t.allowed++
		}
	}
}

// latency returns a quantile in µs. It requires a call.
func (t tally) latency(quantile float64) float64 {
	return float64(t.latencies[int(quantile*float64(len(t.latencies)-1))]) / float64(time.Microsecond)
}

// perSecond returns how many of n calls a second had an answer.
func (t tally) perSecond(n int) float64 {
	return float64(int64(n)-t.failed) / t.elapsed.Seconds()
}
