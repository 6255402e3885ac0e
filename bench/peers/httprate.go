package peers

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-chi/httprate"
)

var chiHTTPRate = Peer{
	Name: "go-chi-httprate", What: "RateLimiter.OnLimit over the local counter, as in a handler", Module: "github.com/go-chi/httprate",
	Law: SlidingFromBirth, Bound: "by age: what was not used in this window or the one before", Keys: true, Costs: true, Tells: true,
	New: func(s Settings) (Limiter, error) {
		request, err := http.NewRequest(http.MethodGet, "/", http.NoBody)
		return &httpRate{limiter: httprate.NewRateLimiter(int(s.Limit), s.Period), request: request}, err
	},
}

// httpRate answers by the headers of a response, so each call has one.
type httpRate struct {
	limiter   *httprate.RateLimiter
	request   *http.Request
	responses sync.Pool
}

func (l *httpRate) Allow(key string) bool { return l.limit(key, l.request).Allowed }

func (l *httpRate) Decide(key string, cost int64) Decision {
	return l.limit(key, l.request.WithContext(httprate.WithIncrement(l.request.Context(), int(cost))))
}

func (l *httpRate) limit(key string, request *http.Request) Decision {
	response, ok := l.responses.Get().(headers)
	if !ok {
		response = headers{}
	}
	defer l.responses.Put(response)
	if !l.limiter.OnLimit(response, request, key) {
		return Decision{Allowed: true}
	}
	seconds, _ := strconv.Atoi(http.Header(response).Get("Retry-After")) // 0 if it does not tell
	return Decision{RetryAfter: time.Duration(seconds) * time.Second}
}

func (l *httpRate) Close() error { return nil }

// headers is a response of which nothing is sent.
type headers http.Header

func (h headers) Header() http.Header         { return http.Header(h) }
func (h headers) Write(p []byte) (int, error) { return len(p), nil }
func (h headers) WriteHeader(int)             {}
