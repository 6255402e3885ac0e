// Redis_cluster calls five users' keys in a cluster, each more often than its
// quota allows. A bucket is one key of Redis, so the users are spread over the
// nodes by themselves. The last two have one hash tag, and so one node.
//
// It needs a Redis Cluster that runs. Run it with:
//
//	go run ./examples/sync/redis_cluster -url redis+cluster://localhost:7000,localhost:7001
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"os"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store/redis"
	"github.com/throttled-go/throttled/sync"
)

const calls = 5

func main() {
	url := flag.String("url", "redis+cluster://localhost:7000", "some of the nodes")
	flag.Parse()
	if err := run(*url); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(url string) error {
	buckets, err := redis.Open(url, redis.Options{})
	if err != nil {
		return err
	}
	defer buckets.Close()
	limiter, err := sync.New(throttled.Config{
		Quota:  throttled.PerMinute(3),
		Store:  buckets,
		Prefix: "demo-" + rand.Text(), // of this run alone
	})
	if err != nil {
		return err
	}

	fmt.Printf("%d calls of each user at %v\n\n", calls, limiter.Quota())
	for _, user := range []string{"ann", "bob", "cleo", "{team:7}:dan", "{team:7}:eve"} {
		passed := 0
		for range calls {
			res, err := limiter.Limit(context.Background(), user)
			if err != nil {
				return err
			}
			if res.Allowed {
				passed++
			}
		}
		fmt.Printf("  %-12s  %d passed, %d denied\n", user, passed, calls-passed)
	}
	return nil
}
