// Shadow is a server whose limiter only looks: it denies nobody, and writes
// what it is asked into the file that is named. Here it asks itself for a
// while, and ends.
//
//	shadow calls.csv
package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/sync"
	"github.com/throttled-go/throttled/tune/record"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: shadow FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "shadow:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // the recorder has told what could not be written

	recorder, err := record.New(record.Options{
		Out:    file,
		Shadow: true, // looks, and denies nobody
		Every:  1,    // 100 writes one client in a hundred
	})
	if err != nil {
		return err
	}
	limiter, err := sync.New(throttled.Config{
		Quota:     throttled.MustParseQuota("5/s; 20/m"),
		Algorithm: throttled.FixedWindow,
		Hooks:     []throttled.Hook{recorder.Hook},
	})
	if err != nil {
		return err
	}

	serve(limited(limiter, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})))

	if err := recorder.Close(); err != nil {
		return err
	}
	fmt.Printf("%+v\n", recorder.Stats())
	return nil
}

// limited asks the limiter before next.
func limited(limiter *sync.Limiter, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		if res, err := limiter.Limit(r.Context(), host); err == nil && !res.Allowed {
			http.Error(w, "too many requests", http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serve has twenty clients ask a few times, and one ask a thousand times.
func serve(handler http.Handler) {
	ask := func(address string) {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = address + ":4711"
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	for i := range 1000 {
		ask("203.0.113.66")
		if i%10 == 0 {
			ask(fmt.Sprintf("198.51.100.%d", i/10%20))
		}
	}
}
