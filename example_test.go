package throttled_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/sync"
)

// The zero Config is complete; what is wrong with another is told all at once.
func ExampleConfig() {
	limiter, err := sync.New(throttled.Config{})
	fmt.Println(limiter.Quota(), limiter.Algorithm(), err)

	_, err = sync.New(throttled.Config{
		Quota:   throttled.PerSecond(0),
		Timeout: -time.Second,
		Prefix:  "api:v1",
	})
	fmt.Println(err)
	// Output:
	// 60/m token_bucket <nil>
	// throttled: invalid config: Timeout is -1s; it must be 0 (decide at once) or more
	// throttled: invalid config: Prefix is "api:v1"; it must not have a colon, which separates it from the quota and the key
	// throttled: invalid quota "0/s": limit 0 in "0/s" is out of range; a limit is 1 to 281474976710655 (2^48-1)
}

// Several algorithms may hold one key in one store: each has its own bucket.
func ExampleConfig_algorithm() {
	for _, algorithm := range []throttled.Algorithm{throttled.TokenBucket, throttled.SlidingWindow} {
		limiter := throttled.Must(sync.New(throttled.Config{
			Quota:     throttled.PerWeek(100).WithBurst(10),
			Algorithm: algorithm,
		}))
		res, err := limiter.Limit(context.Background(), "user:algorithm")
		fmt.Println(limiter.Algorithm(), res.Remaining(), err) // a window ignores the burst
	}
	// Output:
	// token_bucket 9 <nil>
	// sliding_window 99 <nil>
}

func ExampleResult() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(6)}))
	for _, cost := range []int64{4, 4, 7} {
		res, err := limiter.LimitN(context.Background(), "user:result", cost)
		if err != nil {
			fmt.Println(err)
			continue
		}
		retry := res.RetryAfter().Round(time.Minute).String()
		if res.RetryAfter() == throttled.Never {
			retry = "never"
		}
		fmt.Printf("cost %d: allowed %t, %d of %d left, again after %s, full after %v\n",
			cost, res.Allowed, res.Remaining(), res.Limit(), retry, res.ResetAfter().Round(time.Minute))
	}
	// Output:
	// cost 4: allowed true, 2 of 6 left, again after 0s, full after 40m0s
	// cost 4: allowed false, 2 of 6 left, again after 20m0s, full after 40m0s
	// cost 7: allowed false, 2 of 6 left, again after never, full after 40m0s
}

// NewResult makes an answer where there is no limiter: in a hook, in a store,
// or, as here, in the test of something that asks one.
func ExampleNewResult() {
	res := throttled.NewResult(false, throttled.State{
		Limit:      10,
		ResetAfter: 5 * time.Second,
		RetryAfter: 500 * time.Millisecond,
	})
	fmt.Println(res.Allowed, res.Remaining(), res.RetryAfter())
	fmt.Println(throttled.Result{}.Allowed) // the zero Result denies
	// Output:
	// false 0 500ms
	// false
}

func ExampleState() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(6)}))
	state, err := limiter.Peek(context.Background(), "user:state")
	fmt.Printf("%+v %v\n", state, err)
	// Output: {Limit:6 Remaining:6 ResetAfter:0s RetryAfter:0s Rate:0} <nil>
}

func ExampleLimitedError() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(2)}))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	_, err := limiter.WaitN(ctx, "user:error", 3) // above the capacity, so it returns at once
	fmt.Println(err)

	var limited *throttled.LimitedError
	fmt.Println(errors.Is(err, throttled.ErrLimited), errors.As(err, &limited))
	fmt.Println(limited.Key, limited.Result.RetryAfter() == throttled.Never)
	// Output:
	// throttled: limited: key "user:error": remaining=2 reset_after=0s retry_after=never
	// true true
	// user:error true
}

// A hook that lets through, uncharged, whoever is on a list.
func ExampleHook() {
	free := map[string]bool{"health": true}
	exempt := func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			if free[call.Key] {
				call.Cost = 0
			}
			return next(ctx, call)
		}
	}
	limiter := throttled.Must(sync.New(throttled.Config{
		Quota: throttled.PerHour(1),
		Hooks: []throttled.Hook{exempt},
	}))
	for _, key := range []string{"health", "health", "user:hook", "user:hook"} {
		res, err := limiter.Limit(context.Background(), key)
		fmt.Println(key, res.Allowed, err)
	}
	// Output:
	// health true <nil>
	// health true <nil>
	// user:hook true <nil>
	// user:hook false <nil>
}

func ExampleMust() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerSecond(100)}))
	fmt.Println(limiter.Quota())

	defer func() { fmt.Println(recover()) }()
	throttled.Must(throttled.ParseAlgorithm("bucket"))
	// Output:
	// 100/s
	// throttled: invalid config: unknown algorithm "bucket"; use token_bucket, leaky_bucket, gcra, fixed_window or sliding_window
}
