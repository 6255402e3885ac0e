// Wait makes five calls at 2 per second with a burst of 2. The first two pass
// at once, and the others are held back until their turn: one every 500 ms.
// Then it shows that a wait which cannot end in time does not begin.
//
// Run it with:
//
//	go run ./examples/sync/wait
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/sync"
)

func main() {
	limiter := throttled.Must(sync.New(throttled.Config{
		Quota: throttled.PerSecond(2).WithBurst(2),
	}))
	ctx := context.Background()

	fmt.Printf("five calls at %v, of which 2 may come at once\n\n", limiter.Quota())
	start := time.Now()
	for i := range 5 {
		if _, err := limiter.Wait(ctx, "job"); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("  %d  %4d ms\n", i+1, time.Since(start).Round(10*time.Millisecond).Milliseconds())
	}

	// The next turn is 500 ms away, and this context has 100 ms.
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	asked := time.Now()
	_, err := limiter.Wait(ctx, "job")
	fmt.Printf("\na sixth with 100 ms to wait: limited %v, told after %d ms\n",
		errors.Is(err, throttled.ErrLimited), time.Since(asked).Round(10*time.Millisecond).Milliseconds())
}
