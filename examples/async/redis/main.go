// Redis shows two processes that share one quota. The program starts itself
// twice, and both copies call the same key: together they get what one alone
// would. Then both wait at one key, and the turns are one line over both.
//
// It needs a Redis that runs. Run it with:
//
//	go run ./examples/async/redis -url redis://localhost:6379
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store/redis"
)

var (
	requests = throttled.PerMinute(20)
	jobs     = throttled.PerSecond(10).WithBurst(1)
)

const (
	calls = 15
	waits = 3
)

func main() {
	url := flag.String("url", "redis://localhost:6379", "where Redis is")
	flag.Parse()
	if err := run(*url, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(url string, args []string) error {
	buckets, err := redis.Open(url, redis.Options{})
	if err != nil {
		return err
	}
	defer buckets.Close()
	limiter, err := async.New(throttled.Config{Quota: requests, Store: buckets})
	if err != nil {
		return err
	}
	line, err := async.New(throttled.Config{Quota: jobs, Store: buckets, Timeout: 10 * time.Second})
	if err != nil {
		return err
	}
	if len(args) == 4 { // this is one of the two copies
		task, name, key := args[0], args[1], args[2]
		start, err := time.Parse(time.RFC3339Nano, args[3])
		if err != nil {
			return err
		}
		time.Sleep(time.Until(start))
		if task == "limit" {
			return limit(limiter, name, key)
		}
		return wait(line, name, key, start)
	}

	key := "demo:" + rand.Text() // of this run alone
	fmt.Printf("two processes, %d calls each, one key at %v\n\n", calls, requests)
	if err := twice(url, "limit", key); err != nil {
		return err
	}
	outcome := <-limiter.Peek(context.Background(), key)
	if outcome.Err != nil {
		return outcome.Err
	}
	fmt.Printf("\n  of %d there are %d left\n", outcome.Result.Limit(), outcome.Result.Remaining())

	fmt.Printf("\ntwo processes, %d waits each, one key at %v\n\n", waits, jobs)
	return twice(url, "wait", key)
}

// twice runs two copies of this program, which begin their task together.
func twice(url, task, key string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	start := time.Now().Add(500 * time.Millisecond).Format(time.RFC3339Nano)
	first := exec.Command(program, "-url", url, task, "first", key, start)
	second := exec.Command(program, "-url", url, task, "second", key, start)
	for _, cmd := range []*exec.Cmd{first, second} {
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			return err
		}
	}
	return errors.Join(first.Wait(), second.Wait())
}

// limit sends all its calls at once, and counts what passes.
func limit(limiter *async.Limiter, name, key string) error {
	answers := make(chan throttled.Outcome, calls)
	for range calls {
		limiter.LimitTo(context.Background(), key, 1, answers)
	}
	passed := 0
	for range calls {
		outcome := <-answers
		if outcome.Err != nil {
			return outcome.Err
		}
		if outcome.Result.Allowed {
			passed++
		}
	}
	fmt.Printf("  %-6s  %2d passed, %2d denied\n", name, passed, calls-passed)
	return nil
}

// wait takes all its places in the line at once, and is answered as its turns
// come. No goroutine waits at them.
func wait(line *async.Limiter, name, key string, start time.Time) error {
	turns := make(chan throttled.Outcome, waits)
	for range waits {
		line.LimitTo(context.Background(), key, 1, turns)
	}
	for range waits {
		outcome := <-turns
		if outcome.Err != nil {
			return outcome.Err
		}
		fmt.Printf("  %-6s  %4d ms\n", name, time.Since(start).Round(10*time.Millisecond).Milliseconds())
	}
	return nil
}
