// Package page is the web page of the examples that serve HTTP: the five
// algorithms side by side, live. The examples bring the limiters; what is here
// is the page, what it asks for, and how a server is started and stopped.
package page

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strconv"

	"github.com/throttled-go/throttled"
)

//go:embed page.html page.css page.js
var files embed.FS

var document = template.Must(template.ParseFS(files, "page.html"))

// Limited is a limiter as the page needs it.
type Limited struct {
	// Limit is the middleware that holds requests to the quota.
	Limit func(http.Handler) http.Handler

	// Peek returns the state of the key of r, and changes nothing.
	Peek func(r *http.Request) (throttled.State, error)
}

// Open makes a limiter for one choice of algorithm and quota. It is called for
// every request: a limiter has no state but its settings, and those that have
// the same share their buckets.
type Open func(cfg throttled.Config) (Limited, error)

// Handler serves the page, whose limiters open makes. title says what is behind
// it.
func Handler(title string, open Open) http.Handler {
	s := &server{title: title, open: open}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /ask/{algorithm}", s.ask)
	mux.HandleFunc("GET /states", s.states)
	assets := http.FileServerFS(files)
	mux.Handle("GET /page.css", assets)
	mux.Handle("GET /page.js", assets)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src data:")
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

// Cost is what a request of the page costs. It requires one whose cost was
// parsed before, as Handler does.
func Cost(r *http.Request) int64 {
	cost, _ := strconv.ParseInt(r.FormValue("cost"), 10, 64)
	return cost
}

type server struct {
	title string
	open  Open
}

// algorithm is one column of the page.
type algorithm struct {
	throttled.Algorithm

	Title, About string
}

var algorithms = []algorithm{
	{throttled.TokenBucket, "Token bucket", "Saves up what is not used, to at most the burst."},
	{throttled.LeakyBucket, "Leaky bucket", "Each request pours in, and it leaks at an even pace."},
	{throttled.GCRA, "GCRA", "The token bucket, told as the time that is owed."},
	{throttled.FixedWindow, "Fixed window", "Counts by the clock, and begins afresh at its edge."},
	{throttled.SlidingWindow, "Sliding window", "Weighs the window before by how much of it still counts."},
}

func (s *server) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = document.Execute(w, map[string]any{"Title": s.title, "Algorithms": algorithms}) // an error is that of a client that left
}

// ask is what is limited: one request, of the cost in the query.
func (s *server) ask(w http.ResponseWriter, r *http.Request) {
	limited, err := s.limited(r, r.PathValue("algorithm"))
	if err == nil {
		_, err = parseCost(r)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	limited.Limit(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "served\n") // an error is that of a client that left
	})).ServeHTTP(w, r)
}

// state is what the page draws.
type state struct {
	Limit     int64   `json:"limit"`
	Remaining int64   `json:"remaining"`
	Reset     float64 `json:"reset"` // seconds
	Retry     float64 `json:"retry"` // seconds, of a request that costs 1
}

// states tells the states of all five, and charges none.
func (s *server) states(w http.ResponseWriter, r *http.Request) {
	all := map[string]state{}
	for _, a := range algorithms {
		limited, err := s.limited(r, a.String())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		told, err := limited.Peek(r)
		if err != nil {
			http.Error(w, "the limiter has no answer", http.StatusServiceUnavailable)
			return
		}
		all[a.String()] = state{told.Limit, told.Remaining, told.ResetAfter.Seconds(), told.RetryAfter.Seconds()}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all) // an error is that of a client that left
}

// limited returns the limiter of the quota in the query.
func (s *server) limited(r *http.Request, name string) (Limited, error) {
	a, err := throttled.ParseAlgorithm(name)
	if err != nil {
		return Limited{}, err
	}
	quota, err := throttled.ParseQuota(r.FormValue("quota"))
	if err != nil {
		return Limited{}, err
	}
	return s.open(throttled.Config{Quota: quota, Algorithm: a, Prefix: "page"})
}

func parseCost(r *http.Request) (int64, error) {
	text := r.FormValue("cost")
	cost, err := strconv.ParseInt(text, 10, 64)
	if err != nil || cost < 0 {
		return 0, fmt.Errorf("the cost is %q; it must be a whole number, 0 or more", text)
	}
	return cost, nil
}

// Peek makes the Peek of a [Limited] of the two things it takes: whose quota a
// request counts to, and what the limiter says of that key.
func Peek(keyOf func(*http.Request) (string, error), peek func(ctx context.Context, key string) (throttled.State, error)) func(*http.Request) (throttled.State, error) {
	return func(r *http.Request) (throttled.State, error) {
		key, err := keyOf(r)
		if err != nil {
			return throttled.State{}, err
		}
		return peek(r.Context(), key)
	}
}
