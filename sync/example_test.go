package sync_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

func ExampleNew() {
	limiter, err := sync.New(throttled.Config{
		Quota:     throttled.PerSecond(10).WithBurst(20).And(throttled.PerHour(1000)),
		Algorithm: throttled.GCRA,
		Prefix:    "api",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(limiter.Quota(), limiter.Algorithm())
	// Output: 10/s burst 20; 1000/h gcra
}

// Limiters that name no store share this one.
func ExampleDefaultStore() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(3)}))
	twin := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(3), Store: sync.DefaultStore()}))
	ctx := context.Background()

	throttled.Must(limiter.Limit(ctx, "user:shared"))
	state, err := twin.Peek(ctx, "user:shared")
	fmt.Println(state.Remaining, err)
	// Output: 2 <nil>
}

func ExampleLimiter() {
	buckets := throttled.Must(store.NewMemory(store.Options{MaxSize: 10_000}))
	defer buckets.Close()
	limiter := throttled.Must(sync.New(throttled.Config{
		Quota: throttled.PerHour(1),
		Store: buckets,
	}))

	ctx := context.Background()
	for _, user := range []string{"user:1", "user:2", "user:1"} {
		res, err := limiter.Limit(ctx, user)
		fmt.Println(user, res.Allowed, err)
	}
	// Output:
	// user:1 true <nil>
	// user:2 true <nil>
	// user:1 false <nil>
}

func ExampleLimiter_Limit() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(2)}))
	for range 3 {
		res, err := limiter.Limit(context.Background(), "user:limit")
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(res.Allowed, res.Remaining(), res.RetryAfter().Round(time.Minute))
	}
	// Output:
	// true 1 0s
	// true 0 0s
	// false 0 30m0s
}

func ExampleLimiter_LimitN() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(100)}))
	for range 2 {
		res, err := limiter.LimitN(context.Background(), "upload:limit", 60)
		fmt.Println(res.Allowed, res.Remaining(), err)
	}
	// Output:
	// true 40 <nil>
	// false 40 <nil>
}

func ExampleLimiter_Wait() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerSecond(50).WithBurst(1)}))
	start := time.Now()
	for range 3 {
		if _, err := limiter.Wait(context.Background(), "job"); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(time.Since(start) >= 40*time.Millisecond)
	// Output: true
}

// A wait that cannot end in time does not begin.
func ExampleLimiter_Wait_deadline() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(1)}))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	_, err := limiter.Wait(ctx, "job:hourly")
	fmt.Println(err)

	_, err = limiter.Wait(ctx, "job:hourly")
	if limited, ok := errors.AsType[*throttled.LimitedError](err); ok {
		fmt.Println("too late: the turn is in", limited.Result.RetryAfter().Round(time.Minute))
	}
	// Output:
	// <nil>
	// too late: the turn is in 1h0m0s
}

// A LeakyBucket lets out at an even pace what waits in it, and turns away what
// does not fit.
func ExampleLimiter_Wait_leakyBucket() {
	limiter := throttled.Must(sync.New(throttled.Config{
		Quota:     throttled.PerHour(1),
		Algorithm: throttled.LeakyBucket,
	}))
	for range 2 {
		_, err := limiter.Wait(context.Background(), "mail")
		fmt.Println(errors.Is(err, throttled.ErrLimited))
	}
	// Output:
	// false
	// true
}

func ExampleLimiter_Peek() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(6)}))
	ctx := context.Background()
	throttled.Must(limiter.LimitN(ctx, "user:peek", 6))

	for range 2 { // it changes nothing
		state, err := limiter.Peek(ctx, "user:peek")
		fmt.Println(state.Remaining, state.RetryAfter.Round(time.Minute), state.ResetAfter.Round(time.Minute), err)
	}
	// Output:
	// 0 10m0s 1h0m0s <nil>
	// 0 10m0s 1h0m0s <nil>
}

// Charge an estimate first, and give back what was not needed.
func ExampleLimiter_Refund() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(1000)}))
	ctx := context.Background()
	const estimate, used = 300, 120

	res, err := limiter.LimitN(ctx, "tokens:42", estimate)
	fmt.Println(res.Allowed, res.Remaining(), err)

	state, err := limiter.Refund(ctx, "tokens:42", estimate-used)
	fmt.Println(state.Remaining, err)
	// Output:
	// true 700 <nil>
	// 880 <nil>
}

func ExampleLimiter_Reset() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(3)}))
	ctx := context.Background()
	throttled.Must(limiter.LimitN(ctx, "user:reset", 3))

	fmt.Println(limiter.Reset(ctx, "user:reset"))
	state, err := limiter.Peek(ctx, "user:reset")
	fmt.Println(state.Remaining, err)
	// Output:
	// <nil>
	// 3 <nil>
}

func ExampleLimiter_Do() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(2)}))
	bounce := func(context.Context) error { return errors.New("no such address") }
	for range 3 {
		err := limiter.Do(context.Background(), "mail:do", bounce)
		if errors.Is(err, throttled.ErrLimited) {
			fmt.Println("limited: it did not run")
			continue
		}
		fmt.Println(err)
	}
	// Output:
	// no such address
	// no such address
	// limited: it did not run
}

func ExampleLimiter_Wrap() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(1)}))
	backup := limiter.Wrap("backup", func(context.Context) error {
		fmt.Println("backing up")
		return nil
	})

	fmt.Println(backup(context.Background()))
	fmt.Println(errors.Is(backup(context.Background()), throttled.ErrLimited))
	// Output:
	// backing up
	// <nil>
	// true
}
