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
	"fmt"
	"net/http"
	"os"

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
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run gives each of the two servers a store of its own, as if they were two
// processes, or on two machines.
func run(serve page.Serving, url string) error {
	var servers []http.Handler
	for _, name := range []string{"first", "second"} {
		buckets, err := redis.Open(url, redis.Options{})
		if err != nil {
			return err
		}
		defer buckets.Close()
		servers = append(servers, page.Handler("the "+name+" of two servers, one quota in Redis",
			func(cfg throttled.Config) (page.Limited, error) {
				cfg.Store = buckets
				return open(cfg)
			}))
	}
	return serve.Run(servers...)
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
