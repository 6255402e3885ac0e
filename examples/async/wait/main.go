// Wait makes five calls at once at 2 per second with a burst of 2. The first
// two pass at once, and the others stand in line until their turn: one every
// 500 ms. No goroutine waits for them. Then it shows that a wait which cannot
// end in time does not begin.
//
// Run it with:
//
//	go run ./examples/async/wait
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
)

func main() {
	limiter := throttled.Must(async.New(throttled.Config{
		Quota: throttled.PerSecond(2).WithBurst(2),
	}))
	ctx := context.Background()

	fmt.Printf("five calls at %v, of which 2 may come at once\n\n", limiter.Quota())
	start := time.Now()
	var turns []<-chan throttled.Outcome
	for range 5 {
		turns = append(turns, limiter.Wait(ctx, "job"))
	}
	for i, turn := range turns {
		if outcome := <-turn; outcome.Err != nil {
			log.Fatal(outcome.Err)
		}
		fmt.Printf("  %d  %4d ms\n", i+1, time.Since(start).Round(10*time.Millisecond).Milliseconds())
	}

	// The next turn is 500 ms away, and this context has 100 ms.
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	asked := time.Now()
	outcome := <-limiter.Wait(ctx, "job")
	fmt.Printf("\na sixth with 100 ms to wait: limited %v, told after %d ms\n",
		errors.Is(outcome.Err, throttled.ErrLimited), time.Since(asked).Round(10*time.Millisecond).Milliseconds())
}
