// Wrap holds a function to a quota: Do runs it once if the quota allows, and
// Wrap makes a function that always asks first. Here it runs on a goroutine of
// its own, and what it returns comes on a channel. A denial is an error, a
// *throttled.LimitedError that knows when to try again.
//
// Run it with:
//
//	go run ./examples/async/wrap
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
)

var errBounced = errors.New("the address does not exist")

func main() {
	ctx := context.Background()
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerMinute(3)}))

	send := func(context.Context) error {
		fmt.Println("  (sending)")
		return nil
	}
	bounce := func(context.Context) error { return errBounced }

	fmt.Println("Do runs a function under the quota of a key:")
	report(<-limiter.Do(ctx, "ada@example.com", send))
	report(<-limiter.Do(ctx, "ada@example.com", bounce))

	fmt.Println("\nWrap makes a function of it, to be called as often as you like:")
	sendToAda := limiter.Wrap("ada@example.com", send)
	first, second := sendToAda(ctx), sendToAda(ctx)
	report(<-first)
	report(<-second)
}

// report tells the three ends of a call apart.
func report(err error) {
	var limited *throttled.LimitedError
	switch {
	case err == nil:
		fmt.Println("  done")
	case errors.As(err, &limited):
		fmt.Printf("  limited: %s may be tried again in %v\n", limited.Key, limited.Result.RetryAfter().Round(time.Second))
	default:
		fmt.Println("  failed:", err)
	}
}
