// Memory shows which limiters share. Ping and pong have the same store and the
// same quota, so one key is one bucket to both. Solo has the same quota in a
// store of its own, which is a space of its own.
//
// Run it with:
//
//	go run ./examples/sync/memory
package main

import (
	"context"
	"fmt"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

func main() {
	quota := throttled.PerMinute(6)
	shared := throttled.Must(store.NewMemory(store.Options{}))
	defer shared.Close()
	other := throttled.Must(store.NewMemory(store.Options{}))
	defer other.Close()

	ping := throttled.Must(sync.New(throttled.Config{Quota: quota, Store: shared}))
	pong := throttled.Must(sync.New(throttled.Config{Quota: quota, Store: shared}))
	solo := throttled.Must(sync.New(throttled.Config{Quota: quota, Store: other}))

	fmt.Printf("one key, %v\n\n", quota)
	for range 3 {
		hit("ping", ping)
		hit("pong", pong)
	}
	hit("ping", ping)
	hit("solo", solo)
}

func hit(name string, limiter *sync.Limiter) {
	res := throttled.Must(limiter.Limit(context.Background(), "ball"))
	if !res.Allowed {
		fmt.Printf("  %s  denied, %d left\n", name, res.Remaining())
		return
	}
	fmt.Printf("  %s  passed, %d left\n", name, res.Remaining())
}
