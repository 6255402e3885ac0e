// Http-redis runs two servers that share one quota in Redis. Both serve the page
// of the example http: open them side by side, and see the buckets of the one
// drain while you press the button of the other.
//
// It needs a Redis that runs, and is a module of its own, so that the library
// needs none of contrib. Run it with:
//
//	go -C examples/sync/http-redis run . -url redis://localhost:6379
package main

import (
	"flag"
	"log"
	"net/http"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/httplimit"
	"github.com/throttled-go/throttled/examples/internal/page"
	"github.com/throttled-go/throttled/store/redis"
	"github.com/throttled-go/throttled/sync"
)

func main() {
	serve := page.Flags()
	url := flag.String("url", "redis://localhost:6379", "where Redis is")
	flag.Parse()
	if err := run(serve, *url); err != nil {
		log.Fatal(err)
	}
}

// run gives each of the two servers a store of its own, as if they were on two
// machines.
func run(serve page.Serving, url string) error {
	first, err := redis.Open(url, redis.Options{})
	if err != nil {
		return err
	}
	defer first.Close()
	second, err := redis.Open(url, redis.Options{})
	if err != nil {
		return err
	}
	defer second.Close()
	return serve.Run(server("first", first), server("second", second))
}

// server serves the page over the buckets of a store.
func server(name string, buckets throttled.Store) http.Handler {
	return page.Handler("the "+name+" of two servers, one quota in Redis", func(cfg throttled.Config) (page.Limited, error) {
		cfg.Store = buckets
		return open(cfg)
	})
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
