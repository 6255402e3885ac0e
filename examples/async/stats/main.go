// Stats watches a store with room for three buckets while keys come and go:
// one that is as good as fresh gives way and nothing is lost; one that is not
// gives way only if there is no other, and that is counted as an eviction. Then
// some wait, and are counted while they do. A store with DenyNew refuses the
// new key instead.
//
// Run it with:
//
//	go run ./examples/async/stats
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
)

func main() {
	ctx := context.Background()
	table := throttled.Must(store.NewActor(store.Options{MaxSize: 3}))
	defer table.Close()
	quick := throttled.Must(async.New(throttled.Config{Store: table, Quota: throttled.PerSecond(20)}))
	slow := throttled.Must(async.New(throttled.Config{Store: table, Quota: throttled.PerHour(20)}))

	fmt.Printf("%-46s %4s %6s %11s %9s %7s %4s\n", "", "hits", "misses", "expirations", "evictions", "waiting", "size")

	answerOf(quick.Limit(ctx, "ann"))
	answerOf(slow.Limit(ctx, "bob"))
	answerOf(slow.Limit(ctx, "bob"))
	show("ann came once, bob twice", table)

	time.Sleep(60 * time.Millisecond) // one call at 20 per second is forgotten after 50 ms
	answerOf(slow.Limit(ctx, "cleo"))
	answerOf(slow.Limit(ctx, "dan"))
	show("ann expired and made room for two", table)

	answerOf(slow.Limit(ctx, "eve"))
	show("eve is one too many: bob was evicted", table)

	res := answerOf(slow.Limit(ctx, "bob"))
	show(fmt.Sprintf("bob is back as new (%d of 20 left), cleo went", res.Remaining()), table)

	answerOf(slow.LimitN(ctx, "bob", 19))
	first, second := slow.Wait(ctx, "bob"), slow.Wait(ctx, "bob")
	show("bob has nothing left, and two calls wait", table)

	answerOf(slow.Refund(ctx, "bob", 2))
	answerOf(first)
	answerOf(second)
	show("two were given back, and let both through", table)

	strict := throttled.Must(store.NewActor(store.Options{MaxSize: 1, WhenFull: store.DenyNew}))
	defer strict.Close()
	guarded := throttled.Must(async.New(throttled.Config{Store: strict}))
	answerOf(guarded.Limit(ctx, "ann"))
	outcome := <-guarded.Limit(ctx, "bob")
	fmt.Printf("\nwith DenyNew: %v (ErrFull: %v)\n", outcome.Err, errors.Is(outcome.Err, throttled.ErrFull))
}

// answerOf waits for the answer of a call that cannot fail.
func answerOf(call <-chan throttled.Outcome) throttled.Result {
	outcome := <-call
	if outcome.Err != nil {
		log.Fatal(outcome.Err)
	}
	return outcome.Result
}

func show(what string, table *store.Actor) {
	s := table.Stats()
	fmt.Printf("%-46s %4d %6d %11d %9d %7d %4d\n", what, s.Hits, s.Misses, s.Expirations, s.Evictions, s.Waiting, s.Size)
}
