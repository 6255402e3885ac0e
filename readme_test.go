package throttled_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

// The Go snippets of the README and of docs/async.md stand here, line by line,
// which TestReadmeSnippetsCompile sees to. Those on Redis are in store/redis, those on
// HTTP in contrib/httplimit.

func Example_limit() {
	limiter, err := sync.New(throttled.Config{Quota: throttled.PerSecond(10).WithBurst(20)})
	if err != nil {
		panic(err)
	}

	ctx := context.Background()
	res, err := limiter.Limit(ctx, "user:42")
	switch {
	case err != nil:
		fmt.Println("no answer:", err)
	case !res.Allowed:
		fmt.Println("denied, try again in", res.RetryAfter())
	default:
		fmt.Println("allowed,", res.Remaining(), "left") // allowed, 19 left
	}
	// Output: allowed, 19 left
}

func Example_cost() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(100)}))
	ctx := context.Background()

	res, err := limiter.LimitN(ctx, "upload:42", 30) // all 30 or nothing
	fmt.Println(res.Allowed, res.Remaining(), err)

	res, err = limiter.LimitN(ctx, "upload:42", 101) // above the burst: never
	fmt.Println(res.Allowed, res.RetryAfter() == throttled.Never, err)
	// Output:
	// true 70 <nil>
	// false true <nil>
}

func Example_quotaText() {
	quota, err := throttled.ParseQuota("10 per second burst 20, 1000 per hour")
	fmt.Println(quota, err) // 10/s burst 20; 1000/h <nil>
	// Output: 10/s burst 20; 1000/h <nil>
}

func Example_severalRates() {
	quota := throttled.PerSecond(10).WithBurst(20).And(throttled.PerHour(1000))
	fmt.Println(quota) // 10/s burst 20; 1000/h
	// Output: 10/s burst 20; 1000/h
}

// sendMail is in the README.
func sendMail(ctx context.Context, limiter *sync.Limiter) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := limiter.Wait(ctx, "mail"); err != nil {
		return err
	}
	fmt.Println("sending")
	return nil
}

func Example_wait() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(1)}))
	fmt.Println(sendMail(context.Background(), limiter))

	err := sendMail(context.Background(), limiter) // an hour would be too late
	fmt.Println(errors.Is(err, throttled.ErrLimited))
	// Output:
	// sending
	// <nil>
	// true
}

func Example_timeout() {
	limiter := throttled.Must(sync.New(throttled.Config{
		Quota:   throttled.PerSecond(50).WithBurst(1),
		Timeout: time.Second,
	}))
	ctx := context.Background()
	for range 3 {
		res, err := limiter.Limit(ctx, "report") // the second and the third block for their turn
		fmt.Println(res.Allowed, err)
	}
	// Output:
	// true <nil>
	// true <nil>
	// true <nil>
}

func Example_peekRefundReset() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(10)}))
	ctx := context.Background()
	throttled.Must(limiter.LimitN(ctx, "user:peek", 6))

	state, err := limiter.Peek(ctx, "user:peek") // looks, and changes nothing
	fmt.Println(state.Remaining, err)

	state, err = limiter.Refund(ctx, "user:peek", 2) // gives back what was charged before
	fmt.Println(state.Remaining, err)

	err = limiter.Reset(ctx, "user:peek") // as if never used
	fmt.Println(err)
	// Output:
	// 4 <nil>
	// 6 <nil>
	// <nil>
}

func Example_do() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(1)}))
	ctx := context.Background()
	backup := func(context.Context) error { return nil }

	nightly := limiter.Wrap("backup", backup) // calls limiter.Do(ctx, "backup", backup)
	fmt.Println(nightly(ctx))

	var limited *throttled.LimitedError
	if err := nightly(ctx); errors.As(err, &limited) {
		fmt.Println("again in", limited.Result.RetryAfter().Round(time.Minute))
	}
	// Output:
	// <nil>
	// again in 1h0m0s
}

// logDenials is in the README.
func logDenials(next throttled.Handler) throttled.Handler {
	return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
		res, err := next(ctx, call)
		if err == nil && !res.Allowed {
			fmt.Println("denied:", call.Key, "at", call.Quota)
		}
		return res, err
	}
}

func Example_hooks() {
	limiter := throttled.Must(sync.New(throttled.Config{
		Quota: throttled.PerHour(1),
		Hooks: []throttled.Hook{logDenials},
	}))
	for range 2 {
		throttled.Must(limiter.Limit(context.Background(), "user:hooked"))
	}
	// Output: denied: user:hooked at 1/h
}

func Example_sharing() {
	buckets := throttled.Must(store.NewMemory(store.Options{}))
	defer buckets.Close()
	web := throttled.Must(sync.New(throttled.Config{Store: buckets, Quota: throttled.PerHour(5)}))
	app := throttled.Must(sync.New(throttled.Config{Store: buckets, Quota: throttled.PerHour(5)}))
	old := throttled.Must(sync.New(throttled.Config{Store: buckets, Quota: throttled.PerHour(9)}))

	ctx := context.Background()
	for _, limiter := range []*sync.Limiter{web, app, old} {
		res, err := limiter.Limit(ctx, "user:42")
		fmt.Println(limiter.Quota(), res.Remaining(), err)
	}
	// Output:
	// 5/h 4 <nil>
	// 5/h 3 <nil>
	// 9/h 8 <nil>
}

func Example_store() {
	buckets, err := store.NewMemory(store.Options{
		MaxSize:  100_000,        // buckets; 0 means 1024
		WhenFull: store.EvictLRU, // or store.DenyNew
	})
	if err != nil {
		panic(err)
	}
	defer buckets.Close()

	limiter, err := sync.New(throttled.Config{Quota: throttled.PerMinute(100), Store: buckets})
	if err != nil {
		panic(err)
	}
	throttled.Must(limiter.Limit(context.Background(), "user:42"))
	fmt.Println(buckets.Stats().Size, buckets.Stats().Evictions)
	// Output: 1 0
}

// deliver is in the README.
func deliver(ctx context.Context, limiter *async.Limiter, shutdown <-chan struct{}) error {
	select {
	case outcome := <-limiter.Wait(ctx, "mail"):
		if outcome.Err != nil {
			return outcome.Err
		}
		fmt.Println("sending,", outcome.Result.Remaining(), "left")
		return nil
	case <-shutdown:
		return errors.New("shutting down")
	}
}

func Example_channels() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(1)}))
	shutdown := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	fmt.Println(deliver(ctx, limiter, shutdown))
	close(shutdown)
	fmt.Println(deliver(ctx, limiter, shutdown)) // the turn is in an hour
	// Output:
	// sending, 0 left
	// <nil>
	// shutting down
}

// fetch is in docs/async.md.
func fetch(ctx context.Context, limiter *async.Limiter, cached <-chan string) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // gives the place in line up, if it is still held
	select {
	case page := <-cached:
		return page, nil
	case outcome := <-limiter.Wait(ctx, "fetch"):
		return "fetched", outcome.Err
	}
}

func Example_giveUp() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(1)}))
	ctx := context.Background()
	fmt.Println(fetch(ctx, limiter, nil))

	cached := make(chan string, 1)
	cached <- "from the cache"
	fmt.Println(fetch(ctx, limiter, cached))
	// Output:
	// fetched <nil>
	// from the cache <nil>
}

func Example_limitTo() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(1)}))
	ctx := context.Background()

	answers := make(chan throttled.Outcome, 3) // room for every call in flight
	for _, user := range []string{"user:1", "user:2", "user:3"} {
		limiter.LimitTo(ctx, user, 1, answers)
	}
	for range cap(answers) {
		outcome := <-answers
		fmt.Println(outcome.Key, outcome.Result.Allowed, outcome.Err)
	}
	// Unordered output:
	// user:1 true <nil>
	// user:2 true <nil>
	// user:3 true <nil>
}

func Example_permits() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerSecond(50).WithBurst(1)}))

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // ends the stream
	permits := limiter.Permits(ctx, "api")
	for _, page := range []string{"first", "second", "third"} {
		if permit := <-permits; permit.Err != nil {
			fmt.Println(permit.Err)
			return
		}
		fmt.Println("fetching the", page, "page")
	}
	// Output:
	// fetching the first page
	// fetching the second page
	// fetching the third page
}

func Example_bothFaces() {
	buckets := throttled.Must(store.NewActor(store.Options{}))
	defer buckets.Close()
	channels := throttled.Must(async.New(throttled.Config{Store: buckets, Quota: throttled.PerHour(5)}))
	blocking := throttled.Must(sync.New(throttled.Config{Store: buckets, Quota: throttled.PerHour(5)}))

	ctx := context.Background()
	fmt.Println((<-channels.Limit(ctx, "user:42")).Result.Remaining())
	res, err := blocking.Limit(ctx, "user:42")
	fmt.Println(res.Remaining(), err)
	// Output:
	// 4
	// 3 <nil>
}

func TestThirdJobWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		buckets := throttled.Must(store.NewMemory(store.Options{})) // made inside the bubble
		limiter := throttled.Must(sync.New(throttled.Config{
			Quota: throttled.PerHour(2),
			Store: buckets,
		}))

		start := time.Now()
		for range 3 {
			if _, err := limiter.Wait(t.Context(), "job"); err != nil {
				t.Fatal(err)
			}
		}
		if waited := time.Since(start); waited != 30*time.Minute {
			t.Errorf("the third job waited %v", waited)
		}
	})
}

func TestNothingIsLeft(t *testing.T) {
	defer goleak.VerifyNone(t)
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(1)}))
	ctx, cancel := context.WithCancel(context.Background())
	limiter.Limit(ctx, "report")
	limiter.Wait(ctx, "report") // in an hour, and nobody listens
	cancel()
}

func TestTheSecondReportWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		buckets := throttled.Must(store.NewActor(store.Options{})) // made inside the bubble
		limiter := throttled.Must(async.New(throttled.Config{
			Quota: throttled.PerHour(1),
			Store: buckets,
		}))

		start := time.Now()
		first, second := limiter.Wait(t.Context(), "report"), limiter.Wait(t.Context(), "report")
		<-first
		<-second
		if waited := time.Since(start); waited != time.Hour {
			t.Errorf("the second report waited %v", waited)
		}
	})
}
