// Algorithms puts the five algorithms side by side: the same quota and the
// same arrivals, one row each. Time is simulated, so the program is done at
// once and always prints the same: it asks Plan.Apply, the arithmetic that
// every store runs, what the answer at each instant would be.
//
// Run it with:
//
//	go run ./examples/sync/algorithms
package main

import (
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
)

var quota = throttled.PerSecond(5)

// midnight is where a window of a second begins.
var midnight = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func main() {
	// Ten calls a second, from the middle of a window on.
	var arrivals []time.Time
	for at := 500 * time.Millisecond; at < 3*time.Second; at += 100 * time.Millisecond {
		arrivals = append(arrivals, midnight.Add(at))
	}

	fmt.Printf("%v, a call every 100 ms (● allowed, · denied, | a window begins)\n\n", quota)
	fmt.Printf("%-15s 0.5s |1s        |2s          passed  most in any 1s\n", "")
	for algorithm := throttled.TokenBucket; algorithm <= throttled.SlidingWindow; algorithm++ {
		row, passed := timeline(algorithm, arrivals)
		fmt.Printf("%-15v %s  %6d  %14d\n", algorithm, row, len(passed), most(passed))
	}

	fmt.Printf("\nLimit asks the leaky bucket for room. Wait queues in it: seven at once\n\n")
	queue(7)
}

// timeline returns what becomes of each arrival, and those that pass.
func timeline(algorithm throttled.Algorithm, arrivals []time.Time) (row string, passed []time.Time) {
	plan := throttled.Must(throttled.Config{Quota: quota, Algorithm: algorithm}.Plan())
	state := make([]int64, plan.Words())
	for _, at := range arrivals {
		if at.Equal(at.Truncate(time.Second)) {
			row += "|"
		}
		res, _ := plan.Apply(state, at.UnixNano(), throttled.Request{Op: throttled.OpLimit, Cost: 1})
		if !res.Allowed {
			row += "·"
			continue
		}
		row += "●"
		passed = append(passed, at)
	}
	return row, passed
}

// most returns the largest number of instants that lie within one second.
func most(instants []time.Time) (count int) {
	first := 0
	for i, at := range instants {
		for at.Sub(instants[first]) >= time.Second {
			first++
		}
		count = max(count, i-first+1)
	}
	return count
}

// queue shows when a leaky bucket lets out n who ask at one instant.
func queue(n int) {
	plan := throttled.Must(throttled.Config{Quota: quota, Algorithm: throttled.LeakyBucket}.Plan())
	state := make([]int64, plan.Words())
	now := midnight.UnixNano()
	for i := range n {
		before, _ := plan.Apply(state, now, throttled.Request{Op: throttled.OpPeek, Cost: 1})
		res, _ := plan.Apply(state, now, throttled.Request{Op: throttled.OpWait, Cost: 1})
		if res.Allowed {
			fmt.Printf("  %d  let out at %3d ms\n", i+1, before.ResetAfter().Milliseconds())
		} else {
			fmt.Printf("  %d  turned away: the bucket is full for %d ms\n", i+1, res.RetryAfter().Milliseconds())
		}
	}
}
