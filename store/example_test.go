package store_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

func ExampleNewMemory() {
	buckets, err := store.NewMemory(store.Options{MaxSize: 100_000})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer buckets.Close()

	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(10), Store: buckets}))
	res, err := limiter.Limit(context.Background(), "user:42")
	fmt.Println(res.Remaining(), err)
	// Output: 9 <nil>
}

// Who made a store closes it. All calls on it end with ErrClosed then.
func ExampleMemory() {
	buckets := throttled.Must(store.NewMemory(store.Options{}))
	limiter := throttled.Must(sync.New(throttled.Config{Store: buckets}))
	fmt.Println(buckets.Kind(), buckets.Close())

	_, err := limiter.Limit(context.Background(), "user:42")
	fmt.Println(errors.Is(err, throttled.ErrClosed))
	// Output:
	// memory <nil>
	// true
}

func ExampleOptions() {
	_, err := store.NewMemory(store.Options{MaxSize: -1})
	fmt.Println(err)
	// Output: throttled: invalid config: MaxSize is -1; it must be from 1 to 268435456, or 0 for 1024
}

// A store that is full of live buckets forgets one for a new key, or refuses
// the new key. What was forgotten is forgiven.
func ExampleWhenFull() {
	for _, whenFull := range []store.WhenFull{store.EvictLRU, store.DenyNew} {
		buckets := throttled.Must(store.NewMemory(store.Options{MaxSize: 1, WhenFull: whenFull}))
		defer buckets.Close()
		limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(1), Store: buckets}))
		for _, user := range []string{"user:1", "user:2", "user:1"} {
			res, err := limiter.Limit(context.Background(), user)
			fmt.Println(user, res.Allowed, err)
		}
	}
	// Output:
	// user:1 true <nil>
	// user:2 true <nil>
	// user:1 true <nil>
	// user:1 true <nil>
	// user:2 false throttled: store full
	// user:1 false <nil>
}

func ExampleStats() {
	buckets := throttled.Must(store.NewMemory(store.Options{MaxSize: 2}))
	defer buckets.Close()
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(10), Store: buckets}))
	for _, user := range []string{"user:1", "user:1", "user:2", "user:3"} {
		throttled.Must(limiter.Limit(context.Background(), user))
	}
	fmt.Printf("%+v\n", buckets.Stats())
	// Output: {Hits:1 Misses:3 Expirations:0 Evictions:1 Waiting:0 Size:2}
}
