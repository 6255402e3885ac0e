// Pipeline has workers that fetch pages from an API with a quota. A stream of
// permits feeds them: a page goes out when there is a permit for it and a
// worker that is free. One stage failing ends them all, and the permit that
// was in hand then is given back.
//
// Run it with:
//
//	go run ./examples/async/pipeline
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
)

var errGone = errors.New("page 7 is gone")

func main() {
	const workers = 3
	limiter := throttled.Must(async.New(throttled.Config{
		Quota: throttled.PerSecond(10).WithBurst(4),
	}))
	ctx := context.Background()

	fmt.Printf("%d workers at %v\n\n", workers, limiter.Quota())
	fmt.Println("all went well:", fetchAll(ctx, limiter, "good", 10, workers, fetch))

	fmt.Println()
	err := fetchAll(ctx, limiter, "bad", 10, workers, func(ctx context.Context, page int) error {
		if page == 7 {
			return errGone
		}
		return fetch(ctx, page)
	})
	fmt.Println("one was gone:", err)
}

// fetchAll fetches so many pages, each with a permit for key, until one fails.
func fetchAll(ctx context.Context, limiter *async.Limiter, key string, pages, workers int, fetch func(context.Context, int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	free := make(chan int)
	start := time.Now()

	group.Go(func() error {
		defer close(free)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // ends the stream
		permits := limiter.Permits(ctx, key)
		for page := range pages {
			permit, open := <-permits
			switch {
			case !open:
				return ctx.Err()
			case permit.Err != nil:
				return permit.Err
			}
			select {
			case free <- page + 1:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for worker := range workers {
		group.Go(func() error {
			for page := range free {
				fmt.Printf("  %4d ms  worker %d fetches page %d\n",
					time.Since(start).Round(10*time.Millisecond).Milliseconds(), worker+1, page)
				if err := fetch(ctx, page); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// fetch takes a while.
func fetch(ctx context.Context, _ int) error {
	select {
	case <-time.After(150 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
