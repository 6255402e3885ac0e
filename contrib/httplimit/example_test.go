package httplimit_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/contrib/httplimit"
	"github.com/throttled-go/throttled/sync"
)

// show asks handler for a page and prints what matters here.
func show(handler http.Handler, path string) {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	fmt.Print(w.Code, " ", w.Header().Get("RateLimit"))
	if wait := w.Header().Get("Retry-After"); wait != "" {
		fmt.Print(", retry after ", wait)
	}
	fmt.Println()
}

func ExampleNew() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(http.ResponseWriter, *http.Request) {})

	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(2)}))
	limit := throttled.Must(httplimit.New(limiter, httplimit.Options{}))
	handler := limit(mux) // 200 with RateLimit: "2/h";r=1;t=1800, and 429 in the end

	for range 3 {
		show(handler, "/")
	}
	// Output:
	// 200 "2/h";r=1;t=1800
	// 200 "2/h";r=0;t=1800
	// 429 "2/h";r=0;t=1800, retry after 1800
}

// Each pattern of a ServeMux may have a quota of its own, beside one for all.
func ExampleNew_routes() {
	all := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(1000), Prefix: "all"}))
	search := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(1), Prefix: "search"}))
	limitAll := throttled.Must(httplimit.New(all, httplimit.Options{}))
	limitSearch := throttled.Must(httplimit.New(search, httplimit.Options{}))

	page := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	mux := http.NewServeMux()
	mux.Handle("GET /search", limitSearch(page))
	mux.Handle("GET /", page)
	handler := limitAll(mux)

	show(handler, "/search")
	show(handler, "/search")
	show(handler, "/")
	// Output:
	// 200 "1000/h";r=999;t=3597
	// 429 "1000/h";r=998;t=3593, retry after 3600
	// 200 "1000/h";r=997;t=3590
}

func ExampleAsync() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerHour(2)}))
	limit := throttled.Must(httplimit.New(httplimit.Async(limiter), httplimit.Options{}))

	show(limit(http.NotFoundHandler()), "/")
	// Output: 404 "2/h";r=1;t=1800
}

func ExampleNewChecker() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(1), Prefix: "checker"}))
	checker := throttled.Must(httplimit.NewChecker(limiter, httplimit.Options{}))

	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !checker.Check(w, r) {
			return // it is answered
		}
		w.WriteHeader(http.StatusNoContent)
	})
	show(handler, "/")
	show(handler, "/")
	// Output:
	// 204 "1/h";r=0;t=3600
	// 429 "1/h";r=0;t=3600, retry after 3600
}

// Behind proxies, say whom to believe.
func ExampleClientIP() {
	client := httplimit.ClientIP{
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Header:  "X-Forwarded-For",
	}
	key := throttled.Must(httplimit.Compile(client))

	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "10.1.2.3:4567"
	r.Header.Set("X-Forwarded-For", "6.6.6.6, 192.0.2.1, 10.9.9.9") // the client wrote the first
	fmt.Println(key(r))

	r.Header.Set("X-Forwarded-For", "2001:db8:1:2:3:4:5:6")
	fmt.Println(key(r))

	r.Header.Set("X-Forwarded-For", "unknown")
	_, err := key(r)
	fmt.Println(err)
	// Output:
	// 192.0.2.1 <nil>
	// 2001:db8:1:2::/64 <nil>
	// httplimit: bad key: X-Forwarded-For of a trusted proxy has what is no address before it comes to the client
}

// A quota for each API key at each route, and for each address where there is no key.
func ExampleJoin() {
	key := throttled.Must(httplimit.Compile(httplimit.Join{
		httplimit.Pattern{},
		httplimit.FirstOf{httplimit.Header("X-API-Key"), httplimit.ClientIP{}},
	}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(_ http.ResponseWriter, r *http.Request) { fmt.Println(key(r)) })

	r := httptest.NewRequest(http.MethodGet, "/items/7", nil)
	mux.ServeHTTP(httptest.NewRecorder(), r)
	r.Header.Set("X-API-Key", "abc")
	mux.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// GET /items/{id}|1:192.0.2.1 <nil>
	// GET /items/{id}|0:abc <nil>
}

// A client that is told to wait, waits.
func ExampleNewTransport() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerSecond(10)}))
	transport := throttled.Must(httplimit.NewTransport(limiter, httplimit.TransportOptions{Retries: 2}))
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	defer client.CloseIdleConnections()

	refused := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !refused {
			refused = true
			w.Header().Set("Retry-After-Ms", "10")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	defer server.Close()

	res, err := client.Get(server.URL)
	fmt.Println(res.StatusCode, err)
	// Output: 200 <nil>
}

// A megabyte a second to each client.
func ExampleNewWriter() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerSecond(1 << 20)}))
	download := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paced := httplimit.NewWriter(r.Context(), w, limiter, "download:"+r.RemoteAddr)
		_, err := io.WriteString(paced, "a long file")
		fmt.Println(err)
	})
	download.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	// Output: <nil>
}
