// Quickstart calls one key 100,000 times, as fast as it can, under a quota of
// 1000 per second with a burst of 1000. It does not wait for one answer before
// it asks again: up to 1000 calls are on their way, and all answers come on one
// channel. The burst passes at once; after it, one more call passes every
// millisecond, and all others are denied.
//
// Run it with:
//
//	go run ./examples/async/quickstart
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
)

func main() {
	const calls, inFlight = 100_000, 1000
	ctx := context.Background()
	limiter, err := async.New(throttled.Config{
		Quota: throttled.PerSecond(1000).WithBurst(1000),
	})
	if err != nil {
		log.Fatal(err)
	}

	passed := 0
	answers := make(chan throttled.Outcome, inFlight) // room for every call in flight
	count := func() {
		outcome := <-answers
		if outcome.Err != nil {
			log.Fatal(outcome.Err)
		}
		if outcome.Result.Allowed {
			passed++
		}
	}
	start := time.Now()
	for i := range calls {
		if i >= inFlight {
			count()
		}
		limiter.LimitTo(ctx, "user:42", 1, answers)
	}
	for range inFlight {
		count()
	}
	took := time.Since(start)

	peek := <-limiter.Peek(ctx, "user:42")
	if peek.Err != nil {
		log.Fatal(peek.Err)
	}
	state := peek.Result.State()
	fmt.Printf("%d calls at %v, %v\n\n", calls, limiter.Quota(), limiter.Algorithm())
	fmt.Printf("  passed      %6d\n", passed)
	fmt.Printf("  denied      %6d\n", calls-passed)
	fmt.Printf("  took        %6.1f ms, or %.1f million calls/s\n\n", took.Seconds()*1e3, calls/took.Seconds()/1e6)
	fmt.Println("the key now:")
	fmt.Printf("  limit       %6d\n", state.Limit)
	fmt.Printf("  remaining   %6d\n", state.Remaining)
	fmt.Printf("  retry after %6v\n", state.RetryAfter.Round(time.Microsecond))
	fmt.Printf("  reset after %6v\n", state.ResetAfter.Round(time.Millisecond))
}
