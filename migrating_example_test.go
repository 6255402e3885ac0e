package throttled_test

// What docs/migrating.md shows, but for the part of Redis, which is in store/redis.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/sync"
)

func Example_fromTimeRate() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	mail, err := sync.New(throttled.Config{
		Quota: throttled.PerSecond(10).WithBurst(20), // rate.NewLimiter(10, 20)
		Key:   "mail",                                // where calls have none
	})
	if err != nil {
		panic(err)
	}
	if _, err := mail.Wait(ctx, ""); errors.Is(err, throttled.ErrLimited) {
		fmt.Println("not before the deadline:", err)
	}
	fmt.Println(throttled.Per(1, 200*time.Millisecond))
	// Output: 1/200ms
}

func Example_fromUlule() {
	quota, err := throttled.ParseQuota("100/h") // "100-H"
	if err != nil {
		panic(err)
	}
	limiter, err := sync.New(throttled.Config{Quota: quota, Algorithm: throttled.FixedWindow})
	fmt.Println(limiter.Quota(), limiter.Algorithm(), err)
	// Output: 100/h fixed_window <nil>
}

func Example_fromGoLimiter() {
	ctx := context.Background()
	tiers := map[string]*sync.Limiter{
		"free": throttled.Must(sync.New(throttled.Config{Quota: throttled.PerMinute(15)})),
		"paid": throttled.Must(sync.New(throttled.Config{Quota: throttled.PerMinute(600)})),
	}
	res, err := tiers["paid"].Limit(ctx, "user:42")
	fmt.Println(res.Allowed, res.Remaining(), err)
	// Output: true 599 <nil>
}

func Example_fromHTTPRate() {
	limiter, err := sync.New(throttled.Config{Quota: throttled.PerMinute(100), Algorithm: throttled.SlidingWindow})
	fmt.Println(limiter.Quota(), limiter.Algorithm(), err)
	// Output: 100/m sliding_window <nil>
}

func Example_fromThrottledPy() {
	limiter, err := sync.New(throttled.Config{
		Key:       "/ping",
		Algorithm: throttled.GCRA,
		Quota:     throttled.PerSecond(10).WithBurst(20), // per_sec(10, burst=20)
		Timeout:   time.Second,                           // timeout=1
	})
	if err != nil {
		panic(err)
	}
	ping := limiter.Wrap("", func(context.Context) error {
		fmt.Println("PONG")
		return nil
	})
	fmt.Println(ping(context.Background()))
	// Output:
	// PONG
	// <nil>
}
