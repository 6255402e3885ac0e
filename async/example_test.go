package async_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
)

func ExampleNew() {
	limiter, err := async.New(throttled.Config{
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
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(3)}))
	twin := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(3), Store: async.DefaultStore()}))
	ctx := context.Background()

	<-limiter.Limit(ctx, "user:shared")
	outcome := <-twin.Peek(ctx, "user:shared")
	fmt.Println(outcome.Result.Remaining(), outcome.Err)
	// Output: 2 <nil>
}

func ExampleLimiter() {
	buckets := throttled.Must(store.NewActor(store.Options{MaxSize: 10_000}))
	defer buckets.Close()
	limiter := throttled.Must(async.New(throttled.Config{
		Quota: throttled.PerHour(1),
		Store: buckets,
	}))

	ctx := context.Background()
	first, second, again := limiter.Limit(ctx, "user:1"), limiter.Limit(ctx, "user:2"), limiter.Limit(ctx, "user:1")
	for _, answer := range []<-chan throttled.Outcome{first, second, again} {
		outcome := <-answer
		fmt.Println(outcome.Key, outcome.Result.Allowed, outcome.Err)
	}
	// Output:
	// user:1 true <nil>
	// user:2 true <nil>
	// user:1 false <nil>
}

func ExampleLimiter_Limit() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(2)}))
	for range 3 {
		outcome := <-limiter.Limit(context.Background(), "user:limit")
		if outcome.Err != nil {
			fmt.Println(outcome.Err)
			continue
		}
		res := outcome.Result
		fmt.Println(res.Allowed, res.Remaining(), res.RetryAfter().Round(time.Minute))
	}
	// Output:
	// true 1 0s
	// true 0 0s
	// false 0 30m0s
}

// Many calls share a channel, which has room for every call in flight.
func ExampleLimiter_LimitTo() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(100)}))
	ctx := context.Background()
	uploads := map[string]int64{"small": 5, "large": 60, "huge": 600}

	answers := make(chan throttled.Outcome, len(uploads))
	for name, size := range uploads {
		limiter.LimitTo(ctx, "upload:"+name, size, answers)
	}
	for range uploads {
		outcome := <-answers
		fmt.Println(outcome.Key, outcome.Result.Allowed, outcome.Result.Remaining(), outcome.Err)
	}
	// Unordered output:
	// upload:small true 95 <nil>
	// upload:large true 40 <nil>
	// upload:huge false 100 <nil>
}

// All three stand in line at once, and nothing is blocked meanwhile.
func ExampleLimiter_Wait() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerSecond(50).WithBurst(1)}))
	ctx := context.Background()
	start := time.Now()
	first, second, third := limiter.Wait(ctx, "job"), limiter.Wait(ctx, "job"), limiter.Wait(ctx, "job")
	fmt.Println((<-first).Err, (<-second).Err, (<-third).Err)
	fmt.Println(time.Since(start) >= 40*time.Millisecond)
	// Output:
	// <nil> <nil> <nil>
	// true
}

// A wait that ends when its context does gives its place to those behind.
func ExampleLimiter_Wait_cancel() {
	buckets := throttled.Must(store.NewActor(store.Options{}))
	defer buckets.Close()
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(1), Store: buckets}))
	ctx, cancel := context.WithCancel(context.Background())
	<-limiter.Wait(ctx, "job:42")

	turn := limiter.Wait(ctx, "job:42") // in an hour
	cancel()
	outcome := <-turn
	fmt.Println(outcome.Err)
	fmt.Println(errors.Is(outcome.Err, context.Canceled))
	// Output:
	// throttled: gave up waiting for key "job:42": context canceled
	// true
}

// A wait that cannot end in time does not begin.
func ExampleLimiter_Wait_deadline() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(1)}))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	fmt.Println((<-limiter.Wait(ctx, "job:hourly")).Err)

	outcome := <-limiter.Wait(ctx, "job:hourly")
	if limited, ok := errors.AsType[*throttled.LimitedError](outcome.Err); ok {
		fmt.Println("too late: the turn is in", limited.Result.RetryAfter().Round(time.Minute))
	}
	// Output:
	// <nil>
	// too late: the turn is in 1h0m0s
}

// A permit comes each time the quota lets one more through. One that nobody
// received when the context ends is given back.
func ExampleLimiter_Permits() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerSecond(50).WithBurst(2)}))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	jobs := []string{"a", "b", "c", "d"}
	permits := limiter.Permits(ctx, "jobs")
	for _, job := range jobs {
		if permit := <-permits; permit.Err != nil {
			fmt.Println(permit.Err)
			return
		}
		fmt.Println(job)
	}
	// Output:
	// a
	// b
	// c
	// d
}

func ExampleLimiter_Peek() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(6)}))
	ctx := context.Background()
	<-limiter.LimitN(ctx, "user:peek", 6)

	for range 2 { // it changes nothing
		outcome := <-limiter.Peek(ctx, "user:peek")
		state := outcome.Result.State()
		fmt.Println(state.Remaining, state.RetryAfter.Round(time.Minute), state.ResetAfter.Round(time.Minute), outcome.Err)
	}
	// Output:
	// 0 10m0s 1h0m0s <nil>
	// 0 10m0s 1h0m0s <nil>
}

// Charge an estimate first, and give back what was not needed.
func ExampleLimiter_Refund() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(1000)}))
	ctx := context.Background()
	const estimate, used = 300, 120

	outcome := <-limiter.LimitN(ctx, "tokens:42", estimate)
	fmt.Println(outcome.Result.Allowed, outcome.Result.Remaining(), outcome.Err)

	outcome = <-limiter.Refund(ctx, "tokens:42", estimate-used)
	fmt.Println(outcome.Result.Remaining(), outcome.Err)
	// Output:
	// true 700 <nil>
	// 880 <nil>
}

func ExampleLimiter_Do() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(2)}))
	bounce := func(context.Context) error { return errors.New("no such address") }
	for range 3 {
		err := <-limiter.Do(context.Background(), "mail:do", bounce)
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
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(1)}))
	backup := limiter.Wrap("backup", func(context.Context) error {
		fmt.Println("backing up")
		return nil
	})

	fmt.Println(<-backup(context.Background()))
	fmt.Println(errors.Is(<-backup(context.Background()), throttled.ErrLimited))
	// Output:
	// backing up
	// <nil>
	// true
}
