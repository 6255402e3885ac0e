// Redis_cluster calls five users' keys in a cluster, each more often than its
// quota allows, and all at once. A bucket is one key of Redis, so the users are
// spread over the nodes by themselves. The last two have one hash tag, and so
// one node.
//
// It needs a Redis Cluster that runs. Run it with:
//
//	go run ./examples/async/redis_cluster -url redis+cluster://localhost:7000,localhost:7001
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"os"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store/redis"
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
	limiter, err := async.New(throttled.Config{
		Quota:  throttled.PerMinute(3),
		Store:  buckets,
		Prefix: "demo-" + rand.Text(), // of this run alone
	})
	if err != nil {
		return err
	}

	users := []string{"ann", "bob", "cleo", "{team:7}:dan", "{team:7}:eve"}
	fmt.Printf("%d calls of each user at %v, all at once\n\n", calls, limiter.Quota())
	answers := make(chan throttled.Outcome, calls*len(users))
	for range calls {
		for _, user := range users {
			limiter.LimitTo(context.Background(), user, 1, answers)
		}
	}
	passed := map[string]int{}
	for range cap(answers) {
		outcome := <-answers
		if outcome.Err != nil {
			return outcome.Err
		}
		if outcome.Result.Allowed {
			passed[outcome.Key]++
		}
	}
	for _, user := range users {
		fmt.Printf("  %-12s  %d passed, %d denied\n", user, passed[user], calls-passed[user])
	}
	return nil
}
