// Http serves a page that shows the five algorithms side by side, live: press a
// button, or hold it, and see who is let through, what each answer tells, and how
// the buckets drain and refill. Each request goes through the middleware of
// contrib/httplimit, which asks a limiter of channels here.
//
// It is a module of its own, so that the library needs none of contrib. Run it
// with:
//
//	go -C examples/async/http run .
package main

import (
	"context"
	"flag"
	"log"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/contrib/httplimit"
	"github.com/throttled-go/throttled/examples/internal/page"
	"github.com/throttled-go/throttled/store"
)

func main() {
	serve := page.Flags()
	flag.Parse()
	if err := run(serve); err != nil {
		log.Fatal(err)
	}
}

func run(serve page.Serving) error {
	buckets, err := store.NewActor(store.Options{})
	if err != nil {
		return err
	}
	defer buckets.Close()
	return serve.Run(page.Handler("package async, owned by a goroutine", func(cfg throttled.Config) (page.Limited, error) {
		cfg.Store = buckets
		return open(cfg)
	}))
}

// byAddress is whose quota a request counts to.
var byAddress = throttled.Must(httplimit.Compile(httplimit.ClientIP{}))

// open makes a limiter, and the middleware around it.
func open(cfg throttled.Config) (page.Limited, error) {
	limiter, err := async.New(cfg)
	if err != nil {
		return page.Limited{}, err
	}
	limit, err := httplimit.New(httplimit.Async(limiter), httplimit.Options{Key: byAddress, Cost: page.Cost})
	peek := func(ctx context.Context, key string) (throttled.State, error) {
		outcome := <-limiter.Peek(ctx, key)
		return outcome.Result.State(), outcome.Err
	}
	return page.Limited{Limit: limit, Peek: page.Peek(byAddress, peek)}, err
}
