// Stats watches a store with room for three buckets while keys come and go:
// one that is as good as fresh gives way and nothing is lost; one that is not
// gives way only if there is no other, and that is counted as an eviction. A
// store with DenyNew refuses the new key instead.
//
// Run it with:
//
//	go run ./examples/sync/stats
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

func main() {
	ctx := context.Background()
	table := throttled.Must(store.NewMemory(store.Options{MaxSize: 3}))
	defer table.Close()
	quick := throttled.Must(sync.New(throttled.Config{Store: table, Quota: throttled.PerSecond(20)}))
	slow := throttled.Must(sync.New(throttled.Config{Store: table, Quota: throttled.PerHour(20)}))

	fmt.Printf("%-46s %4s %6s %11s %9s %4s\n", "", "hits", "misses", "expirations", "evictions", "size")

	throttled.Must(quick.Limit(ctx, "ann"))
	throttled.Must(slow.Limit(ctx, "bob"))
	throttled.Must(slow.Limit(ctx, "bob"))
	show("ann came once, bob twice", table)

	time.Sleep(60 * time.Millisecond) // one call at 20 per second is forgotten after 50 ms
	throttled.Must(slow.Limit(ctx, "cleo"))
	throttled.Must(slow.Limit(ctx, "dan"))
	show("ann expired and made room for two", table)

	throttled.Must(slow.Limit(ctx, "eve"))
	show("eve is one too many: bob was evicted", table)

	res := throttled.Must(slow.Limit(ctx, "bob"))
	show(fmt.Sprintf("bob is back as new (%d of 20 left), cleo went", res.Remaining()), table)

	strict := throttled.Must(store.NewMemory(store.Options{MaxSize: 1, WhenFull: store.DenyNew}))
	defer strict.Close()
	guarded := throttled.Must(sync.New(throttled.Config{Store: strict}))
	throttled.Must(guarded.Limit(ctx, "ann"))
	_, err := guarded.Limit(ctx, "bob")
	fmt.Printf("\nwith DenyNew: %v (ErrFull: %v)\n", err, errors.Is(err, throttled.ErrFull))
}

func show(what string, table *store.Memory) {
	s := table.Stats()
	fmt.Printf("%-46s %4d %6d %11d %9d %4d\n", what, s.Hits, s.Misses, s.Expirations, s.Evictions, s.Size)
}
