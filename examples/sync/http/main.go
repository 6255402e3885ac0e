// Http serves a page that shows the five algorithms side by side, live: press a
// button, or hold it, and see who is let through, what each answer tells, and how
// the buckets drain and refill. Each request goes through the middleware of
// contrib/httplimit.
//
// It is a module of its own, so that the library needs none of contrib. Run it
// with:
//
//	go -C examples/sync/http run .
package main

import (
	"flag"
	"log"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/httplimit"
	"github.com/throttled-go/throttled/examples/internal/page"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

func main() {
	serve := page.Flags()
	flag.Parse()
	if err := run(serve); err != nil {
		log.Fatal(err)
	}
}

func run(serve page.Serving) error {
	buckets, err := store.NewMemory(store.Options{})
	if err != nil {
		return err
	}
	defer buckets.Close()
	return serve.Run(page.Handler("package sync, in memory", func(cfg throttled.Config) (page.Limited, error) {
		cfg.Store = buckets
		return open(cfg)
	}))
}

// byAddress is whose quota a request counts to.
var byAddress = throttled.Must(httplimit.Compile(httplimit.ClientIP{}))

// open makes a limiter, and the middleware around it.
func open(cfg throttled.Config) (page.Limited, error) {
	limiter, err := sync.New(cfg)
	if err != nil {
		return page.Limited{}, err
	}
	limit, err := httplimit.New(limiter, httplimit.Options{Key: byAddress, Cost: page.Cost})
	return page.Limited{Limit: limit, Peek: page.Peek(byAddress, limiter.Peek)}, err
}
