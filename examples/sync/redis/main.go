// Redis shows two processes that share one quota. The program starts itself
// twice, and both copies call the same key: together they get what one alone
// would. Then both wait at one key, and the turns are one line over both.
//
// It needs a Redis that runs. Run it with:
//
//	go run ./examples/sync/redis -url redis://localhost:6379
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
	"github.com/throttled-go/throttled/store/redis"
	"github.com/throttled-go/throttled/sync"
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
	limiter, err := sync.New(throttled.Config{Quota: requests, Store: buckets})
	if err != nil {
		return err
	}
	line, err := sync.New(throttled.Config{Quota: jobs, Store: buckets})
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
	state, err := limiter.Peek(context.Background(), key)
	if err != nil {
		return err
	}
	fmt.Printf("\n  of %d there are %d left\n", state.Limit, state.Remaining)

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

// limit calls, and counts what passes.
func limit(limiter *sync.Limiter, name, key string) error {
	passed := 0
	for range calls {
		res, err := limiter.Limit(context.Background(), key)
		if err != nil {
			return err
		}
		if res.Allowed {
			passed++
		}
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Printf("  %-6s  %2d passed, %2d denied\n", name, passed, calls-passed)
	return nil
}

// wait waits for one turn after the other.
func wait(line *sync.Limiter, name, key string, start time.Time) error {
	for range waits {
		if _, err := line.Wait(context.Background(), key); err != nil {
			return err
		}
		fmt.Printf("  %-6s  %4d ms\n", name, time.Since(start).Round(10*time.Millisecond).Milliseconds())
	}
	return nil
}
