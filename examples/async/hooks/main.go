// Hooks shows what goes around a decision. Each hook wraps the next; the first
// in the Config is the outermost. Here A goes around B, then one hook logs and
// one counts. They are the same hooks that package sync takes; a call that has
// any runs on a goroutine of its own, so they may take their time.
//
// Run it with:
//
//	go run ./examples/async/hooks
package main

import (
	"context"
	"fmt"
	"log"
	"sync/atomic"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
)

func main() {
	ctx := context.Background()

	fmt.Println("the order of hooks A and B")
	ordered := throttled.Must(async.New(throttled.Config{
		Hooks: []throttled.Hook{announce("A"), announce("B")},
	}))
	check(<-ordered.Limit(ctx, "order"))

	fmt.Println("\na hook that logs and a hook that counts")
	var counter counter
	limiter := throttled.Must(async.New(throttled.Config{
		Quota: throttled.PerMinute(3),
		Hooks: []throttled.Hook{logging, counter.hook},
	}))
	for range 4 {
		check(<-limiter.Limit(ctx, "user:42"))
	}
	check(<-limiter.LimitN(ctx, "user:7", 2))
	fmt.Printf("  allowed %d, denied %d\n", counter.allowed.Load(), counter.denied.Load())
}

// check ends the program if there is no answer.
func check(outcome throttled.Outcome) {
	if outcome.Err != nil {
		log.Fatal(outcome.Err)
	}
}

// announce returns a hook that says when it is entered and left.
func announce(name string) throttled.Hook {
	return func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			fmt.Printf("  %s before\n", name)
			res, err := next(ctx, call)
			fmt.Printf("  %s after\n", name)
			return res, err
		}
	}
}

// logging is a hook that prints a line for each call.
func logging(next throttled.Handler) throttled.Handler {
	return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
		res, err := next(ctx, call)
		fmt.Printf("  key=%s cost=%d quota=%q store=%s allowed=%t remaining=%d err=%v\n",
			call.Key, call.Cost, call.Quota, call.Store, res.Allowed, res.Remaining(), err)
		return res, err
	}
}

// counter counts answers. Hooks run at the same time, so it is atomic.
type counter struct{ allowed, denied atomic.Int64 }

func (c *counter) hook(next throttled.Handler) throttled.Handler {
	return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
		res, err := next(ctx, call)
		switch {
		case err != nil: // no answer, so nothing to count
		case res.Allowed:
			c.allowed.Add(1)
		default:
			c.denied.Add(1)
		}
		return res, err
	}
}
