package http_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/didip/tollbooth/v8"
	"github.com/didip/tollbooth/v8/limiter"
	"github.com/go-chi/httprate"
	golimit "github.com/sethvargo/go-limiter/httplimit"
	"github.com/sethvargo/go-limiter/memorystore"
	"github.com/stretchr/testify/assert"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/contrib/httplimit"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

// middlewares limit each address to so many per minute, in memory, and tell the client of
// it as their defaults are.
var middlewares = []struct {
	name string
	make func(limit int) func(http.Handler) http.Handler
}{
	{"none", func(int) func(http.Handler) http.Handler { return func(next http.Handler) http.Handler { return next } }},
	{"throttled", func(limit int) func(http.Handler) http.Handler {
		return throttled.Must(httplimit.New(throttled.Must(sync.New(config(limit))), httplimit.Options{}))
	}},
	{"throttled-async", func(limit int) func(http.Handler) http.Handler {
		return throttled.Must(httplimit.New(httplimit.Async(throttled.Must(async.New(config(limit)))), httplimit.Options{}))
	}},
	{"httprate", func(limit int) func(http.Handler) http.Handler {
		return httprate.LimitBy(limit, time.Minute, func(r *http.Request) (string, error) {
			host, _, err := net.SplitHostPort(r.RemoteAddr)
			return httprate.CanonicalizeIP(host), err
		})
	}},
	{"tollbooth", func(limit int) func(http.Handler) http.Handler {
		perSecond := float64(limit) / 60
		return tollbooth.HTTPMiddleware(tollbooth.NewLimiter(perSecond, nil).SetBurst(limit).SetIPLookup(limiter.IPLookup{Name: "RemoteAddr"}))
	}},
	{"go-limiter", func(limit int) func(http.Handler) http.Handler {
		memory := throttled.Must(memorystore.New(&memorystore.Config{Tokens: uint64(limit), Interval: time.Minute}))
		return throttled.Must(golimit.NewMiddleware(memory, golimit.IPKeyFunc())).Handle
	}},
}

func config(limit int) throttled.Config {
	return throttled.Config{Quota: throttled.PerMinute(int64(limit)), Store: throttled.Must(store.NewMemory(store.Options{MaxSize: clients}))}
}

// clients is how many addresses there are. All are known before a measurement begins.
const clients = 1000

// writer is an http.ResponseWriter that keeps what a server would.
type writer struct{ header http.Header }

func (w *writer) Header() http.Header         { return w.header }
func (w *writer) WriteHeader(int)             {}
func (w *writer) Write(p []byte) (int, error) { return len(p), nil }

var page = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header()["Content-Type"] = []string{"text/plain"}
})

// requests are one from each client.
func requests(address func(i int) string) []*http.Request {
	all := make([]*http.Request, clients)
	for i := range all {
		all[i] = httptest.NewRequest(http.MethodGet, "/page", nil)
		all[i].RemoteAddr = address(i)
	}
	return all
}

var families = []struct {
	name    string
	address func(i int) string
}{
	{"ipv4", func(i int) string { return fmt.Sprintf("10.1.%d.%d:4567", i/250, i%250) }},
	{"ipv6", func(i int) string { return fmt.Sprintf("[2001:db8:%x:1::7]:4567", i) }},
}

// BenchmarkAllowed: a request of one of a thousand clients, let through, with a header
// map of its own, as a server gives it.
func BenchmarkAllowed(b *testing.B) {
	const plenty = 1_000_000_000 // tollbooth and httprate take an int
	for _, family := range families {
		all := requests(family.address)
		for _, m := range middlewares {
			b.Run(family.name+"/"+m.name, func(b *testing.B) {
				handler := m.make(plenty)(page)
				for _, r := range all {
					handler.ServeHTTP(&writer{http.Header{}}, r)
				}
				b.ReportAllocs()
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					w := &writer{}
					for i := rand.IntN(clients); pb.Next(); i++ {
						w.header = make(http.Header)
						handler.ServeHTTP(w, all[i%clients])
					}
				})
			})
		}
	}
}

// TestEachOfThemLimits: what is measured does its work, by address.
func TestEachOfThemLimits(t *testing.T) {
	for _, family := range families {
		all := requests(family.address)
		for _, m := range middlewares[1:] {
			handler := m.make(2)(page)
			statuses := map[int]int{}
			for range 5 {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, all[0])
				statuses[w.Code]++
			}
			assert.Equal(t, map[int]int{http.StatusOK: 2, http.StatusTooManyRequests: 3}, statuses, m.name)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, all[1])
			assert.Equal(t, http.StatusOK, w.Code, "%s: another client", m.name)
		}
	}
}
