// Memory shows which limiters share. Ping and pong have the same store and the
// same quota, so one key is one bucket to both, though ping answers on channels
// and pong is of package sync. Solo has the same quota in a store of its own,
// which is a space of its own.
//
// Run it with:
//
//	go run ./examples/async/memory
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

func main() {
	ctx := context.Background()
	quota := throttled.PerMinute(6)
	shared := throttled.Must(store.NewActor(store.Options{}))
	defer shared.Close()
	other := throttled.Must(store.NewActor(store.Options{}))
	defer other.Close()

	ping := throttled.Must(async.New(throttled.Config{Quota: quota, Store: shared}))
	pong := throttled.Must(sync.New(throttled.Config{Quota: quota, Store: shared}))
	solo := throttled.Must(async.New(throttled.Config{Quota: quota, Store: other}))

	fmt.Printf("one key, %v\n\n", quota)
	for range 3 {
		hit("ping", <-ping.Limit(ctx, "ball"))
		hit("pong", blocking(pong.Limit(ctx, "ball")))
	}
	hit("ping", <-ping.Limit(ctx, "ball"))
	hit("solo", <-solo.Limit(ctx, "ball"))
}

func hit(name string, outcome throttled.Outcome) {
	if outcome.Err != nil {
		log.Fatal(outcome.Err)
	}
	res := outcome.Result
	if !res.Allowed {
		fmt.Printf("  %s  denied, %d left\n", name, res.Remaining())
		return
	}
	fmt.Printf("  %s  passed, %d left\n", name, res.Remaining())
}

// blocking makes an outcome of what package sync returns.
func blocking(res throttled.Result, err error) throttled.Outcome {
	return throttled.Outcome{Result: res, Err: err}
}
