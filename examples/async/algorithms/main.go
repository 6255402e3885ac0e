// Algorithms puts the five algorithms side by side: the same quota and the
// same arrivals, one row each. It runs in real time, and asks five limiters at
// once, whose answers come on one channel; the key of an answer tells whose it
// is. Package sync's twin of this program draws the same from simulated time.
//
// Run it with:
//
//	go run ./examples/async/algorithms
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
)

var quota = throttled.PerSecond(5)

func main() {
	ctx := context.Background()
	var limiters []*async.Limiter
	for algorithm := throttled.TokenBucket; algorithm <= throttled.SlidingWindow; algorithm++ {
		limiters = append(limiters, throttled.Must(async.New(throttled.Config{Quota: quota, Algorithm: algorithm})))
	}

	// From the middle of a window on.
	now := time.Now()
	start := now.Truncate(time.Second).Add(500 * time.Millisecond)
	if start.Before(now) {
		start = start.Add(time.Second)
	}
	time.Sleep(time.Until(start))

	rows, passed := map[string]string{}, map[string][]time.Time{}
	answers := make(chan throttled.Outcome, len(limiters))
	ticks := time.Tick(90 * time.Millisecond)
	for last := start; last.Sub(start) < 2500*time.Millisecond; {
		at := <-ticks
		for _, limiter := range limiters {
			limiter.LimitTo(ctx, limiter.Algorithm().String(), 1, answers)
		}
		for range limiters {
			outcome := <-answers
			if outcome.Err != nil {
				log.Fatal(outcome.Err)
			}
			if at.Truncate(time.Second).After(last) {
				rows[outcome.Key] += "|"
			}
			if !outcome.Result.Allowed {
				rows[outcome.Key] += "·"
				continue
			}
			rows[outcome.Key] += "●"
			passed[outcome.Key] = append(passed[outcome.Key], at)
		}
		last = at
	}

	fmt.Printf("%v, a call every 90 ms (● allowed, · denied, | a window begins)\n\n", quota)
	fmt.Printf("%-15s %-31s  passed  most in any 1s\n", "", "from 0.5 s on")
	for _, limiter := range limiters {
		name := limiter.Algorithm().String()
		fmt.Printf("%-15s %-31s  %6d  %14d\n", name, rows[name], len(passed[name]), most(passed[name]))
	}

	fmt.Printf("\nLimit asks the leaky bucket for room. Wait queues in it: seven at once\n\n")
	queue(ctx, 7)
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
func queue(ctx context.Context, n int) {
	limiter := throttled.Must(async.New(throttled.Config{Quota: quota, Algorithm: throttled.LeakyBucket}))
	start := time.Now()
	turns := make([]<-chan throttled.Outcome, n)
	for i := range turns {
		turns[i] = limiter.Wait(ctx, "queue")
	}
	for i, turn := range turns {
		if outcome := <-turn; outcome.Err == nil {
			fmt.Printf("  %d  let out at %3d ms\n", i+1, time.Since(start).Round(10*time.Millisecond).Milliseconds())
		} else {
			fmt.Printf("  %d  turned away: the bucket was full for %d ms\n", i+1, outcome.Result.RetryAfter().Round(10*time.Millisecond).Milliseconds())
		}
	}
}
