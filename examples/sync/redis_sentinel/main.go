// Redis_sentinel calls one key for some seconds, and prints every second what
// came of it. To see a failover, let it run for longer and have the sentinels
// promote a replica meanwhile:
//
//	redis-cli -p 26379 sentinel failover mymaster
//
// A few calls may then have no answer. The store finds the new master by
// itself.
//
// It needs a Redis under Sentinel that runs. Run it with:
//
//	go run ./examples/sync/redis_sentinel -url redis+sentinel://localhost:26379/mymaster -for 20s
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store/redis"
	"github.com/throttled-go/throttled/sync"
)

func main() {
	url := flag.String("url", "redis+sentinel://localhost:26379/mymaster", "where the sentinels are")
	length := flag.Duration("for", 3*time.Second, "how long to call")
	flag.Parse()
	if err := run(*url, *length); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(url string, length time.Duration) error {
	buckets, err := redis.Open(url, redis.Options{
		Breaker: redis.Breaker{OnChange: func(_, to redis.BreakerState) { fmt.Println("  the circuit breaker is", to) }},
	})
	if err != nil {
		return err
	}
	defer buckets.Close()
	limiter, err := sync.New(throttled.Config{Quota: throttled.PerSecond(5), Store: buckets})
	if err != nil {
		return err
	}

	fmt.Printf("20 calls a second at %v\n\n", limiter.Quota())
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	calls := time.NewTicker(time.Second / 20)
	defer calls.Stop()
	second := time.NewTicker(time.Second)
	defer second.Stop()

	var allowed, denied, failed int
	for n := 1; ; {
		select {
		case <-calls.C:
			res, err := limiter.Limit(context.Background(), "demo")
			switch {
			case err != nil:
				failed++
			case res.Allowed:
				allowed++
			default:
				denied++
			}
		case <-second.C:
			fmt.Printf("  second %2d: %2d allowed, %2d denied, %2d without an answer\n", n, allowed, denied, failed)
			allowed, denied, failed = 0, 0, 0
			n++
		case <-ctx.Done():
			return nil
		}
	}
}
