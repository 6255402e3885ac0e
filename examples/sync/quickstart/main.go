// Quickstart calls one key 100,000 times, as fast as it can, under a quota of
// 1000 per second with a burst of 1000. The burst passes at once; after it,
// one more call passes every millisecond, and all others are denied.
//
// Run it with:
//
//	go run ./examples/sync/quickstart
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/sync"
)

func main() {
	const calls = 100_000
	ctx := context.Background()
	limiter, err := sync.New(throttled.Config{
		Quota: throttled.PerSecond(1000).WithBurst(1000),
	})
	if err != nil {
		log.Fatal(err)
	}

	passed := 0
	start := time.Now()
	for range calls {
		res, err := limiter.Limit(ctx, "user:42")
		if err != nil {
			log.Fatal(err)
		}
		if res.Allowed {
			passed++
		}
	}
	took := time.Since(start)

	state, err := limiter.Peek(ctx, "user:42")
	if err != nil {
		log.Fatal(err)
	}
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
