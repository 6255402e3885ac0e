package page

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"
)

// Serving is how the program was told to serve.
type Serving struct {
	addr *string
	demo *bool
}

// Flags declares the flags that say how to serve. Call it before flag.Parse.
func Flags() Serving {
	return Serving{
		addr: flag.String("addr", "127.0.0.1:8080", "where to serve; port 0 takes a free one"),
		demo: flag.Bool("demo", false, "serve on a free port, be a client for a moment, and end"),
	}
}

// Run serves handlers until it is interrupted, the first where it was told to
// and the others on free ports. As a demonstration it serves on free ports only
// until its client is done.
func (s Serving) Run(handlers ...http.Handler) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	host, _, err := net.SplitHostPort(*s.addr)
	if err != nil {
		return err
	}
	free := net.JoinHostPort(host, "0")
	addr := *s.addr
	if *s.demo {
		addr = free
	}

	var urls []string
	var servers []*http.Server
	failed := make(chan error, len(handlers))
	for _, handler := range handlers {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
		go func() { failed <- server.Serve(listener) }()
		servers = append(servers, server)
		urls = append(urls, "http://"+listener.Addr().String())
		fmt.Println("open", urls[len(urls)-1])
		addr = free
	}

	if *s.demo {
		err = demonstrate(ctx, urls)
	} else {
		select {
		case err = <-failed:
		case <-ctx.Done():
		}
	}
	closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, server := range servers {
		err = errors.Join(err, server.Shutdown(closing))
	}
	return err
}
